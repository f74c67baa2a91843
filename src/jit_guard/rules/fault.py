"""Faults that `selftest` injects into a copy of a project to prove that the rules fire."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from jit_guard.config import Settings, TypeSettings
from jit_guard.registry.goal_map import GoalMap
from jit_guard.text.names import unportable, unsafe_type

if TYPE_CHECKING:
    from jit_guard.contracts.contract import Contract

GOAL = "JIT_GUARD_SELFTEST"


class Breakage(NamedTuple):
    """An injected fault: its description, and path -> new content (None: the file is removed).

    `contract`: what the component must be for this to be a fault. `before`: changes after which a
    project does not have the fault, if it might have it already.
    """

    what: str
    changes: Mapping[str, Any]
    contract: Contract | None = None
    before: Mapping[str, Any] = {}


class CannotInjectError(ValueError):
    """A project of this shape cannot have the fault. The message says why."""


class Sample(Protocol):
    """The parts of a valid project that a fault is injected into.

    `GoalMapSample` is one of a goal map, `RegistrySample` of a registry of another shape.
    """

    map: str
    noun: str  # what an entry names

    def path(self, filename: str) -> str:
        """Return the path of a component of the sample's type."""

    def unportable(self) -> dict[str, Any]:
        """Return the map with an entry that names a file that Windows does not allow."""

    def component(self, filename: str) -> str:
        """Return the path of a file whose content is checked."""

    def text_of(self, filename: str) -> str:
        """Return the path of a file that is text."""

    def orphan(self, filename: str) -> str:
        """Return the path of a file that no entry names."""

    def entry(self, value: Any) -> dict[str, Any]:
        """Return the map with one more goal, whose only entry has this value."""

    def broken(self) -> Breakage:
        """Return the map with text that has not its syntax."""

    def badly_encoded(self) -> Breakage:
        """Return the map with an illegal encoding."""

    def repeated(self) -> Breakage:
        """Return the map with one more goal, which is defined twice."""

    def emptied(self) -> Breakage:
        """Return the map without an entry."""

    def wrong_value(self) -> Breakage:
        """Return the map with a value that names nothing."""

    def misplaced(self) -> Breakage:
        """Return an entry that names something of the wrong kind."""

    def outside(self) -> Breakage:
        """Return an entry that leads out of its directory."""

    def under(self, contract: Contract, settings: Settings) -> Settings:
        """Return the settings with a contract for what such an entry names."""


class GoalMapSample:
    """A sample of a project with a goal map."""

    noun = "file"  # what an entry names

    def __init__(self, goal_map: GoalMap, settings: Settings) -> None:
        self.map = goal_map.path
        self.text = goal_map.text
        self._value = goal_map.value
        text = json.dumps(goal_map.value).upper()
        self._own_goal = GOAL  # which is also part of the names of files
        while self._own_goal in text:
            self._own_goal += "_"
        types = (component_type for parts in goal_map.goals.values() for component_type in parts)
        usable = (one for one in types if settings.is_text(one) and _is_directory_name(one))
        self.component_type = next(usable, "protocol")
        self.directory = settings.path(self.component_type)

    def path(self, filename: str) -> str:
        """Return the path of a component of the sample's type."""
        return f"{self.directory}/{self._own(filename)}"

    def unportable(self) -> dict[str, Any]:
        """Return the map with an entry that names a file that Windows does not allow."""
        return self.entry("aux.jit_guard_selftest.txt")

    def component(self, filename: str) -> str:
        """Return the path of a file whose content is checked."""
        return self.path(filename)

    def text_of(self, filename: str) -> str:
        """Return the path of a file that is text."""
        return self.path(filename)

    def orphan(self, filename: str) -> str:
        """Return the path of a file that no entry names."""
        return self.path(filename)

    def entry(self, value: Any) -> dict[str, Any]:
        """Return the map with one more goal, whose only entry has this value."""
        named = self._own(value) if isinstance(value, str) else value
        changed = {**self._value, self._own_goal: {self.component_type: named}}
        return {self.map: json.dumps(changed)}

    def broken(self) -> Breakage:
        """Return the map with text that has not its syntax."""
        broken = {self.map: self.text.rstrip()[:-1]}
        return Breakage("the last bracket of the map is missing", broken)

    def badly_encoded(self) -> Breakage:
        """Return the map with an illegal encoding."""
        return Breakage("the map starts with a byte order mark", {self.map: "\ufeff" + self.text})

    def repeated(self) -> Breakage:
        """Return the map with one more goal, which is defined twice."""
        added = f'"{self._own_goal}": {{}}'
        rest = json.dumps(self._value)[1:]
        text = f"{{{added}, {added}{', ' if self._value else ''}{rest}"
        return Breakage("a goal is defined twice", {self.map: text})

    def emptied(self) -> Breakage:
        """Return the map without an entry."""
        before = self.entry("jit_guard_selftest.txt")
        return Breakage("the map has no goals", {self.map: "{}"}, before=before)

    def wrong_value(self) -> Breakage:
        """Return the map with a value that names nothing."""
        return Breakage("a filename is a number", self.entry(5))

    def misplaced(self) -> Breakage:
        """Return an entry that names something of the wrong kind."""
        inside = {self.path("jit_guard_selftest/a.txt"): "text"}
        return Breakage(
            "an entry names a directory", {**self.entry("jit_guard_selftest"), **inside}
        )

    def _own(self, name: str) -> str:
        """Return the name of a file such that the map does not have it yet."""
        more = self._own_goal.removeprefix(GOAL)
        return re.sub(f"(?i){GOAL}", lambda found: found[0] + more, name)

    def outside(self) -> Breakage:
        """Return an entry that leads out of its directory."""
        changes = self.entry("../../jit_guard_selftest.txt")
        return Breakage("an entry leaves its directory with ..", changes)

    def under(self, contract: Contract, settings: Settings) -> Settings:
        """Return the settings with a contract for the sample's type."""
        configured = settings.types.get(self.component_type, TypeSettings())
        changed = {self.component_type: configured._replace(contract=contract)}
        return settings._replace(types={**settings.types, **changed})


def _is_directory_name(component_type: str) -> bool:
    """Return whether a component type can be the name of a directory on every system."""
    return unsafe_type(component_type) is None and unportable(f"{component_type}s") is None


def under(
    sample: Sample,
    what: str,
    contract: Contract,
    text: str,
    more: Mapping[str, Any] = {},
    *,
    suffix: str = ".txt",
) -> Breakage:
    """Return a component that violates a contract.

    Args:
        sample: what the fault is injected into.
        what: the description of the fault.
        contract: what the component must be. Of a directory, the file with the text is examined.
        text: of the component.
        more: other files.
        suffix: of the component.
    """
    name = f"jit_guard_selftest{suffix}"
    path = sample.path(name)
    beside = f"{path.rpartition('/')[0]}/{name}".lstrip("/")
    changes = {**sample.entry(name), path: text, beside: text, **more}
    requires = contract.requires or (name,)
    return Breakage(what, changes, contract._replace(requires=requires))
