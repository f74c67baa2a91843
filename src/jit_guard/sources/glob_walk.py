"""The files and directories of a snapshot that globs accept."""

from __future__ import annotations

from collections.abc import Iterable

from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join


def walk(globs: TreeGlobs, tree: Tree) -> dict[str, DirectoryListing]:
    """Return what globs accept in each directory, in no order, without following links.

    A link counts as what it is called, not as what it leads to. A directory must hold a file.
    """
    accepted: dict[str, DirectoryListing] = {}
    waiting = [""]
    while waiting:
        here = waiting.pop()
        found = tree.directory(here)
        if found is None:
            continue
        waiting += (path for name in found.directories if globs.leads_to(path := join(here, name)))
        listing = _accepted(globs, tree, here, found)
        if any(listing):
            accepted[here] = listing
    return accepted


def _accepted(globs: TreeGlobs, tree: Tree, here: str, found: DirectoryListing) -> DirectoryListing:
    directories = {
        name
        for name in found.directories
        if globs.accepts(path := join(here, name), directory=True) and holds_files(tree, path)
    }
    if globs.accepts_all_in(here):
        return found._replace(directories=directories)  # shared, not copied

    def named(names: Iterable[str]) -> set[str]:
        return {name for name in names if globs.accepts(join(here, name))}

    links, others = named(found.links), named(found.others)
    return DirectoryListing(
        named(found.files),
        directories,
        {name: target for name, target in found.links.items() if name in links},
        {name: what for name, what in found.others.items() if name in others},
    )


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
