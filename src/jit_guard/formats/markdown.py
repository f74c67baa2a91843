"""Markdown for a reviewer: the summary of a job, or a comment on a pull request.

The result comes first, then a table per map with a fix in every row; long tables are folded.
The dialect is GitHub's, which GitLab and Gitea share. Names are escaped, so that they are never
markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from jit_guard.formats import Options
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable

OPEN = 20  # rows of a table before the rest is folded
MOST_BYTES = 800_000  # of findings; GitHub drops the whole summary of a step beyond 1,024 KiB
_HEAD = ("where", "rule", "what is wrong", "how to fix it")
_MOST_DONE = 100
_ICON = {"error": "❌", "warning": "⚠️"}
_PLAIN = r"[\w ./-]+"
# Escaped as numeric character references, so that a name cannot form Markdown, HTML or a table
# column. Colons and dots form links (`https:`, `www.`), at signs form mentions.
_MARKUP = r"[\\`*_\[\]<>#|~&@$]|[:.](?=\S)"
_LONGEST_NAME = 1_000  # a pattern of megabytes takes minutes; real paths are shorter
_COMMAND = r"`(?P<command>[^`]+)`"


def render(report: Report, options: Options) -> Iterator[str]:  # noqa: ARG001
    """The lines of a Markdown document."""
    yield f"## {_result(report)}"
    yield ""
    yield _size(report)
    yield from _notes(report)
    yield from _done(report)
    room = MOST_BYTES
    listed = 0
    for group, findings in groupby(report.findings, key=lambda finding: finding.map):
        lines = []
        for row in map(_row, findings):
            room -= len(row.encode()) + 1
            if room < 0:
                break
            lines.append(row)
        listed += len(lines)
        if lines:
            yield from ("", f"### {code(group) if group else 'In the tree'}", "")
            yield from _table(_HEAD, lines)
        if room < 0:
            break
    if listed < len(report.findings):
        yield ""
        yield f"… and {len(report.findings) - listed:,} more; run {code('jit-guard')} to see them."


def _result(report: Report) -> str:
    if report.unreadable:
        return f"{_ICON['error']} jit-guard: not everything could be read"
    if not report.findings:
        return "✅ jit-guard: nothing wrong"
    counts = []
    if report.errors:
        counts.append(_count(report.errors, "error", "errors"))
    if report.warnings:
        counts.append(_count(report.warnings, "warning", "warnings"))
    icon = _ICON["error" if report.errors else "warning"]
    return f"{icon} jit-guard: {', '.join(counts)}"


def _size(report: Report) -> str:
    size = (
        f"{_count(report.entries, 'entry', 'entries')}, "
        f"{_count(report.components, 'component', 'components')}"
    )
    if report.maps:
        size += f" in {', '.join(map(code, report.maps))}"
    if report.accepted:
        size += f"; {report.accepted:,} accepted by the baseline"
    return f"{size}."


def _notes(report: Report) -> Iterator[str]:
    for problem in report.unreadable:
        yield from ("", f"> **Could not be read:** {prose(problem)}")
    for skipped in report.skipped:
        where = f" for {code(skipped.map)}" if skipped.map else ""
        yield from ("", f"> **{skipped.code} was not checked**{where}: {prose(skipped.reason)}")


def _done(report: Report) -> Iterator[str]:
    """Tables of the entries that a fix fixed, and of those that it did not."""
    fixed = [
        f"| {code(one.name)} | {one.action} | {code(one.path)} |"
        for one in report.fixed[:_MOST_DONE]
    ]
    failed = [f"| {code(one.name)} | {prose(one.reason)} |" for one in report.failed[:_MOST_DONE]]
    for title, head, rows, total in (
        ("Fixed", ("entry", "done", "file"), fixed, report.fixed),
        ("Not fixed", ("entry", "why"), failed, report.failed),
    ):
        if rows:
            yield from ("", f"### {title}: {len(total):,}", "")
            yield from _table(head, rows)


def _table(head: tuple[str, ...], rows: list[str]) -> Iterator[str]:
    top = (f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |")
    yield from (*top, *rows[:OPEN])
    if rows[OPEN:]:
        yield from ("", f"<details><summary>{len(rows) - OPEN:,} more</summary>", "")
        yield from (*top, *rows[OPEN:])
        yield from ("", "</details>")


def _row(finding: Finding) -> str:
    names = tuple(filter(None, (finding.path, finding.map, *finding.related)))
    message = prose(finding.message, names)
    if finding.goal is not None or finding.entry:
        entry = finding.entry or "/".join(filter(None, (finding.goal, finding.component_type)))
        message = f"{code(entry)}: {message}"
    rule = f"{_ICON[finding.severity]} {finding.code} {finding.name}"
    hint = prose(finding.hint, names) if finding.hint else ""
    return f"| {_where(finding)} | {rule} | {message} | {hint} |"


def _where(finding: Finding) -> str:
    if finding.map is None:
        return code(finding.path) if finding.path else ""
    place = f"{finding.line}:{finding.column}" if finding.line else ""
    return f"{code(finding.path or '')} {place}" if finding.in_path else place


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def code(text: str) -> str:
    """A name as inline code."""
    text = printable(text)
    if re.fullmatch(_PLAIN, text) and text == text.strip():
        return f"`{text}`"
    # Backtick and bar cannot be escaped between backticks; between tags they can.
    return f"<code>{_escaped(text)}</code>"


def prose(text: str, names: Iterable[str] = ()) -> str:
    """A sentence, with the names in it and the command between backticks as inline code."""
    text = printable(text)
    short = {printable(name) for name in names if len(name) <= _LONGEST_NAME}
    known = sorted(short, key=len, reverse=True)
    patterns = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in known]  # the longest first
    if text.count("`") == 2:
        patterns.insert(0, _COMMAND)  # before the names, which it may contain
    if not patterns:
        return _escaped(text)
    made = []
    end = 0
    for found in re.finditer("|".join(patterns), text):
        made.append(_escaped(text[end : found.start()]))
        made.append(code(found.groupdict().get("command") or found.group()))
        end = found.end()
    return "".join((*made, _escaped(text[end:])))


def _escaped(text: str) -> str:
    return re.sub(_MARKUP, lambda found: f"&#{ord(found.group())};", text)
