"""The result of a comparison: where maps and tree differ."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from operator import attrgetter

from jit_guard.config import Settings
from jit_guard.named_tuple import NamedTuple
from jit_guard.registry.goal_map import Entry, GoalMap, Position
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.tree import Place
from jit_guard.text.names import join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    from jit_guard.registry.registry import Registry, RegistryEntry

    AnyEntry = Union[Entry, RegistryEntry]


class Missing:
    """The entries whose file does not exist, in the order of the maps.

    Args:
        maps: determine the order of the entries.
        settings: determine the directory of each component type.
        absent: component type -> its filenames that do not exist.
    """

    def __init__(
        self,
        maps: Sequence[GoalMap],
        settings: Settings,
        absent: Mapping[str, AbstractSet[str]],
    ) -> None:
        self.listed: list[Reference] = []  # of registries of other shapes, in their order
        self.absent = absent
        self.directories = {one: settings.directory(one) for one in absent}
        self.bases = {one: settings.path(one) for one in absent}
        self._maps, self._settings = maps, settings
        self._goals: dict[GoalMap, list[str]] = {}  # only those with missing files
        self._sizes: dict[GoalMap, int] = {}
        for goal_map in maps if absent else ():
            self._goals[goal_map], self._sizes[goal_map] = self._count(goal_map)

    def __len__(self) -> int:
        return sum(self._sizes.values()) + len(self.listed)

    def __iter__(self) -> Iterator[Reference]:
        for goal_map, goals in self._goals.items():
            for goal in goals:
                for component_type, filename in goal_map.goals[goal].items():
                    if filename in self.absent.get(component_type, ()):
                        yield self._reference(goal_map, goal, component_type, filename)
        yield from self.listed

    def type_bases(self) -> dict[str, str]:
        """Return the directory of every component type of the maps, relative to the root."""
        types = (one for goal_map in self._maps for one in goal_map.columns)
        return {one: self._settings.path(one) for one in dict.fromkeys(types)}

    def count(self, goal_map: GoalMap | Registry) -> int:
        """Return the number of missing entries in a map or registry."""
        if isinstance(goal_map, GoalMap):
            return self._sizes.get(goal_map, 0)
        return len(self._by_registry.get(id(goal_map), ()))

    def placed(self, goal_map: GoalMap | Registry) -> Iterator[tuple[Reference, Position]]:
        """Yield the missing entries of a map with the positions of their values, in order."""
        if not isinstance(goal_map, GoalMap):
            for reference in self._by_registry.get(id(goal_map), ()):
                yield reference, goal_map.position(reference.entry.keys)
            return
        for entry, position in goal_map.placed(self._goals.get(goal_map, ()), self.absent):
            yield self._reference(goal_map, *entry), position

    @cached_property
    def _by_registry(self) -> dict[int, list[Reference]]:
        found: dict[int, list[Reference]] = {}
        for reference in self.listed:
            found.setdefault(id(reference.map), []).append(reference)
        return found

    def _count(self, goal_map: GoalMap) -> tuple[list[str], int]:
        """Return the goals of a map with missing files, and the number of missing entries."""
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
    """Sorted names in a directory; no path of another directory sorts between them."""

    directory: str
    names: list[str]

    @property
    def first(self) -> str:
        """The first path."""
        return join(self.directory, self.names[0])


class Orphans:
    """The orphans: sorted paths, stored as names per directory.

    Args:
        stretches: in the order of their paths.
    """

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self.stretches = tuple(stretches)

    def __len__(self) -> int:
        return sum(len(names) for _, names in self.stretches)

    def __iter__(self) -> Iterator[str]:
        for directory, names in self.stretches:
            if directory:
                for name in names:
                    yield f"{directory}/{name}"
            else:
                yield from names

    def without(self, paths: set[str]) -> Orphans:
        """Return the orphans without these paths."""
        if not paths:
            return self
        kept = (
            Stretch(directory, [name for name in names if join(directory, name) not in paths])
            for directory, names in self.stretches
        )
        return Orphans(one for one in kept if one.names)


def orphans_in(names: Mapping[str, Iterable[str]], directories: Iterable[str] = ()) -> Orphans:
    """Sort orphans by their paths.

    `x/a` sorts before the contents of `x/a/`, and those before `x/ab`. So the names in a directory
    are split where the paths of its subdirectories belong.

    Args:
        names: directory -> names of files in it.
        directories: paths of directories, which get a final slash.
    """
    found = [Stretch(path.rpartition("/")[0], [_last(path) + "/"]) for path in directories]
    inner = directories_around((*names, *directories))
    for path, some in names.items():
        ordered = sorted(some)
        cuts = sorted({bisect_left(ordered, f"{name}/") for name in inner.get(path, ())})
        for start, end in zip([0, *cuts], [*cuts, len(ordered)], strict=True):
            if start < end:
                found.append(Stretch(path, ordered[start:end]))
    return Orphans(sorted(found, key=attrgetter("first")))


def directories_around(directories: Iterable[str]) -> dict[str, set[str]]:
    """Group directories, and those around them, by the directory that they are in."""
    found: dict[str, set[str]] = {}
    for path in directories:
        while path:
            parent, _, name = path.rpartition("/")
            known = found.setdefault(parent, set())
            if name in known:
                break
            known.add(name)
            path = parent
    return found


def _last(path: str) -> str:
    return path.rpartition("/")[2]


class Reference(NamedTuple):
    """An entry of a map, and the path that it names, as written, relative to the root.

    The path of a directory, which only entries of other registries name, ends with a slash.
    """

    map: GoalMap | Registry
    entry: AnyEntry
    path: str


Names = dict[str, AbstractSet[str]]  # real directory -> names in it


class Column(NamedTuple):
    """Files that entries name in one directory; `opaque`: they are not text.

    The names of a goal map, of which a column has those of one component type, may have
    subdirectories.
    """

    base: str
    names: AbstractSet[str]
    opaque: bool


class Demand(NamedTuple):
    """A tree, and what entries name in it; the rest are orphans.

    Args:
        tree: directory -> the names in it that some entry must name.
        served: the files of columns that exist.
        named: the other names that entries name.
        around: directory -> the directories in it in which something is named, if the directories
            of the tree must be named, too.
        inside: what is inside a named directory is named.
    """

    tree: Mapping[str, DirectoryListing]
    served: Mapping[str, AbstractSet[str]]
    named: Mapping[str, AbstractSet[str]]
    around: Mapping[str, AbstractSet[str]] | None = None
    inside: bool = False


class Unsafe(NamedTuple):
    """An entry whose path is unsafe, and why; `normal` is the path that it may mean."""

    reference: Reference
    reason: str
    normal: str | None


class Misplaced(NamedTuple):
    """An entry whose path leads to something else, as `place` says."""

    reference: Reference
    place: Place


class Comparison(NamedTuple):
    """All differences between maps and tree; lists are sorted, or in the order of the maps."""

    top: str  # the real path of the components directory
    directories: dict[str, DirectoryListing]
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
    drafts: Names  # of registries: texts that may be drafts, whatever their names are
    named_directories: int = 0  # directories that entries of registries must name
    named: Mapping[str, AbstractSet[str]] = {}  # what else entries of registries name

    @classmethod
    def nothing(cls) -> Comparison:
        """Return a comparison without a tree."""
        nothing = Missing((), Settings(), {})
        return cls("", {}, {}, {}, {}, nothing, [], [], [], [], Orphans(), [], {})

    def serve(self, directory: str, names: AbstractSet[str], opaque: bool) -> None:
        """Record that entries name these files; `opaque`: they are not text."""
        if not names:
            return
        for served in (self.served, self.opaque) if opaque else (self.served,):
            # Never changed in place: the sets are shared, to avoid copying a million names.
            served[directory] = served[directory] | names if directory in served else names

    def add_drafts(self, directory: str, names: AbstractSet[str]) -> None:
        """Record that these files may be drafts, whatever their names are."""
        self.drafts[directory] = names | self.drafts.get(directory, frozenset())

    @property
    def clean(self) -> bool:
        """True if the names in maps and tree agree."""
        return not (
            self.missing
            or self.misspelled
            or self.not_files
            or self.unsafe
            or self.unknown
            or self.orphans
            or self.temporaries
        )
