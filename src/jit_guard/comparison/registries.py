"""The comparison of registries of other shapes with the tree, added to that of the goal maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from jit_guard.comparison.compare import add_temporaries
from jit_guard.comparison.result import (
    Comparison,
    Misplaced,
    Orphans,
    Reference,
    Stretch,
    Unsafe,
)
from jit_guard.registry.registry import Registry, RegistryEntry
from jit_guard.registry.table import Table
from jit_guard.registry.target import Path
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.glob_walk import Item, holds_files, walk
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Place, Tree
from jit_guard.text.names import join, never_counts, temporary

_MODULES = ".gitmodules"


class Landing(NamedTuple):
    """Where an entry leads: the path that counts, and what is there."""

    registry: Registry
    entry: RegistryEntry
    path: Path
    place: Place

    @property
    def exists(self) -> bool:
        """Whether there is what the entry means."""
        return self.place.kind == ("directory" if self.path.directory else "file")

    @property
    def reference(self) -> Reference:
        """The entry with the path that counts."""
        return Reference(self.registry, self.entry, self.path.shown)


def compare_registries(
    comparison: Comparison,
    registries: Sequence[Registry],
    tables: Sequence[Table],
    source: Source,
    tree: Tree,
    files: Iterable[str],
) -> Comparison:
    """Add where registries and tree differ to the comparison of the goal maps.

    Args:
        comparison: of the goal maps, which may be none.
        registries: the registries that could be read.
        tables: the configuration of all registries.
        source: the snapshot.
        tree: its directories.
        files: the files of maps and registries, which are never orphans.
    """
    for registry in registries:
        comparison.unsafe.extend(
            Unsafe(Reference(registry, entry, entry.filename), entry.unsafe, None)
            for entry in registry.entries()
            if entry.unsafe is not None
        )
    add_temporaries(registries, tree, comparison)
    landings = list(_land(registries, tree, _modules(source)))
    for landing in landings:
        _record(comparison, landing)
    if comparison.orphans:
        named = _Named(landings)
        covered = {one for one in comparison.orphans if named.covers(Item(one, directory=False))}
        comparison = comparison._replace(orphans=comparison.orphans.without(covered))
    found, seen = _orphans(tables, landings, comparison, tree, frozenset(files))
    stretches = [Stretch(item.path.rpartition("/")[0], [_name(item)]) for item in found]
    return comparison._replace(
        directories=_merged(comparison.directories, seen),
        named_directories=sum(item.directory for item in seen),
        orphans=Orphans(
            sorted((*comparison.orphans.stretches, *stretches), key=attrgetter("first"))
        ),
    )


def _modules(source: Source) -> tuple[str, ...]:
    """Return the paths of submodules, of whose contents nothing is known."""
    data = source.read(_MODULES) or b""
    lines = data.decode("utf-8", "replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    return tuple(path.strip().strip("/") for key, _, path in pairs if key.strip() == "path")


def _land(
    registries: Iterable[Registry], tree: Tree, modules: tuple[str, ...]
) -> Iterator[Landing]:
    """Yield where each safe entry leads."""
    for registry in registries:
        for entry in registry.entries():
            if entry.unsafe is None:
                found = [_landing(registry, entry, path, tree, modules) for path in entry.paths]
                yield next((one for one in found if one.exists), found[0])


def _landing(
    registry: Registry, entry: RegistryEntry, path: Path, tree: Tree, modules: tuple[str, ...]
) -> Landing:
    place = tree.resolve(path.path)
    if any(path.path == one or path.path.startswith(f"{one}/") for one in modules):
        place = Place("directory" if path.directory else "file", path.path, path.path)
    elif place.kind == "directory" and path.directory and not holds_files(tree, place.real):
        place = place._replace(kind="absent")
    return Landing(registry, entry, path, place)


def _record(comparison: Comparison, landing: Landing) -> None:
    reference, place = landing.reference, landing.place
    if place.kind == "absent":
        comparison.missing.listed.append(reference)
    elif place.kind == "outside":
        reason = f"the link {place.links[-1]} {place.what}" if place.links else f"it {place.what}"
        comparison.unsafe.append(Unsafe(reference, reason, None))
    elif place.kind == "unknown":
        comparison.unknown.append(Misplaced(reference, place))
    elif not landing.exists:
        comparison.not_files.append(Misplaced(reference, place))
    elif place.spelled != landing.path.path:
        slash = "/" if landing.path.directory else ""
        place = place._replace(spelled=place.spelled + slash)
        comparison.misspelled.append(Misplaced(reference, place))
    elif not landing.path.directory:
        if place.links:
            comparison.through_links[place.real] = reference.path
        directory, _, name = place.real.rpartition("/")
        comparison.serve(directory, {name}, not landing.registry.table.text)
        if landing.registry.table.text:  # generated under the name that the entry has
            comparison.drafts.setdefault(directory, set()).add(name)


class _Named:
    """The paths that entries name, to find what none of them names."""

    def __init__(self, landings: Iterable[Landing], more: Iterable[str] = ()) -> None:
        self._exact: set[str] = set()
        self._above: set[str] = set()  # the directories around what is named
        for path in more:
            self._add(path)
        for landing in landings:
            for path in (landing.path.path, landing.place.spelled, landing.place.real):
                self._add(path)
            for link in landing.place.links:
                self._add(link)

    def _add(self, path: str) -> None:
        if path in self._exact:
            return
        self._exact.add(path)
        while path:
            path = path.rpartition("/")[0]
            if path in self._above:
                return
            self._above.add(path)

    def covers(self, item: Item) -> bool:
        """Check whether an entry names an item, a directory around it, or something inside it."""
        path = item.path
        if path in self._exact or (item.directory and path in self._above):
            return True
        while path:
            path = path.rpartition("/")[0]
            if path in self._exact:
                return True
        return False


def _orphans(
    tables: Sequence[Table],
    landings: Sequence[Landing],
    comparison: Comparison,
    tree: Tree,
    files: frozenset[str],
) -> tuple[set[Item], set[Item]]:
    """Return what no entry names, and everything in the trees.

    Temporary files are recorded in the comparison. Of a table with `required`, its own entries must
    name everything.
    """
    served = (join(one, name) for one, names in comparison.served.items() for name in names)
    everyone = _Named(landings, served)
    found: set[Item] = set()
    seen: set[Item] = set()
    for table in tables:
        named = everyone
        if table.required:
            named = _Named(one for one in landings if one.registry.table is table)
        for item in walk(TreeGlobs(table.tree or ()), tree):
            name = item.path.rpartition("/")[2]
            if item.path in files or never_counts(name):
                continue
            seen.add(item)
            if not named.covers(item):
                if temporary(name) and not item.directory:
                    comparison.temporaries.append(item.path)
                else:
                    found.add(item)
    comparison.temporaries[:] = sorted(set(comparison.temporaries))
    return found.difference(Item(path, False) for path in comparison.orphans), seen


def _merged(
    directories: dict[str, DirectoryListing], seen: Iterable[Item]
) -> dict[str, DirectoryListing]:
    """Return the directories with those of the trees, which have only the names that count."""
    merged = dict(directories)
    for item in sorted(seen):
        parent, _, name = item.path.rpartition("/")
        if parent in directories:
            continue
        here = merged.setdefault(parent, DirectoryListing(set(), set(), {}, {}))
        (here.directories if item.directory else here.files).add(name)
    return merged


def _name(item: Item) -> str:
    return item.shown[len(item.path.rpartition("/")[0]) :].lstrip("/")
