"""GitLab Code Quality: the report that a merge request compares with its target branch.

It has only the keys that GitLab reads, a subset of the Code Climate format.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

from jit_guard.formats import Options
from jit_guard.formats.finding import anchor, fingerprints, sentence
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable, quiet_anywhere, true_name


def render(report: Report, options: Options) -> Iterator[str]:
    """The lines of a JSON array with one issue per finding."""
    known = zip(report.findings, fingerprints(report.findings, options.prefix), strict=True)
    last = len(report.findings)
    yield "[" if last else "[]"
    for number, (finding, fingerprint) in enumerate(known, 1):
        issue = dumps([_issue(finding, fingerprint, report, options.prefix)], indent=2)
        lines = quiet_anywhere(issue, r"#\\u0023").split("\n")[1:-1]
        yield from lines[:-1]
        yield f"{lines[-1]}," if number < last else lines[-1]
    if last:
        yield "]"


def _issue(finding: Finding, fingerprint: str, report: Report, prefix: str) -> dict[str, Any]:
    at = anchor(finding, report, prefix)
    hint = f" ({printable(finding.hint)})" if finding.hint else ""
    return {
        # GitLab shows neither the name of the check nor a hint, so the description has both.
        "description": f"{finding.code} {finding.name}: {sentence(finding)}{hint}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _severity(finding),
        "location": {"path": true_name(at.path), "lines": {"begin": at.line}},
    }


def _severity(finding: Finding) -> str:
    if finding.severity == "warning":
        return "minor"
    # While a map is unreadable or a commit unfinished, the other findings are incomplete.
    return "critical" if finding.code.startswith(("JG0", "JG4")) else "major"
