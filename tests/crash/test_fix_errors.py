"""Errors at the system calls of a whole `jit-guard --fix`: a clear message and no loss."""

from __future__ import annotations

import errno
from collections import Counter

import pytest

from crash.conftest import Record
from crash.fix_project import FixProject, changing
from crash.killing import Point, Ran, inject, points
from crash.tracing import why_not_strace
from sampling import FULL, sample

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))


@pytest.mark.parametrize(
    ("thread", "generator", "most"),
    [
        ("main", "command", {"changing": 8, "reading": 3}),
        ("writer", "command", {"all": 4}),
        ("writer", "scaffold", {"all": 4}),
    ],
)
def test_an_error_at_every_call_of_a_fix(
    thread: str, generator: str, most: dict[str, int], fast_directory: str, record: Record
) -> None:
    """Once, and from there on."""
    project = FixProject(fast_directory, generator)
    every = points(project, thread)
    writing = changing(every)
    kinds = {"all": every, "changing": writing, "reading": sorted(set(every) - set(writing))}
    for kind, number in most.items():
        for from_there_on in (False, True):
            chosen = sample(kinds[kind], max(2, number // 2) if from_there_on else number)
            ends = _inject(project, thread, kind, chosen, from_there_on=from_there_on)
            how = "from there on" if from_there_on else "once"
            record(
                f"errors, --fix, {generator}, {thread} thread, {kind}, {how}: "
                f"{len(chosen)} of {len(kinds[kind])} calls, {dict(ends)}"
            )


def _inject(
    project: FixProject, thread: str, kind: str, chosen: list[Point], *, from_there_on: bool
) -> Counter[str]:
    ends: Counter[str] = Counter()
    for turn, code in enumerate(CODES):
        what = f"error={errno.errorcode[code]}"
        # In full mode, every changing call gets every error; otherwise one each, in turn.
        mine = chosen if FULL and kind != "reading" else chosen[turn :: len(CODES)]
        if from_there_on and code == errno.EACCES:
            # SQLite takes this for the lock of another process and waits a minute.
            mine = [point for point in mine if point.name != "fcntl"]
        for point, ran in inject(project, mine, what, thread=thread, from_there_on=from_there_on):
            # From here on every write fails, so no message can be printed either.
            mute = from_there_on and point.name == "write"
            ends[_check(project, f"{what} {point}", ran, mute=mute)] += 1
    return ends


def _check(project: FixProject, at: str, ran: Ran, *, mute: bool) -> str:
    """Return whether the fix was done, after checking that the next run ends well."""
    for word in ("Traceback", "internal error", "Exception ignored"):
        assert word not in ran.output, (at, ran)
    asked, kept = project.calls(), bool(project.texts())
    if ran.code == project.done:  # a harmless error: the fix was done
        project.is_new(at)
    else:
        assert ran.code == 2, (at, ran)
        assert mute or ran.output.strip(), at
    project.ends_well(at, recover=False)
    if kept:
        assert project.calls() == asked, at
    return "done" if ran.code == project.done else "refused, text kept" if kept else "refused"
