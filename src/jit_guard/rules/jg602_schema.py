"""JG602 schema: a component that is JSON, YAML or TOML violates its schema."""

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

CORRECT = Form("edit", "make it satisfy {schema}{then}")
_SCHEMA = "jit_guard_selftest.schema.json"


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        schema = facts.contract(broken.reference).schema or ""
        hint = remedies.of_broken(facts, broken, CORRECT, schema=no_command(schema))
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(
        sample,
        "a component violates its schema",
        Contract(schema=_SCHEMA),
        "[]",
        {_SCHEMA: "false"},
        suffix=".json",
    )


RULE = Rule(
    code="JG602",
    name="schema",
    severity="error",
    summary="a component that is JSON, YAML or TOML violates its schema",
    why="`contract.schema` names a JSON Schema for components that are data; the suffix says in "
    "which syntax. A component that a program cannot read fails in the middle of a run. Results "
    "and messages come from the `jsonschema` package. The draft is 2020-12, unless the schema "
    "names another one. Line and column are in the component.",
    fix="Correct the component, or the schema.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.json"}}\n',
            "persona.schema.json": '{"properties": {"tone": {"type": "string"}}}\n',
            "components/personas/host.json": '{"tone": 5}\n',
        },
        under_contract(schema="persona.schema.json"),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.json"}}\n',
            "persona.schema.json": '{"properties": {"tone": {"type": "string"}}}\n',
            "components/personas/host.json": '{"tone": "warm"}\n',
        },
        under_contract(schema="persona.schema.json"),
    ),
    judge=_check,
    inject=_inject,
)
