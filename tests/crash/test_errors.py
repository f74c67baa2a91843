"""Errors at every system call: a clear message, and the old or the new state."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

import commits
from crash import deed
from crash.conftest import Record
from crash.disk_model import State, read_state, write_state
from crash.killable import Killable, middle
from crash.killing import inject, points
from crash.projects import MOVED_STATE, SIMPLE, SIMPLE_NEW, visible
from crash.tracing import why_not_strace
from jit_guard.commit.errors import UnfinishedCommitError
from jit_guard.errors import JitGuardError
from sampling import FULL, sample

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
_WHY_NOT = why_not_strace()


@pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))
@pytest.mark.parametrize("from_there_on", [False, True], ids=["once", "from there on"])
def test_an_error_at_every_call(from_there_on: bool, fast_directory: str, record: Record) -> None:
    """Inject the errors with strace, which covers calls from any code."""
    commit = Killable(fast_directory, "commit", SIMPLE)
    ends: Counter[str] = Counter()
    chosen = sample(points(commit), 16 if from_there_on else 28)
    count = 0
    for turn in range(len(CODES) if FULL else 1):
        for offset, code in enumerate(CODES):
            mine = chosen[(offset + turn) % len(CODES) :: len(CODES)]
            for point, run in inject(
                commit,
                mine,
                f"error={errno.errorcode[code]}",
                from_there_on=from_there_on,
            ):
                count += 1
                assert "Traceback" not in run.output, (point, run)
                # 120: Python could not print the message, since writing fails as well.
                assert run.code in (0, 2) or point.name == "write", (point, run)
                if run.code == 0:  # a harmless error: the commit was done
                    assert commit.state() == SIMPLE_NEW, (point, run)
                elif run.code == 2 and "UnfinishedCommitError" not in run.output:
                    assert commit.state() == SIMPLE, (point, run)
                ends[f"{'done' if run.code == 0 else 'refused'}, {commit.recovered()}"] += 1
    how = "from there on" if from_there_on else "once"
    record(f"errors by strace, {how}: {count} points, {dict(ends)}")


MOST = 10 if os.name == "posix" else 3  # a call of the system takes many times as long on Windows
_CALLS = (
    *("open", "read", "write", "fsync", "close", "fstat", "lstat", "stat", "mkdir", "rmdir"),
    *("unlink", "rename", "replace", "link", "fchmod", "listxattr", "dup", "listdir"),
)


@contextmanager
def _failing(
    number: int, code: int, *, done: bool = False, on: bool = False
) -> Iterator[list[str]]:
    """Make the n-th call fail (`done`: after it took effect; `on`: and every later one)."""
    before = {name: getattr(os, name) for name in _CALLS if hasattr(os, name)}
    seen: list[str] = []

    def failing(name: str) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            seen.append(name)
            if len(seen) == number or (on and len(seen) > number):
                if done or name == "close":
                    made = before[name](*args, **keywords)
                    if name in ("open", "dup"):  # nobody gets the handle
                        before["close"](made)
                raise OSError(code, os.strerror(code))
            return before[name](*args, **keywords)

        return call

    for name in before:
        setattr(os, name, failing(name))
    try:
        yield seen
    finally:
        for name, real in before.items():
            setattr(os, name, real)


def _handles() -> int:
    """Count the files that this process has open, where the system lists them."""
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


@pytest.mark.parametrize("how", ["once", "from there on", "although it was done"])
@pytest.mark.parametrize(
    ("act", "new"), [(deed.commit, SIMPLE_NEW), (deed.move, MOVED_STATE)], ids=["commit", "move"]
)
def test_every_error_at_every_call_through_os(
    act: Callable[[str], None], new: State, how: str, fast_directory: str, record: Record
) -> None:
    """Raise all four errors at all calls, in this process without strace."""
    root = fast_directory
    ends: Counter[str] = Counter()
    count = 0
    for _ in range(2):  # the first time, something is imported
        write_state(root, SIMPLE)
        with _failing(0, errno.EIO) as seen:
            act(root)
    calls = len(seen)
    for code in CODES if how != "although it was done" else (errno.EIO,):
        for number in sample(range(1, calls + 1), 4 * MOST):
            write_state(root, SIMPLE)
            handles = _handles()
            error: Exception | None = None
            with _failing(
                number, code, done=how == "although it was done", on=how == "from there on"
            ) as seen:
                try:
                    act(root)
                except JitGuardError as raised:
                    error = raised
            count += 1
            state = visible(read_state(root))
            at = f"{seen[number - 1]}, call {number}, {errno.errorcode[code]}: {error}"
            assert _handles() <= handles, at  # none stays open, which Windows would not remove
            if error is None:
                assert state == new, at
            elif not isinstance(error, UnfinishedCommitError):
                assert state == SIMPLE, at
            commits.recover(root)
            state = visible(read_state(root))
            assert state in (SIMPLE, new), at
            ends["old" if state == SIMPLE else "new"] += 1
    what = act.__name__
    record(f"errors through os, {what}, {how}: {count} runs, {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


def test_after_an_error_recovery_can_be_repeated(fast_directory: str, record: Record) -> None:
    root = fast_directory
    count = 0
    for steps, end in ((None, SIMPLE), (0, SIMPLE_NEW), (1, SIMPLE_NEW)):
        before = middle(root, steps)
        write_state(root, before)
        with _failing(0, errno.EIO) as seen:
            commits.recover(root)
        calls = len(seen)
        for code in CODES:
            for number in sample(range(1, calls + 1), 2 * MOST):
                write_state(root, before)
                with _failing(number, code) as seen, suppress(JitGuardError):
                    commits.recover(root)
                count += 1
                commits.recover(root)
                if os.name == "nt" and (seen[number - 1], code) == ("rmdir", errno.EACCES):
                    continue  # as if a process worked in the directory: it stays, and is empty
                assert visible(read_state(root)) == end, (steps, number, seen[number - 1])
    record(f"errors through os, recovery: {count} runs, all recovered")


@pytest.mark.parametrize("size", [1, 7])
def test_short_writes_are_continued(
    size: int, fast_directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data[:size])))
    write_state(fast_directory, SIMPLE)
    deed.commit(fast_directory)
    monkeypatch.undo()
    assert visible(read_state(fast_directory)) == SIMPLE_NEW


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_a_file_size_limit_is_reported(fast_directory: str, record: Record) -> None:
    import resource

    commit = Killable(fast_directory, "commit", SIMPLE)
    ends: Counter[str] = Counter()
    for size in (0, 1, 2, 50, 77, 79, 90, 150, 400, 700, 1000, 5000):
        commit.lay_out()
        ran = subprocess.run(
            commit.argv,
            env={**commit.env, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size)),
        )
        assert not ran.stderr, ran.stderr.decode()
        assert commit.state() == (SIMPLE_NEW if ran.returncode == 0 else SIMPLE), size
        ends[commit.recovered()] += 1
    record(f"RLIMIT_FSIZE: {dict(ends)}, nothing else")
    assert set(ends) == {"old", "new"}


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
def test_a_full_disk_is_reported(fast_directory: str, record: Record) -> None:
    """Use a tmpfs with a limited number of free pages or inodes."""
    ends: Counter[str] = Counter()
    for free in range(14):
        for option in (f"size={4 * (9 + free)}k", f"size=1m,nr_inodes={7 + free}"):
            ran = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", option, "jit-guard-test", fast_directory],
                capture_output=True,
                check=False,
            )
            if ran.returncode:
                pytest.skip(f"no tmpfs can be mounted: {ran.stderr.decode().strip()}")
            try:
                ends[_commit_on(fast_directory)] += 1
            finally:
                subprocess.run(["umount", fast_directory], check=True)
    record(f"a really full tmpfs: {dict(ends)}, nothing else")
    assert {"refused, old", "done, new"} <= set(ends)


def _commit_on(root: str) -> str:
    try:
        write_state(root, SIMPLE)
    except OSError:
        return "too small for the project"
    try:
        deed.commit(root)
        how = "done"
    except UnfinishedCommitError:
        how = "unfinished"
    except JitGuardError:
        how = "refused"
        assert visible(read_state(root)) == SIMPLE
    commits.recover(root)  # the disk is still full
    state = visible(read_state(root))
    assert state in (SIMPLE, SIMPLE_NEW)
    return f"{how}, {'old' if state == SIMPLE else 'new'}"
