"""JG004 nothing-to-check: the map does not exist, or has no entries."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.rule import Example, Rule

INIT = Form("command", "run `{command}` to create one")
ADD_MAP = Form("edit", "add the map{then}")
CONFIGURE_MAP = Form("edit", "point --root or maps at an existing one{then}")
CORRECT_ENTRIES = Form("edit", "correct its entries in the configuration{then}")
ADD_GOAL = Form("edit", "add a goal{then}")
ALLOW_EMPTY = Form("edit", "set allow-empty = true if the map is meant to be empty{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.settings.allow_empty:
        return
    for path in facts.empty:
        yield RULE.finding(
            "the registry selects no entry",
            map=path,
            path=path,
            hint=either(
                CORRECT_ENTRIES(then=facts.then_stage()), ALLOW_EMPTY(then=facts.then_stage())
            ),
        )
    for path in facts.absent:
        yield RULE.finding(
            facts.absence(path),
            map=path,
            path=path,
            hint=_without_map(facts, path),
        )
    for goal_map in facts.maps:
        violates_schema = not goal_map.sound and facts.settings.selects("JG101")
        if not violates_schema and not any(goal_map.goals.values()):
            yield RULE.in_map(
                goal_map,
                (),
                "the map has no entries",
                path=goal_map.path,
                hint=either(
                    ADD_GOAL(then=facts.then(goal_map.path)),
                    ALLOW_EMPTY(then=facts.then_stage()),
                ),
            )


def _without_map(facts: Facts, path: str) -> Hint:
    trace = facts.traces.get(path)
    if trace is not None:
        return remedies.state(trace)
    if facts.origin.kind == "revision":
        return ADD_MAP(then=facts.then())
    # `init` writes the first map if there is none at all.
    if facts.origin.kind == "worktree" and facts.settings.maps == facts.absent == (path,):
        add = INIT(command=facts.shell.init())
    else:
        add = ADD_MAP(then=facts.then(path))
    return either(add, CONFIGURE_MAP(then=facts.then_stage()))


def _inject(sample: Sample) -> Breakage:
    return sample.emptied()


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
