"""JG606 too-large: a component has more bytes than its contract allows."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.contracts.contract import Contract
from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample, under
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule, under_contract

SHORTEN = Form("edit", "shorten the file{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        hint = remedies.of_broken(facts, broken, SHORTEN)
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(sample, "a component is larger than allowed", Contract(max_bytes=1), "text")


RULE = Rule(
    code="JG606",
    name="too-large",
    severity="error",
    summary="a component has more bytes than its contract allows",
    why="`contract.max-bytes` is the largest size of a component. Every byte of a prompt is paid "
    "for with every call, and a text that outgrows the context of a model is cut without a "
    "message.",
    fix="Shorten the component, or split it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "You welcome people to the theatre.\n",
        },
        under_contract(max_bytes=20),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "You welcome people.\n",
        },
        under_contract(max_bytes=20),
    ),
    judge=_check,
    inject=_inject,
)
