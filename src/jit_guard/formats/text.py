"""The report for people: one line per finding, its hint below, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby, islice
from time import perf_counter

from jit_guard.formats import Options
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable, style

_ORIGINS = {"ledger": " (from the ledger, free)", "edited": " (edited)"}
_ALIGNED = 10_000  # findings whose columns are aligned; terminals keep fewer lines


def render(report: Report, options: Options) -> Iterator[str]:
    """The lines of a report.

    A finding in a map reads `map:line:column: CODE name  goal/type: message`, any other
    `path: CODE name  message`. On a terminal the columns of a group are aligned.
    """
    for _, group in groupby(report.findings, key=lambda finding: finding.map):
        aligned = list(islice(group, _ALIGNED)) if options.color else []
        pad = max((len(printable(_place(finding))) for finding in aligned), default=0)
        width = max((len(finding.name) for finding in aligned), default=0)
        for finding in chain(aligned, group):
            yield _styled(finding, pad, width) if options.color else _plain(finding)
            if finding.hint and not options.quiet:
                hint = printable(f"    hint: {finding.hint}")
                yield style(hint, "dim", on=options.color)
        if not options.quiet:
            yield ""
    if options.quiet:
        return
    for fixed in report.fixed:
        action = style(f"{fixed.action:<9}", "green", on=options.color)
        entry = printable(fixed.name)
        origin = _ORIGINS.get(fixed.origin or "", "")
        yield f"{action}  {entry}: {printable(fixed.path)}{origin}"
    for failed in report.failed:
        action = style("not fixed", "yellow", on=options.color)
        entry = printable(failed.name)
        yield f"{action}  {entry}: {printable(failed.reason)}"
    for skipped in report.skipped:
        where = f" for {printable(skipped.map)}" if skipped.map else ""
        yield f"skipped {skipped.code}{where}: {printable(skipped.reason)}"
    yield _summary(report, options)


def _place(finding: Finding) -> str:
    if finding.map is None:
        return finding.path or ""
    return finding.map if finding.line is None else f"{finding.map}:{finding.line}:{finding.column}"


def _entry(finding: Finding) -> str:
    if finding.goal is None or finding.component_type is None:
        return finding.goal or finding.entry or ""
    return f"{finding.goal}/{finding.component_type}"


def _plain(finding: Finding) -> str:
    about = f"{entry}: " if (entry := _entry(finding)) else ""
    place = _place(finding)
    return printable(f"{place}: {finding.code} {finding.name}  {about}{finding.message}")


def _styled(finding: Finding, pad: int, width: int) -> str:
    shade = "red" if finding.severity == "error" else "yellow"
    place = printable(_place(finding))
    code = style(finding.code, "bold", shade, on=True)
    message = printable(finding.message)
    if entry := _entry(finding):
        message = f"{style(printable(entry), 'bold', on=True)}: {message}"
    space = " " * max(0, pad - len(place))
    return f"{style(place, 'bold', on=True)}:{space} {code} {finding.name:<{width}}  {message}"


def _summary(report: Report, options: Options) -> str:
    size = f"{_count(report.entries, 'entry', 'entries')}, {_count(report.components, 'component')}"
    if report.accepted:
        size += f", {report.accepted:,} accepted by the baseline"
    if report.preset:
        size += f" (preset {report.preset}, no configuration found)"
    # Measured here, at the end: printing many findings takes longer than finding them.
    took = "" if options.started is None else f" ({perf_counter() - options.started:.2f} s)"
    if report.unreadable:
        what = style("not everything could be read", "bold", "red", on=options.color)
        return f"{what}: {_counts(report)} in {size}{took}"
    if report.findings:
        shade = "red" if report.errors else "yellow"
        return f"{style(_counts(report), 'bold', shade, on=options.color)} in {size}{took}"
    return f"{style('nothing wrong', 'bold', 'green', on=options.color)} in {size}{took}"


def _counts(report: Report) -> str:
    counts = [_count(report.errors, "error")] if report.errors or not report.warnings else []
    if report.warnings:
        counts.append(_count(report.warnings, "warning"))
    return ", ".join(counts)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
