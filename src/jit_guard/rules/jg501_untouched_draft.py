"""JG501 untouched-draft: a scaffold that nobody has written yet."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.generated import mark

_DRAFT = "# Purpose\n\nTo be written: what this is for.\n"


def _judge(facts: Facts) -> Iterator[Finding]:
    for path in facts.content.drafts:
        yield RULE.at_component(
            facts,
            path,
            f"{path} is a draft that nobody has written yet",
            hint="write it and take the line with jit-guard:draft away, or have a model write it: "
            "`jit-guard --fix --generator openai`",
            fixable=True,
        )


def _inject(sample: Sample) -> Breakage:
    name = "autogen_jit_guard_selftest.txt"
    draft = {sample.path(name): mark(_DRAFT, ".txt")}
    return Breakage("a draft is left as it was generated", {**sample.entry(name), **draft})


RULE = Rule(
    code="JG501",
    name="untouched-draft",
    severity="error",
    summary="a scaffold that nobody has written yet",
    why="`jit-guard --fix` without a model writes a draft: the shape of a component, with its "
    "sections still to be written. A run that loads one tells the model to do nothing in "
    "particular. A draft carries the hash of its own text, so the first edit ends it; only files "
    "whose name starts with `autogen_` are looked at.",
    fix="Write the component, or let a real generator replace the draft.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "autogen_persona_for_greet.txt"}}\n',
            "components/personas/autogen_persona_for_greet.txt": mark(_DRAFT, ".txt"),
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "autogen_persona_for_greet.txt"}}\n',
            "components/personas/autogen_persona_for_greet.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
