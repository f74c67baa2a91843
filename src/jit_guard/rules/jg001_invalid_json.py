"""JG001 invalid-json: the map is not valid JSON."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults.items():
        if fault.code == RULE.code:
            yield RULE.finding(
                f"invalid JSON: {fault.reason}",
                map=path,
                path=path,
                line=fault.line,
                column=fault.column,
            )


def _inject(sample: Sample) -> Breakage:
    return sample.broken()


RULE = Rule(
    code="JG001",
    name="invalid-json",
    severity="error",
    summary="the map is not valid JSON",
    why="An orchestrator that loads a broken map fails at its first goal, and a lenient parser "
    "may even read something that you did not write. Maps are parsed strictly: no trailing "
    "commas, no comments, no `NaN`, no merge conflict markers, and no nesting deeper than 100 "
    "levels. While a map cannot be parsed, the files that it names are unknown, so orphans are "
    "not reported.",
    fix="Correct the JSON at the reported position, which is where parsing stopped.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": "host.txt",}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
