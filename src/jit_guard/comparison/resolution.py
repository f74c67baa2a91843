"""Resolution of entries without an exact match: missing ones in bulk, the rest one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from jit_guard.comparison.result import Comparison, Misplaced, Missing, Names, Reference, Unsafe
from jit_guard.config import Settings
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.answers import SUBMODULE
from jit_guard.sources.tree import Place, Tree
from jit_guard.text.names import join, may_be_unsafe, unsafe_filename, unsafe_type

# Where an entry leads, or why it is unsafe and which path it may mean.
_Resolution = Place | tuple[str, str | None]


def resolve(
    maps: Sequence[GoalMap],
    tree: Tree,
    settings: Settings,
    unresolved: Names,
    comparison: Comparison,
) -> tuple[Missing, set[str]]:
    """Resolve filenames without an exact match.

    Returns:
        The missing components, and the paths that are in use. Other problems are recorded in the
        comparison.
    """
    used: set[str] = set()
    absent: dict[str, AbstractSet[str]] = {}
    resolved: dict[str, dict[str, _Resolution]] = {}
    for component_type, filenames in unresolved.items():
        gone = _plainly_absent(tree, settings, component_type, filenames, used)
        if len(gone) < len(filenames):
            rest = {
                one: resolve_entry(tree, settings, component_type, one) for one in filenames - gone
            }
            gone = gone.union(one for one, resolution in rest.items() if _is_absent(resolution))
            resolved[component_type] = {one: rest[one] for one in rest if one not in gone}
        if gone:
            absent[component_type] = gone if len(gone) < len(filenames) else filenames  # shared
    recorder = Recorder(comparison)
    for reference, resolution in _references(maps, settings, resolved):
        component_type = reference.entry.component_type
        if isinstance(resolution, Place):
            place = resolution
            recorder.add(reference, place, opaque=not settings.is_text(component_type))
        else:
            reason, normal = resolution
            comparison.unsafe.append(Unsafe(reference, reason, normal))
            if normal is None:
                continue
            # The file that it means is not an orphan, but the entry is not checked further.
            place = tree.resolve(settings.path(component_type, normal))
        used.update(place.links)
        if place.kind in ("file", "other"):
            used.add(place.real)
    recorder.finish()
    return Missing(maps, settings, absent), used


class Recorder:
    """Records in a comparison where entries lead that are resolved one by one."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        # By directory and whether they are not text: a set of names is copied to add to it.
        self._served: dict[tuple[str, bool], set[str]] = {}

    def add(self, reference: Reference, place: Place, *, opaque: bool) -> None:
        """Record where an entry leads, which is somewhere; `opaque`: it is not text."""
        comparison = self._comparison
        slash = "/" if reference.path.endswith("/") else ""  # a directory is meant
        if place.kind == "outside":
            reason = f"it {place.what}"
            if place.links:
                reason = f"the link {place.links[-1]} {place.what}"
            comparison.unsafe.append(Unsafe(reference, reason, None))
        elif place.kind == "unknown":
            comparison.unknown.append(Misplaced(reference, place))
        elif place.kind != ("directory" if slash else "file"):
            comparison.not_files.append(Misplaced(reference, place))
        elif place.spelled + slash != reference.path:
            spelled = place._replace(spelled=place.spelled + slash)
            comparison.misspelled.append(Misplaced(reference, spelled))
        elif place.links and not slash:
            comparison.through_links[place.real] = reference.path
        if place.kind == "file" and not slash:
            directory, _, name = place.real.rpartition("/")
            self._served.setdefault((directory, opaque), set()).add(name)

    def finish(self) -> None:
        """Record the files that exist as served."""
        for (directory, opaque), names in self._served.items():
            self._comparison.serve(directory, names, opaque)


def _plainly_absent(
    tree: Tree,
    settings: Settings,
    component_type: str,
    filenames: AbstractSet[str],
    used: set[str],
) -> set[str]:
    """Return the filenames whose directory does not exist, or does not contain them.

    A submodule in which they are missing is in use all the same.
    """
    if unsafe_type(component_type) or may_be_unsafe("/".join(filenames)):
        return set()
    base = settings.path(component_type)
    # Keeps the strings of the map, which `names.by_directory` would copy.
    by_directory: dict[str, list[str]] = {}
    for filename in filenames:
        by_directory.setdefault(filename.rpartition("/")[0], []).append(filename)
    found: set[str] = set()
    for inner, some in by_directory.items():
        path = join(base, inner)
        place = tree.resolve(path)
        if place.kind == "absent" or place.what == SUBMODULE:
            found.update(some)
            parent, _, name = place.real.rpartition("/")
            listing = tree.directory(parent)
            if listing is not None and listing.others.get(name) == SUBMODULE:
                used.add(place.real)
        elif place.kind == "directory" and place.spelled == path and not place.links:
            start = len(inner) + 1 if inner else 0
            absent = tree.plainly_absent(path, {filename[start:] for filename in some})
            found.update(filename for filename in some if filename[start:] in absent)
    return found


def resolve_entry(
    tree: Tree, settings: Settings, component_type: str, filename: str
) -> _Resolution:
    """Return where an entry leads, or why it is unsafe and which path it may mean."""
    if reason := unsafe_type(component_type):
        return reason, None
    if unsafe := unsafe_filename(filename):
        return unsafe
    return tree.resolve(settings.path(component_type, filename))


def _is_absent(resolution: _Resolution) -> bool:
    return isinstance(resolution, Place) and resolution.kind == "absent"


def _references(
    maps: Sequence[GoalMap], settings: Settings, resolved: Mapping[str, Mapping[str, _Resolution]]
) -> Iterator[tuple[Reference, _Resolution]]:
    """Yield every resolved entry, in the order of the maps."""
    if not any(resolved.values()):
        return
    for goal_map in maps:
        for entry in goal_map.entries():
            resolution = resolved.get(entry.component_type, {}).get(entry.filename)
            if resolution is not None:
                yield (
                    Reference(goal_map, entry, settings.path(entry.component_type, entry.filename)),
                    resolution,
                )
