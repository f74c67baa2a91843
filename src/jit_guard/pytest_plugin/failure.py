"""The failure of a map's test, and how pytest shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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


_BEFORE, _AFTER = 60, 40  # characters of a long line that are shown around the position


def describe(finding: Finding, lines: Sequence[str]) -> Iterator[str]:
    """The lines that describe a finding.

    Args:
        finding: the finding.
        lines: the lines of its map, for an excerpt; empty if it has no map.
    """
    for line in _description(finding, lines):
        yield quiet_line(line)


def summary(finding: Finding) -> str:
    """The finding in one line, without its position, which pytest shows beside it."""
    return quiet_line(f"{finding.code} {finding.name}: {printable(finding.message)}")


def _description(finding: Finding, lines: Sequence[str]) -> Iterator[str]:
    place = printable(finding.map or finding.path or ".")
    if finding.line is not None:
        place += f":{finding.line}:{finding.column}"
    entry = ""
    if finding.goal is not None:
        part = "" if finding.component_type is None else f"/{finding.component_type}"
        entry = printable(f"{finding.goal}{part}") + ": "
    elif finding.entry:
        entry = printable(finding.entry) + ": "
    elif finding.path not in {None, finding.map} and finding.map is not None:
        entry = printable(finding.path or "") + ": "
    yield f"{place}: {finding.code} {finding.name}  {entry}{printable(finding.message)}"
    if finding.line is not None and finding.column is not None and finding.line <= len(lines):
        yield from _shown(lines[finding.line - 1], finding.line, finding.column)
    if finding.hint:
        yield f"    hint: {printable(finding.hint)}"


def _shown(text: str, line: int, column: int) -> Iterator[str]:
    before, after = text[: column - 1], text[column - 1 :]
    if len(before) > _BEFORE:
        before = f"…{before[-_BEFORE:]}"
    if len(after) > _AFTER:
        after = f"{after[:_AFTER]}…"
    before = printable(before)
    number = str(line)
    yield f"  {number} | {before}{printable(after)}"
    yield f"  {' ' * len(number)} | {' ' * _width(before)}^"


def _width(text: str) -> int:
    """The number of terminal columns that a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        2 if east_asian_width(letter) in "WF" else 0 if combining(letter) else 1 for letter in text
    )
