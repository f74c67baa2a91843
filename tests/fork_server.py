"""Starts programs of ours as forks of a process that has imported them already.

A new interpreter imports for a seventh of a second before it does anything; a fork takes a few
milliseconds. It is still a process of its own, with its streams, environment, working directory,
signals and exit. What a new interpreter alone shows (how it is started, what it imports, encodings)
is tested with one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import math
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import NamedTuple, NoReturn

if sys.platform != "win32":
    import resource

AVAILABLE = sys.platform == "linux"
_OWN = ("PYTHON", "LC_", "LANG")  # a new interpreter reads these variables when it starts


class Job(NamedTuple):
    """What a fork does."""

    entry: str  # "module:function"
    argv: list[str]  # as `sys.argv`
    cwd: str
    env: dict[str, str]
    seconds: float | None  # of processor time, after which a signal ends it


class Child:
    """A process that was started.

    Args:
        pid: its number.
        reply: the server sends its status there when it ends.
    """

    def __init__(self, pid: int, reply: socket.socket) -> None:
        self.pid = pid
        self._reply = reply
        self.returncode: int | None = None

    def wait(self) -> int:
        """Return its exit code once it ends; -N if signal N ended it."""
        if self.returncode is None:
            with self._reply:
                self.returncode = int(self._reply.recv(64) or -signal.SIGKILL)
        return self.returncode

    def kill(self) -> None:
        """Kill it unless it has ended."""
        if self.returncode is None and not select.select([self._reply], [], [], 0)[0]:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.wait()


class Server:
    """A process that forks."""

    def __init__(self) -> None:
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            path = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(far.fileno()), path],
                pass_fds=[far.fileno()],
                cwd=os.sep,
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._control.close()
        self._process.wait()

    def start(self, job: Job, stdin: int, stdout: int, stderr: int) -> Child:
        """Start a job with these handles as its streams."""
        reply, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far, tempfile.TemporaryFile() as file:  # a message has a limit, a file has none
            file.write(json.dumps(job).encode())
            file.flush()
            handles = [stdin, stdout, stderr, file.fileno(), far.fileno()]
            socket.send_fds(self._control, [b"job"], handles)
        sys.audit("os.fork")  # for whoever asks which tests start processes
        return Child(int(reply.recv(64)), reply)


_servers: dict[int, Server] = {}  # by process: a fork of pytest needs one of its own


def can_start(env: Mapping[str, str]) -> bool:
    """Return whether a fork does what a new interpreter with this environment would do."""
    return AVAILABLE and all(
        env.get(name) == os.environ.get(name)
        for name in {*env, *os.environ}
        if name.startswith(_OWN)
    )


def run(
    entry: str,
    argv: Sequence[str | bytes],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    seconds: float | None = None,
    timeout: float,
) -> subprocess.CompletedProcess[bytes]:
    """Start a function of ours as a program, without input, and wait until it ends.

    Args:
        entry: "module:function".
        argv: as `sys.argv`.
        cwd: its working directory.
        env: its complete environment.
        seconds: of processor time that it may use; SIGXCPU ends it then.
        timeout: seconds until it is killed.

    Raises:
        subprocess.TimeoutExpired: it was killed.
    """
    server = _servers.get(os.getpid()) or _servers.setdefault(os.getpid(), Server())
    job = Job(entry, [os.fsdecode(word) for word in argv], os.fspath(cwd), dict(env), seconds)
    with open(os.devnull, "rb") as nothing, closing(_Pipe()) as out, closing(_Pipe()) as err:
        child = server.start(job, nothing.fileno(), out.writing, err.writing)
        try:
            ended = _read_both(out, err, time.monotonic() + timeout)
        finally:
            if sys.exc_info()[0]:
                child.kill()
        if not ended:
            child.kill()
            raise subprocess.TimeoutExpired(argv, timeout, bytes(out.read), bytes(err.read))
        return subprocess.CompletedProcess(argv, child.wait(), bytes(out.read), bytes(err.read))


class _Pipe:
    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.read = bytearray()

    def close_writing(self) -> None:
        """Close this end here, so that the pipe ends with the process."""
        if self.writing >= 0:
            os.close(self.writing)
        self.writing = -1

    def close(self) -> None:
        os.close(self.reading)
        self.close_writing()


def _read_both(out: _Pipe, err: _Pipe, end: float) -> bool:
    """Read until both are closed; return False if that takes until `end`."""
    open_pipes = {pipe.reading: pipe for pipe in (out, err)}
    for pipe in (out, err):
        pipe.close_writing()
    while open_pipes:
        ready, _, _ = select.select(open_pipes, [], [], max(end - time.monotonic(), 0))
        for handle in ready:
            data = os.read(handle, 1 << 16)
            open_pipes[handle].read += data
            if not data:
                del open_pipes[handle]
        if not ready:
            return False
    return True


# The server


def _serve(control: socket.socket) -> Job | None:
    """Fork until the other end is closed. Returns the job within a fork, None in the server."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 12)
            _report_ended(children)
        if control.fileno() not in ready:
            continue
        message, handles, _, _ = socket.recv_fds(control, 16, 5)
        if not message:
            return None
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (woken, wakes, control.detach(), *(c.detach() for c in children.values())):
                os.close(one)
            return _become(handles)
        for handle in handles[:4]:
            os.close(handle)
        children[pid] = socket.socket(fileno=handles[4])
        children[pid].send(str(pid).encode())


def _report_ended(children: dict[int, socket.socket]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with children.pop(pid) as reply, suppress(BrokenPipeError):
                reply.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(handles: list[int]) -> Job:
    """Take over the streams, the directory and the environment of a job."""
    for number, handle in enumerate(handles[:3]):
        os.dup2(handle, number)
    with open(handles[3], "rb") as file:
        file.seek(0)
        job = Job(*json.load(file))
    for handle in (*handles[:3], handles[4]):
        os.close(handle)
    os.chdir(job.cwd)
    os.environ.clear()
    os.environ.update(job.env)
    sys.argv = job.argv
    if job.seconds is not None:
        limit = math.ceil(job.seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    streams = (
        open(0, encoding="utf-8", closefd=False),  # noqa: SIM115
        open(1, "w", encoding="utf-8", closefd=False),  # noqa: SIM115
        open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False),  # noqa: SIM115
    )
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    return job


def _import_everything() -> None:
    """Import what a command of ours uses, but for the slow packages that few of them use."""
    import jit_guard

    slow = (".__main__", ".pytest_plugin", ".generators.chat", ".postgresql")
    for module in pkgutil.walk_packages(jit_guard.__path__, "jit_guard."):
        if not any(part in module.name for part in slow):
            importlib.import_module(module.name)
    importlib.import_module("jsonschema")


def main() -> NoReturn:
    """Serve, and in a fork do its job."""
    sys.path[:] = sys.argv[2].split(os.pathsep)
    _import_everything()
    gc.freeze()
    job = _serve(socket.socket(fileno=int(sys.argv[1])))
    code = 0
    if job is not None:
        module, _, function = job.entry.partition(":")
        try:
            code = getattr(importlib.import_module(module), function)() or 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:  # noqa: BLE001 - whatever it is, Python would print it
            traceback.print_exc()
            code = 1
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join()
        sys.stdout.flush()
    # Python would take another 50 ms to forget its modules.
    os._exit(code)


if __name__ == "__main__":
    main()
