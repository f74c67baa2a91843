"""JG302 case-collision: two paths differ only in case or Unicode normalization."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule

RENAME_ONE = Form("edit", "rename one of the two, or merge them{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for first, *others in facts.names.collisions:
        for other in others:
            yield RULE.finding(
                f"differs from {first} only in case or Unicode normalization",
                path=other,
                related=(first,),
                hint=RENAME_ONE(then=facts.then_stage()),
            )


def _inject(sample: Sample) -> Breakage:
    path = sample.path("jit_guard_selftest.txt")
    return Breakage(
        f"another {sample.noun} differs only in case from one that an entry names",
        {
            **sample.entry("jit_guard_selftest.txt"),
            path: "text",
            path.replace("selftest", "SELFTEST", 1): "text",
        },
    )


RULE = Rule(
    code="JG302",
    name="case-collision",
    severity="error",
    summary="two files or directories differ only in case or Unicode normalization",
    why="On macOS and Windows the two are one. Of two files, a clone keeps whichever was checked "
    "out last, under either name, and git then shows a change that you did not make. Two "
    "directories become one, and of a file and a directory only one can exist.",
    fix="Rename one of the two, or merge them.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"},\n'
            ' "PART": {"persona": "Host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
            "components/personas/Host.txt": "You see people off.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"},\n'
            ' "PART": {"persona": "usher.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
            "components/personas/usher.txt": "You see people off.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
