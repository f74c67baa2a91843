"""Files that git stores in another form: what is checked of them, and what could not be checked.

No filter of a repository is run: those that are configured here leave a trace.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.errors import GitError, UnreadableError
from jit_guard.sources.git.attributes import filters_in_tree
from jit_guard.sources.git.environment import commit_standpoint
from jit_guard.sources.memory import Link
from jit_guard.text.stored_form import lfs_pointer, stored_form
from projects import HOST, MAP, SOUND, TEXT, Content, Outcome, call, git, lay_out, sound
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT
PATH = "components/personas/host.txt"
CIPHER = b"\0VAULT\0\xff\xfe\xfd"
SALTED = base64.encodebytes(b"Salted__" + bytes(range(90))).decode()
FILTERS = ("vault", "lfs", "git-crypt")
SOURCES = ("index", "commit", "HEAD")


def pointer(contents: bytes) -> str:
    """The Git LFS pointer of these contents."""
    oid = hashlib.sha256(contents).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(contents)}\n"


def store(root: Path, contents: bytes, oid: str | None = None) -> None:
    """Put contents into the local store of Git LFS."""
    oid = oid or hashlib.sha256(contents).hexdigest()
    lay_out(root, {f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}": contents})


def stored(root: Path, path: str, blob: Content) -> None:
    """Commit a blob for a file, as a filter would have written it; the disk stays as it is."""
    other = root / ".git/blob"
    other.write_bytes(blob if isinstance(blob, bytes) else blob.encode())
    oid = git(root, "hash-object", "-w", "--no-filters", ".git/blob").strip()
    own = [f"filter.{name}.clean=cat" for name in FILTERS]
    without = [word for setting in own for word in ("-c", setting)]
    git(root, *without, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    git(root, *without, "commit", "-q", "-m", "Stored")


def run_none(root: Path, *argv: str) -> Outcome:
    """Run the command, which must run no filter."""
    ran = root.parent / "ran"
    ran.unlink(missing_ok=True)
    done = call(*argv, cwd=root)
    assert not ran.exists()
    return done


def report(root: Path, source: str) -> Any:
    """The JSON report of a check."""
    return run_none(root, "--source", source, "--format", "json").report


def skipped(root: Path, source: str) -> list[str]:
    """What a check without findings could not check."""
    found = report(root, source)
    assert found["findings"] == [], found
    return [f"{one['code']} {one['reason']}" for one in found["skipped"]]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A repository whose filters leave the file `ran`."""
    root = repository(tmp_path / "made")
    for name in FILTERS:
        for way in ("clean", "smudge"):
            git(root, "config", f"filter.{name}.{way}", f"touch {tmp_path}/ran; cat")
        git(root, "config", f"filter.{name}.required", "true")
    return root


# --- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("blob", [CIPHER, SALTED, "  \n"], ids=["binary", "base64", "blank"])
def test_what_a_filter_wrote_is_never_checked_as_text(made: Path, blob: Content) -> None:
    stored(made, ".gitattributes", "components/** filter=vault\n")
    stored(made, PATH, blob)
    form = "encrypted by transcrypt" if blob == SALTED else "stored by git through filter=vault"
    why = f"JG207 1 component is {form} ({PATH}), so the text is not available here"
    for source in SOURCES:
        assert skipped(made, source) == [why]
    assert skipped(made, "worktree") == []


def test_the_attributes_of_the_checked_tree_count_wherever_they_are(made: Path) -> None:
    lay_out(made, sound({"A": {"persona": "host.txt"}, "B": {"persona": "in/b.txt"}}))
    lay_out(made, {"components/personas/in/.gitattributes": "b.* filter=vault\n"})
    save(made)
    stored(made, "components/personas/in/b.txt", CIPHER)
    stored(made, PATH, CIPHER)
    found = report(made, "HEAD")
    assert [one["path"] for one in found["findings"]] == [PATH]
    assert "in/b.txt" in found["skipped"][0]["reason"]
    lay_out(made, {".git/info/attributes": f"{PATH} filter=vault\n"})
    assert len(skipped(made, "HEAD")) == 1
    stored(made, "components/personas/in/.gitattributes", "b.* -filter\n")
    assert [one["code"] for one in report(made, "index")["findings"]] == ["JG207"]
    assert len(skipped(made, "HEAD~1")) == 1


def test_filters_of_a_project_below_the_top(tmp_path: Path) -> None:
    files = {f"agents/desk/{path}": content for path, content in SOUND.items()}
    made = repository(tmp_path / "made", {**files, ".gitattributes": "desk/** filter=vault\n"})
    stored(made, "agents/.gitattributes", "desk/components/** filter=vault\n")
    stored(made, f"agents/desk/{PATH}", CIPHER)
    assert len(skipped(made / "agents/desk", "index")) == 1


def test_a_text_that_passed_through_a_known_filter_is_checked(made: Path) -> None:
    stored(made, PATH, " \n")
    for value in ("lfs", "git-crypt", "annex"):
        stored(made, ".gitattributes", f"*.txt filter={value}\n")
        assert [one["code"] for one in report(made, "index")["findings"]] == ["JG206"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_map_that_a_filter_wrote_is_never_reported_as_broken(made: Path, source: str) -> None:
    stored(made, ".gitattributes", "goal_map.json filter=vault\n")
    stored(made, "goal_map.json", CIPHER)
    done = run_none(made, "--source", source)
    assert (done.code, "JG00" in done.out) == (2, False)
    assert "goal_map.json cannot be read: it is stored by git through filter=vault" in done.err
    # What a filter wrote may be a map: one that only formats it is no obstacle.
    stored(made, "goal_map.json", MAP)
    assert run_none(made, "--source", source).code == 0


def test_a_checkout_without_the_filter_is_not_checked_as_text(made: Path) -> None:
    lay_out(made, sound({"A": {"persona": "host.txt"}, "B": {"persona": "b.txt"}}))
    lay_out(made, {".gitattributes": "*.txt filter=other\n"})
    lay_out(made, {PATH: CIPHER, "components/personas/b.txt": b"\0GITCRYPT\0\xff"})
    save(made)
    first, second = skipped(made, "worktree")
    assert "1 component is encrypted by git-crypt (components/personas/b.txt)" in first
    assert f"stored by git through filter=other ({PATH})" in second
    lay_out(made, {PATH: CIPHER + b"edited"})
    assert [one["path"] for one in report(made, "worktree")["findings"]] == [PATH]


def test_attributes_are_copied_only_into_a_directory_of_our_own(made: Path, tmp_path: Path) -> None:
    standpoint = commit_standpoint(str(made))
    out = {"../out": b"", str(tmp_path / "out"): b"", "a/../../out": b"", ".git/out": b""}
    files = {**out, "in/.gitattributes": b"* filter=vault\n"}
    found = filters_in_tree(standpoint, files, ["in/a", "b"])
    assert found == {"in/a": "filter=vault"}
    assert not list(tmp_path.rglob("out"))
    with pytest.raises(GitError, match="cannot be copied: file name too long"):
        filters_in_tree(standpoint, {f"{'x' * 300}/.gitattributes": b""}, ["a"])


# --- Git LFS ------------------------------------------------------------------------------------


def test_git_lfs_contents_are_checked_where_they_are(made: Path, tmp_path: Path) -> None:
    wrong = b"\xff" * 70_000
    lay_out(made, {".gitattributes": "*.txt filter=lfs\n"})
    save(made)
    stored(made, PATH, pointer(wrong))
    assert f"JG207 1 component is a Git LFS pointer ({PATH})" in skipped(made, "HEAD")[0]
    store(made, b"x" * len(wrong), hashlib.sha256(wrong).hexdigest())  # corrupt
    assert len(skipped(made, "HEAD")) == 1
    lay_out(made, {PATH: wrong})  # in the worktree
    assert [one["code"] for one in report(made, "HEAD")["findings"]] == ["JG207"]
    lay_out(made, {PATH: TEXT})
    assert len(skipped(made, "HEAD")) == 1
    store(made, wrong)  # in the store
    assert [one["code"] for one in report(made, "HEAD")["findings"]] == ["JG207"]
    git(made, "worktree", "add", "--no-checkout", "-q", str(tmp_path / "linked"))
    assert [one["code"] for one in report(tmp_path / "linked", "HEAD")["findings"]] == ["JG207"]
    lay_out(tmp_path / "linked", {**SOUND, PATH: pointer(wrong)})
    git(tmp_path / "linked", "reset", "-q")
    # On disk there is a pointer, and whoever reads the file gets that.
    assert "Git LFS pointer" in skipped(tmp_path / "linked", "worktree")[0]


def test_a_map_in_git_lfs(made: Path) -> None:
    stored(made, ".gitattributes", "goal_map.json filter=lfs\n")
    stored(made, "goal_map.json", pointer(b'{"A": {"persona": "gone.txt"}}'))
    done = run_none(made, "--source", "index")
    assert (done.code, "JG00" in done.out) == (2, False)
    assert "goal_map.json cannot be read: it is a Git LFS pointer" in done.err
    store(made, b'{"A": {"persona": "gone.txt"}}')
    codes = [one["code"] for one in report(made, "index")["findings"]]
    assert codes == ["JG201", "JG301"]
    lay_out(made, {"goal_map.json": pointer(b"{}")})
    done = call("--fix", "--yes", "--no-input", "--generator", "scaffold", cwd=made)
    assert (done.code, "run: git lfs pull" in done.err) == (2, True)
    with pytest.raises(UnreadableError, match="Git LFS pointer"):
        Guard(made).component("GREET", "persona")


@pytest.mark.parametrize("name", ["link", "FIFO", "directory"])
def test_the_store_of_git_lfs_is_read_as_plain_files(made: Path, name: str) -> None:
    wanted = b"" if name == "FIFO" else HOST.encode() * 2
    stored(made, PATH, pointer(wanted))
    oid = hashlib.sha256(wanted).hexdigest()
    at = made / f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"
    at.parent.mkdir(parents=True)
    if name == "link":
        (made / "secret").write_text(HOST * 2)
        at.symlink_to(made / "secret")
    elif name == "FIFO":
        os.mkfifo(at)
    else:
        at.mkdir()
    assert len(skipped(made, "HEAD")) == 1


def test_configured_files_that_are_pointers_are_named_as_such(made: Path) -> None:
    for name in ("jit-guard.toml", "team.json"):
        lay_out(made, {"jit-guard.toml": 'schema = "team.json"\n', "team.json": "{}"})
        lay_out(made, {name: pointer(TEXT.encode())})
        done = call(cwd=made)
        assert (done.code, f"{name}" in done.err) == (2, True)
        assert "it is a Git LFS pointer; run: git lfs pull" in done.err


def test_a_registry_of_another_shape(made: Path) -> None:
    table = '[[registry]]\nfile = "list.json"\nentries = "$[*]"\ntarget = "{value}"\n'
    for contents in (pointer(b"[]"), "\0GITCRYPT\0x"):
        lay_out(made, {"jit-guard.toml": table, "list.json": contents})
        done = call(cwd=made)
        assert (done.code, "JG00" in done.out) == (2, False)
        assert "list.json cannot be read: it is " in done.err


# --- what a form is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (pointer(b"x"), "a Git LFS pointer"),
        (pointer(b"x").replace("\n", "\r\n"), "a Git LFS pointer"),
        (pointer(b"x").replace("git-lfs", "hawser"), "a Git LFS pointer"),
        (pointer(b"x").replace("oid", "ext-0-a sha256:" + "0" * 64 + "\noid"), "a Git LFS pointer"),
        ("/annex/objects/SHA256E-s9--ab.txt\n", "a git-annex pointer"),
        ("\0GITCRYPT\0" + "x" * 5000, "encrypted by git-crypt"),
        (SALTED, "encrypted by transcrypt"),
        (pointer(b"x") + "is how a pointer looks.\n", None),
        ("version https://example.org/spec is ours\n", None),
        ("/annex/objects/\nis a directory of git-annex.\n", None),
        ("U2FsdGVkX1 is how it begins.\n", None),
        ("", None),
    ],
)
def test_forms_are_recognized_by_all_of_their_bytes(text: str, words: str | None) -> None:
    form = stored_form(text.encode())
    assert (form and form.one) == words


def test_contents_that_an_extension_has_changed_are_not_plain() -> None:
    text = pointer(b"x").replace("oid", "ext-0-a sha256:" + "0" * 64 + "\noid")
    found = lfs_pointer(text.encode())
    assert found is not None
    assert not found.plain


# --- git-annex ----------------------------------------------------------------------------------


def test_links_of_git_annex_are_neither_followed_nor_reported_as_unsafe(tmp_path: Path) -> None:
    key = "SHA256E-s9--ab.txt"
    goals = {"A": {"persona": "host.txt"}, "B": {"persona": "unlocked.txt"}}
    files = sound(goals) | {
        PATH: Link(f"../../.git/annex/objects/xx/yy/{key}/{key}"),
        "components/personas/unlocked.txt": f"/annex/objects/{key}\n",
    }
    made = repository(tmp_path / "made", files)
    for source in ("worktree", *SOURCES):
        reasons = skipped(made, source)
        assert len(reasons) == 2
        assert f"JG201 {PATH} cannot be read: it is a link of git-annex" in reasons[0]
        assert "JG207 1 component is a git-annex pointer" in reasons[1]
    call("--fix", "--yes", "--no-input", "--generator", "scaffold", cwd=made)
    assert json.loads((made / "goal_map.json").read_text()) == goals
    # Any other link into .git is refused, and so is an entry that spells such a path.
    lay_out(made, {"components/personas/odd.txt": Link("../../.git/config")})
    odd = {"A": {"persona": "odd.txt"}, "B": {"persona": "../.git/annex/objects/x"}}
    lay_out(made, {"goal_map.json": json.dumps(odd)})
    assert [one["code"] for one in report(made, "worktree")["findings"]][:2] == ["JG205", "JG205"]


def test_a_map_in_git_annex_exits_with_2(tmp_path: Path) -> None:
    made = lay_out(tmp_path / "made", {**SOUND, "goal_map.json": Link(".git/annex/objects/x/y")})
    done = call(cwd=made)
    assert (done.code, "JG205" in done.out) == (2, False)
    assert "goal_map.json cannot be read: it is a link of git-annex" in done.err
