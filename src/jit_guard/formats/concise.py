"""One line per finding, for editors, agents and scripts: `path:line:column: CODE message`."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.formats import Options
from jit_guard.formats.block import entry
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable


def render(report: Report, options: Options) -> Iterator[str]:
    """All findings, without colours, excerpts, hints and a summary.

    Before them are the lines of what a fix did, after them those of rules that were not checked.
    """
    if not options.quiet:
        for fixed in report.fixed:
            yield printable(f"{fixed.action} {fixed.name}: {fixed.path}")
        for failed in report.failed:
            yield printable(f"not fixed {failed.name}: {failed.reason}")
    yield from map(_line, report.findings)
    if not options.quiet:
        for skipped in report.skipped:
            where = skipped.map or next(iter(report.maps), report.root)
            yield printable(f"{where}:1:1: {skipped.code} was not checked: {skipped.reason}")


def _line(finding: Finding) -> str:
    """A finding without a position is reported at the start of its file."""
    file = finding.file or finding.path or "."
    about = f"{named}: " if (named := entry(finding)) else ""
    line, column = finding.line or 1, finding.column or 1
    return printable(f"{file}:{line}:{column}: {finding.code} {about}{finding.message}")
