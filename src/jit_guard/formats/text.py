"""The report for people: what was done, each finding with its line and a hint, a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from time import perf_counter

from jit_guard.formats import Options
from jit_guard.report import Report
from jit_guard.text.printable import printable, style

_ORIGINS = {"ledger": " (from the ledger, free)", "edited": " (edited)"}


def render(report: Report, options: Options) -> Iterator[str]:
    """The lines of a report.

    A finding in a map or a component reads `file:line:column: CODE name  goal/type: message`, any
    other `path: CODE name  message`. It is the same text on a terminal and in a file.
    """
    if not options.quiet:
        done = list(_done(report, options))
        yield from (*done, "") if done and report.findings else done
    if report.findings:
        from jit_guard.formats.listing import listing, statistics

        yield from (statistics if options.statistics else listing)(report, options)
    if options.quiet:
        return
    for skipped in report.skipped:
        where = f" for {printable(skipped.map)}" if skipped.map else ""
        yield f"skipped {skipped.code}{where}: {printable(skipped.reason)}"
    yield _summary(report, options)
    if report.fixes:
        from jit_guard.formats.tally import fixable

        if number := fixable(report).total():
            yield f"{number:,} fixable with --fix"


def _done(report: Report, options: Options) -> Iterator[str]:
    """What a fix did, and what it did not do."""
    if not (report.fixed or report.failed):
        return  # a clean check imports no more than it needs
    from jit_guard.formats.listing import MOST
    from jit_guard.text.layout import hang

    def left(what: str) -> Iterator[str]:
        action = style("not fixed", "yellow", on=options.color)
        return hang(f"{action}  ", printable(what), 11, options.columns)

    for fixed in report.fixed:
        action = style(f"{fixed.action:<9}", "green", on=options.color)
        origin = _ORIGINS.get(fixed.origin or "", "")
        what = printable(f"{fixed.name}: {fixed.path}{origin}")
        yield from hang(f"{action}  ", what, 11, options.columns)
    reasons: Counter[str] = Counter()
    for failed in report.failed:
        reasons[failed.reason] += 1
        if reasons[failed.reason] <= MOST or options.show_all:
            yield from left(f"{failed.name}: {failed.reason}")
    if not options.show_all:
        for reason, number in reasons.items():
            if number > MOST:
                yield from left(f"{number - MOST:,} more: {reason}; to show all, use --show-all")


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
