"""JG207 not-text: a component is not valid UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.config import toml_key
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, either
from jit_guard.rules.rule import Example, Rule

SAVE = Form("edit", "save it as UTF-8{then}")
NOT_TEXT = Form("edit", "set types.{component_type}.text = false if this type is not text{then}")
NONE_TEXT = Form("edit", "set text = false in the registry if its files are not text{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for path, offset in facts.content.not_text:
        reference = facts.first(path)
        alternatives = [SAVE(then=facts.then(path))]
        then = facts.then_stage()
        if reference is not None and isinstance(reference.map, GoalMap):
            component_type = toml_key(reference.entry.component_type)
            alternatives.append(NOT_TEXT(component_type=component_type, then=then))
        elif reference is not None:
            alternatives.append(NONE_TEXT(then=then))
        yield RULE.at_component(
            facts,
            path,
            f"{path} is not valid UTF-8 (byte {offset})",
            hint=either(*alternatives),
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "a component is not valid UTF-8",
        {
            **sample.entry("jit_guard_selftest.txt"),
            sample.text_of("jit_guard_selftest.txt"): b"\xff",
        },
    )


RULE = Rule(
    code="JG207",
    name="not-text",
    severity="error",
    summary="a component is not valid UTF-8",
    why="Prompts are sent as UTF-8. A file in another encoding raises an error in the middle of a "
    "run, or reaches the model garbled. For component types that are not text, such as images or "
    "archives, `types.X.text = false` turns the rule off, and so does `text = false` in a "
    "registry.",
    fix="Save the file as UTF-8, or set `types.X.text = false` (`text = false` in a registry).",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": b"Bienvenue \xe0 tous.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "Bienvenue \u00e0 tous.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
