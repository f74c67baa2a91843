"""JG201 missing-component: an entry names a file that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from jit_guard.comparison.explanation import git_explains
from jit_guard.comparison.renames import Candidate
from jit_guard.comparison.result import Reference
from jit_guard.config import toml_key, toml_string
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.rules.series import Series
from jit_guard.text.shell import no_command

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry


def _check(facts: Facts) -> Iterator[Series]:
    for goal_map in facts.shown:
        size = facts.comparison.missing.count(goal_map)
        yield Series(goal_map.path, RULE.severity, size, partial(_findings, facts, goal_map))


def _findings(facts: Facts, goal_map: GoalMap | Registry) -> Iterator[Finding]:
    for reference, position in facts.comparison.missing.placed(goal_map):
        candidate = facts.candidates.of(reference.path)
        yield RULE.at_position(
            goal_map,
            position,
            reference.entry.keys,
            facts.absence(reference.path),
            path=reference.path,
            hint=_hint(facts, reference, candidate),
            related=(candidate.path,) if candidate else (),
            fixable=isinstance(goal_map, GoalMap),
        )


def _hint(facts: Facts, reference: Reference, candidate: Candidate | None) -> str:
    on_disk = facts.trace(reference.path, held=False)
    if on_disk is not None:
        return on_disk
    component_type = reference.entry.component_type
    directory = facts.candidates.directory_of(component_type) if component_type else None
    if directory is not None:
        return (
            f"no component type uses the directory {no_command(directory)}; if it has these files, "
            f"set types.{toml_key(component_type)}.directory = {toml_string(directory)}"
        )
    if git_explains(facts.traces.get(reference.path), candidate):
        in_git = facts.trace(reference.path, held=True)
        if in_git is not None:
            return in_git
    if candidate is None:
        generate = "run `jit-guard --fix` to generate it, or " if component_type else ""
        return f"{generate}correct or remove the entry"
    question = f"did you mean {no_command(candidate.path)} ({candidate.why})?"
    if candidate.orphan:
        move = facts.move(candidate.path, reference.path)
        return f"{question} {move}"
    return f"{question} Change the entry"


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry names a file that does not exist", sample.entry("jit_guard_selftest.txt")
    )


RULE = Rule(
    code="JG201",
    name="missing-component",
    severity="error",
    summary="an entry names a component that does not exist",
    why="The orchestrator will request this file in the middle of a run and not find it. Usually "
    "the file was renamed, moved or deleted without updating the map, or it was created on one "
    "machine and never committed. Every entry that names the file gets a finding of its own. The "
    "hint suggests the file that was most likely meant: one with the same name but another "
    "suffix, directory or punctuation, one named after the goal, or one with a similar name. If "
    "two files fit equally well, the hint suggests neither.",
    fix="Correct the entry, restore the file, or run `jit-guard --fix` to generate it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/.gitkeep": "",
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
    fixable=True,
)
