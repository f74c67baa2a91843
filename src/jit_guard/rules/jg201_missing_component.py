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
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.remedies import of_pair, state
from jit_guard.rules.rule import Example, Rule
from jit_guard.rules.series import Series
from jit_guard.text.shell import no_command

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry

DID_YOU_MEAN = Form("context", "did you mean {path} ({why})?")
SET_DIRECTORY = Form(
    "edit",
    "no component type uses the directory {directory}; if it has these files, set "
    "types.{component_type}.directory = {value}{then}",
)
RESTORE = Form("command", "restore it with `{command}`")
UNSTAGED = Form("command", "the map on disk no longer has this entry; run `{command}`")
GENERATE = Form("command", "run `{command}` to generate it")
GENERATE_AND_STAGE = Form("command", "run `{command}` to generate it and stage what it writes")
ADD_FILE = Form("edit", "add the file{then}")
ADD_DIRECTORY = Form("edit", "add the directory{then}")
CORRECT = Form("edit", "correct or remove the entry{then}")


_IN_GIT = ("deleted", "sparse", "conflict", "submodule", "gone")


def _check(facts: Facts) -> Iterator[Series]:
    for goal_map in facts.shown:
        size = facts.comparison.missing.count(goal_map)
        yield Series(
            goal_map.path, RULE.code, RULE.severity, size, partial(_findings, facts, goal_map)
        )


def _findings(facts: Facts, goal_map: GoalMap | Registry) -> Iterator[Finding]:
    usual: dict[str, Hint] = {}  # component type -> hint, where nothing is known about the file
    for reference, position in facts.comparison.missing.placed(goal_map):
        candidate = facts.candidates.of(reference.path)
        yield RULE.at_position(
            goal_map,
            position,
            reference.entry.keys,
            facts.absence(reference.path),
            path=reference.path,
            hint=_hint(facts, reference, candidate) or _usual(facts, reference, usual),
            related=(candidate.path,) if candidate else (),
            fixable=True,
        )


def _hint(facts: Facts, reference: Reference, candidate: Candidate | None) -> Hint | None:
    trace = facts.traces.get(reference.path)
    if not facts.on_disk(reference):
        return UNSTAGED(command=facts.shell.git(["add"], [reference.map.path]))
    if trace is not None and trace.kind not in _IN_GIT:
        together = [reference.path, reference.map.path]
        commit = facts.shell.git(["commit"], together) if trace.kind == "staged" else None
        return state(trace, commit)
    component_type = reference.entry.component_type
    directory = facts.candidates.directory_of(component_type) if component_type else None
    if directory is not None:
        return SET_DIRECTORY(
            directory=no_command(directory),
            component_type=toml_key(component_type),
            value=toml_string(directory),
            then=facts.then_stage(),
        )
    if trace is not None and git_explains(trace, candidate):
        return state(trace)
    alternatives = [] if candidate is None else list(of_pair(facts, reference, candidate))
    if candidate is not None and alternatives:
        if trace is not None and trace.command and not candidate.certain:
            alternatives.append(RESTORE(command=trace.command))
        question = DID_YOU_MEAN(path=no_command(candidate.path), why=no_command(candidate.why))
        return either(*alternatives, context=question)
    return None if trace is None else state(trace)


def _usual(facts: Facts, reference: Reference, known: dict[str, Hint]) -> Hint:
    """Return what to do if nothing shows where the file is; made once for a component type."""
    component_type = reference.entry.component_type
    if component_type in known:
        return known[component_type]
    correct = CORRECT(then=facts.then(reference.map.path))
    if _is_generated(facts, reference):
        generate = GENERATE if facts.origin.kind == "worktree" else GENERATE_AND_STAGE
        usual = either(generate(command=facts.fix(reference.map)), correct)
        if component_type:
            known[component_type] = usual
        return usual
    add = ADD_DIRECTORY if reference.path.endswith("/") else ADD_FILE
    return either(add(then=facts.then(reference.path)), correct)


def _is_generated(facts: Facts, reference: Reference) -> bool:
    """Return whether `jit-guard --fix` generates the file."""
    if isinstance(reference.map, GoalMap):
        text = facts.settings.is_text(reference.entry.component_type)
    else:
        text = reference.map.table.text and not reference.path.endswith("/")
    return text and facts.origin.kind in ("worktree", "index")


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        f"an entry names a {sample.noun} that does not exist",
        {**sample.entry("jit_guard_selftest.txt"), sample.path("jit_guard_selftest.txt"): None},
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
)
