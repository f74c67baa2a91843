"""The files and directories of a snapshot that globs accept."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.answers import SUBMODULE, DirectoryListing
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join


def walk(
    globs: TreeGlobs, tree: Tree, modules: AbstractSet[str] = frozenset()
) -> dict[str, DirectoryListing]:
    """Return what globs accept in each directory, in no order, without following links.

    A link counts as what it is called, not as what it leads to. A directory must hold a file, or be
    a submodule.
    """
    accepted: dict[str, DirectoryListing] = {}
    waiting = [""]
    while waiting:
        here = waiting.pop()
        found = tree.without_state(here)
        if found is None:
            continue
        waiting += (path for name in found.directories if globs.leads_to(path := join(here, name)))
        listing = _accepted(globs, tree, here, found, modules)
        if any(listing):
            accepted[here] = listing
    return accepted


def _accepted(
    globs: TreeGlobs,
    tree: Tree,
    here: str,
    found: DirectoryListing,
    modules: AbstractSet[str],
) -> DirectoryListing:
    marked = {name for name, what in found.others.items() if what == SUBMODULE}
    directories = {
        name
        for name in (*found.directories, *marked)
        if globs.accepts(path := join(here, name), directory=True)
        and (name in marked or path in modules or holds_files(tree, path))
    }
    others = {name: what for name, what in found.others.items() if name not in marked}
    if globs.accepts_all_in(here):
        return found._replace(directories=directories, others=others)  # files are shared

    def named(names: Iterable[str]) -> set[str]:
        return {name for name in names if globs.accepts(join(here, name))}

    links, odd = named(found.links), named(others)
    return DirectoryListing(
        named(found.files),
        directories,
        {name: target for name, target in found.links.items() if name in links},
        {name: what for name, what in others.items() if name in odd},
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
