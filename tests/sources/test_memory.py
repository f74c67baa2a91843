"""The snapshot in memory answers like a worktree with the same files."""

from __future__ import annotations

from pathlib import Path

from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.source import Source
from jit_guard.sources.worktree import Worktree
from projects import Files, lay_out

FILES: Files = {
    "goal_map.json": "{}",
    "components/personas/host.txt": "You welcome people.\n",
    "components/personas/empty.txt": "",
    "components/personas/\udcff.txt": b"\xff",
    "components/deep/er/x.txt": "x",
    "components/bare/": "",
    "components/link": Link("personas"),
    "components/pipe": Other("FIFO"),
}
DIRECTORIES = [
    "",
    "components",
    "components/personas",
    "components/deep",
    "components/bare",
    "nowhere",
]
NAMES = ["empty.txt", "host.txt"]


def both(tmp_path: Path) -> tuple[Source, Source]:
    return Memory(FILES), Worktree(str(lay_out(tmp_path, FILES)))


def test_both_list_the_same_names(tmp_path: Path) -> None:
    memory, worktree = both(tmp_path)
    for directory in DIRECTORIES:
        assert memory.directory(directory) == worktree.directory(directory), directory


def test_both_read_the_same_bytes(tmp_path: Path) -> None:
    memory, worktree = both(tmp_path)
    for path in ("goal_map.json", "nowhere", "nowhere/x", "components/personas/\udcff.txt"):
        assert memory.read(path) == worktree.read(path), path


def test_both_know_which_files_are_empty(tmp_path: Path) -> None:
    for source in both(tmp_path):
        assert list(source.empty_files("components/personas", NAMES)) == [("empty.txt", True)]


def test_both_read_the_bytes_of_many_files(tmp_path: Path) -> None:
    for source in both(tmp_path):
        read = []
        for name, chunks in source.chunks("components/personas", NAMES):
            assert chunks is not None
            assert not isinstance(chunks, Exception)
            read.append((name, b"".join(chunks)))
        assert read == [("empty.txt", b""), ("host.txt", b"You welcome people.\n")]


def test_memory_ignores_the_declared_paths() -> None:
    assert Memory({}, ["a", "b"]).ignored(["b", "c"]) == {"b"}


def test_no_absolute_path_is_inside_memory() -> None:
    assert Memory({}).inside("/components") is None
