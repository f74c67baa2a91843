"""One finding as lines for people: what and where, the line of its file, and the hint.

The text format and the pytest plugin print the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jit_guard.config import CODES
from jit_guard.report import Finding
from jit_guard.text.layout import hang
from jit_guard.text.printable import hyperlink, printable, style
from jit_guard.text.width import cut, cut_start, width

_COLUMNS = 110  # of a line with an excerpt in a file
_QUOTING = ("JG101", "JG6")  # these are about values, which may be misplaced secrets
_MOST_QUOTED = 60  # characters of one


def place(finding: Finding) -> str:
    """The position of a finding: `file:line:column`, or the file alone."""
    file = finding.file or finding.path or "."
    return file if finding.line is None else f"{file}:{finding.line}:{finding.column}"


def entry(finding: Finding) -> str:
    """The name of the entry; the path of a finding in a map that has none."""
    if finding.goal is not None:
        return "/".join(filter(None, (finding.goal, finding.component_type)))
    if finding.entry or finding.map in (None, finding.path):
        return finding.entry or ""
    return finding.path or ""


def heading(
    finding: Finding, columns: int | None = None, *, color: bool = False, rules: str = ""
) -> Iterator[str]:
    """What and where: `place: CODE name  entry: message`, in one line unless a terminal is narrow.

    Args:
        finding: the finding.
        columns: the width of the terminal; None: it is not one.
        color: whether to use colours.
        rules: the URL of a page about the rules, for a hyperlink at the code.
    """
    where = style(printable(place(finding)), "bold", on=color)
    code = style(finding.code, "bold", shade(finding.severity), on=color)
    if rules and finding.code in CODES:
        code = hyperlink(code, f"{rules}#{finding.code}")
    about = entry(finding)
    about = f"{style(printable(about), 'bold', on=color)}: " if about else ""
    head = f"{where}: {code} {finding.name}  {about}"
    yield from hang(head, printable(finding.message), 4, columns)


def hint(text: str, columns: int | None, *, color: bool) -> Iterator[str]:
    """A hint, in one line unless a terminal is narrow."""
    for line in hang("    hint: ", printable(text), 10, columns):
        yield style(line, "dim", on=color)


def shade(severity: str) -> str:
    """The colour of a severity."""
    return "red" if severity == "error" else "yellow"


def lines_of(data: bytes, wanted: Iterable[int]) -> dict[int, str]:
    """The lines with these numbers, without those that the file does not have.

    Lines end at LF or CRLF, and a byte order mark is not part of the first, as in positions.
    """
    found: dict[int, str] = {}
    start, number = 3 if data.startswith(b"\xef\xbb\xbf") else 0, 1
    for line in sorted(set(wanted)):
        while number < line:
            start = data.find(b"\n", start) + 1
            if not start:
                return found
            number += 1
        end = data.find(b"\n", start)
        text = data[start : end if end >= 0 else len(data)].decode("utf-8", "backslashreplace")
        found[line] = text.removesuffix("\r")
    return found


def excerpt(
    text: str, finding: Finding, columns: int | None = None, *, color: bool = False
) -> Iterator[str]:
    """The line of a file with a caret below the position of a finding.

    Args:
        text: the line.
        finding: its line and column are known.
        columns: the width of the terminal, or None; a longer line is cut around the position.
        color: whether to use colours.
    """
    column = finding.column or 1
    number = str(finding.line)
    room = max(20, (columns or _COLUMNS) - len(number) - 5)
    if finding.code.startswith(_QUOTING):
        room = min(room, _MOST_QUOTED)
    here, most = column - 1, room * 6 // 10
    before = printable(text[max(0, here - most) : here])  # a line may have megabytes
    before = cut_start(f"…{before}" if here > most else before, most)
    after = printable(text[here : here + room])
    after = cut(f"{after}…" if here + room < len(text) else after, room - width(before))
    gutter = style(f"  {number} |", "dim", on=color)
    yield f"{gutter} {before}{after}"
    gutter = style(f"  {' ' * len(number)} |", "dim", on=color)
    caret = style("^", "bold", shade(finding.severity), on=color)
    yield f"{gutter} {' ' * width(before)}{caret}"


def describe(finding: Finding, line: str | None = None) -> Iterator[str]:
    """All lines about a finding; `line` is the line of its file, None if it is not known."""
    yield from heading(finding)
    if line is not None:
        yield from excerpt(line, finding)
    if finding.hint:
        yield from hint(finding.hint, None, color=False)
