"""What each test of a session gave: a plugin of pytest that writes it, and what reads it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .results import Result

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the option of `whole.py`."""
    parser.addoption("--keep-results", type=Path, help="a file for the result of each test")


def pytest_configure(config: pytest.Config) -> None:
    """Keep results, in the process that the workers of xdist report to."""
    if config.option.keep_results and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Keeper(config.option.keep_results))


class _Keeper:
    """Writes a line for each test, or each of its phases, as soon as it is known."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self._write(test=report.nodeid, outcome=report.outcome, seconds=report.duration)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(test=report.nodeid, outcome=report.outcome, seconds=0)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write(end=int(exitstatus))

    def _write(self, **entry: object) -> None:
        with self._file.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(entry) + "\n")


def read(log: Path, files: Iterable[str], commit: str) -> Iterator[Result]:
    """Read what the plugin has written, file by file."""
    text = log.read_text("utf-8") if log.exists() else ""
    lines = text[: text.rfind("\n") + 1].splitlines()  # the last one may be torn
    entries = [json.loads(line) for line in lines]
    # Passed, failed, or has no tests; the exit code of a process that was killed is 1 as well.
    finished = any(entry.get("end") in (0, 1, 5) for entry in entries)
    tests: dict[str, dict[str, str]] = {file: {} for file in files}
    seconds = dict.fromkeys(tests, 0.0)
    for entry in entries:
        file = entry.get("test", "").split("::")[0]
        if file in tests:  # not, for example, a conftest.py that cannot be imported
            seconds[file] += entry["seconds"]
            tests[file][entry["test"]] = entry["outcome"]  # of the last phase: an end may fail
    for file, outcomes in tests.items():
        given = list(outcomes.values())
        failed = [test for test, outcome in outcomes.items() if outcome == "failed"]
        counts = given.count("passed"), given.count("skipped")
        yield Result(file, commit, *counts, failed, finished, round(seconds[file], 1))
