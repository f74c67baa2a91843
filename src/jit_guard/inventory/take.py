"""Takes the inventory of a snapshot, with what its check observed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from jit_guard.comparison.ignored import without_ignored
from jit_guard.comparison.modules import Modules
from jit_guard.comparison.registries import land
from jit_guard.comparison.resolution import resolve_entry
from jit_guard.comparison.result import Orphans
from jit_guard.errors import UnreadableError
from jit_guard.inventory.inventory import Inventory, ListedEntry, Register
from jit_guard.inventory.provenance import remembered
from jit_guard.inventory.texts import Shelf, read_texts
from jit_guard.registry.goal_map import GoalMap
from jit_guard.registry.registry import Registry
from jit_guard.sources.tree import Place, Tree

if TYPE_CHECKING:
    from jit_guard.comparison.evidence import Evidence
    from jit_guard.sources.source import Source

MOST = 20_000  # entries, and as many files without an entry


def take_inventory(
    root: str, source: Source, tree: Tree, evidence: Evidence, shown: tuple[str, ...]
) -> Inventory:
    """Return the inventory of a snapshot.

    Args:
        root: where the ledger is.
        source: the snapshot.
        tree: its directories.
        evidence: what its check observed.
        shown: the maps to list the entries of.
    """
    shelf = Shelf(tree, evidence.untracked)
    modules = Modules(tree) if evidence.maps.registries else None
    registers, room = [], MOST
    for one in evidence.maps.every:
        if one.path in shown:
            listed = tuple(islice(_entries(one, modules, tree, evidence, shelf), room))
            types = tuple(one.columns) if isinstance(one, GoalMap) else ()
            registers.append(Register(one.path, _in_order(one, types), listed, one.size))
            room -= len(listed)
    unnamed, unnamed_size = _unnamed(source, evidence, shelf)
    shelf.ask_git(source, evidence.comparison.top)
    records, notes = remembered(root, shelf.components)
    components = read_texts(shelf, source, records)
    for what, listed_size, size in (
        ("entries", MOST - room, sum(one.size for one in registers)),
        ("files without an entry", len(unnamed), unnamed_size),
    ):
        if listed_size < size:
            notes.append(f"{listed_size:,} of {size:,} {what} are listed")
    return Inventory(
        tuple(registers),
        components,
        unnamed,
        unnamed_size,
        evidence.maps.complete,
        (*shelf.notes, *notes),
    )


def _in_order(one: GoalMap | Registry, types: tuple[str, ...]) -> tuple[str, ...]:
    """Return component types in the order of the text; `columns` groups goals with equal types."""
    if not isinstance(one, GoalMap):
        return types
    return tuple(dict.fromkeys(chain.from_iterable(one.goals.values())))


def _entries(
    one: GoalMap | Registry, modules: Modules | None, tree: Tree, evidence: Evidence, shelf: Shelf
) -> Iterator[ListedEntry]:
    """Yield the entries of a map or registry; put what they name on the shelf."""
    if isinstance(one, Registry):
        assert modules is not None
        yield from _registry_entries(one, modules, tree, shelf)
        return
    settings = evidence.settings
    for entry in one.entries():
        goal, component_type, filename = entry
        path = settings.path(component_type, filename)
        if path not in shelf:
            found = resolve_entry(tree, settings, component_type, filename)
            if isinstance(found, Place):
                text = settings.is_text(component_type)
                shelf.place(path, found, expected="file", text=text)
            else:
                shelf.broken(path, f"the path is unsafe: {found[0]}")
        yield ListedEntry(entry.keys, path, goal, component_type)


def _registry_entries(
    registry: Registry, modules: Modules, tree: Tree, shelf: Shelf
) -> Iterator[ListedEntry]:
    for entry in registry.entries():
        words, _ = registry.described(entry.keys)
        path = entry.filename
        if entry.unsafe is not None:
            shelf.broken(path, f"the path is unsafe: {entry.unsafe}")
        else:
            target, place = land(entry, tree, modules)
            path = target.shown
            if path not in shelf:
                expected = "directory" if target.directory else "file"
                shelf.place(path, place, expected=expected, text=registry.table.text)
        yield ListedEntry(entry.keys, path, words=words)


def _unnamed(source: Source, evidence: Evidence, shelf: Shelf) -> tuple[dict[str, str | None], int]:
    """Return the files that no entry names, with the component types of their directories."""
    undecided: list[UnreadableError] = []
    orphans = Orphans()
    if evidence.comparison.orphans:
        orphans, _ = without_ignored(source, evidence.settings, evidence.comparison, undecided)
    shelf.notes += (f"files without an entry are not listed: {error}" for error in undecided)
    types: dict[str, str] = {}
    for goal_map in evidence.maps.read:
        for component_type in goal_map.columns:
            types.setdefault(evidence.settings.path(component_type), component_type)
    found: dict[str, str | None] = {}
    for path in islice(orphans, MOST):
        if path not in shelf:
            shelf.unnamed(path, certain=evidence.maps.complete)
            found[path] = _type_of(path, types)
    return found, len(orphans)


def _type_of(path: str, types: dict[str, str]) -> str | None:
    while path:
        path = path.rpartition("/")[0]
        if path in types:
            return types[path]
    return None
