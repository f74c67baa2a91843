"""How many findings a report has of each code, and the first of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from jit_guard.report import Finding, Report

# What a fix does without asking; it leaves the rest, or asks about it.
_CERTAIN = frozenset(("relink", "adopt", "restore", "stored", "generate"))


def first(findings: Sequence[Finding], most: int) -> Iterator[Finding]:
    """Yield at most so many findings of each code, in the order of the report."""
    generated = getattr(findings, "first", None)
    if generated is not None:  # `series.Findings` generates no others
        yield from generated(most)
        return
    shown: Counter[str] = Counter()
    for finding in findings:
        shown[finding.code] += 1
        if shown[finding.code] <= most:
            yield finding


def numbers(findings: Sequence[Finding]) -> Mapping[str, int]:
    """Return how many findings there are of each code."""
    counted = getattr(findings, "numbers", None)
    if counted is not None:
        found: Mapping[str, int] = counted()
        return found
    return Counter(finding.code for finding in findings)


def fixable(report: Report) -> Counter[str]:
    """Return how many findings `--fix` fixes, by code; nothing if that was not asked for."""
    fixes = report.fixes or {}
    return Counter(
        one.code
        for one in (report.findings if fixes else ())
        if one.fixable and one.path and one.path in fixes
        if fixes[one.path].action in _CERTAIN
    )
