"""Exhaustive power loss: every disk that a crash may leave is recovered and checked."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from crash.disk_model import Crash, Disk, Signature, State, read_state, write_state
from crash.tracing import Recorder
from sampling import sample

Run = Callable[[str], object]
# Returns what is wrong with a recovered state, or None. The flag: the run had returned.
StateCheck = Callable[[State, bool], "str | None"]


class Found(NamedTuple):
    """The result of an exploration."""

    states: int  # disks after a crash during or after the run
    again: int  # further disks after a crash of a recovery from one of those
    bad: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.states} states, {self.again} of interrupted recovery, {len(self.bad)} bad"


def trace_here(directory: str, before: State, run: Run) -> tuple[Disk, State]:
    """Run a function on a state in this process; return its disk model and the final state."""
    write_state(directory, before)
    with Recorder().active() as recorder:
        run(directory)
    return Disk(directory, before).replay(recorder.calls), read_state(directory)


def explore(
    directory: str,
    crashes: Iterable[Crash],
    recover: Run,
    check: StateCheck,
    *,
    again: int | None = None,
    stop_at: int | None = None,
) -> Found:
    """Recover from every crash, and from every crash of that recovery.

    Args:
        directory: an empty directory to work in; its path must be that of the traced run.
        crashes: the crashes from `Disk.crashes`.
        recover: the recovery of a directory.
        check: returns what is wrong with a recovered state.
        again: crash during at most this many recoveries; None: during all of them.
        stop_at: stop after this many bad states.
    """
    recovered: dict[Signature, tuple[State | None, str]] = {}
    bad: list[str] = []

    def recover_state(state: State) -> tuple[State | None, str]:
        signature = frozenset(state.items())
        if signature not in recovered:
            write_state(directory, state)
            try:
                recover(directory)
                recovered[signature] = read_state(directory), ""
            except Exception as error:  # noqa: BLE001  (any error is the finding)
                recovered[signature] = None, f"{type(error).__name__}: {error}"
        return recovered[signature]

    first: list[Crash] = []
    for crash in crashes:
        first.append(crash)
        after, why = recover_state(crash.state)
        complaint = check(crash.state if after is None else after, crash.done)
        if after is None and (complaint is not None or crash.done):
            complaint = why
        if complaint is None and crash.done and after != crash.state:
            complaint = "there was something to recover after the run had returned"
        if complaint is not None:
            bad.append(f"after {crash.after} calls: {complaint}")
            if stop_at is not None and len(bad) >= stop_at:
                return Found(len(first), 0, tuple(bad))
    interrupted = [  # where there is something to recover
        state
        for signature, (end, _) in recovered.items()
        if end is not None and end != (state := dict(signature))
    ]
    if bad or again == 0:
        interrupted = []
    for start in interrupted if again is None else sample(interrupted, again):
        disk, end = trace_here(directory, start, recover)
        for crash in disk.crashes():
            after, why = recover_state(crash.state)
            complaint = why if after is None else check(after, False)
            if complaint is None and crash.done and crash.state != end:
                complaint = "a recovery that had returned was lost"
            if complaint is not None:
                bad.append(f"in recovery, after {crash.after} calls: {complaint}")
                if stop_at is not None and len(bad) >= stop_at:
                    break
    states = {frozenset(crash.state.items()) for crash in first}
    return Found(len(first), len(set(recovered) - states), tuple(bad))


@contextmanager
def full_disk() -> Iterator[None]:
    """Make every write fail for lack of space."""
    real = os.write

    def refuse(handle: int, data: object, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    os.write = refuse
    try:
        yield
    finally:
        os.write = real
