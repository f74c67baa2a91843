"""JG001 invalid-json: the map does not parse."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults.items():
        if fault.code == RULE.code:
            yield RULE.finding(
                f"not JSON: {fault.reason}",
                map=path,
                path=path,
                line=fault.line,
                column=fault.column,
            )


def _inject(sample: Sample) -> Breakage:
    return Breakage("the map loses its last bracket", {sample.map: sample.text.rstrip()[:-1]})


RULE = Rule(
    code="JG001",
    name="invalid-json",
    severity="error",
    summary="the map does not parse as JSON",
    why="An orchestrator that loads a broken map fails at its first goal, or worse, its parser is "
    "lenient and yours is not. The map is read strictly: no trailing commas, no comments, no "
    "`NaN`, no merge conflict markers, no nesting beyond 100 levels. While a map cannot be read, "
    "what it names is not known, so orphans are not told.",
    fix="Mend the map where the message points; the position is where reading stopped.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": "host.txt",}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
