"""JG601 front-matter: a component has no front matter, or it violates its schema."""

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

CORRECT = Form("edit", "make the front matter satisfy {schema}{then}")
_SCHEMA = "jit_guard_selftest.schema.json"


def _check(facts: Facts) -> Iterator[Finding]:
    for broken in facts.broken(RULE.code):
        schema = facts.contract(broken.reference).front_matter or ""
        hint = remedies.of_broken(facts, broken, CORRECT, schema=no_command(schema))
        yield RULE.in_component(broken, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return under(
        sample,
        "a component has no front matter",
        Contract(front_matter=_SCHEMA),
        "text",
        {_SCHEMA: "true"},
    )


RULE = Rule(
    code="JG601",
    name="front-matter",
    severity="error",
    summary="a component has no front matter, or it violates its schema",
    why="`contract.front-matter` names a JSON Schema for the front matter: the YAML between two "
    "lines `---` at the start of a text, or TOML between two lines `+++`. Programs that choose "
    "components by their front matter skip one without it, or with a field of another type, in "
    "silence. YAML is read as version 1.2, in which `no` and a date are texts. Line and column "
    "are in the component.",
    fix="Correct the front matter, or the schema.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "persona.schema.json": '{"required": ["name"]}\n',
            "components/personas/host.md": "---\ntitle: Host\n---\nYou welcome people.\n",
        },
        under_contract(front_matter="persona.schema.json"),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.md"}}\n',
            "persona.schema.json": '{"required": ["name"]}\n',
            "components/personas/host.md": "---\nname: host\n---\nYou welcome people.\n",
        },
        under_contract(front_matter="persona.schema.json"),
    ),
    judge=_check,
    inject=_inject,
)
