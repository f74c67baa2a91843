"""JG004 nothing-to-check: there is no map, or no entry in it."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    if facts.settings.allow_empty:
        return
    for path in facts.absent:
        yield RULE.finding(
            "there is no such map",
            map=path,
            path=path,
            hint=facts.trace(path, held=False)
            or "`jit-guard init` writes a first one; --root and the key maps say where one is",
        )
    for goal_map in facts.maps:
        told_as_schema = not goal_map.sound and facts.settings.selects("JG101")
        if not told_as_schema and not any(goal_map.goals.values()):
            yield RULE.in_map(
                goal_map,
                (),
                "the map has no entry",
                path=goal_map.path,
                hint="add a goal, or set allow-empty = true if it is meant to be empty",
            )


def _inject(sample: Sample) -> Breakage:
    return Breakage("the map loses every goal", {sample.map: "{}"})


RULE = Rule(
    code="JG004",
    name="nothing-to-check",
    severity="error",
    summary="there is no map, or the map has no entry",
    why="A gate that finds nothing to check and passes is worse than no gate: a renamed map or a "
    "wrong working directory would stay green for years. So nothing to check is an error, unless "
    "`allow-empty = true` says that it is meant.",
    fix="Point `--root` or the key `maps` at the map, write one with `jit-guard init`, or set "
    "`allow-empty = true`.",
    bad=Example({"goal_map.json": "{}\n"}),
    good=Example({"goal_map.json": "{}\n"}, {"allow_empty": True}),
    judge=_judge,
    inject=_inject,
)
