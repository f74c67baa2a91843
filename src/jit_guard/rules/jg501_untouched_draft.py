"""JG501 untouched-draft: a generated draft has not been edited."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import splitext

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, CannotInjectError, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.generated import mark
from jit_guard.text.names import GENERATED

WRITE = Form("edit", "write the component and remove its jit-guard:draft line{then}")
GENERATE = Form("command", "run `{command}` to have a model write it")
_DRAFT = "# Purpose\n\nTo be written: what this is for.\n"


def _check(facts: Facts) -> Iterator[Finding]:
    for path in facts.content.drafts:
        yield RULE.at_component(
            facts,
            path,
            f"{path} is still the generated draft",
            hint=_hint(facts, path),
            fixable=True,
        )


def _hint(facts: Facts, path: str) -> Hint:
    write = WRITE(then=facts.then(path))
    if facts.origin.kind != "worktree":
        return write
    reference = facts.first(path)
    fix = facts.fix(None if reference is None else reference.map, "--generator", "openai")
    return either(write, GENERATE(command=fix))


def _inject(sample: Sample) -> Breakage:
    name = "autogen_jit_guard_selftest.txt"
    path = sample.text_of(name)
    if not path.rpartition("/")[2].startswith(GENERATED):
        raise CannotInjectError(f"no entry names a file that starts with {GENERATED}")
    draft = {path: mark(_DRAFT, splitext(path)[1])}
    return Breakage("a generated draft is not edited", {**sample.entry(name), **draft})


RULE = Rule(
    code="JG501",
    name="untouched-draft",
    severity="error",
    summary="a generated draft has not been edited",
    why="Without a model, `jit-guard --fix` writes a draft: the outline of a component, with "
    "sections that are still to be written. A run that loads a draft gives the model no useful "
    "instructions. A draft carries the hash of its own text, so the first edit turns it into an "
    "ordinary component. Only files whose names start with `autogen_` are checked.",
    fix="Write the component, or let a model replace the draft.",
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
    judge=_check,
    inject=_inject,
)
