"""The files and directories of a snapshot that globs accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join


class Item(NamedTuple):
    """A file or directory; a link counts as what it is called, not as what it leads to."""

    path: str
    directory: bool

    @property
    def shown(self) -> str:
        """The path, with a final slash for a directory."""
        return f"{self.path}/" if self.directory else self.path


def walk(globs: TreeGlobs, tree: Tree) -> Iterator[Item]:
    """Yield what globs accept, in no order, without following links."""
    waiting = [""]
    while waiting:
        here = waiting.pop()
        found = tree.directory(here)
        if found is None:
            continue
        for name in (*found.files, *found.links, *found.others):
            if globs.accepts(join(here, name)):
                yield Item(join(here, name), directory=False)
        for name in found.directories:
            path = join(here, name)
            if globs.accepts(path, directory=True) and holds_files(tree, path):
                yield Item(path, directory=True)
            if globs.leads_to(path):
                waiting.append(path)


def holds_files(tree: Tree, directory: str) -> bool:
    """Return whether a directory has a file at any depth, or may have one, unreadable as it is."""
    waiting = [directory]
    while waiting:
        path = waiting.pop()
        found = tree.directory(path)
        if found is None or found.files or found.links or found.others:
            return True
        waiting += (join(path, name) for name in found.directories)
    return False
