"""Annotations: workflow commands that GitHub Actions shows at the lines of a pull request.

Written with the escapes of the runner's own parser: in a message `%`, CR and LF, in a property
`:` and `,` too. It shows ten errors and ten warnings of a step and drops the rest without a
word, so the worst come first and one notice counts what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest

from jit_guard.formats import Options
from jit_guard.formats.finding import anchor, badness, sentence
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable, quiet_anywhere

CAP = 10  # annotations of one type that a step may show


def render(report: Report, options: Options) -> Iterator[str]:
    """One workflow command a finding, at most CAP a severity; nothing when nothing is wrong."""
    shown = {"error": 0, "warning": 0}
    for severity in shown:
        alike = (finding for finding in report.findings if finding.severity == severity)
        for finding in nsmallest(CAP, alike, key=badness):
            shown[severity] += 1
            yield _annotation(finding, report, options.prefix)
    more = len(report.findings) - sum(shown.values())
    if more:
        yield _command("notice", {"title": "jit-guard"}, f"+{more:,} more: {_left(report, shown)}")
    for skipped in report.skipped:
        where = f" for {printable(skipped.map)}" if skipped.map else ""
        told = f"{skipped.code} was not judged{where}: {printable(skipped.reason)}"
        yield _command("notice", {"title": "jit-guard"}, told)


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


def _left(report: Report, shown: dict[str, int]) -> str:
    counts = []
    for severity, all_of_it in (("error", report.errors), ("warning", report.warnings)):
        number = all_of_it - shown[severity]
        if number:
            counts.append(f"{number:,} {severity}{'s' if number > 1 else ''}")
    return f"{', '.join(counts)}; GitHub shows {CAP} of each, jit-guard lists them all"


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    line = f"::{name} {told}::{_data(message)}"
    # An older form of commands, and Azure's, are read in the middle of a line.
    return quiet_anywhere(line, r"#\\x23")


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    # Only what the runner takes back: a path must come out as it is, or it finds no file.
    return _data(text).replace(":", "%3A").replace(",", "%2C")
