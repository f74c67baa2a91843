"""Orphans are sorted by their whole path, across directories."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jit_guard.comparison.result import Orphans, orphans_in
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.memory import Memory

SEGMENTS = st.text("a-./b0é", min_size=1, max_size=3).map(lambda text: text.replace("/", "_"))
PATHS = st.sets(st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join), max_size=12)


def made(paths: set[str], top: str = "") -> Orphans:
    """Return the orphans of a tree; a path cannot be both a file and a directory."""
    memory = Memory(dict.fromkeys(paths, b""))
    directories: dict[str, DirectoryListing] = {}
    waiting = [top]
    while waiting:
        path = waiting.pop()
        directory = memory.directory(path)
        assert directory is not None
        directories[path] = directory
        waiting += (f"{path}/{name}" if path else name for name in directory.directories)
    return orphans_in({path: directory.files for path, directory in directories.items()})


@given(PATHS)
def test_paths_are_sorted_and_unique(paths: set[str]) -> None:
    files = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    found = made(files)
    assert list(found) == sorted(files)
    assert len(found) == len(files)
    assert bool(found) == bool(files)


@given(PATHS, st.data())
def test_only_the_given_paths_are_removed(paths: set[str], data: st.DataObject) -> None:
    files = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    gone = {path for path in files if data.draw(st.booleans())}
    assert list(made(files).without(gone)) == sorted(files - gone)


def test_the_files_of_a_directory_sort_as_its_name_with_a_slash() -> None:
    assert list(made({"c/a", "c/a-b", "c/a.txt", "c/a0", "c/b/x", "c/b-/x", "c/b.txt"})) == [
        "c/a",
        "c/a-b",
        "c/a.txt",
        "c/a0",
        "c/b-/x",
        "c/b.txt",
        "c/b/x",
    ]
