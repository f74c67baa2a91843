"""Offers: what the check suggests for a missing component, and the user decides.

The reason of an offer has both commands, one for each decision, for a run without a terminal.
"""

from __future__ import annotations

from jit_guard.comparison.explanation import Explanation
from jit_guard.comparison.renames import Candidate
from jit_guard.comparison.result import Reference
from jit_guard.config import toml_key, toml_string
from jit_guard.errors import UnreadableError
from jit_guard.fixing import interaction
from jit_guard.fixing.interaction import Turn
from jit_guard.fixing.steps import Generate, Leave, Offer, Relink, Restore, left
from jit_guard.registry.goal_map import Entry
from jit_guard.sources.answers import GitState
from jit_guard.text.names import join
from jit_guard.text.shell import no_command


def offer(
    explanation: Explanation,
    first: Reference,
    decline: Generate | Leave,
    relink: Relink | None,
    restore: Restore | Leave | None,
    hindrance: str = "",
) -> Offer | None:
    """Return the offer of what the check suggests for a missing component; None if nothing.

    Args:
        explanation: of the missing components, as the check reports it.
        first: the first entry that names this one.
        decline: the step if a new text is wanted.
        relink: the step that sets the entries to the candidate, if they can name it.
        restore: the step that restores the file from the last commit, if it has it.
        hindrance: why the entries cannot be set to the candidate, if that is not its directory.
    """
    entry = first.entry
    component_type = entry.component_type
    directory = explanation.candidates.directory_of(component_type)
    candidate = explanation.candidates.of(first.path)
    state = explanation.traces.get(first.path)
    accept: Relink | Restore | None = None
    if directory is not None:
        found, why = join(explanation.comparison.top, directory), "no type uses this directory"
        reason = _directory(component_type, found, directory)
    elif candidate is not None:
        accept, found, why = relink, candidate.path, candidate.why
        reason = _candidate(explanation, first.path, candidate, named=relink is not None)
        reason = f"{reason} ({hindrance})" if hindrance else reason
    elif state is not None:
        accept = restore if isinstance(restore, Restore) else None
        found, why = first.path, state.why
        reason = _removed(state, restore)
    else:
        return None
    return Offer(
        entry.goal,
        entry.component_type,
        entry.filename,
        found,
        why,
        accept,
        decline,
        f"{reason}, or {_anyway(explanation)}" if isinstance(decline, Generate) else reason,
        left(first, "").located,
    )


def without_git(
    explanation: Explanation,
    first: Reference,
    decline: Generate | Leave,
    error: UnreadableError,
) -> Offer:
    """Return the offer for a missing component that git may have, although it fails to say so."""
    entry = first.entry
    reason = f"git cannot say whether it has the file ({no_command(str(error))}); fix that"
    reason = f"{reason}, or {_anyway(explanation)}"
    names = entry.goal, entry.component_type, entry.filename
    return Offer(*names, first.path, "", None, decline, reason, left(first, "").located)


def question(offered: Offer, turn: Turn) -> interaction.Offer:
    """Return an offer as the question to the user; it has commands only if no key does the same."""
    accept: interaction.Accept | None = None
    reason = offered.reason
    if offered.accept is not None:
        accept, reason = "relink" if isinstance(offered.accept, Relink) else "restore", ""
    goal = offered.goal if offered.located is None else offered.located.words
    entry = Entry(goal, offered.component_type, offered.filename)
    return interaction.Offer(
        entry, offered.component, offered.found, offered.why, turn, accept, reason
    )


def _directory(component_type: str, found: str, directory: str) -> str:
    line = f"types.{toml_key(component_type)}.directory = {toml_string(directory)}"
    return f"no component type uses the directory {no_command(found)}; set {line} to use it"


def _candidate(explanation: Explanation, missing: str, candidate: Candidate, *, named: bool) -> str:
    kind = "directory" if missing.endswith("/") else "file"
    what = f"{no_command(candidate.path)} may be the {kind} ({no_command(candidate.why)})"
    if candidate.component_type is not None:
        return f"{what}; rename the component type to {no_command(candidate.component_type)}"
    if named:
        command = explanation.shell.jit_guard("--fix", "--relink")
        return f"{what}; run `{command}` to set the entry to it"
    if candidate.orphan:
        return f"{what}; run `{_move(explanation, candidate.path, missing)}` to move it"
    return f"{what}; change the entry"


def _removed(state: GitState, restore: Restore | Leave | None) -> str:
    if isinstance(restore, Leave):
        return restore.reason
    return f"it {state.why}; run `{state.command}` to restore it"


def _move(explanation: Explanation, orphan: str, missing: str) -> str:
    orphan, missing = orphan.rstrip("/"), missing.rstrip("/")
    directory = missing.rpartition("/")[0]
    if not directory or directory in explanation.comparison.directories:
        return explanation.shell.run(["mv", "--", orphan, missing])
    return explanation.shell.run(["mkdir", "-p", "--", directory], ["mv", "--", orphan, missing])


def _anyway(explanation: Explanation) -> str:
    command = explanation.shell.jit_guard("--fix", "--generate-anyway")
    return f"run `{command}` to generate a new text"
