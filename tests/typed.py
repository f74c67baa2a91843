"""Runs of the command with a user at a terminal, in this process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from jit_guard import cli
from projects import Outcome, at


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class Keyboard(io.StringIO):
    """Lines that a user types; a function is called when its line is read."""

    def __init__(self, lines: Sequence[str | Callable[[], str]]) -> None:
        super().__init__()
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        assert size == -1
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return f"{line if isinstance(line, str) else line()}\n"


def type_in(
    lines: Sequence[str | Callable[[], str]], *argv: str, cwd: str | os.PathLike[str]
) -> Outcome:
    """Run the command on a terminal where these lines are typed, and then the end of input."""
    out, err = io.StringIO(), Screen()
    keyboard = patch.object(sys, "stdin", Keyboard(lines))
    with at(cwd), redirect_stdout(out), redirect_stderr(err), keyboard:
        code = cli.main(argv)
    return Outcome(code, out.getvalue(), err.getvalue())


def on_screen(*argv: str, cwd: str | os.PathLike[str], columns: int, **environment: str) -> Outcome:
    """Run the command with standard output on a terminal of so many columns, in this process."""
    out, err = Screen(), Screen()
    given = {"COLUMNS": str(columns), "TERM": "xterm", **environment}
    with at(cwd), redirect_stdout(out), redirect_stderr(err), patch.dict(os.environ, given):
        code = cli.main(argv)
    return Outcome(code, out.getvalue(), err.getvalue())
