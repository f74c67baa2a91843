"""The part of a fix that adds entries for orphans: `--fix --adopt`."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.check import check
from jit_guard.commit.transaction import commit
from jit_guard.errors import UsageError
from jit_guard.fixing.adoption import Adoption, NewEntry, Unclear, propose_all
from jit_guard.fixing.job import Job
from jit_guard.fixing.session import Tally
from jit_guard.fixing.steps import changes
from jit_guard.registry.edit import EditError
from jit_guard.report import Fixed
from jit_guard.sources.read_maps import read_maps

_MOST_ROUNDS = 5
_MOST_ANSWERS = 20  # for one orphan
_MOST_AT_ONCE = 500  # entries in one commit, since each one is a pass over the map


def proposals(job: Job) -> tuple[Adoption, list[NewEntry | Unclear]]:
    """Return what is proposed for each orphan that the check would report."""
    settings = job.scope.settings
    maps = read_maps(job.source, dict.fromkeys((*job.scope.shown, *settings.maps)))
    adoption = Adoption(maps.read, job.scope.shown, settings)
    if not settings.selects("JG301"):
        return adoption, []
    alone = settings._replace(select=("JG301",), ignore=())
    report = check(job.source, alone, accepted=job.scope.accepted)
    orphans = [(one.path, one.related) for one in report.findings if one.path is not None]
    return adoption, list(propose_all(orphans, adoption))


def adopt_orphans(job: Job, tally: Tally) -> None:
    """Add the certain entries, ask for the others, and report the orphans that stay.

    Raises:
        UsageError: the map keeps changing.
        TransactionError: the system refused; nothing is lost.
    """
    for _ in range(_MOST_ROUNDS):
        adoption, found = proposals(job)
        added = [one for one in found if isinstance(one, NewEntry)]
        try:
            for start in range(0, len(added), _MOST_AT_ONCE):
                _commit(job, tally, added[start : start + _MOST_AT_ONCE])
        except EditError:  # another process saved the map
            continue
        for new in added:
            adoption.take(new)
        unclear = (one for one in found if isinstance(one, Unclear))
        for one in unclear:
            named = _ask(job, adoption, one)
            if isinstance(named, NewEntry):
                _commit(job, tally, [named])
                adoption.take(named)
            else:
                tally.messages.append(f"{one.path} got no entry: {named.reason}")
        return
    raise UsageError("the map keeps changing; run jit-guard --fix --adopt again")


def _ask(job: Job, adoption: Adoption, one: Unclear) -> NewEntry | Unclear:
    """Let the user name the entry, again until it is possible; return the orphan without one."""
    if job.options.name_orphan is None:
        return one
    now = one
    for _ in range(_MOST_ANSWERS):
        named = job.options.name_orphan(now)
        if named is None:
            return one
        new = adoption.entry(one.path, *named, "the user named it")
        if isinstance(new, NewEntry):
            return new
        now = new
    return now


def _commit(job: Job, tally: Tally, added: list[NewEntry]) -> None:
    done = commit(job.source.root, changes(added), ())
    tally.committed(done)
    made = {edit.keys for change in done.changes for edit in change.edits}
    tally.adopted(
        [Fixed("adopted", *keys, one.path) for one in added for keys in one.entries if keys in made]
    )


def preview_lines(found: list[NewEntry | Unclear]) -> Iterator[str]:
    """Yield the lines of `--dry-run`."""
    for one in found:
        if isinstance(one, NewEntry):
            goal, component_type = one.entries[0]
            yield f"adopt     {one.path}: {goal}/{component_type} ({one.why})"
        else:
            yield f"leave     {one.path}: {one.reason}"
