"""JG206 empty-component: a component has no text in it."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for paths, what in (
        (facts.content.empty, "is empty (0 bytes)"),
        (facts.content.blank, "holds nothing but white space"),
    ):
        for path in paths:
            yield RULE.at_component(
                facts, path, f"{path} {what}", hint="write it, or remove the file and its entry"
            )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "a component is empty",
        {**sample.entry("jit_guard_selftest.txt"), sample.path("jit_guard_selftest.txt"): ""},
    )


RULE = Rule(
    code="JG206",
    name="empty-component",
    severity="error",
    summary="a component is empty, or holds nothing but white space",
    why="An empty prompt is not an error to a model: it answers, without the behaviour that the "
    "component was there for. Empty files come from a crash while writing, from `touch`, and from "
    "a full disk. A file of white space is found by the content pass (off when JG207 and JG501 "
    "are both deselected).",
    fix="Write the component, or remove the file and let `jit-guard --fix` write it.",
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
    judge=_judge,
    inject=_inject,
)
