"""The directory for crash tests, and the numbers reported at the end of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sampling import HEADER

Record = Callable[[str], None]
_NUMBER = "crash-number"


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Report a number in the summary (also from a worker of pytest-xdist)."""
    return lambda line: record_property(_NUMBER, line)


@pytest.fixture
def fast_directory() -> Iterator[str]:
    """Make an empty directory, in memory if possible, for thousands of disk states."""
    memory = "/dev/shm"
    directory = tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None)
    yield os.path.realpath(directory)
    shutil.rmtree(directory, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = [
        value
        for report in terminalreporter.stats.get("passed", ())
        for key, value in getattr(report, "user_properties", ())
        if key == _NUMBER
    ]
    if lines:
        terminalreporter.section("crash tests")
        terminalreporter.line(HEADER)
        for line in sorted(lines):
            terminalreporter.line(line)
