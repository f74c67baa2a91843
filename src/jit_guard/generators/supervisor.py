"""Run one program, and stop everything that it started when it exits.

    python -I -S -c SOURCE-OF-THIS-FILE CONTROL PROGRAM [ARGUMENT ...]

This is a separate process between jit-guard and the program of `--command`, because the children
of the program can leave its process group and its session. On Linux it is a "subreaper" (prctl(2)):
it becomes the parent of their orphans, and so can find and stop them.

CONTROL is a socket. If its other end is closed, which also happens when jit-guard is killed, the
program is stopped. If the program cannot be run, the errno is sent to it; once the program has
exited by itself, EXITED is. The exit status is that of the program. Nothing from jit-guard is
imported, since a supervisor is started for every text.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False  # `typing` takes longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

_SET_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
EXITED = b"exited"  # sent to CONTROL
_LINGER = 0.5  # seconds for descendants to finish their output after the program has exited
_GRACE = 1.0  # seconds between SIGTERM and SIGKILL
_GIVE_UP = 3.0  # seconds to wait for processes that SIGKILL does not stop (setuid)


class Supervisor:
    """A running program and its descendants.

    Args:
        program: the argument list.
        control: the file descriptor of the socket to jit-guard.
    """

    def __init__(self, program: list[str], control: int) -> None:
        os.set_inheritable(control, False)
        self._control = control
        self._ending = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        self._wake = self._wake_at_signals()
        self._finds_all = _prctl(_SET_CHILD_SUBREAPER, 1) and os.path.exists("/proc/self/stat")
        self._status: int | None = None  # of the program, as returned by waitpid
        self._pid = _start(program, control)

    def run(self) -> NoReturn:
        """Wait for the program, or stop it; stop its descendants; exit with its status."""
        if self._wait(None, self._program_runs):
            self._report_exit()
            self._wait(_LINGER, self._anything_runs)
        self._signal_all(signal.SIGTERM)
        self._wait(_GRACE, self._anything_runs)
        give_up = time.monotonic() + _GIVE_UP
        while self._anything_runs() and time.monotonic() < give_up:
            self._signal_all(signal.SIGKILL)
            self._wait(0.02, self._anything_runs)
        _end_as(self._status)

    def _report_exit(self) -> None:
        """Report that the program itself has exited; what it started may keep its output open."""
        with suppress(OSError):  # jit-guard was killed
            os.write(self._control, EXITED)

    def _wake_at_signals(self) -> int:
        """Return a file descriptor that becomes readable when a signal arrives."""
        wake, waker = os.pipe()
        for end in (wake, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *self._ending):
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGCHLD:
                signal.signal(number, lambda *_: None)
        return wake

    def _wait(self, seconds: float | None, running: Callable[[], bool]) -> bool:
        """Wait while something is running; False after the time, or if jit-guard asks to stop."""
        deadline = None if seconds is None else time.monotonic() + seconds
        events = select.poll()
        events.register(self._wake, select.POLLIN)
        if seconds is None:  # otherwise it is already being stopped
            events.register(self._control, select.POLLIN)
        while running():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            ready = dict(events.poll(None if left is None else left * 1000 + 1))
            if self._control in ready:
                return False
            if self._wake in ready and not self._ending.isdisjoint(os.read(self._wake, 4096)):
                return False
        return True

    def _program_runs(self) -> bool:
        self._anything_runs()
        return self._status is None

    def _anything_runs(self) -> bool:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return not self._finds_all and self._signal_group(0)
            if not pid:
                return True
            if pid == self._pid:
                self._status = status

    def _signal_all(self, number: int) -> None:
        for pid in _descendants(os.getpid()):
            _kill(os.kill, pid, number)
        if not self._finds_all:
            self._signal_group(number)

    def _signal_group(self, number: int) -> bool:
        return _kill(os.killpg, self._pid, number)


def _kill(call: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        call(target, number)
    except OSError:  # it has exited, or belongs to another user
        return False
    return True


def _descendants(root: int) -> list[int]:
    """Return all descendants of a process; none without /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # it has exited
            continue
        children.setdefault(parent, []).append(int(name))
    found = children.get(root, [])
    for pid in found:  # grows during the loop
        found += children.get(pid, [])
    return found


def _start(program: list[str], control: int) -> int:
    """Start the program in its own session and return its pid; exit if that fails."""
    problem, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)  # if this process is killed
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
                signal.signal(number, signal.SIG_DFL)
            os.execvp(program[0], program)  # noqa: S606 - without a shell, on purpose
        except OSError as error:
            os.write(report, b"%d" % (error.errno or 0))
        finally:
            os._exit(127)
    os.close(report)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # only the program keeps the pipes open
        os.dup2(null, stream)
    if code := os.read(problem, 16):
        os.write(control, code)
        os._exit(127)
    return pid


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    call = getattr(ctypes.CDLL(None), "prctl", None)
    return call is not None and call(option, *map(ctypes.c_ulong, (value, 0, 0, 0))) == 0


def _end_as(status: int | None) -> NoReturn:
    """Exit with the exit code of the program, or be killed by the same signal."""
    code = 1 if status is None else os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program's own core file is enough
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    Supervisor(sys.argv[2:], int(sys.argv[1])).run()
