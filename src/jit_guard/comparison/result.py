"""In what maps and tree disagree, as facts: the rules put them into words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from jit_guard.config import Settings
from jit_guard.named_tuple import NamedTuple
from jit_guard.registry.goal_map import Entry, GoalMap, Position
from jit_guard.sources.answers import Folder
from jit_guard.sources.tree import Place
from jit_guard.text.names import join


class Missing:
    """Every entry that names a file which the tree lacks, in the order of the maps.

    Args:
        maps: in which order entries are told.
        settings: say which folder a component type has.
        absent: component type -> its filenames that are not there.
    """

    def __init__(
        self,
        maps: Sequence[GoalMap],
        settings: Settings,
        absent: Mapping[str, AbstractSet[str]],
    ) -> None:
        self.absent = absent
        self.folders = {one: settings.directory(one) for one in absent}
        self.bases = {one: settings.path(one) for one in absent}
        self._goals: dict[GoalMap, list[str]] = {}  # that lack something: the others are skipped
        self._sizes: dict[GoalMap, int] = {}
        for goal_map in maps if absent else ():
            self._goals[goal_map], self._sizes[goal_map] = self._lacking(goal_map)

    def __len__(self) -> int:
        return sum(self._sizes.values())

    def __iter__(self) -> Iterator[Reference]:
        for goal_map, goals in self._goals.items():
            for goal in goals:
                for component_type, filename in goal_map.goals[goal].items():
                    if filename in self.absent.get(component_type, ()):
                        yield self._reference(goal_map, goal, component_type, filename)

    def count(self, goal_map: GoalMap) -> int:
        """How many of them one map has."""
        return self._sizes.get(goal_map, 0)

    def placed(self, goal_map: GoalMap) -> Iterator[tuple[Reference, Position]]:
        """Those of one map, in the order of its text, with where their values stand."""
        for entry, position in goal_map.placed(self._goals.get(goal_map, ()), self.absent):
            yield self._reference(goal_map, *entry), position

    def _lacking(self, goal_map: GoalMap) -> tuple[list[str], int]:
        """The goals of a map that lack something, and how many entries do."""
        absent, goals, size = self.absent, [], 0
        for goal, parts in goal_map.goals.items():
            count = 0
            for component_type, filename in parts.items():
                if component_type in absent and filename in absent[component_type]:
                    count += 1
            if count:
                goals.append(goal)
                size += count
        return goals, size

    def _reference(
        self, goal_map: GoalMap, goal: str, component_type: str, filename: str
    ) -> Reference:
        entry = Entry._make((goal, component_type, filename))
        path = join(self.bases[component_type], filename)
        return Reference._make((goal_map, entry, path))


class Stretch(NamedTuple):
    """Names of one folder, sorted, between which no other folder's path would stand."""

    folder: str
    names: list[str]


class Orphans:
    """Paths in their order, as the names of folders.

    Args:
        stretches: in the order of their paths.
    """

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self.stretches = tuple(stretches)

    def __len__(self) -> int:
        return sum(len(names) for _, names in self.stretches)

    def __iter__(self) -> Iterator[str]:
        for folder, names in self.stretches:
            if folder:
                for name in names:
                    yield f"{folder}/{name}"
            else:
                yield from names

    def without(self, paths: set[str]) -> Orphans:
        """All but these paths."""
        if not paths:
            return self
        kept = (
            Stretch(folder, [name for name in names if join(folder, name) not in paths])
            for folder, names in self.stretches
        )
        return Orphans(one for one in kept if one.names)


def orphans_in(names: Mapping[str, Iterable[str]], folders: Mapping[str, Folder]) -> Orphans:
    """The paths of names in folders, in order.

    `x/a` stands before what `x/a/` holds, and that before `x/ab`: the names of a folder are cut
    where the paths of the folders in it stand.

    Args:
        names: folder -> names in it.
        folders: all folders that hold any, or lie between.
    """
    found: list[Stretch] = []
    for path, some in names.items():
        ordered = sorted(some)
        cuts = sorted({bisect_left(ordered, f"{name}/") for name in folders[path].folders})
        for start, end in zip([0, *cuts], [*cuts, len(ordered)], strict=True):
            if start < end:
                found.append(Stretch(path, ordered[start:end]))
    return Orphans(sorted(found, key=lambda one: join(one.folder, one.names[0])))


class Reference(NamedTuple):
    """An entry of a map, and the path that it names (relative to the root, as written)."""

    map: GoalMap
    entry: Entry
    path: str


Names = dict[str, AbstractSet[str]]  # real folder -> names in it


class Unsafe(NamedTuple):
    """An entry whose path may not be followed, and why; `normal` is the path it may mean."""

    reference: Reference
    reason: str
    normal: str | None


class Misplaced(NamedTuple):
    """An entry whose path leads to something else: the place says to what."""

    reference: Reference
    place: Place


class Comparison(NamedTuple):
    """Everything in which maps and tree disagree; each list in the order of the map or sorted."""

    top: str  # the real path of the components folder
    folders: dict[str, Folder]
    served: Names
    opaque: Names
    through_links: dict[str, str]
    missing: Missing
    misspelled: list[Misplaced]
    not_files: list[Misplaced]
    unsafe: list[Unsafe]
    unknown: list[Misplaced]
    orphans: Orphans
    temporaries: list[str]

    @classmethod
    def nothing(cls) -> Comparison:
        """The comparison with no tree at all."""
        nothing = Missing((), Settings(), {})
        return cls("", {}, {}, {}, {}, nothing, [], [], [], [], Orphans(), [])

    def serve(self, folder: str, names: AbstractSet[str], opaque: bool) -> None:
        """Note that entries name these files of a real folder; `opaque`: they are no text."""
        if not names:
            return
        for served in (self.served, self.opaque) if opaque else (self.served,):
            # Never changed in place: these sets are shared, not copied a million names at a time.
            served[folder] = served[folder] | names if folder in served else names

    @property
    def clean(self) -> bool:
        """True when maps and tree agree, as far as names go."""
        return not (
            self.missing
            or self.misspelled
            or self.not_files
            or self.unsafe
            or self.unknown
            or self.orphans
            or self.temporaries
        )
