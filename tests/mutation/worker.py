"""Runs the tests again and again, in forks of a process that has imported everything they need.

Starting pytest and importing what tests import takes longer than the test that fails. So this
process collects the tests once and then forgets the modules of the project; each fork imports these
again, changed as they are by then. Each line of standard input is a JSON object, `{"first": [...],
"limit": SECONDS}`; each line of the answer too, `{"code": ..., "by": ..., "seconds": ...}`.
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
from pathlib import Path
from typing import Any

import pytest

OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=60", "--no-header"]
# What a fork leaves running is inherited by this process, which ends it (PR_SET_CHILD_SUBREAPER).
_SUBREAPER = 36


class _First:
    """A plugin: it runs some tests first, and remembers the first that failed."""

    def __init__(self, first: list[str]) -> None:
        self.rank = {name: position for position, name in enumerate(first)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.rank.get(item.nodeid, len(self.rank)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def _warm_up(tests: list[str]) -> None:
    with Path(os.devnull).open("w") as silence, contextlib.redirect_stdout(silence):
        pytest.main([*OPTIONS, "--collect-only", *tests])
    root = str(Path.cwd())
    for name, module in list(sys.modules.items()):
        if name != "__main__" and (getattr(module, "__file__", None) or "").startswith(root):
            del sys.modules[name]


def _in_a_fork(tests: list[str], first: list[str], limit: float) -> dict[str, Any]:
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        quiet = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (0, 1, 2):
            os.dup2(quiet if stream else os.open(os.devnull, os.O_RDONLY), stream)
        plugin = _First(first)
        code = 3
        try:
            code = int(pytest.main([*OPTIONS, "--basetemp=../tmp", *tests], plugins=[plugin]))
        finally:
            os.write(writing, json.dumps({"code": code, "by": plugin.failed}).encode())
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], limit)
    answer = os.read(reading, 65536) if ready else b""
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


def main(tests: list[str]) -> None:
    """Answer each line of standard input."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    _warm_up(tests)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_in_a_fork(tests, order["first"], order["limit"])), flush=True)


if __name__ == "__main__":
    del sys.path[0]  # this folder
    main(sys.argv[1:])
