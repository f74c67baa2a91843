"""Faults that `selftest` injects into a copy of a project to prove that the rules fire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jit_guard.config import Settings
from jit_guard.registry.goal_map import GoalMap
from jit_guard.text.names import unportable, unsafe_type

GOAL = "JIT_GUARD_SELFTEST"


class Breakage(NamedTuple):
    """An injected fault: its description, and path -> new content (None: the file is removed)."""

    what: str
    changes: Mapping[str, Any]


class Sample:
    """The parts of a valid project that a fault is injected into."""

    def __init__(self, goal_map: GoalMap, settings: Settings) -> None:
        self.map = goal_map.path
        self.text = goal_map.text
        self._value = goal_map.value
        types = (component_type for parts in goal_map.goals.values() for component_type in parts)
        usable = (one for one in types if settings.is_text(one) and _is_directory_name(one))
        self.component_type = next(usable, "protocol")
        self.directory = settings.path(self.component_type)

    def path(self, filename: str) -> str:
        """Return the path of a component of the sample's type."""
        return f"{self.directory}/{filename}"

    def goal_twice(self) -> dict[str, str]:
        """Return the map with one more goal, which is defined twice."""
        added = f'"{GOAL}": {{}}'
        rest = json.dumps(self._value)[1:]
        return {self.map: f"{{{added}, {added}{', ' if self._value else ''}{rest}"}

    def entry(self, value: Any) -> dict[str, str]:
        """Return the map with one more goal, whose only entry has this value."""
        changed = {**self._value, GOAL: {self.component_type: value}}
        return {self.map: json.dumps(changed)}


def _is_directory_name(component_type: str) -> bool:
    """Return whether a component type can be the name of a directory on every system."""
    return unsafe_type(component_type) is None and unportable(f"{component_type}s") is None
