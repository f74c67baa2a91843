"""The snapshot of the worktree: no link leads out of it, and nothing blocks it."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.disk import PIECE
from jit_guard.sources.memory import Link, Other
from jit_guard.sources.worktree import Worktree
from projects import SOUND, git, lay_out


def test_a_directory_lists_its_names_by_kind(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "f/a.txt": "a",
            "f/sub/": "",
            "f/to": Link("a.txt"),
            "f/nowhere": Link("gone"),
            "f/pipe": Other("FIFO"),
            "f/sock": Other("socket"),
        },
    )
    assert Worktree(str(tmp_path)).directory("f") == DirectoryListing(
        {"a.txt"}, {"sub"}, {"to": "a.txt", "nowhere": "gone"}, {"pipe": "FIFO", "sock": "socket"}
    )


@pytest.mark.parametrize("path", ["gone", "gone/deeper", "file", "file/deeper"])
def test_what_is_not_a_directory_is_none(tmp_path: Path, path: str) -> None:
    lay_out(tmp_path, {"file": "x"})
    assert Worktree(str(tmp_path)).directory(path) is None


def test_reading_returns_bytes_or_none(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": b"\xff\x00", "to": Link("a"), "big": b"x" * (3 << 20)})
    source = Worktree(str(tmp_path))
    assert source.read("a") == b"\xff\x00"
    assert source.read("to") == b"\xff\x00"
    assert source.read("big") == b"x" * (3 << 20)
    assert source.read("gone") is None
    assert source.read("a/deeper") is None


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"x/": ""}, "a directory, not a file"),
        ({"x": Other("FIFO")}, "a FIFO, not a file"),
        ({"x": Other("socket")}, "no such device"),
        ({"x": Link("gone")}, "a broken link"),
        ({"x": Link("x")}, "link"),
        ({"x": Link("/dev/zero")}, "the link x points outside the project"),
    ],
    ids=["directory", "FIFO", "socket", "broken link", "loop", "device"],
)
def test_reading_what_is_not_a_file_fails_without_blocking(
    tmp_path: Path, made: dict[str, str], words: str
) -> None:
    lay_out(tmp_path, made)
    with pytest.raises(UnreadableError, match=words) as caught:
        Worktree(str(tmp_path)).read("x")
    assert caught.value.path == "x"


def test_sizes_are_read_without_following_links(tmp_path: Path) -> None:
    lay_out(tmp_path, {"f/empty": "", "f/full": "x"})
    source = Worktree(str(tmp_path))
    empty = list(source.empty_files("f", ["empty", "full", "gone"]))
    assert empty == [("empty", True), ("gone", None)]


def test_every_file_of_a_vanished_directory_has_vanished(tmp_path: Path) -> None:
    source = Worktree(str(tmp_path))
    assert list(source.empty_files("gone", ["a", "b"])) == [("a", None), ("b", None)]
    assert list(source.chunks("gone", ["a", "b"])) == [("a", None), ("b", None)]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_a_file_of_any_size_is_read_in_pieces_of_bounded_size(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    lay_out(tmp_path, {"f/x": data})
    for _, chunks in Worktree(str(tmp_path)).chunks("f", ["x"]):
        assert chunks is not None
        assert not isinstance(chunks, UnreadableError)
        pieces = list(chunks)
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= PIECE for piece in pieces)


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    lay_out(tmp_path, {"secret": "s", "f/x": Link("../secret")})
    assert list(Worktree(str(tmp_path / "f")).chunks("", ["x"])) == [("x", None)]


def test_a_link_that_vanishes_while_its_directory_is_listed_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"f/a.txt": "a", "f/to": Link("a.txt")})
    real = os.readlink

    def vanish_first(path: str, *, dir_fd: int | None = None) -> str:
        os.unlink(path, dir_fd=dir_fd)
        return real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "readlink", vanish_first)
    assert Worktree(str(tmp_path)).directory("f") == DirectoryListing({"a.txt"}, set(), {}, {})


def test_absolute_links_into_the_project_are_inside_also_through_a_link_to_it(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path / "real", {"x": ""})
    (tmp_path / "alias").symlink_to(root)
    source = Worktree(str(tmp_path / "alias"))
    assert source.inside(str(tmp_path / "alias" / "x")) == "x"
    assert source.inside(str(root / "a" / "b")) == "a/b"
    assert source.inside(str(root)) == ""
    assert source.inside(str(tmp_path / "real2")) is None
    assert source.inside("/etc/passwd") is None


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS refuses names that are not UTF-8")
def test_a_name_may_contain_any_byte(tmp_path: Path) -> None:
    name = bytes(range(1, 256)).replace(b"/", b"")[:250]
    (tmp_path / "f").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "f") + b"/" + name)).write_bytes(b"x")
    directory = Worktree(str(tmp_path)).directory("f")
    assert directory is not None
    assert {os.fsencode(one) for one in directory.files} == {name}


def test_no_handle_is_left_open(tmp_path: Path) -> None:
    lay_out(tmp_path, {**SOUND, "f/to": Link("x")})
    source = Worktree(str(tmp_path))
    before = sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else []
    for _ in range(3):
        source.directory("f")
        source.directory("gone")
        source.read("goal_map.json")
        list(source.chunks("components/personas", ["host.txt", "gone"]))
        list(source.empty_files("components/personas", ["host.txt", "gone"]))
    after = sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else []
    assert after == before


def test_outside_git_nothing_is_ignored(tmp_path: Path) -> None:
    assert Worktree(str(tmp_path)).ignored(["a"]) == set()


@pytest.mark.parametrize(
    "name", ["plain.log", "日本 é.log", "a\nb.log", '"q".log', "-x.log", ":x.log"]
)
def test_ignored_files_are_found_for_any_name(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q")
    lay_out(tmp_path, {".gitignore": "*.log\n", f"c/{name}": "x", "c/kept.txt": "x", name: ""})
    source = Worktree(str(tmp_path))
    assert source.ignored([f"c/{name}", "c/kept.txt"]) == {f"c/{name}"}
    assert source.ignored([name]) == {name}


def test_a_tracked_file_is_not_ignored(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    lay_out(tmp_path, {".gitignore": "*.log\n", "c/x.log": "x"})
    git(tmp_path, "add", "-f", "c/x.log")
    assert Worktree(str(tmp_path)).ignored(["c/x.log"]) == set()


def test_the_variables_of_a_hook_of_another_repository_are_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lay_out(tmp_path / "other", {"x": ""})
    git(other, "init", "-q")
    here = lay_out(tmp_path / "here", {".gitignore": "*.log\n", "c/x.log": "x"})
    git(here, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert Worktree(str(here)).ignored(["c/x.log"]) == {"c/x.log"}


def test_a_broken_repository_is_reported(tmp_path: Path) -> None:
    lay_out(tmp_path, {".git": "gitdir: /nowhere\n"})
    with pytest.raises(UnreadableError, match="git"):
        Worktree(str(tmp_path)).ignored(["a"])


def test_a_listing_with_sizes_makes_measuring_unnecessary(tmp_path: Path) -> None:
    lay_out(tmp_path, {"f/empty": "", "f/full": "x", "f/deep/y": "", "f/l": Link("gone")})
    source = Worktree(str(tmp_path))
    assert source.directory("f", sizes=True) == Worktree(str(tmp_path)).directory("f")
    (tmp_path / "f" / "full").write_bytes(b"")
    assert list(source.empty_files("f", ["empty", "full"])) == [("empty", True)]
    assert list(Worktree(str(tmp_path)).empty_files("f", ["full"])) == [("full", True)]


def test_if_a_size_cannot_be_read_each_file_is_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"f/empty": "", "f/full": "x"})
    source = Worktree(str(tmp_path))

    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_file(self, *, follow_symlinks: bool) -> bool:
            return not follow_symlinks

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            if self.name == "full":
                raise PermissionError(errno.EACCES, "Permission denied")
            if self.name == "gone":
                raise FileNotFoundError(errno.ENOENT, "No such file or directory")
            return os.stat(tmp_path / "f" / self.name, follow_symlinks=follow_symlinks)

    entries = [Entry(name) for name in ("gone", "empty", "full")]
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", lambda _: nullcontext(iter(entries)))
        listing = source.directory("f", sizes=True)
        empty = list(source.empty_files("f", ["empty", "full"]))
    assert listing == DirectoryListing({"empty", "full"}, set(), {}, {})
    assert empty == [("empty", True)]
