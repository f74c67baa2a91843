"""Errors at the system calls of a whole `jit-guard --fix`: a clear message and no loss."""

from __future__ import annotations

import errno
from collections import Counter

import pytest

from crash.conftest import Record
from crash.fix_project import FixProject, Ran, changing, sample
from crash.killable import FULL
from crash.tracing import why_not_strace

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))


@pytest.mark.parametrize(
    ("thread", "generator", "kind", "most"),
    [
        ("main", "command", "changing", 10),
        ("main", "command", "reading", 4),
        ("writer", "command", "all", 6),
        ("writer", "scaffold", "all", 4),
    ],
)
@pytest.mark.parametrize("from_there_on", [False, True], ids=["once", "from there on"])
def test_an_error_at_every_call_of_a_fix(
    thread: str,
    generator: str,
    kind: str,
    most: int,
    from_there_on: bool,
    fast_directory: str,
    record: Record,
) -> None:
    project = FixProject(fast_directory, generator)
    ends: Counter[str] = Counter()
    points = project.points(thread)
    writing = changing(points)
    if kind == "changing":
        points = writing
    elif kind == "reading":
        points = sorted(set(points) - set(writing))
    chosen = sample(points, max(1, most // 2) if from_there_on else most)
    for turn, code in enumerate(CODES):
        what = f"error={errno.errorcode[code]}"
        # In full mode, every changing call gets every error; otherwise one each, in turn.
        mine = chosen if FULL and kind != "reading" else chosen[turn :: len(CODES)]
        if from_there_on and code == errno.EACCES:
            # SQLite takes this for the lock of another process and waits a minute.
            mine = [point for point in mine if point.name != "fcntl"]
        for point, ran in project.inject(thread, mine, what, from_there_on=from_there_on):
            # From here on every write fails, so no message can be printed either.
            mute = from_there_on and point.name == "write"
            ends[_check(project, f"{what} {point}", ran, mute=mute)] += 1
    how = "from there on" if from_there_on else "once"
    record(
        f"errors, --fix, {generator}, {thread} thread, {kind}, {how}: "
        f"{len(chosen)} of {len(points)} calls, {dict(ends)}"
    )


def _check(project: FixProject, at: str, ran: Ran, *, mute: bool) -> str:
    """Return whether the fix was done, after checking that the next run ends well."""
    for word in ("Traceback", "internal error", "Exception ignored"):
        assert word not in ran.output, (at, ran)
    asked, kept = project.calls(), bool(project.texts())
    if ran.code == project.clean:  # a harmless error: the fix was done
        project.is_new(at)
    else:
        assert ran.code == 2, (at, ran)
        assert mute or ran.output.strip(), at
    project.ends_well(at, recover=False)
    if kept:
        assert project.calls() == asked, at
    return "done" if ran.code == project.clean else "refused, text kept" if kept else "refused"
