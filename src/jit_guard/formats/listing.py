"""The findings of a report for people: in blocks, or counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice

from jit_guard.formats import Options, block
from jit_guard.formats.tally import first, fixable, numbers
from jit_guard.report import Finding, Report
from jit_guard.text.printable import style

MOST = 50  # findings of one code that are shown
_TOGETHER = 10_000  # findings that are kept in memory


def listing(report: Report, options: Options) -> Iterator[str]:
    """The findings, each with the line of its file and a hint; of each code at most MOST."""
    if options.quiet:
        for finding in report.findings:
            yield from block.heading(finding, color=options.color, rules=options.rules)
    elif options.show_all:
        yield from _findings(_answered(iter(report.findings), report), options)
    else:
        yield from _findings(_answered(first(report.findings, MOST), report), options)
        yield from _omitted(report)


def _answered(findings: Iterator[Finding], report: Report) -> Iterator[Finding]:
    """Leave out the hint to run a fix where the fix has just said why it failed."""
    failed = {(one.goal, one.component_type, one.entry) for one in report.failed}
    if not failed:
        return findings
    return (
        one._replace(hint=None)
        if one.fixable and (one.goal, one.component_type, one.entry) in failed
        else one
        for one in findings
    )


def _findings(findings: Iterator[Finding], options: Options) -> Iterator[str]:
    """Each map and each component with positions as a block, then the files of the tree as one.

    An empty line follows each.
    """
    for path, group in groupby(findings, key=lambda finding: finding.file):
        while some := list(islice(group, _TOGETHER)):
            if path is None:  # they are sorted by code; all about one file comes together
                some.sort(key=lambda finding: finding.path or "")
            yield from _block(some, path, options)
        yield ""


def _block(findings: list[Finding], path: str | None, options: Options) -> Iterator[str]:
    """The lines of findings in one file; what several of them share is shown once."""
    lines, columns, color = _lines(findings, path, options), options.columns, options.color
    hints = Counter(finding.hint for finding in findings)
    shown = None
    for finding in findings:
        yield from block.heading(finding, columns, color=color, rules=options.rules)
        here = (finding.line, finding.column)
        if finding.line in lines and here != shown:
            yield from block.excerpt(lines[finding.line], finding, columns, color=color)
        shown = here
        if finding.hint and (number := hints.pop(finding.hint, 0)):
            more = f" (the same for {number - 1:,} more below)" if number > 1 else ""
            yield from block.hint(f"{finding.hint}{more}", columns, color=color)


def _lines(findings: list[Finding], path: str | None, options: Options) -> dict[int, str]:
    """The lines of a file that are shown, by their numbers."""
    wanted = [finding.line for finding in findings if finding.line is not None]
    data = options.read(path) if path and wanted and options.read else None
    return {} if data is None else block.lines_of(data, wanted)


def _omitted(report: Report) -> Iterator[str]:
    """How many findings are not shown, and how to see them."""
    many = {code: number for code, number in numbers(report.findings).items() if number > MOST}
    names = {one.code: one.name for one in first(report.findings, 1)} if many else {}
    for code, number in many.items():
        yield f"and {number - MOST:,} more {code} {names[code]}; to show all, use --show-all"
    if many:
        yield ""


def statistics(report: Report, options: Options) -> Iterator[str]:
    """The number of findings of each code, the most frequent first."""
    found, can_fix = numbers(report.findings), fixable(report)
    codes = {one.code: one for one in first(report.findings, 1)}
    width = max((len(f"{number:,}") for number in found.values()), default=0)
    names = max((len(one.name) for one in codes.values()), default=0)
    for code, number in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        sample = codes[code]
        shown = style(code, "bold", block.shade(sample.severity), on=options.color)
        fixes = f"  {can_fix[code]:,} fixable" if can_fix[code] else ""
        yield f"{number:>{width},}  {shown}  {sample.name:<{names}}{fixes}".rstrip()
    if not options.quiet:
        yield ""
