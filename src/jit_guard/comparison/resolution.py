"""Entries whose file is not plainly there: what is plainly lacking in bulk, the rest one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from jit_guard.comparison.result import Comparison, Misplaced, Missing, Names, Reference, Unsafe
from jit_guard.config import Settings
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.tree import Place, Tree
from jit_guard.text.names import join, may_be_unsafe, unsafe_filename, unsafe_type

# Where an entry leads, or why it is unsafe and what it may mean.
_Verdict = Place | tuple[str, str | None]


def resolve(
    maps: Sequence[GoalMap],
    tree: Tree,
    settings: Settings,
    suspects: Names,
    comparison: Comparison,
) -> tuple[Missing, set[str]]:
    """Judge what is not plainly there; return what is missing, and the paths that are in use.

    What else is wrong is noted in the comparison.
    """
    absent: dict[str, AbstractSet[str]] = {}
    verdicts: dict[str, dict[str, _Verdict]] = {}
    for component_type, filenames in suspects.items():
        gone = _plainly_absent(tree, settings, component_type, filenames)
        if len(gone) < len(filenames):
            told = {one: _verdict(tree, settings, component_type, one) for one in filenames - gone}
            gone = gone.union(one for one, verdict in told.items() if _is_absent(verdict))
            verdicts[component_type] = {one: told[one] for one in told if one not in gone}
        if gone:
            absent[component_type] = gone if len(gone) < len(filenames) else filenames  # kept once
    used: set[str] = set()
    served: dict[tuple[str, bool], set[str]] = {}  # by folder, and whether they are no text
    for reference, verdict in _references(maps, settings, verdicts):
        _file_under(comparison, reference, verdict)
        if isinstance(verdict, Place):
            place = verdict
            if place.kind == "file":
                folder, _, name = place.real.rpartition("/")
                opaque = not settings.is_text(reference.entry.component_type)
                served.setdefault((folder, opaque), set()).add(name)
        elif verdict[1] is None:
            continue
        else:
            # What it means is no orphan; but such an entry is judged no further.
            meant = reference.entry._replace(filename=verdict[1])
            place = tree.resolve(settings.path(meant.component_type, meant.filename))
        used.update(place.links)
        if place.kind in ("file", "other"):
            used.add(place.real)
    for (folder, opaque), names in served.items():
        comparison.serve(folder, names, opaque)
    return Missing(maps, settings, absent), used


def _plainly_absent(
    tree: Tree, settings: Settings, component_type: str, filenames: AbstractSet[str]
) -> set[str]:
    """Those that are not in a folder that is there, or whose folder is not there at all."""
    if unsafe_type(component_type) or may_be_unsafe("/".join(filenames)):
        return set()
    base = settings.path(component_type)
    # The filenames as they are, where `snapshot.by_folder` takes them apart: what is found shares
    # the map's strings, and a million of others would be made for nothing.
    by_folder: dict[str, list[str]] = {}
    for filename in filenames:
        by_folder.setdefault(filename.rpartition("/")[0], []).append(filename)
    found: set[str] = set()
    for inner, some in by_folder.items():
        path = join(base, inner)
        place = tree.resolve(path)
        if place.kind == "absent":
            found.update(some)
        elif place.kind == "folder" and place.spelled == path and not place.links:
            start = len(inner) + 1 if inner else 0
            lacking = tree.plainly_lacking(path, {filename[start:] for filename in some})
            found.update(filename for filename in some if filename[start:] in lacking)
    return found


def _verdict(tree: Tree, settings: Settings, component_type: str, filename: str) -> _Verdict:
    if reason := unsafe_type(component_type):
        return reason, None
    if unsafe := unsafe_filename(filename):
        return unsafe
    return tree.resolve(settings.path(component_type, filename))


def _is_absent(verdict: _Verdict) -> bool:
    return isinstance(verdict, Place) and verdict.kind == "absent"


def _references(
    maps: Sequence[GoalMap], settings: Settings, verdicts: Mapping[str, Mapping[str, _Verdict]]
) -> Iterator[tuple[Reference, _Verdict]]:
    """Every entry that has a verdict, in the order of the maps."""
    if not any(verdicts.values()):
        return
    for goal_map in maps:
        for entry in goal_map.entries():
            verdict = verdicts.get(entry.component_type, {}).get(entry.filename)
            if verdict is not None:
                yield (
                    Reference(goal_map, entry, settings.path(entry.component_type, entry.filename)),
                    verdict,
                )


def _file_under(comparison: Comparison, reference: Reference, verdict: _Verdict) -> None:
    if not isinstance(verdict, Place):
        reason, normal = verdict
        comparison.unsafe.append(Unsafe(reference, reason, normal))
        return
    place = verdict
    if place.kind == "file":
        if place.spelled != reference.path:
            comparison.misspelled.append(Misplaced(reference, place))
        elif place.links:
            comparison.through_links[place.real] = reference.path
    elif place.kind == "outside":
        reason = f"the link {place.links[-1]} leads out of the project"
        comparison.unsafe.append(Unsafe(reference, reason, None))
    elif place.kind == "unknown":
        comparison.unknown.append(Misplaced(reference, place))
    else:
        comparison.not_files.append(Misplaced(reference, place))
