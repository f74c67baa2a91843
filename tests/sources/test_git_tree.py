"""Snapshots of git trees: the index or any commit, as a clone would have it."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.errors import GitError, UnreadableError
from jit_guard.sources.git import objects
from jit_guard.sources.git.tree import GitTree, open_tree
from jit_guard.sources.memory import Link
from jit_guard.sources.tree import Tree
from projects import (
    HOST,
    IS_ROOT,
    MAP,
    SOUND,
    TEXT,
    call,
    git,
    lay_out,
    run_without_privileges,
    sound,
)
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return repository(tmp_path / "project")


@pytest.fixture
def opened() -> Iterator[list[GitTree]]:
    trees: list[GitTree] = []
    yield trees
    for tree in trees:
        tree.close()


def texts(tree: GitTree, directory: str, names: list[str]) -> dict[str, object]:
    return {
        name: pieces if pieces is None or isinstance(pieces, UnreadableError) else b"".join(pieces)
        for name, pieces in tree.chunks(directory, names)
    }


def test_every_kind_of_entry_is_recognized(
    made: Path, tmp_path: Path, opened: list[GitTree]
) -> None:
    other = repository(tmp_path / "other")
    lay_out(made, {"components/link.txt": Link("personas/host.txt"), "components/run.sh": "#!\n"})
    (made / "components/run.sh").chmod(0o755)
    git(
        made,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(other),
        "components/sub",
    )
    opened.append(tree := open_tree(str(made), "index"))
    directory = tree.directory("components")
    git(made, "add", ".")
    opened.append(tree := open_tree(str(made), "index"))
    assert directory is not None
    directory = tree.directory("components")
    assert directory is not None
    assert directory.files == {"run.sh"}
    assert directory.directories == {"personas"}
    assert directory.links == {"link.txt": "personas/host.txt"}
    assert directory.others == {"sub": "submodule"}
    assert tree.directory("components/sub") is None
    assert tree.directory("nowhere/at/all") is None


def test_texts_are_complete_and_in_order_even_if_some_are_not_read(
    tmp_path: Path, opened: list[GitTree]
) -> None:
    count = 3 * objects._AHEAD + 1
    names = [f"{number:04}.txt" for number in range(count)]
    files = {f"components/personas/{name}": f"{int(name[:4])}\n" * 9999 for name in names}
    made = repository(tmp_path / "project", {**files, "components/personas/empty.txt": ""})
    opened.append(tree := open_tree(str(made), "HEAD"))
    for number, (name, pieces) in enumerate(tree.chunks("components/personas", names)):
        assert name == f"{number:04}.txt"
        assert pieces is not None
        assert not isinstance(pieces, UnreadableError)
        if number % 3:  # a reader may stop early and continue with the next file
            assert next(pieces).startswith(f"{number}\n".encode())
    assert texts(tree, "components/personas", ["0007.txt", "gone.txt", "empty.txt"]) == {
        "0007.txt": b"7\n" * 9999,
        "gone.txt": None,
        "empty.txt": b"",
    }
    assert dict(tree.empty_files("components/personas", ["0007.txt", "empty.txt"])) == {
        "empty.txt": True
    }
    assert dict(tree.empty_files("components/nowhere", ["0007.txt"])) == {}


def test_a_big_blob_is_read_in_bounded_memory(tmp_path: Path, opened: list[GitTree]) -> None:
    made = repository(
        tmp_path / "project", {**SOUND, "components/personas/big.txt": b"x" * (1 << 24)}
    )
    opened.append(tree := open_tree(str(made), "HEAD"))
    tracemalloc.start()
    size = 0
    for _, pieces in tree.chunks("components/personas", ["big.txt"]):
        assert pieces is not None
        assert not isinstance(pieces, UnreadableError)
        size = sum(map(len, pieces))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 1 << 24
    assert peak < 1 << 20


def test_a_missing_object_is_reported_and_the_others_are_checked(
    tmp_path: Path,
) -> None:
    made = repository(
        tmp_path / "project",
        sound(
            {"A": {"persona": "a.txt"}, "B": {"persona": "b.txt"}},
            **{"components/personas/b.txt": "another\n"},
        ),
    )
    lost = git(made, "rev-parse", "HEAD:components/personas/a.txt").strip()
    (made / ".git/objects" / lost[:2] / lost[2:]).unlink()
    result = call("--source", "HEAD", cwd=made)
    assert result.code == 2
    assert (
        "components/personas/a.txt cannot be read: the repository does not have the object"
        in result.err
    )


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_both_lengths_of_ids_are_read(tmp_path: Path, object_format: str) -> None:
    try:
        made = repository(tmp_path / "project", object_format=object_format)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this git makes no such repository: {error.stderr.decode()}")
    assert call("--source", "index", cwd=made).code == 0
    assert call(cwd=made).code == 0
    (made / "components/personas/host.txt").write_bytes(b"")
    save(made)
    assert call("--source", "HEAD", "--format", "json", cwd=made).codes == ["JG206"]
    by_id = call("--source", "HEAD", "--ignore", "JG207,JG501", "--format", "json", cwd=made)
    assert by_id.codes == ["JG206"]


def test_names_that_are_not_utf8_or_odd_survive(tmp_path: Path, opened: list[GitTree]) -> None:
    names = {"a\udcffb.txt", "new\nline.txt", ' "q".txt', ":(top).txt", "\u00e9.txt"}
    made = repository(tmp_path / "project", {f"components/personas/{name}": name for name in names})
    opened.append(tree := open_tree(str(made), "index"))
    directory = tree.directory("components/personas")
    assert directory is not None
    assert directory.files == names
    assert texts(tree, "components/personas", sorted(names)) == {
        name: name.encode("utf-8", "surrogateescape") for name in names
    }


def test_a_project_below_the_top_sees_only_its_own_files(tmp_path: Path) -> None:
    below = {f"agents/desk/{path}": text for path, text in SOUND.items()}
    made = repository(tmp_path / "workspace", {**below, "components/personas/orphan.txt": TEXT})
    result = call("--source", "index", "--format", "json", cwd=made / "agents/desk")
    assert (result.code, result.report["summary"]["components"]) == (0, 1)
    assert result.report["source"] == "index"


def test_links_are_followed_only_within_the_project(tmp_path: Path, opened: list[GitTree]) -> None:
    made = repository(
        tmp_path / "workspace",
        {
            "shared/goal_map.json": MAP,
            "desk/goal_map.json": Link("maps/goal_map.json"),
            "desk/maps/goal_map.json": MAP,
            "desk/beside.json": Link("../shared/goal_map.json"),
            "desk/out.json": Link("../../elsewhere.json"),
            "desk/absolute.json": Link(str(tmp_path / "workspace/shared/goal_map.json")),
            "desk/broken.json": Link("nowhere.json"),
            "desk/directory": Link("components"),
            "desk/components/personas/host.txt": HOST,
        },
    )
    opened.append(tree := open_tree(str(made / "desk"), "HEAD"))
    assert tree.read("goal_map.json") == MAP.encode()
    assert tree.read("Goal_Map.json") is None
    assert tree.read("nothing.json") is None
    for path, why in {
        "beside.json": "the link beside.json points outside the project",
        "out.json": "the link out.json points outside the project",
        "absolute.json": "the link absolute.json points outside the project",
        "broken.json": "it is a broken link",
        "directory": "it is a directory, not a file",
    }.items():
        with pytest.raises(UnreadableError, match=why):
            tree.read(path)
    assert Tree(tree).resolve("directory/personas/host.txt").kind == "file"


def test_everything_is_read_from_one_tree(made: Path) -> None:
    lay_out(
        made,
        {
            "jit-guard.toml": 'schema = "team.json"\nbaseline = "accepted.txt"\n'
            'orphan-ignore = ["drafts/"]\n',
            "team.json": '{"minProperties": 1}',
            "accepted.txt": '["JG301", null, null, null, "components/old.txt"]\n',
            "components/old.txt": TEXT,
            "components/drafts/a.txt": TEXT,
        },
    )
    save(made)
    (made / "jit-guard.toml").write_text("not toml")
    (made / "team.json").unlink()
    (made / "accepted.txt").unlink()
    (made / "goal_map.json").write_text("{")
    (made / "components/old.txt").unlink()
    result = call("--source", "HEAD", "--format", "json", cwd=made)
    assert (result.code, result.codes) == (0, [])
    assert call(cwd=made).code == 2


def test_files_that_flags_name_are_read_from_disk(made: Path, tmp_path: Path) -> None:
    lay_out(
        tmp_path, {"mine.toml": 'maps = ["other.json"]\n', "strict.json": '{"minProperties": 9}'}
    )
    result = call("--source", "HEAD", "--config", "../mine.toml", "--format", "json", cwd=made)
    assert result.codes == ["JG004", "JG301"]
    result = call(
        "--source", "HEAD", "--schemafile", "../strict.json", "--format", "json", cwd=made
    )
    assert result.codes == ["JG101"]


def test_the_index_is_the_one_that_git_exports_to_a_hook(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(made, "read-tree", "--index-output=.git/other-index", "--empty")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other-index")
    assert call("--source", "index", "--format", "json", cwd=made).codes == ["JG004"]
    assert call("--source", "HEAD", "--format", "json", cwd=made).codes == []


def test_the_variables_of_another_repository_are_ignored(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", {"notes.txt": TEXT})
    for name, value in {"GIT_INDEX_FILE": ".git/index", "GIT_DIR": str(other / ".git")}.items():
        monkeypatch.setenv(name, value)
        result = call("--root", str(made), "--source", "index", "--format", "json", cwd=other)
        assert (result.code, result.codes) == (0, [])
        monkeypatch.delenv(name)


def test_git_dir_of_a_linked_worktree_is_used_from_any_directory(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(made, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    git(linked, "rm", "-q", "--cached", "components/personas/host.txt")
    own = made / ".git/worktrees/linked"
    monkeypatch.setenv("GIT_DIR", str(own))
    monkeypatch.setenv("GIT_INDEX_FILE", str(own / "index"))
    for directory in (linked, linked / "components"):
        assert call("--source", "index", "--format", "json", cwd=directory).codes == ["JG201"]
    assert call("--root", str(made), "--source", "index", cwd=linked).code == 0


def test_git_dir_is_relative_to_the_working_directory(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "../.git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(made / ".git/index"))
    git(made, "rm", "-q", "--cached", "components/personas/host.txt")
    result = call("--source", "index", "--format", "json", cwd=made / "components")
    assert result.codes == ["JG201"]


def test_a_work_tree_with_only_git_dir_to_name_its_repository(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made / ".git").rename(tmp_path / "store")
    with pytest.raises(GitError, match="not in a git repository"):
        open_tree(str(made), "index")
    monkeypatch.setenv("GIT_DIR", "../store")
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    assert call("--source", "index", cwd=made).code == 0


@pytest.mark.parametrize("inside", [True, False])
def test_a_revision_of_a_bare_repository_can_be_checked(
    made: Path, tmp_path: Path, inside: bool
) -> None:
    git(made, "rm", "-q", "components/personas/host.txt")
    save(made)
    git(tmp_path, "clone", "-q", "--bare", str(made), "bare.git")
    bare = tmp_path / "bare.git"
    root = () if inside else ("--root", "bare.git")
    cwd = bare if inside else tmp_path
    assert call(*root, "--source", "HEAD~", "--format", "json", cwd=cwd).codes == []
    report = call(*root, "--source", "main", "--format", "json", cwd=cwd).report
    (missing,) = report["findings"]
    assert missing["hint"] == "add the file in main, or correct or remove the entry in main"
    refused = call(*root, "--source", "index", cwd=cwd)
    assert refused.code == 2
    assert "a bare repository has no index; name a revision" in refused.err


def test_the_root_has_a_name_if_it_cannot_be_read() -> None:
    assert str(UnreadableError("", "no such object")) == ". cannot be read: no such object"


def test_reading_the_index_does_not_change_the_status(made: Path) -> None:
    (made / "late.txt").touch()
    git(made, "add", "-N", "late.txt")
    before = (git(made, "status", "--porcelain"), git(made, "ls-files", "--stage"))
    assert call("--source", "index", cwd=made).code == 0
    assert (git(made, "status", "--porcelain"), git(made, "ls-files", "--stage")) == before


def staged(root: Path) -> Path:
    """A repository whose index has a directory that no commit has, so that its tree is new."""
    lay_out(root, sound({"A": {"persona": "host.txt"}, "B": {"persona": "in/new.txt"}}))
    git(root, "add", ".")
    return root


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {str(one): one.read_bytes() for one in directory.rglob("*") if one.is_file()}


def test_reading_the_index_writes_nothing_and_needs_no_lock(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    odd = staged(repository(tmp_path / 'a "b":\\c'))
    git(made, "worktree", "add", "-q", str(tmp_path / "linked"))
    for root in (staged(made), odd, staged(tmp_path / "linked")):
        lock = Path(git(root, "rev-parse", "--absolute-git-dir").strip()) / "index.lock"
        lock.touch()
        before = contents(root), contents(made)
        assert call("--strict", "--source", "index", cwd=root).code == 0
        assert (contents(root), contents(made)) == before
        assert list(scratch.iterdir()) == []


def test_the_index_of_somebody_else_is_read(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = staged(repository(open_directory / "made"))
    (made / "components/personas/in/new.txt").unlink()
    git(made, "rm", "-q", "--cached", "components/personas/in/new.txt")
    lay_out(made, {"components/personas/other/orphan.txt": TEXT})
    git(made, "add", "components/personas/other")
    for path in made.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    made.chmod(0o555)
    config = open_directory / "config"
    config.write_text("[safe]\ndirectory = *\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    done = run_without_privileges("--source", "index", "--format", "json", cwd=made)
    assert done.codes == ["JG201", "JG301"]


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount")
def test_the_index_of_a_read_only_file_system_is_read(made: Path) -> None:
    staged(made)
    (made / "components/personas/in/new.txt").rename(made / "components/personas/in/old.txt")
    git(made, "add", "-A", ".")
    bind = subprocess.run(["mount", "--bind", made, made], capture_output=True, check=False)
    if bind.returncode:
        pytest.skip("mounting is not possible here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", made], check=True)
        codes = call("--source", "index", "--format", "json", cwd=made).codes
    finally:
        subprocess.run(["umount", made], check=True)
    assert codes == ["JG201", "JG301"]


@pytest.mark.parametrize(
    "name", ["main", "HEAD", "v1", "HEAD^{tree}", "TREE", "COMMIT", "HEAD@{0}"]
)
def test_any_name_of_a_tree_is_accepted(made: Path, name: str) -> None:
    git(made, "tag", "-a", "v1", "-m", "One")
    name = name.replace("TREE", git(made, "rev-parse", "HEAD^{tree}").strip(), name == "TREE")
    name = git(made, "rev-parse", "HEAD").strip() if name == "COMMIT" else name
    assert Guard(made).check(name).ok


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere", "does not exist; use worktree"),
        ("", "does not exist; use worktree"),
        ("a\nb", "does not exist; use worktree"),
        ("-x", "does not exist; use worktree"),
        ("HEAD:goal_map.json", "is a file; name a commit, a tag or a tree"),
        ("0" * 40, "does not exist; use worktree"),
    ],
)
def test_a_name_without_a_tree_exits_with_2(made: Path, name: str, why: str) -> None:
    result = call(f"--source={name}", cwd=made)
    assert result.code == 2
    assert why in result.err
    assert result.out == ""


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    made = lay_out(tmp_path / "new", SOUND)
    git(made, "init", "-q")
    git(made, "add", ".")
    assert call("--source", "index", cwd=made).code == 0
    assert call("--source", "HEAD", cwd=made).code == 2


def test_outside_a_repository_exits_with_2(project: Path) -> None:
    for source in ("index", "commit", "HEAD"):
        result = call("--source", source, cwd=project)
        assert result.code == 2
        assert "is not in a git repository" in result.err


def test_without_git_exits_with_2(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for source in ("index", "HEAD"):
        result = call("--source", source, cwd=made)
        assert result.code == 2
        assert "git is not on the PATH" in result.err


def test_an_unfinished_merge_exits_with_2_and_names_the_files(made: Path) -> None:
    git(made, "switch", "-q", "-c", "other")
    (made / "components/personas/host.txt").write_text("One.\n")
    save(made)
    git(made, "switch", "-q", "main")
    (made / "components/personas/host.txt").write_text("Other.\n")
    save(made)
    with pytest.raises(subprocess.CalledProcessError):
        git(made, "merge", "other")
    result = call("--source", "commit", cwd=made)
    assert result.code == 2
    assert "unmerged files (components/personas/host.txt)" in result.err


def test_no_process_is_left_behind(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    true = subprocess.Popen

    def noted(*args: object, **fields: object) -> subprocess.Popen[bytes]:
        started.append(true(*args, **fields))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    Guard(made).check("HEAD")
    with pytest.raises(GitError):
        Guard(made).check("nowhere")
    (made / "jit-guard.toml").write_text("broken")
    save(made)
    assert call("--source", "HEAD", cwd=made).code == 2
    assert len(started) > 2
    assert all(process.returncode is not None for process in started)


def test_a_killed_git_process_is_reported(made: Path, opened: list[GitTree]) -> None:
    opened.append(tree := open_tree(str(made), "HEAD"))
    tree._objects._process.kill()
    tree._objects._process.wait()
    with pytest.raises(UnreadableError, match="git cat-file exited"):
        tree.directory("components/personas")


def test_a_push_hook_checks_the_pushed_revision(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(made, "switch", "-q", "-c", "broken")
    git(made, "rm", "-q", "components/personas/host.txt")
    save(made)
    git(made, "switch", "-q", "main")
    assert call("--source", "commit", cwd=made).code == 0
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/broken")
    assert call("--source", "commit", cwd=made).code == 1
    monkeypatch.setenv("PRE_COMMIT_TO_REF", git(made, "rev-parse", "main").strip())
    assert call("--source", "commit", cwd=made).code == 0
    assert call("--source", "broken", cwd=made).code == 1


def test_a_rename_in_the_index_is_recognized_by_its_text(made: Path) -> None:
    os.rename(made / "components/personas/host.txt", made / "components/personas/zzz.md")
    git(made, "add", "-A")
    report = Guard(made).check("index")
    missing = next(one for one in report.findings if one.code == "JG201")
    assert missing.related == ("components/personas/zzz.md",)


def test_a_staged_map_is_found_and_a_missing_one_is_refused(made: Path) -> None:
    assert call("--source", "index", "--map", "nowhere.json", cwd=made).code == 2
    os.unlink(made / "goal_map.json")
    assert call("--source", "index", "--map", "goal_map.json", cwd=made).code == 0


def test_the_baseline_can_accept_what_the_index_shows(made: Path) -> None:
    git(made, "rm", "-q", "--cached", "components/personas/host.txt")
    done = call("--source", "index", "--baseline", "accepted.txt", "--update-baseline", cwd=made)
    assert done.code == 0
    assert "JG201" in (made / "accepted.txt").read_text()
    assert call("--source", "index", "--baseline", "accepted.txt", cwd=made).code == 0
