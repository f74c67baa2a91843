"""The formats of a report. Each is a module with `render(report, options) -> lines`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from jit_guard.named_tuple import NamedTuple
from jit_guard.report import Report

NAMES = ("text", "concise", "json", "github", "sarif", "gitlab", "markdown", "html")
# Readers of these formats expect paths relative to the git top: see Options.prefix.
FROM_GIT_TOP = frozenset(("github", "sarif", "gitlab"))
# Formats whose lines are commands to a CI runner. They escape names themselves.
COMMANDS = frozenset(("github",))


class Options(NamedTuple):
    """What a format needs besides the report.

    `started` is the start time of the command (`time.perf_counter`), None if it is not known.
    `prefix` is the path of the root below the git top, "" if they are the same directory or
    there is no repository. Only the formats in FROM_GIT_TOP read it.

    The others concern text: `read` returns the bytes of a map, for excerpts; `rules` is the URL of
    the page about the rules, for hyperlinks; `columns` is the width of the terminal, None in a
    file; `show_all` shows more than the first findings of each code, `statistics` counts them only.
    """

    color: bool = False
    quiet: bool = False
    verbose: bool = False
    started: float | None = None
    prefix: str = ""
    read: Callable[[str], bytes | None] | None = None
    rules: str = ""
    columns: int | None = None
    show_all: bool = False
    statistics: bool = False


def render(name: str, report: Report, options: Options) -> Iterator[str]:
    """The lines of a report in a format of NAMES."""
    lines: Iterator[str] = import_module(f"jit_guard.formats.{name}").render(report, options)
    return lines
