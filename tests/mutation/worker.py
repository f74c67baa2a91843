"""Runs the tests again and again, in forks of a process that has imported everything they need.

Starting pytest and importing what tests import takes longer than the test that fails. So this
process collects the tests once. With `--functions`, a fork gives the functions of the project their
changed code and runs the tests as they were collected. Without it, for what happens when a module
is imported, this process forgets the modules of the project; a fork imports them again, changed as
they are by then, and collects the tests again.

Each line of standard input is a JSON object with the fields of `_Order`; each line of the answer is
one with the fields of `workplace.Run`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import inspect
import json
import os
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO, Any, NamedTuple

import pytest

OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "--basetemp=../tmp"]
FUNCTIONS = "--functions"
UNKNOWN = -2  # the code: a change is not one of functions alone
# What a fork leaves running is inherited by this process, which ends it (PR_SET_CHILD_SUBREAPER).
_SUBREAPER = 36
_STARTS = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system", "pty.spawn"}


class _Order(NamedTuple):
    tests: list[str]  # files and folders of tests
    chosen: dict[str, float] | None  # the tests to run in this order, with their limits; None: all
    limit: float  # seconds
    trace: str = ""  # the sources whose lines are written to `trace.json`, if any
    file: str = ""  # that is changed, relative to the sources
    text: str = ""  # of the file without its change


class _Chosen:
    """A plugin: it runs these tests alone, in this order, and remembers which failed."""

    def __init__(self, chosen: dict[str, float] | None) -> None:
        self.limits = chosen
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.limits is not None:
            items[:] = _limited(self.limits, {item.nodeid: item for item in items})

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


class _Functions:
    """A plugin: in place of running what was collected, it answers orders, with a fork for each."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders = orders
        self._answers = answers
        self._chosen = _Chosen(None)
        self._live: defaultdict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._chosen.pytest_runtest_logreport(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        gc.unfreeze()  # what is frozen, as tests/conftest.py does, is not among the objects
        for one in gc.get_objects():
            if type(one) is FunctionType:
                self._live[_place(one.__code__)].append(one)
        gc.freeze()
        collected = {item.nodeid: item for item in session.items}
        _answer(self._orders, self._answers, lambda order: self._run(order, collected))
        return True

    def _run(self, order: _Order, collected: dict[str, pytest.Item]) -> tuple[int, str]:
        if not self._change(order):
            return UNKNOWN, ""
        items = _limited(order.chosen or {}, collected)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._chosen.failed:
                break
        return int(bool(self._chosen.failed)), self._chosen.failed

    def _change(self, order: _Order) -> bool:
        """Give the functions of the file their changed code; whether nothing else has changed."""
        name = str(Path("src/jit_guard", order.file).resolve())
        if not any(getattr(module, "__file__", None) == name for module in sys.modules.values()):
            return True  # it will be imported, changed; or nothing is changed
        texts = order.text, Path(name).read_text("utf-8")
        before, after = (compile(text, name, "exec", dont_inherit=True) for text in texts)
        pairs = _changed(before, after)
        try:
            for old, new in pairs or ():
                for function in self._live[_place(old)]:
                    function.__code__ = new
        except ValueError:  # it uses other variables of the function around it
            return False
        return bool(pairs) and any(self._live[_place(old)] for old, _ in pairs or ())


def _limited(limits: dict[str, float], items: dict[str, pytest.Item]) -> list[pytest.Item]:
    """The items with these names, in this order; one that takes longer than its limit fails."""
    found = [name for name in limits if name in items]
    for name in found:
        items[name].add_marker(pytest.mark.timeout(limits[name]), append=False)
    return [items[name] for name in found]


def _place(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_name, code.co_firstlineno


def _changed(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The functions that differ, with those around them; None if something else differs."""
    within = [[one for one in code.co_consts if inspect.iscode(one)] for code in (before, after)]
    pairs = [pair for pair in zip(*within) if pair[0] != pair[1]]  # noqa: B905
    in_function = before.co_flags & inspect.CO_OPTIMIZED
    if not in_function and (
        before.co_code != after.co_code or len(within[0]) != len(within[1]) or not pairs
    ):
        return None
    found = [(before, after)] if in_function else []
    for pair in pairs:
        inner = _changed(*pair)
        if inner is None:
            return None
        found += inner
    return found


def _in_a_fork(
    order: _Order, run: Callable[[_Order], tuple[int, str]], orders: IO[str]
) -> dict[str, Any]:
    """Follow an order in a process of its own, which has a limit of time."""
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        os.ftruncate(1, 0)
        answer = 3, ""
        try:
            answer = run(order)
        finally:
            os.write(writing, json.dumps(answer).encode())
            os._exit(0)
    os.close(writing)
    # The orders can be read when the process that asks has ended.
    ready, _, _ = select.select([reading, orders.fileno()], [], [], order.limit)
    read = os.read(reading, 65536) if reading in ready else b""
    os.close(reading)
    _end(child)
    code, by = json.loads(read) if read else (-1, "" if ready else "time limit")
    return {"code": code, "by": by, "seconds": round(time.monotonic() - started, 2)}


def _import_and_run(order: _Order) -> tuple[int, str]:
    chosen = _Chosen(order.chosen)
    trace = _Trace(order.trace) if order.trace else None
    options = [*OPTIONS, f"--timeout={order.limit}", *([] if trace else ["-x"])]
    code = pytest.main([*options, *order.tests], plugins=[chosen, *([trace] if trace else [])])
    if trace:
        trace.write(Path("trace.json"))
    return int(code), chosen.failed


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


def _answer(orders: IO[str], answers: IO[str], run: Callable[[_Order], tuple[int, str]]) -> None:
    for line in orders:
        answer = _in_a_fork(_Order(**json.loads(line)), run, orders)
        print(json.dumps(answer), file=answers, flush=True)


def main(mode: list[str], tests: list[str]) -> None:
    """Answer each line of standard input."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    orders, answers = (os.fdopen(os.dup(stream), way) for stream, way in ((0, "r"), (1, "w")))
    output = os.open(f"output{mode[0] if mode else ''}.txt", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    for stream in (0, 1, 2):  # the streams of the tests
        os.dup2(output if stream else os.open(os.devnull, os.O_RDONLY), stream)
    if mode:
        plugin = _Functions(orders, answers)
        pytest.main([*OPTIONS, "--timeout=1800", *tests], plugins=[plugin])
        return
    pytest.main([*OPTIONS, "--collect-only", *tests])
    root = str(Path.cwd())
    for name, module in list(sys.modules.items()):
        if name != "__main__" and (getattr(module, "__file__", None) or "").startswith(root):
            del sys.modules[name]
    _answer(orders, answers, _import_and_run)


if __name__ == "__main__":
    del sys.path[0]  # this folder
    main(
        [one for one in sys.argv[1:] if one == FUNCTIONS],
        [one for one in sys.argv[1:] if one != FUNCTIONS],
    )
