"""Run a program that writes one text: its input, its outputs, and how it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from threading import Thread
from typing import IO

from jit_guard.generators.supervisor import EXITED
from jit_guard.text.search_path import not_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.generators.job import Job

_MOST_ERROR_BYTES = 65_536
_STEP = 0.25  # seconds until an exit is noticed if the output stays open
_DRAIN = 1.0  # seconds to read what is in the pipes after the exit
_GIVE_UP = 8.0  # seconds for the supervisor to stop everything


class Process:
    """A running program, in its own session.

    On POSIX it runs under a supervisor (supervisor.py), and on Windows in a job (job.py): both stop
    everything that the program started. Without a supervisor (if `sys.executable` is not a Python),
    processes that left the process group keep running.

    Args:
        program: the argument list.
        directory: the working directory.
        given: the standard input.
        limit: how many bytes of standard output are kept.

    Raises:
        OSError, ValueError: it cannot be started.
    """

    def __init__(self, program: Sequence[str], directory: str, given: bytes, limit: int) -> None:
        self._control: socket.socket | None = None
        self._job: Job | None = None
        theirs: socket.socket | None = None
        argv = list(program)
        if _can_supervise():
            self._control, theirs = socket.socketpair()
            supervisor = (sys.executable, "-I", "-S", "-c", _source(), str(theirs.fileno()))
            argv = [*supervisor, *argv]
        try:
            flags = 0
            if os.name == "nt":
                from jit_guard.generators.job import CREATION_FLAGS, Job

                self._job = Job()
                flags = CREATION_FLAGS
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=directory,
                env=_environment(),
                start_new_session=True,
                pass_fds=() if theirs is None else (theirs.fileno(),),
                creationflags=flags,
            )
            if self._job is not None:
                _begin(self._job, self._process)
        except BaseException:
            self.close()
            raise
        finally:
            if theirs is not None:
                theirs.close()
        self.output = Pipe(self._process.stdout, limit)
        self.errors = Pipe(self._process.stderr, _MOST_ERROR_BYTES, tail=True)
        Thread(target=self._feed, args=(given,), daemon=True).start()

    def wait(self, timeout: float) -> int | None:
        """Wait for the program to exit and return its exit code; None after the timeout.

        Everything that it printed is in `output`, even if another process keeps the pipe open.
        A program that exits in time has not timed out, however long it takes to stop what it
        started.
        """
        deadline = time.monotonic() + timeout
        while True:
            left = max(0.0, deadline - time.monotonic())
            self.output.join(min(_STEP, left))
            if self.output.too_long:  # its pipe is closed, which may have ended it already
                return None
            try:
                code = self._process.wait(left if self.output.ended else 0.0)
            except subprocess.TimeoutExpired:
                if left:
                    continue
                if not self._has_exited():
                    return None
                code = self.end()
            self.output.join(_DRAIN)
            self.errors.join(_DRAIN)
            return code

    def end(self) -> int:
        """Stop the program and all that it started; return its exit code. Idempotent."""
        self.ask_to_end()
        try:
            code = self._process.wait(_GIVE_UP)
        except subprocess.TimeoutExpired:
            self._kill()
            code = self._process.wait()
        self.errors.join(_DRAIN)
        return code

    def ask_to_end(self) -> None:
        """Start to stop it, without waiting."""
        if self._control is None:
            self._kill()
            return
        # Not close(): a process forked from this one may have the socket open, too.
        with suppress(OSError):  # it has exited
            self._control.shutdown(socket.SHUT_WR)

    def problem(self) -> int | None:
        """Return the errno if the program could not be run."""
        said = self._report()
        return int(said) if said.isdigit() else None

    def _has_exited(self) -> bool:
        return self._report() == EXITED

    def _report(self) -> bytes:
        """Return what the supervisor reported, without waiting for it."""
        if self._control is None:
            return b""
        self._control.setblocking(False)
        try:
            return self._control.recv(16, socket.MSG_PEEK)
        except OSError:
            return b""

    def close(self) -> None:
        """Release the resources of a program that has exited, and stop what it started."""
        if self._job is not None:
            self._job.close()
        if self._control is not None:
            self._control.close()

    def _feed(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError), self._process.stdin as pipe:  # it may not read its input
            pipe.write(data)

    def _kill(self) -> None:
        if self._job is not None:
            self._job.end()
        elif sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Return the variables for a program; it prints UTF-8, which Python on Windows does not."""
    utf_8 = {"PYTHONIOENCODING": "utf-8"} if os.name == "nt" else {}
    return {**utf_8, **os.environ, **not_here()}


def _begin(job: Job, process: subprocess.Popen[bytes]) -> None:
    """Let a suspended process run as a part of a job. Raises OSError: it was stopped instead."""
    try:
        job.adopt(process.pid)
    except OSError:
        process.kill()
        process.communicate()
        raise


def _can_supervise() -> bool:
    """Check whether this is POSIX and sys.executable is a Python."""
    name = os.path.basename(sys.executable or "").lower()
    return os.name == "posix" and not hasattr(sys, "frozen") and "py" in name


@lru_cache(maxsize=1)
def _source() -> str:
    return files("jit_guard.generators").joinpath("supervisor.py").read_text("utf-8")


class Pipe:
    """A pipe, read to its end by a thread that keeps at most `limit` bytes."""

    def __init__(self, pipe: IO[bytes] | None, limit: int, *, tail: bool = False) -> None:
        assert pipe is not None
        self.ended = False
        self.too_long = False
        self._pieces = bytearray()
        self._pipe = pipe
        self._limit = limit
        self._tail = tail
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def data(self) -> bytes:
        """Return what has been read so far."""
        return bytes(self._pieces)

    def join(self, timeout: float) -> None:
        """Wait for the end of the pipe, for at most `timeout` seconds."""
        self._thread.join(timeout)

    def _read(self) -> None:
        with self._pipe as pipe:
            while piece := os.read(pipe.fileno(), 65_536):
                self._pieces += piece
                if self._tail:
                    del self._pieces[: -self._limit]
                elif len(self._pieces) >= self._limit:
                    self.too_long = True
                    return
        self.ended = True
