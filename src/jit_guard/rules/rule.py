"""The record of a rule, and its factories of findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.comparison.result import Reference
from jit_guard.config import TypeSettings
from jit_guard.registry.goal_map import GoalMap, Position
from jit_guard.registry.positions import pointer
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Hint
from jit_guard.rules.series import Series

if TYPE_CHECKING:
    from jit_guard.comparison.contracts import Broken
    from jit_guard.registry.registry import Registry
    from jit_guard.report import Severity
    from jit_guard.rules.plugin_rule import Read


class Example(NamedTuple):
    """A small project in which the rule fires, or stays silent.

    Args:
        files: path -> content; a path that ends in `/` is an empty directory, and
            `goal_map.json` is the map.
        settings: fields of `Settings` that differ from the defaults.
        tracked: the paths that git has; None: the project is not in git.
    """

    files: Mapping[str, Any]
    settings: Mapping[str, Any] = {}
    tracked: tuple[str, ...] | None = None


def under_contract(**demands: Any) -> dict[str, Any]:
    """Return settings in which personas have a contract with these keys."""
    from jit_guard.contracts.contract import Contract

    return {"types": {"persona": TypeSettings(contract=Contract(**demands))}}


def configuration(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a configuration that has the settings of an example."""
    for key, value in settings.items():
        if key != "types":
            yield f"{key.replace('_', '-')} = {_toml(value)}"
        for name, one in value.items() if key == "types" else ():
            for demand, what in one.contract.table.items():
                yield f"types.{name}.contract.{demand} = {_toml(what)}"


def _toml(value: Any) -> str:
    return json.dumps(value)  # a list in both


class Rule(NamedTuple):
    """A rule. `jit-guard explain` and `docs/rules.md` show its texts."""

    code: str
    name: str
    severity: Severity
    summary: str  # one line, without a full stop
    why: str  # one paragraph: what it means and why it matters
    fix: str  # what to do
    bad: Example
    good: Example
    judge: Callable[[Facts], Iterable[Finding | Series]]
    inject: Callable[[Sample], Breakage] | None = None  # for `jit-guard selftest`
    reading: Callable[[Read], Rule] | None = None  # of a plugin: the rule for another snapshot

    def finding(self, message: str, *, hint: Hint | None = None, **fields: Any) -> Finding:
        """Return a finding of this rule without a position in a map."""
        return Finding(self.code, self.name, self.severity, message, hint, **fields)

    def of_file(
        self, path: str, message: str, hint: Hint, related: tuple[str, ...] = ()
    ) -> Finding:
        """Return a finding about a file without a position; as fast as making a tuple."""
        head = (self.code, self.name, self.severity, message, hint)
        return Finding._make((*head, None, path, *(None,) * 5, related, False, None, None, False))

    def in_map(
        self,
        goal_map: GoalMap | Registry,
        keys: tuple[str, ...],
        message: str,
        *,
        hint: Hint | None = None,
        **fields: Any,
    ) -> Finding:
        """Return a finding at a value of a map, or (no keys) at its start."""
        found = goal_map.positions.find(keys)
        offset = goal_map.positions.top().start if found is None else found.value_span.start
        return self.at_offset(goal_map, offset, keys, message, hint=hint, **fields)

    def at_offset(
        self,
        goal_map: GoalMap | Registry,
        offset: int,
        keys: tuple[str, ...],
        message: str,
        *,
        hint: Hint | None = None,
        **fields: Any,
    ) -> Finding:
        """Return a finding at an offset in the text of a map."""
        position = goal_map.positions.line_column(offset)
        return self.at_position(goal_map, position, keys, message, hint=hint, **fields)

    def at_position(
        self,
        goal_map: GoalMap | Registry,
        position: Position,
        keys: tuple[str, ...],
        message: str,
        *,
        hint: Hint | None = None,
        path: str | None = None,
        related: tuple[str, ...] = (),
        fixable: bool = False,
    ) -> Finding:
        """Return a finding at a line and a column of a map."""
        goal, component_type = goal_map.names(keys)
        # There may be millions, and `_make` is the fastest way to make one.
        return Finding._make(
            (
                self.code,
                self.name,
                self.severity,
                message,
                hint,
                goal_map.path,
                path,
                *position,
                pointer(*keys),
                goal,
                component_type,
                related,
                fixable,
                *goal_map.described(keys),
                False,
            )
        )

    def at_entry(
        self,
        reference: Reference,
        message: str,
        *,
        hint: Hint | None = None,
        path: str | None = None,
        **fields: Any,
    ) -> Finding:
        """Return a finding at the value of an entry."""
        path, keys = path or reference.path, reference.entry.keys
        return self.in_map(reference.map, keys, message, hint=hint, path=path, **fields)

    def in_component(self, broken: Broken, *, hint: Hint | None = None) -> Finding:
        """Return a finding about a violation of a contract: in the component, or at its entry."""
        reference, violation = broken
        related = () if violation.needed is None else (violation.needed,)
        message, path = violation.message, violation.path
        found = self.at_entry(reference, message, hint=hint, path=path, related=related)
        if violation.line is None:
            return found
        line, column, pointer = violation.line, violation.column, violation.pointer
        return found._replace(line=line, column=column, pointer=pointer, in_path=True)

    def at_component(
        self, facts: Facts, path: str, message: str, *, hint: Hint | None = None, **fields: Any
    ) -> Finding:
        """Return a finding about a file: at its first entry, or without a position."""
        reference = facts.first(path)
        if reference is None:
            return self.finding(message, hint=hint, path=path, **fields)
        return self.at_entry(reference, message, hint=hint, path=path, **fields)
