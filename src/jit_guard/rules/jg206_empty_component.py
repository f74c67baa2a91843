"""JG206 empty-component: a component is empty, or contains only whitespace."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.rule import Example, Rule

WRITE = Form("edit", "write the component{then}")
REMOVE_BOTH = Form("edit", "remove the file and every entry that names it{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for paths, what in (
        (facts.content.empty, "is empty (0 bytes)"),
        (facts.content.blank, "contains only whitespace"),
    ):
        for path in paths:
            yield RULE.at_component(
                facts,
                path,
                f"{path} {what}",
                hint=_hint(facts, path),
            )


def _hint(facts: Facts, path: str) -> Hint:
    reference = facts.first(path)
    also = (reference.map.path,) if reference is not None else ()
    return either(WRITE(then=facts.then(path)), REMOVE_BOTH(then=facts.then(path, *also)))


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "a component is empty",
        {**sample.entry("jit_guard_selftest.txt"), sample.component("jit_guard_selftest.txt"): ""},
    )


RULE = Rule(
    code="JG206",
    name="empty-component",
    severity="error",
    summary="a component is empty, or contains only whitespace",
    why="A model does not fail on an empty prompt: it answers, but without the behaviour that the "
    "component was meant to add. Empty files come from a crash during a write, from `touch`, and "
    "from a full disk. Files with only whitespace are found while contents are read, which is off "
    "when JG207 and JG501 are both deselected.",
    fix="Write the component, or remove the file and run `jit-guard --fix` to generate it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
