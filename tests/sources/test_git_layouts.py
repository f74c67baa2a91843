"""Every kind of repository in docs/git.md: what is checked in it, and what could not be checked."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from projects import HOST, IS_ROOT, NOBODY, SOUND, TEXT, call, git, lay_out, sound
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT
PATH = "components/personas/host.txt"
FIX = ("--fix", "--yes", "--no-input", "--generator", "scaffold")
GOALS = {"A": {"persona": "host.txt", "guest": "new.txt"}, "B": {"persona": "in/b.txt"}}
LOST = "the repository does not have the object"


def findings(root: Path, *argv: str) -> list[Any]:
    """The findings of a check, as in its JSON report."""
    found: list[Any] = call(*argv, "--format", "json", cwd=root).report["findings"]
    return found


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository to clone from, in parts, too."""
    texts = {PATH: "One.\n", "components/personas/in/b.txt": "Two.\n"}
    root = repository(tmp_path / "origin", {**sound(GOALS), **texts})
    git(root, "config", "uploadpack.allowFilter", "true")
    return root


# --- bare repositories, and their worktrees ------------------------------------------------------


def test_a_bare_repository_is_found_from_every_directory_in_it(
    origin: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(origin), "bare.git")
    for directory in ("", "refs", "objects/info"):
        here = tmp_path / "bare.git" / directory
        assert call("--source", "HEAD", cwd=here).code == 0
        assert "a bare repository has no index" in call("--source", "index", cwd=here).err


def test_worktrees_of_a_bare_repository_have_an_index_and_their_directory_has_none(
    origin: Path, tmp_path: Path
) -> None:
    around = lay_out(tmp_path / "around", {".git": "gitdir: ./.bare\n"})
    git(around, "clone", "-q", "--bare", str(origin), ".bare")
    assert call("--source", "HEAD", cwd=around).code == 0
    assert "a bare repository has no index" in call("--source", "index", cwd=around).err
    git(around, "worktree", "add", "-q", "main")
    for source in ("worktree", "index", "HEAD"):
        assert call("--strict", "--source", source, cwd=around / "main").code == 0
    git(around / "main", "rm", "-q", "--cached", PATH)
    assert [one["code"] for one in findings(around / "main", "--source", "index")] == ["JG201"]


# --- partial clones ------------------------------------------------------------------------------


def test_what_a_partial_clone_does_not_have_is_named_and_the_rest_is_checked(
    origin: Path, tmp_path: Path
) -> None:
    url = origin.as_uri()
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", url, "part")
    part = tmp_path / "part"
    done = call("--source", "HEAD", cwd=part)
    assert (done.code, done.err.count(LOST)) == (2, 1)
    assert f"goal_map.json cannot be read: {LOST}" in done.err
    git(part, "checkout", "-q", "HEAD", "--", "goal_map.json", "components/guests")
    done = call("--source", "HEAD", cwd=part)
    assert done.code == 2
    for path in (PATH, "components/personas/in/b.txt"):
        assert f"{path} cannot be read: {LOST}" in done.err
    assert done.err.count(LOST) == 2
    assert call("--source", "HEAD", "--ignore", "JG206,JG207,JG501", cwd=part).code == 0
    # The worktree has no such files: the fix leaves them to git, whatever the index knows.
    for staged in (False, True):
        if staged:
            git(part, "reset", "-q")
        before = git(part, "status", "--short")
        report = call(*FIX, "--format", "json", cwd=part).report
        assert len(report["failed"]) == 2
        assert "does not have its contents (a partial clone)" in report["failed"][0]["reason"]
        assert git(part, "status", "--short") == before


def test_a_clone_without_trees_says_what_it_does_not_have(origin: Path, tmp_path: Path) -> None:
    url = origin.as_uri()
    git(tmp_path, "clone", "-q", "--filter=tree:0", "--no-checkout", url, "part")
    done = call("--source", "HEAD", cwd=tmp_path / "part")
    assert done.code == 2
    assert LOST in done.err
    assert "error:  cannot be read" not in done.err


# --- sparse checkouts ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["--cone", "--no-cone", "--sparse-index"])
def test_a_fix_generates_nothing_that_a_sparse_checkout_leaves_out(origin: Path, kind: str) -> None:
    patterns = ["components/guests"] if kind != "--no-cone" else ["/goal_map.json", "guests/"]
    mode = ["--cone", "--sparse-index"] if kind == "--sparse-index" else [kind]
    git(origin, "sparse-checkout", "set", *mode, *patterns)
    before = (origin / "goal_map.json").read_bytes()
    assert not (origin / PATH).exists()
    found = findings(origin)
    assert [one["code"] for one in found] == ["JG201", "JG201"]
    assert all("is outside the sparse checkout" in one["hint"] for one in found)
    report = call(*FIX, "--format", "json", cwd=origin).report
    assert (report["fixed"], len(report["failed"])) == ([], 2)
    assert (origin / "goal_map.json").read_bytes() == before
    for source in ("index", "HEAD"):
        assert findings(origin, "--source", source) == []


def test_a_file_that_a_sparse_checkout_leaves_out_in_every_way(origin: Path) -> None:
    git(origin, "update-index", "--skip-worktree", PATH)
    (origin / PATH).unlink()
    report = call(*FIX, "--format", "json", cwd=origin).report
    assert (report["fixed"], len(report["failed"])) == ([], 1)


# --- submodules ----------------------------------------------------------------------------------


def test_a_submodule_is_checked_on_disk_and_missing_in_a_snapshot_of_git(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"host.txt": HOST})
    made = repository(tmp_path / "made", {"goal_map.json": SOUND["goal_map.json"]})
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner))
    git(made, *add, "components/personas")
    save(made)
    assert findings(made) == []
    (missing,) = findings(made, "--source", "HEAD")
    assert missing["code"] == "JG201"
    assert "in the nested repository components/personas" in missing["hint"]
    git(made, "submodule", "deinit", "-q", "-f", "components/personas")
    report = call(*FIX, "--format", "json", cwd=made).report
    assert (report["fixed"], len(report["failed"])) == ([], 1)
    assert "git submodule update --init" in report["failed"][0]["reason"]


# --- another revision ----------------------------------------------------------------------------


@pytest.fixture
def ahead(tmp_path: Path) -> Path:
    """A repository on `main`, which has a file that `other`, one commit before it, does not."""
    files = {"goal_map.json": json.dumps({"A": {"persona": "host.txt"}})}
    root = repository(tmp_path / "ahead", files)
    git(root, "branch", "other")
    lay_out(root, {PATH: TEXT})
    save(root)
    return root


def hint_of(root: Path, name: str, *argv: str) -> str:
    """The hint of the only finding, which names the revision that does not have the file."""
    (found,) = findings(root, *argv)
    assert found["message"] == f"{PATH} is not in {name}"
    return str(found["hint"])


def test_a_hint_about_another_revision_is_not_about_the_worktree(
    ahead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = git(ahead, "rev-parse", "other").strip()
    for name in ("other", "HEAD~", old):
        words = f"add the file in {name}, or correct or remove the entry in {name}"
        assert hint_of(ahead, name, "--source", name) == words
    monkeypatch.setenv("PRE_COMMIT_TO_REF", old)
    pushed = {"refs/heads/other": "other", "refs/heads/main": old, "HEAD": old, "": old}
    for branch, name in pushed.items():
        monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", branch)
        words = f"add the file in {name}, or correct or remove the entry in {name}"
        assert hint_of(ahead, name, "--source", "commit") == words


def test_a_hint_about_the_branch_that_is_pushed_and_checked_out(
    ahead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(ahead, "rm", "-q", "--cached", PATH)
    git(ahead, "commit", "-q", "-m", "Without")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", git(ahead, "rev-parse", "HEAD").strip())
    for branch, name in {"refs/heads/main": "main", "HEAD": "HEAD"}.items():
        monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", branch)
        assert f"`git add -- {PATH} && git commit -- {PATH}`" in hint_of(
            ahead, name, "--source", "commit"
        )


def test_messages_about_a_source_say_what_it_is(ahead: Path, tmp_path: Path) -> None:
    for source, name in {"index": "the index", "commit": "the commit", "other": "other"}.items():
        done = call("--source", source, "--map", "no.json", cwd=ahead)
        assert f"the map no.json is neither in {name} nor on disk" in done.err
    assert '--source "" does not exist' in call("--source", "", cwd=ahead).err
    git(tmp_path, "init", "-q", "empty")
    err = call("--source", "HEAD", cwd=tmp_path / "empty").err
    assert "--source HEAD does not exist: the repository has no commit yet" in err


# --- the page -----------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = {
    "Git LFS": "sources/test_stored_forms.py::test_git_lfs_contents_are_checked_where_they_are",
    "git-crypt, transcrypt": "sources/test_stored_forms.py::"
    "test_what_a_filter_wrote_is_never_checked_as_text",
    "another `filter=` attribute": "sources/test_stored_forms.py::"
    "test_a_checkout_without_the_filter_is_not_checked_as_text",
    "git-annex": "sources/test_stored_forms.py::"
    "test_links_of_git_annex_are_neither_followed_nor_reported_as_unsafe",
    "a submodule": "sources/test_git_layouts.py::"
    "test_a_submodule_is_checked_on_disk_and_missing_in_a_snapshot_of_git",
    "a nested repository that is not a submodule": "sources/test_git_truth.py::"
    "test_a_nested_repository_that_is_not_a_submodule",
    "a sparse checkout": "sources/test_git_layouts.py::"
    "test_a_fix_generates_nothing_that_a_sparse_checkout_leaves_out",
    "a partial clone": "sources/test_git_layouts.py::"
    "test_what_a_partial_clone_does_not_have_is_named_and_the_rest_is_checked",
    "a linked worktree, also of a bare repository": "sources/test_git_layouts.py::"
    "test_worktrees_of_a_bare_repository_have_an_index_and_their_directory_has_none",
    "a bare repository": "sources/test_git_layouts.py::"
    "test_a_bare_repository_is_found_from_every_directory_in_it",
    "an index with conflicts": "sources/test_git_tree.py::"
    "test_an_unfinished_merge_exits_with_2_and_names_the_files",
    "an index that is read-only or locked": "sources/test_git_tree.py::"
    "test_reading_the_index_writes_nothing_and_needs_no_lock",
    "a repository of another user": "sources/test_git_layouts.py::"
    "test_a_repository_of_another_user_is_read_once_git_accepts_it",
    "a link with an absolute target": "sources/test_git_tree.py::"
    "test_links_are_followed_only_within_the_project",
    "a FIFO where git expects a file": "security/test_waiting_git.py::"
    "test_a_fifo_is_refused_before_git_opens_it",
}


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a repository away")
def test_a_repository_of_another_user_is_read_once_git_accepts_it(
    origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (origin, origin / ".git"):
        os.chown(path, NOBODY, NOBODY)
    done = call("--source", "index", cwd=origin)
    assert (done.code, "git config --global --add safe.directory" in done.err) == (2, True)
    assert "JG203" in call(cwd=origin).out
    config = origin.parent / "config"
    config.write_text("[safe]\ndirectory = *\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert call("--source", "index", cwd=origin).code == 0


def test_every_row_of_the_page_has_a_test() -> None:
    page = (ROOT / "docs/git.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+?) \|", page, flags=re.MULTILINE)[2:]
    assert rows == list(ROWS)
    for named in ROWS.values():
        path, _, name = named.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / path).read_text("utf-8")
