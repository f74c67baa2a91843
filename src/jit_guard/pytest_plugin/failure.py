"""Why the test of a part fails, and how pytest shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jit_guard.text.printable import printable, quiet_line

if TYPE_CHECKING:
    from typing import Any

    import pytest
    from _pytest._code.code import TerminalRepr


class Failure(Exception):  # noqa: N818 - a finding, not an error of ours
    """A test that fails: what is told, in a line and whole, and the place to open."""

    def __init__(self, summary: str, text: str, path: Path, line: int = 1) -> None:
        super().__init__(text)
        self.summary = summary
        self.path = path
        self.line = line


def could_not_tell(problems: Sequence[str], path: Path) -> Failure:
    """The failure of a test that nothing, or not all, could be said about."""
    lines = [quiet_line(printable(problem)) for problem in problems]
    return Failure(lines[0], "\n".join(lines), path)


def shown(excinfo: pytest.ExceptionInfo[BaseException], failure: Failure) -> TerminalRepr:
    """The failure as pytest shows a value, with the map in the place of our source.

    The place is what short summaries, `--tb=line`, JUnit files and editors take. The two
    classes have no public names; they are taken from what pytest itself makes, and a
    representation of this shape is the one that xdist sends whole.
    """
    made: Any = excinfo.getrepr(style="value")
    place = type(made.reprcrash)(str(failure.path), failure.line, failure.summary)
    found: TerminalRepr = type(made)([(made.reprtraceback, place, None)])
    return found
