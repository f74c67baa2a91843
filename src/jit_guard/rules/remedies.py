"""Alternatives of hints that several rules share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_guard.comparison.renames import Candidate
from jit_guard.comparison.result import Reference
from jit_guard.config import toml_string
from jit_guard.registry.goal_map import GoalMap
from jit_guard.rules.facts import Facts
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.sources.answers import GitState
from jit_guard.text.names import unsafe_filename
from jit_guard.text.shell import no_command

if TYPE_CHECKING:
    from jit_guard.comparison.contracts import Broken

_LARGE = 100_000  # characters of a registry

STATE = Form("command", "{why}; run: `{command}`")
STATE_ONLY = Form("context", "{why}")

CHANGE_ENTRY = Form("edit", "change the entry to {value}{then}")
NAME_IT = Form("edit", "change the entry so that it names {path}{then}")
NAME_IT_IN = Form("edit", "change an entry of {map} so that it names it{then}")
CHANGE_ENTRY_OF = Form("edit", "change the entry {entry} to {value}{then}")
RENAME_TYPE = Form("edit", "rename the component type to {value}{then}")
RENAME_TYPE_OF = Form("edit", "rename the component type of the entry {entry} to {value}{then}")
RELINK = Form("command", "run `{command}` to set the entry to it")
RELINK_OF = Form("command", "run `{command}` to set the entry {entry} to it")
MOVE = Form("command", "move the {kind} with `{command}`")
UNTRACK = Form("command", "remove it from git with `{command}`")
REMOVE_FILE = Form("edit", "remove the {what}{then}")
CHANGE_CONTRACT = Form("edit", "change {contract} in the configuration{then}")


def state(found: GitState, command: str | None = None) -> Hint:
    """Return what git has instead of a file, with the command that fixes it if there is one."""
    run = found.command if command is None else command
    why = no_command(found.why)
    return STATE(why=why, command=run) if run else STATE_ONLY(why=why)


def of_pair(facts: Facts, reference: Reference, candidate: Candidate) -> Iterator[Hint]:
    """Yield what to do if the candidate is the missing component that an entry names."""
    if not isinstance(reference.map, GoalMap):
        if is_fixed(facts, candidate) and can_be_set(reference, candidate.path):
            yield RELINK(command=facts.fix(reference.map))
        else:
            yield NAME_IT(path=no_command(candidate.path), then=facts.then(reference.map.path))
        if candidate.orphan:
            yield from move(facts, candidate.path, reference.path)
        return
    if candidate.component_type is not None:
        if means_other_type(reference, candidate):
            yield RENAME_TYPE(
                value=string(candidate.component_type), then=facts.then(reference.map.path)
            )
        return
    value = value_for(facts, reference, facts.spelled(candidate.path))
    if value is not None and is_fixed(facts, candidate):
        yield RELINK(command=facts.fix(reference.map))
    elif value is not None:
        yield CHANGE_ENTRY(value=value, then=facts.then(reference.map.path))
    if candidate.orphan:
        yield from move(facts, candidate.path, reference.path)


def of_orphan(facts: Facts, candidate: Candidate, missing: str) -> Iterator[Hint]:
    """Yield what to do about an orphan that is the candidate for a missing component."""
    reference = facts.first(missing)
    if reference is not None and not isinstance(reference.map, GoalMap):
        then = facts.then(reference.map.path)
        if is_fixed(facts, candidate) and can_be_set(reference, candidate.path):
            words = no_command(reference.map.described(reference.entry.keys)[0])
            yield RELINK_OF(entry=words, command=facts.fix(reference.map))
        else:
            yield NAME_IT_IN(map=no_command(reference.map.path), then=then)
    elif reference is not None:
        entry = no_command(f"{reference.entry.goal}/{reference.entry.component_type}")
        then = facts.then(reference.map.path)
        if candidate.component_type is not None:
            yield RENAME_TYPE_OF(entry=entry, value=string(candidate.component_type), then=then)
            return
        value = value_for(facts, reference, facts.spelled(candidate.path))
        if value is not None and is_fixed(facts, candidate):
            yield RELINK_OF(entry=entry, command=facts.fix(reference.map))
        elif value is not None:
            yield CHANGE_ENTRY_OF(entry=entry, value=value, then=then)
    yield from move(facts, candidate.path, missing)


def means_other_type(reference: Reference, candidate: Candidate) -> bool:
    """Return whether the component type of an entry can be renamed to that of a candidate."""
    goals = reference.map.goals if isinstance(reference.map, GoalMap) else {}
    return candidate.component_type not in goals.get(reference.entry.goal, {})


def is_fixed(facts: Facts, candidate: Candidate) -> bool:
    """Return whether `jit-guard --fix` relinks the entries of a missing file to its candidate."""
    return candidate.certain and facts.origin.kind == "worktree"


def can_be_set(reference: Reference, path: str) -> bool:
    """Return whether `jit-guard --fix` can set an entry of a registry to a path.

    That is not known of a large registry, for which every attempt would take time.
    """
    from jit_guard.registry.edit import Edit, EditError, splice
    from jit_guard.registry.registry import Registry, RegistryEntry
    from jit_guard.registry.renaming import CannotNameError
    from jit_guard.registry.renaming import value_for as value_in

    registry, entry, _ = reference
    if not isinstance(registry, Registry) or len(registry.text) > _LARGE:
        return False
    assert isinstance(entry, RegistryEntry)
    try:
        new = value_in(registry, entry, path, lambda one: one.shown == path)
        edit = Edit(entry.keys, registry.context_of(entry.keys).value, new)
        splice(registry.text.encode(), [edit], registry.syntax)
    except (CannotNameError, EditError):
        return False
    return True


def value_for(facts: Facts, reference: Reference, path: str) -> str | None:
    """Return the value, in JSON, with which an entry names a path; None if none does."""
    base = facts.settings.path(reference.entry.component_type)
    if base and not path.startswith(f"{base}/"):
        return None
    filename = path[len(base) + 1 :] if base else path
    return None if unsafe_filename(filename) else string(filename)


def of_broken(facts: Facts, broken: Broken, remedy: Form, **fields: str) -> Hint:
    """Return a hint to change the component, with a form that has `{then}`, or its contract."""
    then = facts.then(broken.violation.needed or broken.violation.path)
    contract = no_command(facts.contract_name(broken.reference))
    return either(
        remedy(then=then, **fields), CHANGE_CONTRACT(contract=contract, then=facts.then_stage())
    )


def move(facts: Facts, source: str, target: str) -> Iterator[Hint]:
    """Yield the command that moves a file; none in a revision, where no command can."""
    if facts.origin.kind not in ("worktree", "index"):
        return
    in_git = facts.origin.kind == "index" or source in facts.tracked
    commands = [[*(["git"] if in_git else []), "mv", "--", source, target]]
    kind = "directory" if source.endswith("/") else "file"
    source, target = source.rstrip("/"), target.rstrip("/")
    parent = target.rpartition("/")[0]
    if parent and parent not in facts.comparison.directories:
        if _below_a_file(facts, parent):
            return
        commands = [["mkdir", "-p", "--", parent], *commands]
    yield MOVE(kind=kind, command=facts.shell.run(*commands))


def _below_a_file(facts: Facts, path: str) -> bool:
    directories = facts.comparison.directories
    while path and path not in directories:
        path, _, name = path.rpartition("/")
        if path in directories and name in directories[path].files:
            return True
    return False


def string(text: str) -> str:
    """Return a text as a JSON string, without a backtick."""
    return toml_string(text)
