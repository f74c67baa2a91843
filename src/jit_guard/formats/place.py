"""Where a reader is taken to: a file of the repository, a line and a column."""

from __future__ import annotations

from typing import NamedTuple

from jit_guard.report import Finding, Report


class Place(NamedTuple):
    """A position in a file. The path is a true name, relative to the git top."""

    path: str
    line: int = 1
    column: int = 1


def place(finding: Finding, report: Report, prefix: str) -> Place:
    """The entry in the map, or the start of the file that no map names.

    Annotations, alerts and code quality reports all need a file and a line, so what has no
    place of its own (a plugin's finding about the whole project) is told at the first map.
    """
    path = finding.map or finding.path or next(iter(report.maps), "goal_map.json")
    return Place(from_top(path, prefix), finding.line or 1, finding.column or 1)


def from_top(path: str, prefix: str) -> str:
    """A path relative to the root, made relative to the git top."""
    return f"{prefix}/{path}" if prefix else path
