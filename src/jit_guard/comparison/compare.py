"""The comparison of registries with trees.

It works on columns: all filenames in a directory are matched at once against the set of names
there. The entries of a goal map are columns already, one per component type; those of registries of
other shapes are grouped by directory (`registries.py`). Only the rest (a subdirectory, a link,
another case, nothing) is resolved one by one, and only then are the entries looked up. What must be
named is a directory of the tree, or what its globs accept, again directory by directory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from jit_guard.comparison.result import Column, Comparison, Demand, Names, Orphans, orphans_in
from jit_guard.config import CONFIG_FILE, Settings
from jit_guard.errors import UnreadableError
from jit_guard.sources.tree import Tree
from jit_guard.text.names import (
    OURS,
    by_directory,
    join,
    may_not_count,
    never_counts,
    temporary,
    unsafe_type,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.comparison.registries import Others
    from jit_guard.registry.goal_map import GoalMap
    from jit_guard.sources.answers import DirectoryListing
    from jit_guard.sources.read_maps import Maps


def compare(maps: Maps, tree: Tree, settings: Settings) -> Comparison:
    """Find where maps and tree differ. Raises UnreadableError if the tree cannot be read."""
    others = _others(maps, tree, settings)
    top = None
    if others is None or settings.maps or maps.read:  # otherwise there is no goal map
        top = components_directory(tree, settings)
    wanted = _columns(maps.read, settings)
    more = others.columns if others is not None else ()
    tree.expect({one.base: one.names for one in (*wanted.values(), *more)})
    directories = tree.walk(top) if top is not None else {}
    comparison = Comparison.nothing()._replace(directories=directories, top=top or "")
    unresolved = _match_types(maps.read, wanted, tree, comparison)
    files = {*(one.path for one in maps.every), *maps.faults, CONFIG_FILE}
    files.update(filter(None, [settings.baseline]))
    used: set[str] = set()
    if unresolved:
        from jit_guard.comparison.resolution import resolve

        missing, used = resolve(maps.read, tree, settings, unresolved, comparison)
        comparison = comparison._replace(missing=missing)
    demands = [Demand(directories, comparison.served, by_directory(files | used))]
    if others is not None:
        rests = [_match(one, tree, comparison) for one in more]
        comparison, demands = others.complete(comparison, rests, used, files)
    orphans = _orphans(demands, comparison.temporaries)
    _add_temporaries(maps, tree, directories, comparison.temporaries)
    return comparison._replace(orphans=orphans)


def components_directory(tree: Tree, settings: Settings) -> str | None:
    """Return the real path of the components directory; None if it does not exist."""
    place = tree.resolve(settings.components)
    if place.kind == "directory" and place.spelled == settings.components:
        return place.real
    if place.kind in ("absent", "directory"):
        return None
    reasons = {
        "outside": f"it is a link that {place.what}" if place.links else f"it {place.what}",
        "broken": "it is a broken link",
        "file": "it is a file, not a directory",
        "unknown": place.what,
    }
    raise UnreadableError(settings.components, reasons.get(place.kind, f"it is a {place.what}"))


def _others(maps: Maps, tree: Tree, settings: Settings) -> Others | None:
    """Return the registries of other shapes; None if none is configured."""
    if not settings.registry:
        return None
    from jit_guard.comparison.registries import Others

    return Others(maps.registries, settings.registry, tree)


def _columns(maps: Iterable[GoalMap], settings: Settings) -> dict[str, Column]:
    """Return the column of each component type."""
    found: dict[str, AbstractSet[str]] = {}
    for goal_map in maps:
        for component_type, filenames in goal_map.columns.items():
            others = found.get(component_type)
            found[component_type] = filenames if others is None else others | filenames
    return {
        one: Column(settings.path(one), filenames, not settings.is_text(one))
        for one, filenames in found.items()
    }


def _match_types(
    maps: Iterable[GoalMap], wanted: Mapping[str, Column], tree: Tree, comparison: Comparison
) -> Names:
    """Match existing files in bulk; return the other filenames, by component type."""
    unresolved: Names = {}
    for component_type, column in wanted.items():
        unsafe = unsafe_type(component_type)
        rest = column.names if unsafe else _match(column, tree, comparison)
        if rest:
            unresolved[component_type] = rest
    if any("\\" in goal_map.text for goal_map in maps):  # otherwise no name contains one
        _add_backslashes(wanted, unresolved)
    return unresolved


def _match(column: Column, tree: Tree, comparison: Comparison) -> AbstractSet[str]:
    """Record the files of a column that exist as served; return the other names."""
    base, names, opaque = column
    place = tree.resolve(base)
    if place.kind != "directory" or place.spelled != base or place.links:
        return names
    directory = tree.directory(base)
    files = directory.files if directory else set()
    hits: AbstractSet[str]
    rest: AbstractSet[str]
    if files is names:  # the same object: see `Tree.expect`
        hits, rest = names, set()
    elif files.isdisjoint(names):  # shared, not copied
        hits, rest = set(), names
    else:
        hits, rest = names & files, names - files
    comparison.serve(base, hits, opaque)
    below: set[str] = set()
    for head, some in by_directory(rest).items():
        directory = comparison.directories.get(f"{base}/{head}") if head else None
        if directory:
            hits = directory.files & some
            comparison.serve(f"{base}/{head}", hits, opaque)
            below.update(f"{head}/{name}" for name in hits)
    return rest - below if below else rest


def _add_backslashes(wanted: Mapping[str, Column], unresolved: Names) -> None:
    """Add filenames with a backslash, which is a character on POSIX and a separator elsewhere."""
    for component_type, column in wanted.items():
        if odd := {filename for filename in column.names if "\\" in filename}:
            unresolved[component_type] = odd.union(unresolved.get(component_type, ()))


def _orphans(demands: Iterable[Demand], temporaries: list[str]) -> Orphans:
    """Return what no entry names, without temporary files, which are recorded."""
    found: dict[str, AbstractSet[str]] = {}
    directories: set[str] = set()
    for demand in demands:
        for path, listing in demand.tree.items():
            if demand.inside and _is_named(path, demand.named):
                continue
            names: AbstractSet[str] = listing.files
            served = demand.served.get(path)
            if served:
                names = names - served if names is not served else set()
            if listing.links or listing.others:
                names = names | listing.links.keys() | listing.others.keys()
            if path in demand.named:
                names = names - demand.named[path]
            if names and may_not_count("/".join(names)):
                names = {name for name in names if not never_counts(name)}
                unfinished = {name for name in names if temporary(name)}
                temporaries.extend(join(path, name) for name in unfinished)
                names -= unfinished
            if names:
                found[path] = found[path] | names if path in found else names
            if demand.around is not None:
                above = demand.around.get(path, ())
                rest = listing.directories.difference(above, demand.named.get(path, ()))
                directories.update(join(path, name) for name in rest if not never_counts(name))
    return orphans_in(found, directories)


def _is_named(path: str, named: Mapping[str, AbstractSet[str]]) -> bool:
    """Check whether an entry names a directory, or one around it."""
    while path:
        parent, _, name = path.rpartition("/")
        if name in named.get(parent, ()):
            return True
        path = parent
    return "" in named.get("", ())


def _add_temporaries(
    maps: Maps, tree: Tree, walked: Mapping[str, DirectoryListing], temporaries: list[str]
) -> None:
    """Record temporary files of interrupted writers next to the maps."""
    beside = by_directory(one.path for one in maps.every)
    for parent, own in beside.items():
        directory = None if parent in walked else tree.directory(parent)
        if directory is None or not may_not_count("/".join(directory.files)):
            continue
        temporaries += (
            join(parent, name)
            for name in filter(temporary, directory.files)
            if name.lstrip(".").startswith(tuple(own)) or name.startswith(OURS)
        )
    temporaries[:] = sorted(set(temporaries))
