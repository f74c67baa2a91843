"""The formats of a report. Each is a module with `render(report, options) -> lines`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from jit_guard.named_tuple import NamedTuple
from jit_guard.report import Report

NAMES = ("text", "json", "github", "sarif", "gitlab", "markdown")
# Their readers know a file by its path from the top of the repository: see Options.prefix.
FROM_GIT_TOP = frozenset(("github", "sarif", "gitlab"))
# Its lines are commands to a CI runner. It sees to it itself that no name in them is one.
COMMANDS = frozenset(("github",))


class Options(NamedTuple):
    """What a format may want to know beside the report.

    `started` is when the call was (of `time.perf_counter`), None where that is not told.
    `prefix` is the path of the root below the git top, "" where they are the same folder or
    there is no git. Only the formats of FROM_GIT_TOP read it.
    """

    color: bool = False
    quiet: bool = False
    verbose: bool = False
    started: float | None = None
    prefix: str = ""


def render(name: str, report: Report, options: Options) -> Iterator[str]:
    """The lines of a report in a format of NAMES."""
    lines: Iterator[str] = import_module(f"jit_guard.formats.{name}").render(report, options)
    return lines
