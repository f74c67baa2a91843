"""JG204 not-a-file: an entry leads to a directory, a device, a FIFO or a broken link."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for reference, place in facts.comparison.not_files:
        if place.kind == "broken":
            what = f"a broken link ({place.links[-1]})" if place.links else "a broken link"
        else:
            what = "a directory" if place.kind == "folder" else f"a {place.what}"
        yield RULE.at_entry(
            reference,
            f"{reference.path} is {what}, not a file",
            hint="name a file, or put one in its place",
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry names a folder",
        {**sample.entry("jit_guard_selftest"), sample.path("jit_guard_selftest/a.txt"): "text"},
    )


RULE = Rule(
    code="JG204",
    name="not-a-file",
    severity="error",
    summary="an entry leads to a directory, a device, a FIFO or a broken link",
    why="Something is there, so a careless check passes; but it cannot be read as a component, and "
    "a FIFO or a device can hang the run that tries.",
    fix="Name a file in the entry, mend the link, or put a file in its place.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host"}}\n',
            "components/personas/host/.gitkeep": "",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host/warm.txt"}}\n',
            "components/personas/host/warm.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
