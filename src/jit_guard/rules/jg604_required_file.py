"""JG604 required-file: a file that a component must have does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.contracts.contract import Contract
from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample, under
from jit_guard.rules.hint import Form
from jit_guard.rules.rule import Example, Rule, under_contract
from jit_guard.text.shell import no_command

ADD = Form("edit", "add {path}{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        needed = broken.violation.needed or ""
        hint = remedies.of_broken(facts, broken, ADD, path=no_command(needed))
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(
        sample,
        "a required file of a component does not exist",
        Contract(requires=("jit_guard_selftest.required",)),
        "text",
    )


RULE = Rule(
    code="JG604",
    name="required-file",
    severity="error",
    summary="a file that a component must have does not exist",
    why="`contract.requires` lists files below the directory of a component: the directory that "
    "an entry names, or the one that contains the file that it names. A directory without its "
    "main file is loaded as nothing. Names must match in case, so that they also do on other "
    "systems. Line and column are those of the entry.",
    fix="Add the file.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host/text.md"}}\n',
            "components/personas/host/text.md": "You welcome people.\n",
        },
        under_contract(requires=("README.md",)),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host/text.md"}}\n',
            "components/personas/host/text.md": "You welcome people.\n",
            "components/personas/host/README.md": "Who the host is.\n",
        },
        under_contract(requires=("README.md",)),
    ),
    judge=_check,
    inject=_inject,
)
