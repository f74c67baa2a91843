"""JG002 duplicate-key: a goal, or a component type within a goal, is defined twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_guard.registry.goal_map import GoalMap
from jit_guard.registry.positions import Positions, Span
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry

MERGE_KEYS = Form("edit", "merge the two, or rename one of them{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for goal_map in facts.maps:
        for keys, first, again in _repeated(goal_map):
            what = "goal" if len(keys) == 1 else "component type"
            yield _finding(facts, goal_map, what, keys, first, again)
    for registry in {one.path: one for one in facts.registries}.values():
        for keys, first, again in _repeated_anywhere(registry) if registry.repeats_keys else ():
            yield _finding(facts, registry, "key", keys, first, again)


def _finding(
    facts: Facts,
    found_in: GoalMap | Registry,
    what: str,
    keys: tuple[str, ...],
    first: Span,
    again: Span,
) -> Finding:
    line, column = found_in.positions.line_column(first.start)
    return RULE.at_offset(
        found_in,
        again.start,
        keys,
        f"this {what} is already defined at {line}:{column}; parsers keep the last one",
        hint=MERGE_KEYS(then=facts.then(found_in.path)),
        path=found_in.path,
    )


def _repeated_anywhere(registry: Registry) -> Iterator[tuple[tuple[str, ...], Span, Span]]:
    """Yield each repeated key of a registry, at any depth, as `_repeated` does."""
    positions = registry.positions
    if not isinstance(positions, Positions):
        yield from positions.repeated
        return
    waiting: list[tuple[tuple[str, ...], Span]] = [((), positions.top())]
    while waiting:
        keys, span = waiting.pop()
        if registry.text[span.start] not in "{[":
            continue
        first: dict[str, Span] = {}
        for member in positions.members(span):
            location = (*keys, member.key)
            if member.key in first:
                yield location, first[member.key], member.key_span
            first.setdefault(member.key, member.key_span)
            waiting.append((location, member.value_span))


def _repeated(goal_map: GoalMap) -> Iterator[tuple[tuple[str, ...], Span, Span]]:
    """Yield each repeated key with the spans of its first and of this occurrence."""
    if not goal_map.repeats_keys or not isinstance(goal_map.value, dict):
        return
    positions = goal_map.positions
    goals: dict[str, Span] = {}
    for goal in positions.members(positions.top()):
        if goal.key in goals:
            yield (goal.key,), goals[goal.key], goal.key_span
        goals.setdefault(goal.key, goal.key_span)
        if goal_map.text[goal.value_span.start] != "{":
            continue
        types: dict[str, Span] = {}
        for part in positions.members(goal.value_span):
            if part.key in types:
                yield (goal.key, part.key), types[part.key], part.key_span
            types.setdefault(part.key, part.key_span)


def _inject(sample: Sample) -> Breakage:
    return sample.repeated()


RULE = Rule(
    code="JG002",
    name="duplicate-key",
    severity="error",
    summary="a goal, or a component type within a goal, is defined twice",
    why="JSON parsers keep the last of two equal keys without a warning, so the entries under the "
    "first one are dead: they look mapped and are never used. The usual cause is a merge in which "
    "both branches added the same goal. The message gives the position of the first definition. "
    "Only the last one is checked, because that is the one a parser keeps.",
    fix="Merge the two objects into one, or rename one of the keys.",
    bad=Example(
        {
            "goal_map.json": '{\n  "GREET": {"persona": "host.txt"},\n'
            '  "GREET": {"persona": "host.txt"}\n}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{\n  "GREET": {"persona": "host.txt"},\n'
            '  "PART": {"persona": "host.txt"}\n}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
