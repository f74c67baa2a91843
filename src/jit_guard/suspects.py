"""Entries whose file is not plainly there, judged one by one."""

from collections.abc import Sequence

from jit_guard.comparison import Comparison, Misplaced, Names, Reference, Unsafe, entry_path
from jit_guard.config import Settings
from jit_guard.goal_map import Entry, GoalMap
from jit_guard.names import unsafe_filename, unsafe_type
from jit_guard.snapshot import Place, Tree, join


def judge(
    maps: Sequence[GoalMap],
    tree: Tree,
    settings: Settings,
    suspects: Names,
    comparison: Comparison,
) -> set[str]:
    """Judge one by one what is not plainly there; return the paths that are in use."""
    used: set[str] = set()
    places: dict[tuple[str, str], Place | tuple[str, str | None]] = {}
    filenames = set().union(*suspects.values())
    for goal_map in maps:
        for goal, parts in goal_map.goals.items():
            if filenames.isdisjoint(parts.values()):
                continue
            for component_type, filename in parts.items():
                if filename not in suspects.get(component_type, ()):
                    continue
                entry = Entry(goal, component_type, filename)
                reference = Reference(goal_map, entry, entry_path(settings, entry))
                place = places.get(entry[1:])
                if place is None:
                    place = _place(tree, settings, reference)
                    places[entry[1:]] = place
                _file_under(comparison, reference, place, settings)
                if not isinstance(place, Place):
                    normal = place[1]
                    if normal is None:
                        continue
                    # What it means is no orphan; but such an entry is judged no further.
                    place = tree.resolve(entry_path(settings, entry._replace(filename=normal)))
                used.update(place.links)
                if place.kind in ("file", "other"):
                    used.add(place.real)
    return used


def _place(tree: Tree, settings: Settings, reference: Reference) -> Place | tuple[str, str | None]:
    entry = reference.entry
    if reason := unsafe_type(entry.component_type):
        return reason, None
    if unsafe := unsafe_filename(entry.filename):
        return unsafe
    base = join(settings.components, settings.directory(entry.component_type))
    if tree.plainly_lacks(base, entry.filename.partition("/")[0]):
        return Place("absent", reference.path, "")
    return tree.resolve(reference.path)


def _file_under(
    comparison: Comparison,
    reference: Reference,
    place: Place | tuple[str, str | None],
    settings: Settings,
) -> None:
    if not isinstance(place, Place):
        reason, normal = place
        comparison.unsafe.append(Unsafe(reference, reason, normal))
        return
    entry = reference.entry
    if place.kind == "file":
        folder, names = _split(place.real)
        comparison.serve(folder, names, not settings.is_text(entry.component_type))
        if place.spelled != reference.path:
            comparison.misspelled.append(Misplaced(reference, place))
        elif place.links:
            comparison.through_links[place.real] = reference.path
    elif place.kind == "absent":
        comparison.missing.append(reference)
    elif place.kind == "outside":
        reason = f"the link {place.links[-1]} leads out of the project"
        comparison.unsafe.append(Unsafe(reference, reason, None))
    elif place.kind == "unknown":
        comparison.unknown.append(Misplaced(reference, place))
    else:
        comparison.not_files.append(Misplaced(reference, place))


def _split(path: str) -> tuple[str, set[str]]:
    folder, _, name = path.rpartition("/")
    return folder, {name}
