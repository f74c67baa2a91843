"""JG202 case-mismatch: the file exists, but in another case or Unicode normalization."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.comparison.result import Misplaced, Reference
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.remedies import (
    CHANGE_ENTRY,
    NAME_IT,
    RENAME_TYPE,
    can_be_set,
    string,
    value_for,
)
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.names import fold, join
from jit_guard.text.shell import no_command

CORRECT = Form("command", "run `{command}` to correct the entry")
RENAME_DIRECTORY = Form("command", "rename the directory with `{command}`")
RENAME_IN_REVISION = Form("edit", "rename the directory{then}")
KEEP_ONE = Form("edit", "keep one of the two entries, with the component type {value}{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for reference, place in facts.comparison.misspelled:
        same_letters = place.spelled.lower() == reference.path.lower()
        what = "case" if same_letters else "Unicode normalization"
        yield RULE.at_entry(
            reference,
            f"{reference.path} exists only as {place.spelled}, which differs in {what}",
            hint=either(*_alternatives(facts, Misplaced(reference, place))),
            fixable=_can_be_corrected(facts, reference, place.spelled),
            related=(place.spelled,),
        )


def _alternatives(facts: Facts, misplaced: Misplaced) -> Iterator[Hint]:
    reference, place = misplaced
    if not isinstance(reference.map, GoalMap):
        if facts.origin.kind == "worktree" and _can_be_corrected(facts, reference, place.spelled):
            yield CORRECT(command=facts.fix(reference.map))
        yield NAME_IT(path=no_command(place.spelled), then=facts.then(reference.map.path))
        return
    value = value_for(facts, reference, place.spelled)
    if value is not None:
        if facts.origin.kind == "worktree" and not _is_ambiguous(facts, place.spelled):
            yield CORRECT(command=facts.fix(reference.map))
        yield CHANGE_ENTRY(value=value, then=facts.then(reference.map.path))
        return
    other = _type_of(facts, misplaced)
    if other is not None:
        taken = other in reference.map.goals[reference.entry.goal]
        form = KEEP_ONE if taken else RENAME_TYPE
        yield form(value=string(other), then=facts.then(reference.map.path))
    elif facts.origin.kind in ("worktree", "index"):
        in_git = facts.origin.kind == "index" or place.spelled in facts.tracked
        command = facts.shell.run(*_renames(place.spelled, reference.path, in_git=in_git))
        yield RENAME_DIRECTORY(command=command)
    else:
        yield RENAME_IN_REVISION(then=facts.then())


def _can_be_corrected(facts: Facts, reference: Reference, path: str) -> bool:
    """Return whether a fix sets the entry to the name that exists."""
    if _is_ambiguous(facts, path):
        return False
    if not isinstance(reference.map, GoalMap):
        return can_be_set(reference, path)
    return value_for(facts, reference, path) is not None


def _is_ambiguous(facts: Facts, path: str) -> bool:
    """Return whether several names differ from one in the path only in case."""
    while path:
        path, _, name = path.rpartition("/")
        listing = facts.comparison.directories.get(path)
        if listing is not None:
            names = (*listing.files, *listing.directories, *listing.links, *listing.others)
            if sum(fold(one) == fold(name) for one in names) > 1:
                return True
    return False


def _type_of(facts: Facts, misplaced: Misplaced) -> str | None:
    """Return the component type that an entry means if its own differs from it only in case."""
    reference, place = misplaced
    meant = fold(reference.entry.component_type)
    for other in dict.fromkeys(one for goal_map in facts.maps for one in goal_map.columns):
        if fold(other) == meant and place.spelled.startswith(f"{facts.settings.path(other)}/"):
            return other
    return None


def _renames(spelled: str, wanted: str, *, in_git: bool) -> Iterator[list[str]]:
    """Yield the commands that rename every directory on a path, from the top down."""
    done = ""
    for old, new in zip(spelled.split("/"), wanted.split("/"), strict=True):
        if old != new:
            yield [*(["git"] if in_git else []), "mv", "--", join(done, old), join(done, new)]
        done = join(done, new)


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        f"an entry names a {sample.noun} in another case",
        {
            **sample.entry("jit_guard_selftest.txt"),
            sample.path("jit_guard_selftest.txt"): None,
            sample.path("Jit_Guard_Selftest.txt"): "text",
        },
    )


RULE = Rule(
    code="JG202",
    name="case-mismatch",
    severity="error",
    summary="the file exists, but in another case or Unicode normalization",
    why="macOS and Windows open `Host.txt` when asked for `host.txt`, but Linux does not. Such an "
    "entry works on a laptop and breaks in CI or in production. The same applies to accented "
    "letters, which can be encoded as one character or as two. The rule compares the entry with "
    "the names in the directory listing and never opens the file, so it finds the problem on "
    "every system.",
    fix="Correct the entry (`jit-guard --fix` does this), or rename the file with `git mv`.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/Host.txt": "You welcome people.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "Host.txt"}}\n',
            "components/personas/Host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
