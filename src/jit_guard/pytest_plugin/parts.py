"""The parts that a map is tested in: its schema, each of its goals, and what is left over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from jit_guard.pytest_plugin import ids
from jit_guard.registry.goal_map import SCHEMA_KEY, GoalMap
from jit_guard.sources.read_maps import Maps


class Key(NamedTuple):
    """Which part of which map."""

    map: str
    kind: Literal["schema", "goal", "orphans"]
    goal: str | None = None


class Part(NamedTuple):
    """One test: what it is called, where it stands in the map, and why it cannot be judged."""

    key: Key
    name: str
    line: int = 1
    unusable: str | None = None

    @property
    def title(self) -> str:
        """What the test is about, for people."""
        if self.key.goal is not None:
            return f"{self.key.map}: {self.key.goal}"
        return f"{self.key.map}: {'the map' if self.key.kind == 'schema' else 'left-over files'}"


def parts(maps: Maps, path: str, *, first: bool) -> Iterator[Part]:
    """The parts of one map, in the order of its text.

    The tree is shared by all maps: what is left over in it is tested once, with the first.
    """
    fault = maps.faults.get(path)
    yield Part(Key(path, "schema"), ids.SCHEMA, fault.line if fault else 1)
    for goal_map in maps.read:
        if goal_map.path == path:
            yield from _goals(goal_map)
    if first:
        yield Part(Key(path, "orphans"), ids.ORPHANS)


def _goals(goal_map: GoalMap) -> Iterator[Part]:
    value, positions = goal_map.value, goal_map.positions
    if not isinstance(value, dict):
        return
    top = positions.top()
    goals = [goal for goal in value if goal != SCHEMA_KEY]
    for goal, slug in zip(goals, ids.slugs(goals), strict=True):
        member = positions.member(top, goal)
        line = positions.line_column(member.key_span.start)[0] if member else 1
        unusable = None if isinstance(value[goal], dict) else "its value is no object (JG101)"
        yield Part(Key(goal_map.path, "goal", goal), slug, line, unusable)
