"""Registries of other shapes, prepared for the comparison.

Their entries name paths anywhere in the project, directories, and alternatives. The files that
they name are grouped by directory, into columns; the other entries are resolved one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Literal, NamedTuple

from jit_guard.comparison.modules import Modules
from jit_guard.comparison.resolution import Recorder
from jit_guard.comparison.result import (
    Column,
    Comparison,
    Demand,
    Names,
    Reference,
    Unsafe,
    directories_around,
)
from jit_guard.registry.registry import Registry, RegistryEntry
from jit_guard.registry.table import Table
from jit_guard.registry.target import Path
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.answers import SUBMODULE, DirectoryListing
from jit_guard.sources.glob_walk import holds_files, walk
from jit_guard.sources.tree import Place, Tree
from jit_guard.text.names import by_directory, may_not_count, never_counts


class Landing(NamedTuple):
    """Where an entry leads: the path that counts, and what is there.

    In a submodule, of whose contents nothing is known, `place.what` says so.
    """

    path: Path
    place: Place

    @property
    def exists(self) -> bool:
        """Whether there is what the entry means."""
        return self.place.kind == ("directory" if self.path.directory else "file")


class _Part(NamedTuple):
    """The registries of one table, and the files that they name, by directory."""

    table: Table
    registries: tuple[Registry, ...]
    columns: dict[str, set[str]]


class Others:
    """The registries of one comparison.

    Args:
        registries: those that could be read.
        tables: the configuration of all registries.
        tree: the snapshot's directories.
    """

    def __init__(self, registries: Sequence[Registry], tables: Sequence[Table], tree: Tree) -> None:
        self._tree = tree
        self._modules = Modules(tree)
        self._parts: list[_Part] = []
        for table in tables:
            mine = tuple(one for one in registries if one.table is table)
            self._parts.append(_Part(table, mine, self._by_directory(mine)))

    @property
    def columns(self) -> list[Column]:
        """The files that entries name."""
        return [
            Column(directory, names, not part.table.text)
            for part in self._parts
            for directory, names in part.columns.items()
        ]

    def complete(
        self,
        comparison: Comparison,
        rests: Iterable[AbstractSet[str]],
        used: AbstractSet[str],
        files: AbstractSet[str],
    ) -> tuple[Comparison, list[Demand]]:
        """Record where the other entries lead, and add the trees.

        Args:
            comparison: of the goal maps and of the columns.
            rests: of each column, the names that do not exist as files.
            used: what entries of goal maps lead to, beyond columns.
            files: the files of maps and registries, which are never orphans.

        Returns:
            The comparison, and all trees with what is named in them.
        """
        alone = self._record_all(comparison, iter(rests))
        own_names = _union(one for _, one in alone)
        around = directories_around((*comparison.served, *own_names))
        named = _union((own_names, by_directory(used | files)))
        never = by_directory(files)
        trees = [
            _countable(
                walk(TreeGlobs(part.table.tree or ()), self._tree, self._modules.named), never
            )
            for part in self._parts
        ]
        demands = [Demand(comparison.directories, comparison.served, named, inside=True)]
        for part, tree, (served, own) in zip(self._parts, trees, alone, strict=True):
            one = Demand(tree, comparison.served, named, around, inside=True)
            if part.table.required:
                one = Demand(tree, served, own, directories_around((*served, *own)), inside=True)
            demands.append(one)
        merged = _merged(trees)
        return comparison._replace(
            directories={**merged, **comparison.directories},
            named_directories=sum(len(listing.directories) for listing in merged.values()),
            named=own_names,
        ), demands

    def _record_all(
        self, comparison: Comparison, rests: Iterator[AbstractSet[str]]
    ) -> list[tuple[Names, dict[str, set[str]]]]:
        """Return of each table the files of its columns, and what else its own entries name."""
        recorder = Recorder(comparison)
        found: list[tuple[Names, dict[str, set[str]]]] = []
        for part in self._parts:
            served: Names = {}
            for directory, names in part.columns.items():
                rest = next(rests)
                if hits := names - rest if rest else names:
                    served[directory] = hits
            paths = self._record(part, served, comparison, recorder)
            found.append((served, by_directory(paths)))
        missing = comparison.missing.listed
        if unused := self._modules.unused(one.path for one in missing):
            missing[:] = [one for one in missing if one.path not in unused]
        recorder.finish()
        return found

    def _by_directory(self, registries: Iterable[Registry]) -> dict[str, set[str]]:
        """Group the files that entries name first; not those of submodules."""
        found: dict[str, set[str]] = {}
        for registry in registries:
            for entry in registry.entries():
                path, directory = entry.paths[0]
                if entry.unsafe is None and not directory and not self._modules.name(path):
                    parent, _, name = path.rpartition("/")
                    found.setdefault(parent, set()).add(name)
        return found

    def _record(
        self, part: _Part, served: Names, comparison: Comparison, recorder: Recorder
    ) -> set[str]:
        """Record where the entries lead that are not served; return all paths on the way."""
        text = part.table.text
        named: set[str] = set()
        for directory, names in served.items() if text else ():
            comparison.add_drafts(directory, names)
        for reference, landing in self._landings(part, served, comparison):
            path, place = landing
            named.update((path.path, place.spelled, place.real, *place.links))
            if place.kind == "absent":
                comparison.missing.listed.append(reference)
                continue
            recorder.add(reference, place, opaque=not text)
            if text and place.kind == "file":
                directory, _, name = place.real.rpartition("/")
                comparison.add_drafts(directory, {name})
        return named

    def _landings(
        self, part: _Part, served: Names, comparison: Comparison
    ) -> Iterator[tuple[Reference, Landing]]:
        for registry in part.registries:
            for entry in registry.entries():
                first = entry.paths[0]
                parent, _, name = first.path.rpartition("/")
                if entry.unsafe is not None:
                    reference = Reference(registry, entry, entry.filename)
                    comparison.unsafe.append(Unsafe(reference, entry.unsafe, None))
                elif first.directory or name not in served.get(parent, ()):
                    landing = self.land(entry)
                    yield Reference(registry, entry, landing.path.shown), landing

    def land(self, entry: RegistryEntry) -> Landing:
        """Return where a safe entry leads; see `land`."""
        return land(entry, self._tree, self._modules)


def land(entry: RegistryEntry, tree: Tree, modules: Modules) -> Landing:
    """Return where a safe entry leads: the first path that exists, or else the first."""
    found: list[Landing] = []
    for path in entry.paths:
        landing = _landing(path, tree, modules)
        if landing.exists:
            return landing
        found.append(landing)
    return found[0]


def _landing(path: Path, tree: Tree, modules: Modules) -> Landing:
    place = tree.resolve(path.path)
    if place.kind == "directory" and path.directory and not holds_files(tree, place.real):
        place = place._replace(kind="absent")
    if place.kind in ("absent", "other") and modules.around(place.real):
        kind: Literal["directory", "file"] = "directory" if path.directory else "file"
        return Landing(path, Place(kind, path.path, path.path, SUBMODULE))
    return Landing(path, place)


def _countable(
    tree: dict[str, DirectoryListing], never: dict[str, set[str]]
) -> dict[str, DirectoryListing]:
    """Return a tree without the names that never count, and without the files of registries."""
    found: dict[str, DirectoryListing] = {}
    for path, listing in tree.items():
        out = {name for name in never.get(path, ()) if name not in listing.directories}
        if may_not_count("/".join(chain(*listing))):
            out.update(filter(never_counts, chain(*listing)))
        if out:
            files, directories, links, others = listing
            listing = DirectoryListing(
                files - out, directories - out, _without(links, out), _without(others, out)
            )
        if any(listing):
            found[path] = listing
    return found


def _without(names: dict[str, str], out: set[str]) -> dict[str, str]:
    return {name: what for name, what in names.items() if name not in out}


def _union(several: Iterable[dict[str, set[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in several:
        for directory, names in one.items():
            found.setdefault(directory, set()).update(names)
    return found


def _merged(trees: Iterable[dict[str, DirectoryListing]]) -> dict[str, DirectoryListing]:
    """Return the directories of several trees."""
    found: dict[str, DirectoryListing] = {}
    for tree in trees:
        for path, listing in tree.items():
            known = found.get(path)
            found[path] = (
                listing
                if known is None
                else DirectoryListing(
                    known.files | listing.files,
                    known.directories | listing.directories,
                    known.links | listing.links,
                    known.others | listing.others,
                )
            )
    return found
