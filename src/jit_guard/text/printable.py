r"""Escaping of untrusted text for a terminal, a log and a CI runner.

Nothing that a file contains may forge a line, move the cursor, or send a command to a CI runner.
`printable` is for one name or message, `quiet_line` for one finished line of output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

_BATCH = 1000  # lines
STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}

# Control characters (C0, DEL, C1), line and paragraph separators, everything that changes
# the direction of text or is invisible, and lone surrogates (bytes that are not UTF-8).
_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# GitHub reads `::command` at a line's start (white space and our colours aside) and
# `##[command]` anywhere, Azure Pipelines `##vso[command]` anywhere.
_LINE_COMMAND = r"\A((?:\x1b\[[\d;]*m|\s)*):(?=:)"
_RUNNER_COMMAND = r"(?i)##(?=\[|vso\[)"


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]+""", re.DOTALL)
_CLOSE = 0.65  # `lgo` is close to `log`, `nope` is not to `openai`
_MOST_QUOTED = 60  # characters of a value, which may be a misplaced secret


def did_you_mean(word: str, known: object) -> str:
    """Return `; did you mean 'x'?` for the closest known word; "" if none is close."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=_CLOSE)  # type: ignore[call-overload]
    return f"; did you mean {near[0]!r}?" if near else ""


def quote(value: object) -> str:
    """Return a value from a file as quoted in messages, cut to 60 characters."""
    try:
        return _cut(repr(value))
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deeply"


def cut_quotes(message: str) -> str:
    """Return another library's message with every quoted value cut to 60 characters."""
    if len(message) <= _MOST_QUOTED:
        return message
    return _QUOTED.sub(lambda found: _cut(found.group()), message)


def _cut(text: str) -> str:
    if len(text) <= _MOST_QUOTED:
        return text
    return f"{text[: _MOST_QUOTED - 4]}...{text[-1]}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as the file system gave it
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    if code > 0xFF:
        return f"\\u{code:04x}"
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or f"\\x{code:02x}"


def printable(text: str) -> str:
    r"""Return the text on one line, with invisible characters escaped (`\x1b`, `\u202e`)."""
    return text if text.isascii() and text.isprintable() else re.sub(_HIDDEN, _escape, text)


def printable_parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text of several lines in parts: as it is, or with True an escaped character.

    Line ends (as line feeds) and tabs are kept.
    """
    text = text.replace("\r\n", "\n")
    end = 0
    for found in re.finditer(rf"(?![\n\t]){_HIDDEN}", text):
        yield text[end : found.start()], False
        yield _escape(found), True
        end = found.end()
    yield text[end:], False


def true_name(text: str) -> str:
    r"""Return the text with only bytes that are not UTF-8 escaped (`\xNN`), for JSON."""
    if text.isascii():
        return text
    return re.sub("[\udc80-\udcff]", _escape, text)


def quiet_line(line: str) -> str:
    """Escape a finished line so that no CI runner takes it for a command."""
    if "::" in line:
        line = re.sub(_LINE_COMMAND, r"\1\\x3a", line)
    return quiet_anywhere(line, r"#\\x23")


def quiet_lines(lines: Iterable[str]) -> Iterator[str]:
    """Escape finished lines as `quiet_line` does; yield them in batches, each with a newline."""
    waiting = iter(lines)
    while some := list(islice(waiting, _BATCH)):
        text = "\n".join(some)
        if "::" in text or "##" in text:  # rare, so one check serves the whole batch
            text = "\n".join(map(quiet_line, some))
        yield f"{text}\n"


def quiet_anywhere(text: str, replacement: str) -> str:
    """Replace the commands that runners recognise anywhere in a line."""
    return re.sub(_RUNNER_COMMAND, replacement, text) if "##" in text else text


def style(text: str, *names: str, on: bool) -> str:
    """Return the text in a style if colours are on."""
    if not on:
        return text
    return f"\x1b[{';'.join(STYLES[name] for name in names)}m{text}\x1b[0m"


def hyperlink(text: str, url: str) -> str:
    """Return the text as a hyperlink of a terminal (OSC 8)."""
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"
