"""JG303 leftover-temporary: a temporary file that an interrupted writer left."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.shell import between_backticks


def _judge(facts: Facts) -> Iterator[Finding]:
    for path in facts.comparison.temporaries:
        yield RULE.finding(
            "a temporary file that an interrupted writer left",
            path=path,
            hint="look whether it holds something that is lost otherwise, then remove it: "
            + between_backticks("rm", "--", path),
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage("a writer died beside the map", {f"{sample.map}.tmp": "{"})


RULE = Rule(
    code="JG303",
    name="leftover-temporary",
    severity="warning",
    summary="a temporary file that an interrupted writer left",
    why="Careful writers write a temporary file and rename it; one that is still there says that a "
    "writer died in between, and that what stands under the true name may be the older state. "
    "Found in the components folder (`*.tmp`, `*.temp`, `*.part`, `*.partial`, `.jit-guard-*`) and "
    "beside each map (`goal_map.json.tmp`).",
    fix="Look whether it holds something that is lost otherwise, then remove it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "goal_map.json.tmp": "{",
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
