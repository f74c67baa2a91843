"""Checks of a generated text before it is committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.generators.generator import Request, Text
from jit_guard.generators.judgement import finished, judge_text
from jit_guard.registry.goal_map import MapFault, parse
from jit_guard.sources.overlay import Overlay

if TYPE_CHECKING:
    from jit_guard.rules.rule import Rule
    from jit_guard.sources.source import Source

TextCheck = Callable[[Request, Text], "str | None"]  # why it is not a valid component, or None


def plain(_: Request, text: Text) -> str | None:
    """Check what holds for every component: UTF-8 text, size, control characters."""
    return judge_text(finished(text.content))


def with_rules(rules: Sequence[Rule], source: Source, settings: Settings) -> TextCheck:
    """Return a check that also runs plugin rules on the project as it would be."""
    if not rules:
        return plain
    alone = settings._replace(select=tuple(rule.code for rule in rules))

    def check_text(request: Request, text: Text) -> str | None:
        if reason := plain(request, text):
            return reason
        changes: dict[str, bytes | str] = {request.path: finished(text.content)}
        for path in settings.maps:
            data = source.read(path)
            read = MapFault("", 0, 0, "") if data is None else parse(path, data)
            if isinstance(read, MapFault) or request.component_type not in read.goals.get(
                request.goal, {}
            ):
                continue
            entry = {**read.goals[request.goal], request.component_type: request.filename}
            changes[path] = json.dumps({**read.goals, request.goal: entry})
        found = check(Overlay(source, changes), alone, extra_rules=rules).findings
        wrong = [one for one in found if one.path == request.path and one.severity == "error"]
        return f"{wrong[0].code} {wrong[0].name}: {wrong[0].message}" if wrong else None

    return check_text
