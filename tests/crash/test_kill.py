"""kill -9 at every system call of a commit and of a recovery on the project."""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter

import pytest

from crash.conftest import Record
from crash.killable import Killable, middle
from crash.killing import inject, points
from crash.projects import ADDED_STATE, MOVED_STATE, SIMPLE, SIMPLE_NEW, decided
from crash.tracing import why_not_strace
from jit_guard.commit import pending, transaction
from jit_guard.commit.directories import Directories
from sampling import sample

_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))


def test_kill_9_at_every_call_of_a_commit(fast_directory: str, record: Record) -> None:
    commit = Killable(fast_directory, "commit", SIMPLE)
    ends: Counter[str] = Counter()
    chosen = sample(points(commit), 24)
    runs = inject(commit, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[commit.recovered()] += 1
        assert transaction.interrupted(commit.root) is None
    record(f"kill -9, commit: {len(chosen)} points, {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


@pytest.mark.parametrize("links", [False, True], ids=["without links", "with links"])
def test_kill_9_of_a_commit_without_hard_links(
    links: bool, fast_directory: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recovery is of another system, which may have them."""
    commit = Killable(fast_directory, "commit without links", SIMPLE)
    ends: Counter[str] = Counter()
    chosen = sample(points(commit), 12)
    if not links:
        monkeypatch.setattr(os, "link", _refuse_link)
    runs = inject(commit, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[commit.recovered()] += 1
    record(f"kill -9, commit without hard links: {len(chosen)} points, {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


def _refuse_link(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


@pytest.mark.parametrize(
    ("where", "steps", "end"),
    [("planned", None, "old"), ("decided", 0, "new"), ("maps set", 1, "new"), ("placed", 2, "new")],
)
def test_kill_9_at_every_call_of_a_recovery(
    where: str, steps: int | None, end: str, fast_directory: str, record: Record
) -> None:
    recover = Killable(fast_directory, "recover", middle(fast_directory, steps))
    chosen = sample(points(recover), 12 if where in ("planned", "decided") else 6)
    runs = inject(recover, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        assert recover.recovered() == end, (point, run)
    record(f"kill -9, recovery, {where}: {len(chosen)} points, all {end}")


def test_kill_9_at_every_call_of_abandoning(fast_directory: str, record: Record) -> None:
    abandon = Killable(fast_directory, "abandon", middle(fast_directory, 2))
    ends: Counter[str] = Counter()
    chosen = sample(points(abandon), 12)
    runs = inject(abandon, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[abandon.recovered()] += 1
    record(f"kill -9, recover --abandon: {len(chosen)} points, {dict(ends)}, nothing else")


@pytest.mark.parametrize("what", ["move", "move without links", "add"])
def test_kill_9_at_every_call_of_a_move(what: str, fast_directory: str, record: Record) -> None:
    new = ADDED_STATE if what == "add" else MOVED_STATE
    move = Killable(fast_directory, what, SIMPLE, new)
    ends: Counter[str] = Counter()
    chosen = sample(points(move), 14 if what == "move" else 8)
    runs = inject(move, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[move.recovered()] += 1
        assert transaction.interrupted(move.root) is None
    record(f"kill -9, {what}: {len(chosen)} points, {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


@pytest.mark.parametrize(("what", "end"), [("recover", "new"), ("abandon", "old")])
def test_kill_9_at_every_call_of_a_recovery_of_a_move(
    what: str, end: str, fast_directory: str, record: Record
) -> None:
    before = decided(fast_directory, SIMPLE, moved=True)
    recovery = Killable(fast_directory, what, before, MOVED_STATE)
    ends: Counter[str] = Counter()
    chosen = sample(points(recovery), 8)
    runs = inject(recovery, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[recovery.recovered()] += 1
    record(f"kill -9, {what} of a move: {len(chosen)} points, {dict(ends)}, nothing else")
    assert end in ends
    assert what == "abandon" or set(ends) == {"new"}


@pytest.mark.parametrize(("what", "steps"), [("commit", None), ("recover", 0), ("recover", 1)])
def test_kill_9_at_every_call_while_a_commit_is_undone(
    what: str, steps: int | None, fast_directory: str, record: Record
) -> None:
    """A component is refused after the decision, so that the commit or the recovery goes back."""
    before = SIMPLE if what == "commit" else middle(fast_directory, steps)
    undone = Killable(fast_directory, f"{what} undone", before)
    ends: Counter[str] = Counter()
    every = points(undone)
    assert undone.state() == SIMPLE
    chosen = sample(every, 8)
    runs = inject(undone, chosen, "signal=SIGKILL")
    for point, run in runs:
        assert run.code == -signal.SIGKILL, (point, run)
        ends[undone.recovered()] += 1
        assert transaction.interrupted(undone.root) is None
    record(f"kill -9, {what} undone, {steps}: {len(chosen)} points, {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_other_signals_at_the_calls_of_a_commit(
    name: str, fast_directory: str, record: Record
) -> None:
    commit = Killable(fast_directory, "commit", SIMPLE)
    ends: Counter[str] = Counter()
    chosen = sample(points(commit), 10)
    runs = inject(commit, chosen, f"signal={name}")
    for point, run in runs:
        assert "Traceback" not in run.output, (point, run)
        assert run.code in (130, -signal.Signals[name]), (point, run)
        with Directories(commit.root) as directories:
            left = pending.read(directories)
        if name == "SIGINT" and left is None:  # it was undone or finished without recovery
            assert commit.state() in (SIMPLE, SIMPLE_NEW), (point, run)
        elif name == "SIGINT":
            assert left is not None
            assert left.phase == "commit", (point, run)
        ends[commit.recovered()] += 1
    record(f"{name}, commit: {len(chosen)} points, {dict(ends)}, nothing else")
