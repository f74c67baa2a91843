"""Faults that are put into a copy of a project on purpose, to see the rules fire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jit_guard.config import Settings
from jit_guard.registry.goal_map import GoalMap

GOAL = "JIT_GUARD_SELFTEST"


class Breakage(NamedTuple):
    """What is broken, in words, and the paths that change: to contents, or None for gone."""

    what: str
    changes: Mapping[str, Any]


class Sample:
    """A project that can be read, to put one fault into."""

    def __init__(self, goal_map: GoalMap, settings: Settings) -> None:
        self.map = goal_map.path
        self.text = goal_map.text
        self._value = goal_map.value
        types = (component_type for parts in goal_map.goals.values() for component_type in parts)
        self.component_type = next(filter(settings.is_text, types), "protocol")
        self._folder = settings.path(self.component_type)

    def path(self, filename: str) -> str:
        """Where a component of the sample's type lies."""
        return f"{self._folder}/{filename}"

    def goal_twice(self) -> dict[str, str]:
        """The map with one more goal, which stands twice."""
        added = f'"{GOAL}": {{}}'
        rest = json.dumps(self._value)[1:]
        return {self.map: f"{{{added}, {added}{', ' if self._value else ''}{rest}"}

    def entry(self, value: Any) -> dict[str, str]:
        """The map with one more goal, whose one entry has this value."""
        changed = {**self._value, GOAL: {self.component_type: value}}
        return {self.map: json.dumps(changed)}
