"""Annotations: workflow commands that GitHub Actions shows at the lines of a pull request.

The escapes are those of the runner's own parser: `%`, CR and LF in a message, `:` and `,` in a
property, too. GitHub shows ten errors and ten warnings per step and silently drops the rest, so
the worst come first and a notice counts the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest

from jit_guard.formats import Options
from jit_guard.formats.finding import anchor, badness, sentence
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable, quiet_anywhere

CAP = 10  # annotations per severity that GitHub shows for one step


def render(report: Report, options: Options) -> Iterator[str]:
    """One workflow command per finding, at most CAP per severity."""
    shown = {"error": 0, "warning": 0}
    for severity in shown:
        alike = (finding for finding in report.findings if finding.severity == severity)
        for finding in nsmallest(CAP, alike, key=badness):
            shown[severity] += 1
            yield _annotation(finding, report, options.prefix)
    more = len(report.findings) - sum(shown.values())
    if more:
        yield _command(
            "notice", {"title": "jit-guard"}, f"+{more:,} more: {_omitted(report, shown)}"
        )
    for skipped in report.skipped:
        where = f" for {printable(skipped.map)}" if skipped.map else ""
        message = f"{skipped.code} was not checked{where}: {printable(skipped.reason)}"
        yield _command("notice", {"title": "jit-guard"}, message)


def _annotation(finding: Finding, report: Report, prefix: str) -> str:
    at = anchor(finding, report, prefix)
    properties = {
        "file": at.path,
        "line": str(at.line),
        "col": str(at.column),
        "title": f"{finding.code} {finding.name}",
    }
    message = sentence(finding)
    if finding.hint:
        message += f"\nhint: {printable(finding.hint)}"
    return _command(finding.severity, properties, message)


def _omitted(report: Report, shown: dict[str, int]) -> str:
    counts = []
    for severity, total in (("error", report.errors), ("warning", report.warnings)):
        number = total - shown[severity]
        if number:
            counts.append(f"{number:,} {severity}{'s' if number > 1 else ''}")
    return f"{', '.join(counts)}; GitHub shows {CAP} of each, run jit-guard to see them all"


def _command(name: str, properties: dict[str, str], message: str) -> str:
    parameters = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    line = f"::{name} {parameters}::{_data(message)}"
    # An older command syntax (`##[`) and Azure's (`##vso[`) are parsed in the middle of a line.
    return quiet_anywhere(line, r"#\\x23")


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    # Escape only what the runner unescapes: it must find the file by this path.
    return _data(text).replace(":", "%3A").replace(",", "%2C")
