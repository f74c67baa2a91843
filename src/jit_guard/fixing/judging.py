"""Checks of a generated text before it is committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.fixing.contracts import Contracts
from jit_guard.generators.answers.gate import component_in
from jit_guard.generators.generator import Request, Text
from jit_guard.generators.judgement import Rejection
from jit_guard.registry.goal_map import GoalMap, parse
from jit_guard.sources.overlay import Overlay

if TYPE_CHECKING:
    from jit_guard.rules.rule import Rule
    from jit_guard.sources.source import Source

# Returns the component in a text, or why there is none.
TextCheck = Callable[[Request, Text], "str | Rejection"]


def plain(request: Request, text: Text) -> str | Rejection:
    """Return the component in a text, from any generator, or why there is none."""
    return component_in(text.content, request)


def with_rules(
    rules: Sequence[Rule], contracts: Contracts, source: Source, settings: Settings
) -> TextCheck:
    """Return a check that also applies contracts, and plugin rules on the changed project."""
    if not rules and not contracts:
        return plain
    alone = settings._replace(select=tuple(rule.code for rule in rules))

    def check_text(request: Request, text: Text) -> str | Rejection:
        component = plain(request, text)
        if isinstance(component, Rejection):
            return component
        reason = contracts.objection(request, component)
        if reason is None and rules:
            reason = _violated(request, component, rules, source, alone)
        return component if reason is None else Rejection(reason, component)

    return check_text


def _violated(
    request: Request, component: str, rules: Sequence[Rule], source: Source, settings: Settings
) -> str | None:
    """Return the first error that a component would cause; None if it causes none."""
    changes: dict[str, bytes | str] = {request.path: component}
    for path in settings.maps:
        data = source.read(path)
        read = None if data is None else parse(path, data)
        if not isinstance(read, GoalMap) or request.component_type not in read.goals.get(
            request.goal, {}
        ):
            continue
        entry = {**read.goals[request.goal], request.component_type: request.filename}
        changes[path] = json.dumps({**read.goals, request.goal: entry})
    found = check(Overlay(source, changes), settings, extra_rules=rules).findings
    wrong = [one for one in found if one.path == request.path and one.severity == "error"]
    return f"{wrong[0].code} {wrong[0].name}: {wrong[0].message}" if wrong else None
