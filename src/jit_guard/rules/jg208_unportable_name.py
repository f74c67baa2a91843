"""JG208 unportable-name: a name that Windows or macOS cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for path, reason in facts.names.unportable:
        yield RULE.at_component(
            facts, path, f"{path}: {reason}", hint="rename it, in the tree and in the map"
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage("an entry names a file that Windows cannot hold", sample.entry("aux.txt"))


RULE = Rule(
    code="JG208",
    name="unportable-name",
    severity="warning",
    summary="a name that Windows or macOS cannot hold",
    why="A repository with such a name cannot be checked out on every system: git on Windows stops "
    "at `svelte:a11y.md` or `aux.txt`, and a trailing dot is dropped without a word, so that the "
    "name no longer matches the map.",
    fix="Rename the file, in the tree and in the map: letters, digits, `_`, `-` and `.` are safe.",
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
    judge=_judge,
    inject=_inject,
)
