"""The directories that components are written to, and the names taken there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jit_guard.comparison.result import Comparison
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.tree import Tree
from jit_guard.text.names import fold


class TargetDirectory(NamedTuple):
    """A directory of a component type; `names` is None if it does not exist yet.

    `folded` holds every name taken there, folded as on a case-insensitive system.
    """

    base: str  # as spelled in the settings
    real: str  # with links resolved
    names: DirectoryListing | None
    folded: frozenset[str]


class TargetDirectories:
    """The directories of one snapshot, each read once."""

    def __init__(self, tree: Tree, comparison: Comparison) -> None:
        self._tree = tree
        self._comparison = comparison
        self._found: dict[str, TargetDirectory | str] = {}

    def of(self, base: str) -> TargetDirectory | str:
        """Return the directory at a path, or why nothing can be written to it."""
        if base not in self._found:
            self._found[base] = self._read(base)
        return self._found[base]

    def _read(self, base: str) -> TargetDirectory | str:
        segments = base.split("/")
        for end in range(1, len(segments) + 1):
            prefix = "/".join(segments[:end])
            place = self._tree.resolve(prefix)
            if place.kind == "absent":
                return TargetDirectory(base, base, None, frozenset())
            if place.kind != "directory":
                return f"{prefix} is not a directory inside the project"
            if place.spelled != prefix:
                return f"the directory {prefix} is spelled {place.spelled} on disk; rename it"
        there = self._tree.directory(place.real)
        if there is None:
            return f"the directory {base} cannot be read"
        # Directories that differ only in case are the same on some systems.
        alike = fold(place.real)
        same = [one for path, one in self._comparison.directories.items() if fold(path) == alike]
        names = {fold(name) for directory in (there, *same) for name in names_in(directory)}
        return TargetDirectory(base, place.real, there, frozenset(names))


def names_in(directory: DirectoryListing) -> Iterator[str]:
    """Yield every name in a directory, of any kind."""
    for group in (directory.files, directory.directories, directory.links, directory.others):
        yield from group
