"""JG201 missing-component: an entry names a file that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

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


def _judge(facts: Facts) -> Iterator[Series]:
    for goal_map in facts.shown:
        size = facts.comparison.missing.count(goal_map)
        yield Series(goal_map.path, RULE.severity, size, partial(_findings, facts, goal_map))


def _findings(facts: Facts, goal_map: GoalMap) -> Iterator[Finding]:
    for reference, position in facts.comparison.missing.placed(goal_map):
        candidate = facts.candidates.of(reference.path)
        yield RULE.at_position(
            goal_map,
            position,
            reference.entry.keys,
            f"{reference.path} is not in the tree",
            path=reference.path,
            hint=_hint(facts, reference, candidate),
            related=(candidate.path,) if candidate else (),
            fixable=True,
        )


def _hint(facts: Facts, reference: Reference, candidate: Candidate | None) -> str:
    on_disk = facts.trace(reference.path, held=False)
    if on_disk is not None:
        return on_disk
    component_type = reference.entry.component_type
    folder = facts.candidates.folder_of(component_type)
    if folder is not None:
        return (
            f"the folder {no_command(folder)} stands there unmapped; if it holds them, "
            f"configure types.{toml_key(component_type)}.directory = {toml_string(folder)}"
        )
    if candidate is None:
        in_git = facts.trace(reference.path, held=True)
        return in_git or "`jit-guard --fix` writes it; or correct the entry, or remove it"
    like = f"{no_command(candidate.path)} has {candidate.why}"
    if candidate.orphan:
        move = facts.move(candidate.path, reference.path)
        return f"{like} and no entry: is it this one? {move}"
    return f"{like}: is it this one? Then write it here"


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry names a file that is not there", sample.entry("jit_guard_selftest.txt")
    )


RULE = Rule(
    code="JG201",
    name="missing-component",
    severity="error",
    summary="an entry names a component that is not in the tree",
    why="The orchestrator will ask for this file in the middle of a run and find nothing. Usually "
    "the file was renamed, moved or deleted and the map was not told, or it was written on one "
    "machine and never committed. It is told once for every entry that names the file. The hint "
    "names the file that it most likely is: the same name with another suffix, in another folder "
    "or with other punctuation, the name of the goal, or a near name; where two files would do, "
    "it says nothing.",
    fix="Correct the entry, bring the file back, or let `jit-guard --fix` write it.",
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
    judge=_judge,
    inject=_inject,
    fixable=True,
)
