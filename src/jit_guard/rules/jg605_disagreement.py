"""JG605 disagreement: names that must be equal differ."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.contracts.contract import Contract
from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample, under
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule, under_contract

AGREE = Form("edit", "make them equal{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        hint = remedies.of_broken(facts, broken, AGREE)
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(
        sample,
        "the front matter of a component has no name",
        Contract(equal=("{stem}", "{front-matter.name}")),
        "+++\nid = 5\n+++\ntext",
    )


RULE = Rule(
    code="JG605",
    name="disagreement",
    severity="error",
    summary="names of a component that must be equal differ",
    why="`contract.equal` lists templates that expand to the same text, such as `{dir}`, the name "
    "of the directory, and `{front-matter.name}`. If a component is found by one name and shown "
    "by the other, people look for a component that seems not to exist. A field that an entry or "
    "the front matter does not have is reported, too.",
    fix="Change one of the names.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "---\nname: usher\n---\nYou welcome people.\n",
        },
        under_contract(equal=("{stem}", "{front-matter.name}")),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "components/personas/host.md": "---\nname: host\n---\nYou welcome people.\n",
        },
        under_contract(equal=("{stem}", "{front-matter.name}")),
    ),
    judge=_check,
    inject=_inject,
)
