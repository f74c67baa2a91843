"""Runs the tests again and again, in forks of a process that has imported everything they need.

Starting pytest and importing what tests import takes longer than the test that fails. So this
process collects the tests once and then forgets the modules of the project; each fork imports these
again, changed as they are by then. Each line of standard input is a JSON object with the arguments
of `_in_a_fork`; each line of the answer is one with the fields of `workplace.Run`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
# What a fork leaves running is inherited by this process, which ends it (PR_SET_CHILD_SUBREAPER).
_SUBREAPER = 36
_STARTS = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system", "pty.spawn"}


class _Chosen:
    """A plugin: it runs these tests alone, in this order, and remembers which failed."""

    def __init__(self, chosen: list[str] | None) -> None:
        self.rank = {name: position for position, name in enumerate(chosen or [])}
        self.all = chosen is None
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if not self.all:
            items[:] = [item for item in items if item.nodeid in self.rank]
            items.sort(key=lambda item: self.rank[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


class _Trace:
    """A plugin: it writes down which lines a test runs, whether it starts a process, how long."""

    def __init__(self, sources: str) -> None:
        from coverage import Coverage

        self._coverage = Coverage(data_file=None, source=[sources], config_file=False)
        self._sources = sources
        self._started = False
        self.tests: dict[str, Any] = {}
        self.failed: list[str] = []
        sys.addaudithook(self._heard)
        self._coverage.start()

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        # git runs nothing of ours, except as a hook.
        if event in _STARTS and not (arguments and os.path.basename(str(arguments[0])) == "git"):
            self._started = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        self._coverage.switch_context(item.nodeid)
        self._started = "hook" in item.nodeid
        started = time.monotonic()
        result = yield
        seconds = time.monotonic() - started
        self.tests[item.nodeid] = {"starts": self._started, "seconds": seconds}
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def write(self, file: Path) -> None:
        """Write what was seen, as JSON."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {
            os.path.relpath(name, self._sources): data.contexts_by_lineno(name)
            for name in data.measured_files()
        }
        sound = {name: test for name, test in self.tests.items() if name not in self.failed}
        file.write_text(json.dumps({"tests": sound, "lines": lines, "failed": self.failed}))


def _in_a_fork(
    tests: list[str], chosen: list[str] | None, limit: float, trace: str | None
) -> dict[str, Any]:
    """Run tests.

    Args:
        tests: files and folders of tests.
        chosen: the tests to run, first one first; None for all of them.
        limit: seconds.
        trace: the sources whose lines are written to `trace.json`, if any.
    """
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        quiet = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (0, 1, 2):
            os.dup2(quiet if stream else os.open(os.devnull, os.O_RDONLY), stream)
        plugins: list[Any] = [_Chosen(chosen), *([_Trace(trace)] if trace else [])]
        code = 3
        try:
            options = [*OPTIONS, "--basetemp=../tmp", f"--timeout={limit}"]
            options += [] if trace else ["-x"]
            code = int(pytest.main([*options, *tests], plugins=plugins))
            if trace:
                plugins[1].write(Path("trace.json"))
        finally:
            os.write(writing, json.dumps({"code": code, "by": plugins[0].failed}).encode())
            os._exit(0)
    os.close(writing)
    # Standard input can be read when the process that asks has ended.
    ready, _, _ = select.select([reading, sys.stdin], [], [], limit)
    answer = os.read(reading, 65536) if reading in ready else b""
    os.close(reading)
    _end(child)
    result = json.loads(answer) if answer else {"code": -1, "by": "" if ready else "time limit"}
    return {**result, "seconds": round(time.monotonic() - started, 2)}


def _end(child: int) -> None:
    """End the fork and whatever it has started and left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(ChildProcessError):
        while True:
            left = children.read_text().split() if children.exists() else []
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            os.waitpid(-1, 0)


def _warm_up(tests: list[str]) -> None:
    with Path(os.devnull).open("w") as silence, contextlib.redirect_stdout(silence):
        pytest.main([*OPTIONS, "--collect-only", *tests])
    root = str(Path.cwd())
    for name, module in list(sys.modules.items()):
        if name != "__main__" and (getattr(module, "__file__", None) or "").startswith(root):
            del sys.modules[name]


def main(tests: list[str]) -> None:
    """Answer each line of standard input."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    _warm_up(tests)
    for line in sys.stdin:
        print(json.dumps(_in_a_fork(**json.loads(line))), flush=True)


if __name__ == "__main__":
    del sys.path[0]  # this folder
    main(sys.argv[1:])
