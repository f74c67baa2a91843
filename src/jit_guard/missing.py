"""The entries whose component is not there: maybe a million, so each is made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jit_guard.config import Settings
from jit_guard.reference import Reference, type_folder
from jit_guard.registry.goal_map import Entry, GoalMap, Position
from jit_guard.text.names import join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


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
        self.bases = {one: type_folder(settings, one) for one in absent}
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
