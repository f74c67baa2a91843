"""kill -9 at the system calls of a whole `jit-guard --fix`; paid texts are not lost."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from crash.conftest import Record
from crash.disk_model import State
from crash.fix_project import TWO, FixProject, changing, sample
from crash.projects import SIMPLE
from crash.tracing import why_not_strace

_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))


@pytest.mark.parametrize(
    ("what", "thread", "generator", "before", "most"),
    [
        ("command", "main", "command", SIMPLE, 14),
        ("command", "writer", "command", SIMPLE, 8),
        ("scaffold", "main", "scaffold", SIMPLE, 6),
        ("scaffold", "writer", "scaffold", SIMPLE, 4),
        ("two components", "main", "command", TWO, 5),
    ],
)
def test_kill_9_at_every_call_of_a_fix(
    what: str,
    thread: str,
    generator: str,
    before: State,
    most: int,
    fast_directory: str,
    record: Record,
) -> None:
    project = FixProject(fast_directory, generator, before)
    ends: Counter[str] = Counter()
    points = changing(project.points(thread))
    chosen = sample(points, most)
    for point, ran in project.inject(thread, chosen, "signal=SIGKILL"):
        assert ran.code == -signal.SIGKILL, (point, ran)
        ends[project.ends_well(point)] += 1
    record(
        f"kill -9, --fix, {what}, {thread} thread: {len(chosen)} of {len(points)} points, "
        f"{dict(ends)}, nothing else, no text paid for twice"
    )
    assert ends
