"""JG004 nothing-to-check: the map does not exist, or has no entries."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.settings.allow_empty:
        return
    for path in facts.empty:
        yield RULE.finding(
            "the registry selects no entry",
            map=path,
            path=path,
            hint="correct its `entries` in the configuration, or set allow-empty = true if it is "
            "meant to be empty",
        )
    for path in facts.absent:
        yield RULE.finding(
            facts.absence(path),
            map=path,
            path=path,
            hint=facts.trace(path, held=False)
            or "run `jit-guard init` to create one, or point --root or maps at an existing one",
        )
    for goal_map in facts.maps:
        violates_schema = not goal_map.sound and facts.settings.selects("JG101")
        if not violates_schema and not any(goal_map.goals.values()):
            yield RULE.in_map(
                goal_map,
                (),
                "the map has no entries",
                path=goal_map.path,
                hint="add a goal, or set allow-empty = true if the map is meant to be empty",
            )


def _inject(sample: Sample) -> Breakage:
    return Breakage("the map has no goals", {sample.map: "{}"})


RULE = Rule(
    code="JG004",
    name="nothing-to-check",
    severity="error",
    summary="the map does not exist, or has no entries",
    why="A check that finds nothing to check and passes is worse than no check: with a renamed "
    "map or in the wrong working directory, it would stay green for years. Nothing to check is "
    "therefore an error, unless `allow-empty = true` says that it is intended.",
    fix="Point `--root` or the `maps` key at the map, create one with `jit-guard init`, or set "
    "`allow-empty = true`.",
    bad=Example({"goal_map.json": "{}\n"}),
    good=Example({"goal_map.json": "{}\n"}, {"allow_empty": True}),
    judge=_check,
    inject=_inject,
)
