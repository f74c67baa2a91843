"""The goal map: which component serves which goal, parsed strictly from JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from operator import itemgetter

from jit_guard.named_tuple import NamedTuple
from jit_guard.registry import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from jit_guard.registry.positions import Positions

SCHEMA_KEY = "$schema"
Goals = dict[str, dict[str, str]]
Columns = dict[str, set[str]]  # component type -> its filenames
Position = tuple[int, int]  # line and column, 1-based, in characters


class Entry(NamedTuple):
    """An entry of a map: the file that serves one component type of one goal."""

    goal: str
    component_type: str
    filename: str

    @property
    def keys(self) -> tuple[str, str]:
        """The keys in the map that lead to the filename: goal and component type."""
        return self.goal, self.component_type


class MapFault(NamedTuple):
    """Why a map could not be parsed, and where parsing stopped (1-based, in characters)."""

    code: str
    line: int
    column: int
    reason: str


class GoalMap:
    """A parsed map.

    Attributes:
        goals: its usable entries.
        columns: the filenames of the usable entries, by component type.
        value: the whole document.
        conforms: the document satisfies the built-in schema.
        repeats_keys: some object in the text has a key twice.
    """

    def __init__(self, path: str, text: str, value: Any, *, repeats_keys: bool) -> None:
        self.path = path
        self.text = text
        self.value = value
        self.repeats_keys = repeats_keys
        found = _conforming(value)
        self.conforms = found is not None
        if found is None:
            usable = _usable(value)
            found = usable, _columns(usable)
        self.goals: Goals
        self.columns: Columns
        self.goals, self.columns = found
        self._positions: Positions | None = None

    @property
    def positions(self) -> Positions:
        """The positions of keys and values in the text, found when first needed."""
        if self._positions is None:
            from jit_guard.registry.positions import Positions

            self._positions = Positions(self.text)
        return self._positions

    @property
    def sound(self) -> bool:
        """True if every entry is usable, so that all files that the map names are known."""
        return self.conforms or _size(self.goals) == _size_claimed(self.value)

    @property
    def size(self) -> int:
        """The number of usable entries."""
        return _size(self.goals)

    @property
    def strings(self) -> int:
        """The number of strings in a conforming document, including keys."""
        return len(self.goals) + 2 * self.size + 2 * (SCHEMA_KEY in self.value)

    def names(self, keys: tuple[str, ...]) -> tuple[str | None, str | None]:
        """Return the goal and the component type that keys lead to."""
        goal = keys[0] if keys and keys[0] != SCHEMA_KEY else None
        return goal, keys[1] if goal is not None and len(keys) > 1 else None

    def described(self, _keys: tuple[str, ...]) -> tuple[None, None]:
        """Return no words for a location: goal and component type say it."""
        return None, None

    def entries(self) -> Iterator[Entry]:
        """Yield every usable entry, in the order of the text."""
        for goal, parts in self.goals.items():
            for component_type, filename in parts.items():
                yield Entry(goal, component_type, filename)

    def placed(
        self, goals: Iterable[str], wanted: Mapping[str, AbstractSet[str]]
    ) -> Iterator[tuple[Entry, Position]]:
        """Yield selected entries with the positions of their values, in the order of the text.

        Args:
            goals: the goals that have such entries, in the order of the text.
            wanted: component type -> the filenames whose entries are selected.
        """
        if not self.conforms or self.repeats_keys:  # not everything in the text is an entry
            yield from self._placed_alone(goals, wanted)
            return
        from jit_guard.registry.positions import LineCounter

        position = LineCounter(self.text).position
        waiting = iter(goals)
        upcoming = next(waiting, None)
        for (goal, parts), span in zip(self.value.items(), self.positions.goals(), strict=True):
            if goal != upcoming:
                continue
            upcoming = next(waiting, None)
            values = self.positions.values(*span)
            for (component_type, filename), at in zip(parts.items(), values, strict=True):
                if component_type in wanted and filename in wanted[component_type]:
                    yield Entry._make((goal, component_type, filename)), position(at)

    def _placed_alone(
        self, goals: Iterable[str], wanted: Mapping[str, AbstractSet[str]]
    ) -> list[tuple[Entry, Position]]:
        found = []
        for goal in goals:
            for component_type, filename in self.goals[goal].items():
                if filename in wanted.get(component_type, ()):
                    member = self.positions.find((goal, component_type))
                    assert member is not None
                    position = self.positions.line_column(member.start)
                    found.append((Entry(goal, component_type, filename), position))
        return sorted(found, key=itemgetter(1))


def parse(path: str, data: bytes) -> GoalMap | MapFault:
    """Parse a map from the bytes of its file."""
    try:
        text = strict_json.decode(data)
    except strict_json.EncodingError as error:
        before = data[: error.offset].decode()
        return fault_at("JG003", before, len(before), error.reason)
    try:
        goal_map = GoalMap(path, text, strict_json.parse(text), repeats_keys=False)
        if not goal_map.conforms or goal_map.strings != strict_json.strings(text):
            # The first of two equal keys is missing in the value, but not in the text.
            value, repeats_keys = strict_json.loads(text)
            goal_map = GoalMap(path, text, value, repeats_keys=repeats_keys)
        if not goal_map.conforms:
            strict_json.refuse_deep(text)
    except strict_json.JsonError as error:
        return fault_at("JG001", text, error.offset, error.reason)
    return goal_map


def fault_at(code: str, text: str, offset: int, reason: str) -> MapFault:
    """Return a fault at an offset, in characters."""
    from jit_guard.registry.positions import Positions

    return MapFault(code, *Positions(text).line_column(offset), reason)


def _conforming(value: Any) -> tuple[Goals, Columns] | None:
    """Return goals and columns of a document if it satisfies `goal_map.schema.json`."""
    if type(value) is not dict or type(value.get(SCHEMA_KEY, "")) is not str:
        return None
    goals = _goals(value)
    if "" in goals or not set(map(type, goals.values())) <= {dict}:
        return None
    # In the order of the text, which is the order in memory; a set has a random order.
    if not set(map(type, chain.from_iterable(map(dict.values, goals.values())))) <= {str}:
        return None
    columns = _columns(goals)
    if "" in columns or any("" in filenames for filenames in columns.values()):
        return None
    return goals, columns


def _goals(value: Any) -> Goals:
    if SCHEMA_KEY not in value:
        return value  # type: ignore[no-any-return]
    return {goal: parts for goal, parts in value.items() if goal != SCHEMA_KEY}


def _columns(goals: Goals) -> Columns:
    """Collect the filenames by component type; goals with equal types are processed together."""
    shapes: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for parts in goals.values():
        types = tuple(parts)
        if types in shapes:
            shapes[types].append(parts)
        else:
            shapes[types] = [parts]
    columns: Columns = {}
    for types, alike in shapes.items():
        for component_type in types:
            filenames = set(map(itemgetter(component_type), alike))
            if component_type in columns:
                columns[component_type].update(filenames)
            else:
                columns[component_type] = filenames
    return columns


def _usable(value: Any) -> Goals:
    if not isinstance(value, dict):
        return {}
    return {
        goal: {
            component_type: filename
            for component_type, filename in parts.items()
            if component_type and filename and isinstance(filename, str)
        }
        for goal, parts in value.items()
        if goal != SCHEMA_KEY and isinstance(parts, dict)
    }


def _size(goals: Goals) -> int:
    return sum(map(len, goals.values()))


def _size_claimed(value: Any) -> int:
    """Return how many entries the document claims to have; -1 if that is unknown."""
    if not isinstance(value, dict):
        return -1
    goals = {goal: parts for goal, parts in value.items() if goal != SCHEMA_KEY}
    return _size(goals) if all(isinstance(parts, dict) for parts in goals.values()) else -1
