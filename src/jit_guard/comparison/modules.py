"""Submodules: directories of whose contents nothing is known, so that any entry in one is right."""

from __future__ import annotations

from collections.abc import Iterable

from jit_guard.sources.answers import SUBMODULE
from jit_guard.sources.tree import Tree

_FILE = ".gitmodules"


class Modules:
    """The submodules of a snapshot.

    `.gitmodules` names them, and a git tree marks them. A worktree has an empty directory in their
    place; the index knows what it is.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.named = frozenset(_named(tree.source.read(_FILE) or b""))

    def name(self, path: str) -> bool:
        """Check whether `.gitmodules` names a path, or a directory around it."""
        while path and self.named:
            if path in self.named:
                return True
            path = path.rpartition("/")[0]
        return False

    def around(self, path: str) -> bool:
        """Check whether a path is a submodule, or inside one, according to the snapshot."""
        if self.name(path):
            return True
        while path:
            parent, _, name = path.rpartition("/")
            listing = self._tree.directory(parent)
            if listing is not None:
                return listing.others.get(name) == SUBMODULE
            path = parent
        return False

    def unused(self, missing: Iterable[str]) -> set[str]:
        """Return those of the missing paths that are in submodules without a working tree."""
        doubtful = [path for path in missing if self._leads_into_emptiness(path)]
        states = self._tree.source.explain_missing(doubtful) if doubtful else {}
        return {path for path, state in states.items() if state.kind == "submodule"}

    def _leads_into_emptiness(self, path: str) -> bool:
        listing = None
        while path and listing is None:
            path = path.rpartition("/")[0]
            listing = self._tree.directory(path)
        return bool(path) and listing is not None and not any(listing)


def _named(data: bytes) -> Iterable[str]:
    for line in data.decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip() == "path":
            yield from filter(None, [value.strip().strip('"').strip("/")])
