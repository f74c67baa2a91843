"""The comparison of maps and tree.

It works on columns: all filenames of a component type are matched at once against the set of
names in its directory. Only the rest (a subdirectory, a link, another case, nothing) is resolved
one by one, and only then are the entries looked up.
"""

from __future__ import annotations

from collections.abc import Sequence

from jit_guard.comparison.result import Comparison, Names, Orphans, orphans_in
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.registry.goal_map import GoalMap
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
    from jit_guard.registry.registry import Registry


def compare(maps: Sequence[GoalMap], tree: Tree, settings: Settings) -> Comparison:
    """Find where maps and tree differ. Raises UnreadableError if the tree cannot be read."""
    top = components_directory(tree, settings)
    wanted = _columns(maps)
    tree.expect({settings.path(one): filenames for one, filenames in wanted.items()})
    directories = tree.walk(top) if top is not None else {}
    comparison = Comparison.nothing()._replace(directories=directories, top=top or "")
    unresolved = _match_columns(wanted, tree, settings, comparison)
    if any("\\" in goal_map.text for goal_map in maps):  # otherwise no name contains one
        _add_backslashes(wanted, unresolved)
    used = {goal_map.path for goal_map in maps}
    if unresolved:
        from jit_guard.comparison.resolution import resolve

        missing, more = resolve(maps, tree, settings, unresolved, comparison)
        comparison = comparison._replace(missing=missing)
        used |= more
    orphans = _orphans(used, comparison)
    add_temporaries(maps, tree, comparison)
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


def _columns(maps: Sequence[GoalMap]) -> dict[str, set[str]]:
    """Return all filenames of each component type."""
    found: dict[str, set[str]] = {}
    for goal_map in maps:
        for component_type, filenames in goal_map.columns.items():
            others = found.get(component_type)
            found[component_type] = filenames if others is None else others | filenames
    return found


def _match_columns(
    wanted: dict[str, set[str]], tree: Tree, settings: Settings, comparison: Comparison
) -> Names:
    """Match existing files in bulk; return the other filenames, by component type."""
    unresolved: Names = {}
    for component_type, filenames in wanted.items():
        if unsafe_type(component_type):
            unresolved[component_type] = filenames
            continue
        base = settings.path(component_type)
        place = tree.resolve(base)
        rest = filenames
        if place.kind == "directory" and place.spelled == base and not place.links:
            rest = _match(place.real, filenames, comparison, not settings.is_text(component_type))
        if rest:
            unresolved[component_type] = rest
    return unresolved


def _match(base: str, filenames: set[str], comparison: Comparison, opaque: bool) -> set[str]:
    """Record the files in the directory `base` as served; return the other filenames."""
    directory = comparison.directories.get(base)
    files = directory.files if directory else set()
    if files is filenames:  # the same object: see `Tree.expect`
        hits, rest = filenames, set[str]()
    elif files.isdisjoint(filenames):  # shared, not copied
        hits, rest = set(), filenames
    else:
        hits, rest = filenames & files, filenames - files
    comparison.serve(base, hits, opaque)
    below: set[str] = set()
    for head, names in by_directory(rest).items():
        directory = comparison.directories.get(f"{base}/{head}") if head else None
        if directory:
            hits = directory.files & names
            comparison.serve(f"{base}/{head}", hits, opaque)
            below.update(f"{head}/{name}" for name in hits)
    return rest - below if below else rest


def _add_backslashes(wanted: dict[str, set[str]], unresolved: Names) -> None:
    """Add filenames with a backslash, which is a character on POSIX and a separator elsewhere."""
    for component_type, filenames in wanted.items():
        if odd := {filename for filename in filenames if "\\" in filename}:
            unresolved[component_type] = odd.union(unresolved.get(component_type, ()))


def _orphans(used: set[str], comparison: Comparison) -> Orphans:
    """Return the files that no entry names; record temporary files in the comparison."""
    in_use = by_directory(used)
    found: dict[str, set[str]] = {}
    for path, directory in comparison.directories.items():
        served = comparison.served.get(path, frozenset())
        names = directory.files
        if served:
            names = names - served if len(served) < len(names) else set()
        if directory.links or directory.others:
            names = names.union(directory.links, directory.others)
        if path in in_use:
            names = names - in_use[path]
        if names and may_not_count("/".join(names)):
            names = {name for name in names if not never_counts(name)}
            temporaries = {name for name in names if temporary(name)}
            comparison.temporaries.extend(join(path, name) for name in temporaries)
            names -= temporaries
        if names:
            found[path] = names
    return orphans_in(found, comparison.directories)


def add_temporaries(
    maps: Sequence[GoalMap] | Sequence[Registry], tree: Tree, comparison: Comparison
) -> None:
    """Record temporary files of interrupted writers next to the maps."""
    for goal_map in maps:
        parent, _, own = goal_map.path.rpartition("/")
        directory = None if parent in comparison.directories else tree.directory(parent)
        for name in directory.files if directory else ():
            if temporary(name) and (name.lstrip(".").startswith(own) or name.startswith(OURS)):
                comparison.temporaries.append(join(parent, name))
    comparison.temporaries[:] = sorted(set(comparison.temporaries))
