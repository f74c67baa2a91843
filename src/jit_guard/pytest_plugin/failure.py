"""The failure of a map's test, and how pytest shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jit_guard.formats import block
from jit_guard.report import Finding
from jit_guard.text.printable import printable, quiet_line

if TYPE_CHECKING:
    from typing import Any

    import pytest
    from _pytest._code.code import TerminalRepr


class Failure(Exception):  # noqa: N818 - a finding, not an error of jit-guard
    """A failed test: its summary line, its full text, and the position to open."""

    def __init__(self, summary: str, text: str, path: Path, line: int = 1) -> None:
        super().__init__(text)
        self.summary = summary
        self.path = path
        self.line = line


def not_checked(problems: Sequence[str], path: Path) -> Failure:
    """The failure of a test whose part could not be checked, or not completely."""
    lines = [quiet_line(printable(problem)) for problem in problems]
    return Failure(lines[0], "\n".join(lines), path)


def shown(excinfo: pytest.ExceptionInfo[BaseException], failure: Failure) -> TerminalRepr:
    """The failure as pytest shows a value, located in the map instead of in this package.

    Short summaries, `--tb=line`, JUnit files and editors use that location. The two classes of
    the representation have no public names, so they are taken from one that pytest made; xdist
    transfers a representation of this shape completely.
    """
    made: Any = excinfo.getrepr(style="value")
    place = type(made.reprcrash)(str(failure.path), failure.line, failure.summary)
    found: TerminalRepr = type(made)([(made.reprtraceback, place, None)])
    return found


def describe(finding: Finding, line: str | None) -> Iterator[str]:
    """The lines that describe a finding; `line` is that of its file, None if it is not known."""
    return map(quiet_line, block.describe(finding, line))


def summary(finding: Finding) -> str:
    """The finding in one line, without its position, which pytest shows beside it."""
    return quiet_line(f"{finding.code} {finding.name}: {printable(finding.message)}")
