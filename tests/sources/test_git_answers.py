"""What git is asked, piece by piece, and what its answers become."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jit_guard.errors import GitError, UnreadableError
from jit_guard.sources.answers import Blob, GitState, Origin, Twin
from jit_guard.sources.git import (
    absence,
    call,
    directories,
    held,
    index,
    objects,
    parts,
    reasons,
    restoration,
    revision,
    state,
    tracking,
    tree,
)
from jit_guard.sources.git import worktree as with_git
from jit_guard.sources.git.environment import Standpoint, clean_environment
from jit_guard.sources.git.tree import open_tree
from jit_guard.sources.memory import Link
from projects import git, lay_out
from repositories import NEEDS_GIT

pytestmark = NEEDS_GIT

FILES = {
    "a.txt": "a",
    "b.txt": "b",
    "run.sh": "#!",
    "d/x": "x",
    "d/y": "y",
    "e/z": "z",
    "empty": "",
    "gone": "g",
    "gone.sh": "#!",
    "to": Link("a.txt"),
}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    root = lay_out(tmp_path / "made", FILES)
    for name in ("run.sh", "gone.sh"):
        (root / name).chmod(0o755)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def without(root: Path, *names: str) -> None:
    for name in names:
        (root / name).unlink()


def add_records(root: Path, *records: str) -> None:
    """Put records into the index as they are: `MODE ID STAGE TAB PATH`."""
    subprocess.run(
        ["git", "update-index", "--index-info"],
        cwd=root,
        input="".join(f"{one}\n" for one in records),
        text=True,
        check=True,
    )


def test_a_missing_file_is_explained_by_what_git_has(made: Path) -> None:
    id_ = git(made, "rev-parse", "HEAD:a.txt").strip()
    add_records(made, f"100644 {id_} 1\tconflict", f"100644 {id_} 2\tconflict")
    add_records(made, f"160000 {id_} 0\tmod", f"160000 {id_} 0\tmod2", f"100644 {id_} 0\tmod3/x")
    git(made, "update-index", "--skip-worktree", "b.txt")
    git(made, "rm", "-q", "--cached", "gone", "gone.sh")
    without(made, "a.txt", "b.txt", "run.sh", "d/x", "d/y", "empty", "gone", "gone.sh", "to")
    (made / "d").rmdir()
    (made / "mod2").mkdir()
    missing = ["a.txt", "b.txt", "run.sh", "d/", "empty", "gone", "gone.sh", "to", "conflict"]
    missing += ["mod/x", "mod2/x", "mod3/y", "nothing", "n\nm"]
    found = held.explain_missing(str(made), missing)
    assert {path: one.kind for path, one in found.items()} == {
        "a.txt": "deleted",
        "b.txt": "sparse",
        "run.sh": "deleted",
        "d/": "deleted",
        "to": "deleted",
        "conflict": "conflict",
        "gone": "gone",
        "gone.sh": "gone",
        "mod/x": "submodule",
        "mod2/x": "submodule",
    }
    assert all(one.held and one.path == path for path, one in found.items())
    script = git(made, "rev-parse", "HEAD:run.sh").strip()
    assert {path: one.blob for path, one in found.items() if one.blob} == {
        "a.txt": Blob(id_, executable=False),
        "run.sh": Blob(script, executable=True),
        "gone": Blob(git(made, "rev-parse", "HEAD:gone").strip(), False, staged=False),
        "gone.sh": Blob(script, executable=True, staged=False),
    }
    for path, words in (("a.txt", "restore --worktree"), ("d/", "restore --worktree")):
        command = found[path].command
        assert command
        assert f"{words} -- " in command
        assert command.endswith(path.rstrip("/"))


def test_very_many_missing_files_are_listed_in_their_common_directory(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(made, "a.txt", "b.txt", "d/x", "d/y")
    monkeypatch.setattr(held, "_AT_ONCE", 2)
    for missing in (["a.txt", "b.txt", "d/x"], ["d/x", "d/y", "d/z"]):
        there = {path for path in missing if path != "d/z"}
        assert set(held.explain_missing(str(made), missing)) == there
    asked: list[list[str]] = []
    real = call.ask

    def ask(top: str, words: list[str], *more: Any) -> Any:
        asked.append(words)
        return real(top, words, *more)

    monkeypatch.setattr(call, "ask", ask)
    for missing, last in ((["a.txt"], "a.txt"), (["a.txt", "b.txt"], "b.txt")):
        asked.clear()
        assert set(held.explain_missing(str(made), missing)) == set(missing)
        assert asked[0][-1] == last, "few files are named"


def test_outside_git_or_with_a_broken_repository_nothing_is_explained(tmp_path: Path) -> None:
    lay_out(tmp_path, {"plain/": "", "broken/.git": "gitdir: /nowhere\n", "broken/b": ""})
    assert held.explain_missing(str(tmp_path / "plain"), ["a"]) == {}
    broken = str(tmp_path / "broken")
    assert held.explain_missing(broken, []) == {}
    with pytest.raises(UnreadableError) as error:
        held.explain_missing(broken, ["a"])
    assert error.value.path == ".git"
    for kind in ("index", "head", "revision"):
        origin = Origin(kind, "x")
        assert absence.explain_missing(broken, ["a", "b"], origin) == {}
    assert with_git.unfiltered(broken, ["a"]) == {}
    assert with_git.same_text(broken, ["a"], ["b"]) == {}
    with pytest.raises(UnreadableError):
        with_git.ignored(broken, ["a"])
    assert state.is_state_tracked(broken) is False, "there is no index"


def test_a_file_that_a_snapshot_does_not_have_is_explained_by_the_disk(made: Path) -> None:
    lay_out(made, {"new": "n", "staged": "s", "inner/i": "i", "inner/j": "j"})
    git(made, "add", "staged")
    git(made / "inner", "init", "-q")
    git(made, "rm", "-q", "--cached", "gone")
    without(made, "gone")
    missing = ["inner/i", "inner/j", "new", "staged", "gone", "nothing"]
    found = absence.explain_missing(str(made), missing, Origin("index", "the index"))
    assert {path: (one.kind, one.why.partition(" on disk")[0]) for path, one in found.items()} == {
        "inner/i": ("nested", "exists"),
        "inner/j": ("nested", "exists"),
        "new": ("untracked", "exists"),
        "staged": ("staged", "exists"),
        "gone": ("gone", "is in the last commit but was removed from the index"),
    }
    head = absence.explain_missing(str(made), missing, Origin("head", "HEAD"))
    assert {path: one.kind for path, one in head.items()} == {
        "inner/i": "nested",
        "inner/j": "nested",
        "new": "untracked",
        "staged": "uncommitted",
    }
    command = head["new"].command
    assert command
    assert " && git" in command
    assert absence.explain_missing(str(made), missing, Origin("revision", "x")) == {}


def test_the_index_is_read_in_pieces_of_any_size(
    made: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    add_records(made, f"160000 {'1' * 40} 0\td/mod", f"160000 {'1' * 40} 0\tmod")
    wanted = {"": ["a.txt", "empty", "new"], "d": ["x", "z"], "n": ["q"]}
    slept: list[float] = []
    monkeypatch.setattr(index, "sleep", slept.append)
    expected = index.Scan({"": {"new"}, "d": {"z"}, "n": {"q"}}, ("empty",), ("d/mod", "mod"))
    for size in (7, 64, 1 << 20):
        monkeypatch.setattr(index, "_PIECE", size)
        assert index.scan(str(made), [""], wanted) == expected
    assert all(0 < seconds < 0.01 for seconds in slept)
    assert index.scan(str(made), ["d"], {"d": ["x"]}) == index.Scan({}, (), ("d/mod",))
    with pytest.raises(GitError, match="git ls-files: "):
        index.scan("/", [""], {})
    with monkeypatch.context() as patch:
        patch.delattr(os, "posix_spawn")
        assert index.scan(str(made), [""], wanted) == expected
        with pytest.raises(GitError, match="git ls-files: "):
            index.scan("/", [""], {})
    assert capfd.readouterr().err == ""
    names = git(made, "ls-files", "-z").removesuffix("\0")
    for size in (7, 64):
        monkeypatch.setattr(index, "_PIECE", size)
        assert "\0".join(index._listing(str(made), ["ls-files", "-z"])) == names
    with monkeypatch.context() as patch:
        asked: list[str] = []
        patch.setattr(index, "_read", lambda _, what: asked.append(what))
        list(index._pieces(str(made), ["ls-files", "-z"]))
        assert asked == ["ls-files"]
    opened = len(os.listdir("/proc/self/fd"))
    begun = index._pieces(str(made), ["ls-files"])
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == opened


@pytest.mark.skipif(sys.platform == "win32", reason="starts processes as POSIX does")
def test_a_git_that_is_not_needed_any_more_is_ended() -> None:
    def started(*words: str) -> int:
        return os.posix_spawnp(words[0], words, os.environ)

    assert index._ended(started("sleep", "60"), kill=True) == 9
    assert index._ended(started("true"), kill=False) == 0
    assert index._ended(started("false"), kill=False) == 1 << 8
    assert index._ended(1, kill=False) == 1
    assert index._ended(2**22 + 1, kill=True) == 1


def test_a_git_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = os.pipe()
    os.set_blocking(here, False)
    monkeypatch.setattr(index, "PATIENCE", 0.02)
    with pytest.raises(GitError, match=r"^git ls-files: no answer"):
        index._read(here, "ls-files")
    os.write(there, b"abc")
    assert index._read(here, "ls-files") == b"abc"
    os.close(there)
    assert index._read(here, "ls-files") == b""
    os.close(here)


@pytest.fixture
def snapshot(made: Path) -> Iterator[tree.GitTree]:
    opened = open_tree(str(made), "index")
    yield opened
    opened.close()


def test_objects_are_read_in_any_order_and_number(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_AHEAD", 3)
    at = Standpoint(str(made), "", clean_environment())
    names = [f"HEAD:{one}" for one in ("a.txt", "nothing", "b.txt", "run.sh", "empty", "d", "to")]
    reader = objects.Objects(at)
    found = [one and b"".join(one.pieces) for one in reader.each(names)]
    assert found[:5] == [b"a", None, b"b", b"#!", b""]
    assert found[6] == b"a.txt"
    skipped = [one and one.size for one in reader.each(names)]
    assert skipped[:5] == [1, None, 1, 2, 0]
    begun = reader.each(names)
    next(begun)
    begun.close()
    whole = reader.whole("HEAD:b.txt")
    assert whole
    assert whole[1:] == ("blob", b"b")
    assert reader.whole("HEAD:nothing") is None
    (pieces,) = [list(one.pieces) for one in reader.each(["HEAD:run.sh"], 1) if one]
    assert pieces == [b"#", b"!"]
    assert reader._watchdog.asked == 0.0
    reader.close()
    sizes = objects.Objects(at, contents=False)
    assert [one and (one.kind, one.size, list(one.pieces)) for one in sizes.each(names[:3])] == [
        ("blob", 1, []),
        None,
        ("blob", 1, []),
    ]
    sizes.close()
    with pytest.raises((GitError, ValueError)):
        sizes.whole("HEAD:a.txt")


class Failing:
    """In place of the reader of objects, which fails after the first."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = errors

    def each(self, names: object) -> Iterator[Any]:
        """Raise the errors."""
        yield None
        for error in self._errors:
            raise error


def test_every_file_of_a_snapshot_has_its_bytes_or_a_reason(
    snapshot: tree.GitTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        name: pieces and b"".join(pieces)
        for name, pieces in snapshot.chunks("", ["a", "a.txt", "b.txt", "zz"])
        if not isinstance(pieces, UnreadableError)
    }
    assert found == {"a": None, "a.txt": b"a", "b.txt": b"b", "zz": None}
    for errors, reason in (((GitError("broken"),), "broken"), ((), "git has exited")):
        monkeypatch.setattr(snapshot, "_objects", Failing(*errors))
        rest = list(snapshot.chunks("", ["a.txt", "b.txt", "run.sh"]))
        reasons = [one.reason for _, one in rest if isinstance(one, UnreadableError)]
        assert len(reasons) == 3
        assert reasons[1:] == [reason, reason]
        monkeypatch.undo()


def test_a_snapshot_that_git_cannot_read_says_where(
    snapshot: tree.GitTree, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise GitError("broken")

    monkeypatch.setattr(tree, "filters_in_tree", fail)
    with pytest.raises(UnreadableError) as error:
        snapshot.filtered({"": ["a.txt"]}, [])
    assert (error.value.path, error.value.reason) == (".gitattributes", "broken")
    for name, path in (("", "."), ("d", "d")):
        with monkeypatch.context() as patch:
            patch.setattr(tree, "listing", fail)
            with pytest.raises(UnreadableError) as error:
                snapshot._list(name)
            assert error.value.path == path
        with monkeypatch.context() as patch:
            patch.setattr(snapshot._objects, "whole", fail)
            with pytest.raises(UnreadableError) as error:
                snapshot._list(name)
            assert error.value.path == path


def test_what_the_commit_before_has_is_tracked_and_recognized(made: Path) -> None:
    git(made, "mv", "a.txt", "moved.txt")
    git(made, "mv", "d", "dd")
    lay_out(made, {"new": "n"})
    git(made, "add", "new")
    staged = open_tree(str(made), "index")
    assert staged.tracked("", ["b.txt", "new", "d/x", "n/o"]) == {"b.txt", "d/x"}
    missing, orphans = ["a.txt", "d/", "e/"], ["moved.txt", "dd/", "nothing/"]
    assert staged.same_text(missing, orphans) == {"a.txt": Twin("moved.txt"), "d/": Twin("dd/")}
    assert staged.same_text(missing, []) == {}
    staged.close()
    head = open_tree(str(made), "HEAD")
    assert head.tracked("", ["new", "nothing"]) == {"new", "nothing"}
    head.close()
    assert with_git.same_text(str(made), missing, orphans) == {
        "a.txt": Twin("moved.txt"),
        "d/": Twin("dd/"),
    }
    lay_out(made, {"copy.txt": "a"})
    assert with_git.same_text(str(made), ["a.txt"], ["moved.txt", "copy.txt"]) == {}
    assert with_git.same_text(str(made), ["a.txt"], []) == {}
    assert with_git.same_text(str(made), [], ["moved.txt"]) == {}


def test_before_the_first_commit_nothing_is_tracked(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "a"})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a")
    staged = open_tree(str(tmp_path), "index")
    assert staged.tracked("", ["a"]) == set()
    staged.close()


def test_the_id_of_a_file_is_that_of_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"a": "x\n", "b": b"x\r\n", "to": Link("a"), "d/": ""})

    def named(text: bytes, kind: str) -> str:
        return hashlib.new(kind, b"blob %d\0%b" % (len(text), text)).hexdigest()

    for like, kind in (("1" * 40, "sha1"), ("1" * 64, "sha256")):
        assert with_git._blob_ids(str(tmp_path / "a"), like) == {named(b"x\n", kind)}
        assert with_git._blob_ids(str(tmp_path / "b"), like) == {
            named(b"x\r\n", kind),
            named(b"x\n", kind),
        }
    for name in ("to", "d", "gone"):
        assert with_git._blob_ids(str(tmp_path / name), "1" * 40) == set()
    monkeypatch.setattr(with_git, "_LARGEST", 2)
    assert with_git._blob_ids(str(tmp_path / "a"), "1" * 40)
    monkeypatch.setattr(with_git, "_LARGEST", 1)
    assert with_git._blob_ids(str(tmp_path / "a"), "1" * 40) == set()


def test_what_is_committed_can_be_restored(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (made / "b.txt").write_text("other")
    git(made, "add", "b.txt")
    lay_out(made, {"new": "n"})
    paths = ["a.txt", "b.txt", "new", "to", "nothing", "d"]
    assert with_git.recoverable(str(made), paths) == {"a.txt"}
    assert with_git.recoverable(str(made), []) == set()
    assert with_git.recoverable("/", ["a.txt"]) == set()
    monkeypatch.setattr(with_git, "_AT_ONCE", 2)
    ids = with_git._staged(str(made), ["a.txt", "d/x", "run.sh", "nothing", "to"])
    assert set(ids) == {"a.txt", "d/x", "run.sh", "to"}
    assert ids["a.txt"] == git(made, "rev-parse", ":a.txt").strip()
    lay_out(made, {".gitattributes": "*.txt filter=crypt\n"})
    assert with_git.unfiltered(str(made), ["a.txt", "d/x"]) == {"a.txt": "filter=crypt"}
    (made / "a.txt").write_text("plain")
    assert with_git.unfiltered(str(made), ["a.txt", "d/x"]) == {}
    assert with_git.unfiltered("/", ["a.txt"]) == {}


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (b"DIRC\0\0\0\2..\0.jit-guard/x\0", True),
        (b"DIRC\0\0\0\3..\0.JIT-guard\0", True),
        (b"DIRC\0\0\0\2..\0.jit-guards\0", False),
        (b"DIRC\0\0\0\4..\0.jit-guard/x\0", None),
        (b"DIRX\0\0\0\2..\0.jit-guard/x\0", None),
        (None, False),
    ],
)
def test_an_index_is_searched_if_git_does_not_read_it(
    tmp_path: Path, content: bytes | None, holds: bool | None
) -> None:
    if content is not None:
        (tmp_path / "index").write_bytes(content)
    assert state._index_holds(str(tmp_path), ".jit-guard") is holds
    (tmp_path / "sharedindex.1").touch()
    assert state._index_holds(str(tmp_path), ".jit-guard") is None


def test_an_index_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path, {"file": "", "d/index/": ""})
    assert state._index_holds(str(tmp_path / "gone"), ".jit-guard") is False
    assert state._index_holds(str(tmp_path / "file"), ".jit-guard") is None
    assert state._index_holds(str(tmp_path / "d"), ".jit-guard") is None


def test_state_is_tracked_in_any_case_and_below_the_top(made: Path) -> None:
    assert not state.is_state_tracked(str(made))
    assert not state.is_state_tracked("/")
    lay_out(made, {"d/.Jit-Guard/x": ""})
    git(made, "add", "-f", "d/.Jit-Guard/x")
    assert state.is_state_tracked(str(made / "d"))
    assert not state.is_state_tracked(str(made))
    state.refuse_tracked_state(str(made / "d"))
    lay_out(made, {"d/.jit-guard/": ""})
    with pytest.raises(Exception, match=r"git tracks \.jit-guard"):
        state.refuse_tracked_state(str(made / "d"))


def test_paths_belong_to_the_nearest_repository(made: Path, tmp_path: Path) -> None:
    lay_out(made, {"d/inner/deep/i": "", "d/inner/j": ""})
    git(made / "d/inner", "init", "-q")
    root = os.path.realpath(made)
    paths = ["x", "d/inner/deep/i", "d/e/y", "d/inner/j", "z/"]
    above, inner = parts.parts(str(made), paths)
    assert (above.top, above.prefix, above.inner, above.paths) == (
        root,
        "",
        "",
        ["x", "d/e/y", "z/"],
    )
    assert (inner.top, inner.prefix, inner.inner) == (f"{root}/d/inner", "", "d/inner")
    assert inner.paths == ["deep/i", "j"]
    assert [inner.inside(one) for one in inner.paths] == ["d/inner/deep/i", "d/inner/j"]
    assert inner.root == above.root.rstrip("/") == root
    (below,) = parts.parts(str(made / "d"), ["e/y", "z"])
    assert (below.prefix, below.paths, below.root) == ("d", ["d/e/y", "d/z"], f"{root}/d")
    assert [below.inside(one) for one in below.paths] == ["e/y", "z"]
    assert (below.outside(""), above.outside("")) == ("d", "")
    outer = lay_out(tmp_path / "outer", {"in/x": "", "y": ""})
    git(outer / "in", "init", "-q")
    (only,) = parts.parts(str(outer), ["y", "in/x", "y2"])
    assert (only.inner, only.paths) == ("in", ["x"])


def test_what_the_index_does_not_have_is_explained(made: Path) -> None:
    lay_out(made, {".gitignore": "*.log\n/secret/\n", "new": "n", "u.log": "", "secret/s": ""})
    lay_out(made, {".env.log": "", "A.TXT": "a", "named": "n", "inner/i": "", "mod/m": ""})
    lay_out(made, {"d/X": "", ".k.log": "", ".K.log": ""})
    git(made, "add", "-f", ".k.log")
    git(made, "add", "-N", "named")
    git(made, "rm", "-q", "--cached", "b.txt", "a.txt")
    git(made, "update-index", "--add", "--cacheinfo", f"100644,{'1' * 40},a.txt")
    git(made, "rm", "-q", "--cached", "run.sh")
    (made / ".git/info/exclude").write_text("run.sh\n")
    git(made / "inner", "init", "-q")
    git(made / "mod", "init", "-q")
    add_records(made, f"160000 {'1' * 40} 0\tmod")
    wanted = {
        "": {"new", "u.log", "named", "b.txt", "A.TXT", "run.sh", ".env.log", ".K.log", "gone"},
        "secret": {"s"},
        "inner": {"i"},
        "mod": {"m"},
        "d": {"x", "X"},
    }
    found = {one.path: one for one in tracking.untracked(str(made), "", wanted)}
    assert {path: (one.kind, one.command is None, one.ignored) for path, one in found.items()} == {
        "named": ("announced", False, False),
        "new": ("untracked", False, False),
        "u.log": ("ignored", False, True),
        ".env.log": ("ignored", True, True),
        "b.txt": ("removed", False, False),
        "A.TXT": ("renamed", False, False),
        "run.sh": ("removed", False, True),
        "d/X": ("renamed", False, False),
        ".K.log": ("renamed", True, False),
        "secret/s": ("ignored", True, True),
        "inner/i": ("nested", True, False),
        "mod/m": ("untracked", False, False),
    }
    assert found["A.TXT"].why == "is tracked as a.txt"
    assert found["d/X"].why == "is tracked as x"
    assert found["u.log"].why == "is ignored by .gitignore:1: *.log"
    assert found["run.sh"].why.endswith("and is ignored by .git/info/exclude:1: run.sh")
    assert found["u.log"].command
    assert " add -f -- " in found["u.log"].command
    assert tracking.untracked("/", "", wanted) == []
    (lone,) = tracking.untracked(str(made), "", {"": {"named", "d"}, "d": {"x"}})[:1]
    assert (lone.path, lone.kind) == ("named", "announced")
    assert tracking.untracked(str(made), "", {"": {"named"}}) == [lone]
    assert tracking.untracked(str(made), "d", {"d": {"x"}}) == []
    assert tracking.tracked(str(made), "d", ["d/x", "d/q", "new", "d/y"]) == {"d/x", "d/y"}
    assert stat.S_ISREG(os.stat(made / "new").st_mode)


def test_a_repository_below_a_project_outside_git_is_not_asked(made: Path, tmp_path: Path) -> None:
    lay_out(made, {".gitignore": "*.log\n", "x.log": "", "moved": "a"})
    outer, inner = str(tmp_path), made.name
    assert with_git.ignored(str(made), ["x.log", "a.txt"]) == {"x.log"}
    assert with_git.ignored(outer, [f"{inner}/x.log"]) == set()
    assert with_git.recoverable(outer, [f"{inner}/a.txt"]) == set()
    assert held.explain_missing(outer, [f"{inner}/gone.txt", f"{inner}/b.txt"]) == {}
    without(made, "a.txt")
    assert with_git.same_text(str(made), ["a.txt"], ["moved"]) == {"a.txt": Twin("moved")}
    assert with_git.same_text(outer, [f"{inner}/a.txt"], [f"{inner}/moved"]) == {}


def test_a_file_that_cannot_be_read_has_no_id(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(os, "read", fail)
    found = with_git._blob_ids(str(made / "a.txt"), "1" * 40)
    monkeypatch.undo()
    assert found == set()


def test_unmerged_files_are_named_up_to_three(made: Path) -> None:
    id_ = git(made, "rev-parse", "HEAD:a.txt").strip()
    for count, more in ((3, ""), (4, " and 1 more"), (5, " and 2 more")):
        names = [f"c{number}" for number in range(count)]
        add_records(made, *(f"100644 {id_} {stage}\t{name}" for name in names for stage in (1, 2)))
        with pytest.raises(GitError) as error:
            open_tree(str(made), "index")
        assert f"the index has unmerged files (c0, c1, c2{more}); resolve" in str(error.value)


def test_a_repository_may_have_no_index_or_one_that_cannot_be_read(
    made: Path, tmp_path: Path
) -> None:
    new = lay_out(tmp_path / "new", {"a": ""})
    git(new, "init", "-q")
    opened = open_tree(str(new), "index")
    found = opened.directory("")
    assert found
    assert found.files == set()
    assert (opened.origin().kind, opened.origin().born) == ("index", False)
    opened.close()
    opened = open_tree(str(made), "index")
    assert opened.origin().born
    opened.close()
    (made / ".git/index").unlink()
    (made / ".git/index").symlink_to("index")
    with pytest.raises(GitError, match=r"cannot be copied: too many levels of symbolic links$"):
        open_tree(str(made), "index")
    git(tmp_path, "clone", "-q", "--bare", str(new), "bare")
    with pytest.raises(GitError, match="a bare repository has no index"):
        open_tree(str(tmp_path / "bare"), "index")


def test_hooks_of_the_configuration_are_disabled_by_their_names(made: Path) -> None:
    at = Standpoint(str(made), "", clean_environment())
    assert revision._without_hooks(at) == []
    for key in ("hook.one.command", "hook.one.event", "hook.t.w.o.command"):
        git(made, "config", key, "false")
    assert revision._without_hooks(at) == [
        *("-c", "hook.one.enabled=false", "-c", "hook.t.w.o.enabled=false")
    ]
    git(made, "config", "hook.a=b.command", "false")
    with pytest.raises(GitError, match="a hook that jit-guard cannot disable: a=b"):
        revision._without_hooks(at)


def test_a_tree_that_is_lost_is_no_reason(made: Path, tmp_path: Path) -> None:
    assert reasons._listed(str(made), "HEAD", ["a.txt", "d"]).keys() == {"a.txt"}
    new = lay_out(tmp_path / "new", {"a": ""})
    git(new, "init", "-q")
    assert reasons._listed(str(new), "HEAD", ["a"]) == {}
    id_ = git(made, "rev-parse", "HEAD^{tree}").strip()
    (made / f".git/objects/{id_[:2]}/{id_[2:]}").unlink()
    with pytest.raises(GitError, match="git ls-tree"):
        reasons._listed(str(made), "HEAD", ["a.txt"])


def test_if_git_says_nothing_its_index_is_searched_for_state(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise GitError("no git")

    monkeypatch.setattr(call, "ask", fail)
    assert state.is_state_tracked(str(made)) is False
    (made / ".git/sharedindex.1").touch()
    with pytest.raises(GitError, match=r"^no git; cannot determine whether git tracks"):
        state.is_state_tracked(str(made))


def test_files_of_directories_in_git_and_on_disk(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(made, {"d/s1/x": "1", "d/s2/y": "2", "d/empty": "", "d/to": Link("x")})
    git(made, "add", "-A")
    git(made, "commit", "-qm", "second")
    lost = git(made, "rev-parse", "HEAD:d/s2").strip()
    (made / f".git/objects/{lost[:2]}/{lost[2:]}").unlink()
    reader = objects.Objects(Standpoint(str(made), "", clean_environment()))
    names = {"gone/": "HEAD:gone", "file/": "HEAD:a.txt", "n\nm/": "HEAD:n\nm", "d/": "HEAD:d"}
    found = directories.files_of(reader, names)
    assert found
    assert {one: set(files) for one, files in found.items()} == {"d/": {"x", "y", "s1/x"}}
    *_, last = [one.name for one in os.scandir(made / "d") if one.is_dir()]
    real = os.scandir

    def scandir(path: str) -> Any:
        if path.endswith(f"/{last}"):
            raise PermissionError
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        listed = directories.files_on_disk(str(made), ["d"])
    assert listed
    other = {"s1": "s2/y", "s2": "s1/x"}[last]
    assert set(listed["d"]) == {"x", "y", "empty", "to", other}
    monkeypatch.setattr(directories, "_MOST", 3)
    assert directories.files_of(reader, names) is None
    assert directories.files_on_disk(str(made), ["d"]) is None
    assert directories.files_on_disk(str(made), ["e"]) == {"e": ["z"]}
    reader.close()


def test_what_git_alone_can_restore_has_a_reason(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restoration.LARGEST == 8_388_608
    monkeypatch.setattr(restoration, "LARGEST", 1 << 20)
    lay_out(made, {"big": b"x" * ((1 << 20) + 1), "fits": b"x" * (1 << 20)})
    lay_out(made, {".gitattributes": "run.sh filter=crypt\nb.txt working-tree-encoding=UTF-16\n"})
    git(made, "add", "big", "fits")

    def held_by_git(path: str, id_: str | None = None) -> GitState:
        blob = Blob(id_ or git(made, "rev-parse", f":{path}").strip(), executable=False)
        return GitState(path, "deleted", "x", None, blob=blob)

    states = [held_by_git(path) for path in ("a.txt", "b.txt", "run.sh", "big", "fits")]
    lost, none = held_by_git("lost", "1" * 40), GitState("none", "deleted", "x", None)
    assert restoration.obstacles(str(made), [*states, lost, none]) == {
        "b.txt": "only git can restore it, because it has a working-tree-encoding=UTF-16",
        "run.sh": "only git can restore it, because it has a filter=crypt",
        "big": "it is larger than 1 MB",
        "lost": "the repository does not have its contents (a partial clone)",
    }
    (made / ".gitattributes").unlink()
    assert list(restoration.contents(str(made), states[:3])) == [b"a", b"b", b"#!"]
    for one in (lost, none):
        with pytest.raises(GitError, match=f"does not have the contents of {one.path}"):
            list(restoration.contents(str(made), [states[0], one]))
