"""The folders that components are written to, and the names that are taken there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jit_guard.comparison.result import Comparison
from jit_guard.sources.answers import Folder
from jit_guard.sources.tree import Tree
from jit_guard.text.names import fold


class TargetFolder(NamedTuple):
    """A folder of a component type; `names` is None where it is not there yet.

    `folded` holds every name that is taken, as a system sees it that ignores case.
    """

    base: str  # as the settings spell it
    real: str  # where links end
    names: Folder | None
    folded: frozenset[str]


class TargetFolders:
    """The folders of one snapshot, each looked at once."""

    def __init__(self, tree: Tree, comparison: Comparison) -> None:
        self._tree = tree
        self._comparison = comparison
        self._found: dict[str, TargetFolder | str] = {}

    def of(self, base: str) -> TargetFolder | str:
        """The folder at a path, or why nothing can be written to it."""
        if base not in self._found:
            self._found[base] = self._look_at(base)
        return self._found[base]

    def _look_at(self, base: str) -> TargetFolder | str:
        segments = base.split("/")
        for end in range(1, len(segments) + 1):
            prefix = "/".join(segments[:end])
            place = self._tree.resolve(prefix)
            if place.kind == "absent":
                return TargetFolder(base, base, None, frozenset())
            if place.kind != "folder":
                return f"{prefix} is no folder inside the project"
            if place.spelled != prefix:
                return f"the folder {prefix} is spelled {place.spelled}: rename it"
        there = self._tree.folder(place.real)
        if there is None:
            return f"the folder {base} cannot be read"
        # Folders that differ in case only are one folder to some systems.
        alike = fold(place.real)
        same = [one for path, one in self._comparison.folders.items() if fold(path) == alike]
        names = {fold(name) for folder in (there, *same) for name in names_in(folder)}
        return TargetFolder(base, place.real, there, frozenset(names))


def names_in(folder: Folder) -> Iterator[str]:
    """Every name in a folder, whatever it is."""
    for group in (folder.files, folder.folders, folder.links, folder.others):
        yield from group
