"""JG208 unportable-name: a file name is not allowed on Windows or macOS."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint
from jit_guard.rules.rule import Example, Rule

RENAME = Form("edit", "rename the file and update the map{then}")
RENAME_ORPHAN = Form("edit", "rename the file{then}")
NAME_PORTABLY = Form("edit", "use another name in the entry{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for path, reason in facts.names.unportable:
        yield RULE.at_component(
            facts,
            path,
            f"{path} is not portable: the name {reason}",
            hint=_hint(facts, path),
        )


def _hint(facts: Facts, path: str) -> Hint:
    reference = facts.first(path)
    if reference is None:
        return RENAME_ORPHAN(then=facts.then_stage())
    component_type, filename = reference.entry.component_type, reference.entry.filename
    if filename in facts.comparison.missing.absent.get(component_type, ()):
        return NAME_PORTABLY(then=facts.then(reference.map.path))
    return RENAME(then=facts.then_stage())


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        f"an entry names a {sample.noun} that Windows does not allow", sample.unportable()
    )


RULE = Rule(
    code="JG208",
    name="unportable-name",
    severity="warning",
    summary="a file name is not allowed on Windows or macOS",
    why="A repository with such a name cannot be checked out on every system. Git on Windows "
    "stops at `svelte:a11y.md` or `aux.txt`, and a trailing dot is dropped silently, so the name "
    "no longer matches the map.",
    fix="Rename the file and update the map. Letters, digits, `_`, `-` and `.` are safe.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host:warm.txt"}}\n',
            "components/personas/host:warm.txt": "You welcome people.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host-warm.txt"}}\n',
            "components/personas/host-warm.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
