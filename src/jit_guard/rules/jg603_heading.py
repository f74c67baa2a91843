"""JG603 heading: a heading is missing from a component, or is in another place."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.contracts.contract import Contract
from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample, under
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule, under_contract

PUT = Form("edit", "put the heading there{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        hint = remedies.of_broken(facts, broken, PUT)
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(sample, "a component has no headings", Contract(headings=("# Purpose",)), "text")


RULE = Rule(
    code="JG603",
    name="heading",
    severity="error",
    summary="a heading is missing from a component, or is in another place",
    why="`contract.headings` lists headings that a component has in this order; others may be "
    "between them. A heading is a line that starts with one to six `#` and a space, outside code "
    "blocks and comments. Components that are assembled by section lose the text of a section "
    "whose heading is spelled differently. Line and column are where the heading must come after, "
    "or where it is.",
    fix="Add the heading, or move it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "# Purpose\n\nYou welcome people.\n",
        },
        under_contract(headings=("# Purpose", "# Steps")),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "# Purpose\n\nYou welcome people.\n\n# Steps\nSmile.\n",
        },
        under_contract(headings=("# Purpose", "# Steps")),
    ),
    judge=_check,
    inject=_inject,
)
