"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.comparison.result import Reference
from jit_guard.registry.goal_map import GoalMap, Position
from jit_guard.registry.positions import pointer
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.series import Series

if TYPE_CHECKING:
    from jit_guard.report import Severity


class Example(NamedTuple):
    """A project in which the rule fires, or does not: path -> content.

    A path that ends in `/` is a folder. `goal_map.json` is the map. `tracked` are the paths that
    git has; None: the project is not in git.
    """

    files: Mapping[str, Any]
    settings: Mapping[str, Any] = {}
    tracked: tuple[str, ...] | None = None


class Rule(NamedTuple):
    """One rule. The texts are what `explain` shows and `docs/rules.md` holds."""

    code: str
    name: str
    severity: Severity
    summary: str  # one line, no final stop
    why: str  # one paragraph: what it means and why it bites
    fix: str  # what to do
    bad: Example
    good: Example
    judge: Callable[[Facts], Iterable[Finding | Series]]
    inject: Callable[[Sample], Breakage] | None = None  # for `jit-guard selftest`
    fixable: bool = False

    def finding(self, message: str, **fields: Any) -> Finding:
        """A finding of this rule that has no place in a map."""
        return Finding(self.code, self.name, self.severity, message, **fields)

    def of_file(self, path: str, message: str, hint: str, related: tuple[str, ...] = ()) -> Finding:
        """The same about a file; where many are made, at the speed of a tuple."""
        head = (self.code, self.name, self.severity, message, hint)
        return Finding._make((*head, None, path, *(None,) * 5, related, False))

    def in_map(
        self, goal_map: GoalMap, keys: tuple[str, ...], message: str, **fields: Any
    ) -> Finding:
        """A finding at a value of a map, or at a goal's key; at the map's start without keys."""
        found = goal_map.positions.find(keys)
        if found is None:
            offset = goal_map.positions.top().start
        else:
            offset = (found.key_span if len(keys) == 1 else found.value_span).start
        return self.at_offset(goal_map, offset, keys, message, **fields)

    def at_offset(
        self, goal_map: GoalMap, offset: int, keys: tuple[str, ...], message: str, **fields: Any
    ) -> Finding:
        """A finding at a place in the text of a map."""
        position = goal_map.positions.line_column(offset)
        return self.at_position(goal_map, position, keys, message, **fields)

    def at_position(
        self,
        goal_map: GoalMap,
        position: Position,
        keys: tuple[str, ...],
        message: str,
        *,
        hint: str | None = None,
        path: str | None = None,
        related: tuple[str, ...] = (),
        fixable: bool = False,
    ) -> Finding:
        """A finding at a line and a column of a map."""
        goal = keys[0] if keys and keys[0] != "$schema" else None
        component_type = keys[1] if goal is not None and len(keys) > 1 else None
        # There may be millions, and this is the fast way to make one.
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
            )
        )

    def at_entry(
        self,
        reference: Reference,
        message: str,
        *,
        path: str | None = None,
        **fields: Any,
    ) -> Finding:
        """A finding at an entry's value."""
        keys = (reference.entry.goal, reference.entry.component_type)
        fields.setdefault("fixable", self.fixable)
        return self.in_map(reference.map, keys, message, path=path or reference.path, **fields)

    def at_component(self, facts: Facts, path: str, message: str, **fields: Any) -> Finding:
        """A finding about a file: at its first entry, or nowhere in a map when none names it."""
        reference = facts.first(path)
        if reference is None:
            return self.finding(message, path=path, **fields)
        return self.at_entry(reference, message, path=path, **fields)
