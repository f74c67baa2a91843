"""The width of text on a terminal, in cells, and how to fit lines into it.

The width of a character is derived from the Unicode database, as pytest does. It is never less
than what terminals use, except for characters that a terminal draws wider than Unicode says.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import category, east_asian_width

_EMOJI_STYLE = "\ufe0f"  # makes the character before it two cells wide


def width(text: str) -> int:
    """Return the number of cells that a printable text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, columns: int) -> str:
    """Return the text in at most so many cells; `…` replaces what does not fit."""
    if width(text) <= columns:
        return text
    return f"{_head(text, columns - 1)}…" if columns > 0 else ""


def cut_start(text: str, columns: int) -> str:
    """Return the end of the text in at most so many cells, for a path; `…` replaces its start."""
    if width(text) <= columns:
        return text
    return f"…{_head(text[::-1], columns - 1)[::-1]}" if columns > 0 else ""


def wrap(text: str, columns: int, indent: str = "") -> Iterator[str]:
    """Yield the text as lines of at most so many cells, broken at spaces where possible.

    Args:
        text: one printable line.
        columns: the width of the terminal.
        indent: the start of all lines but the first.
    """
    indent = indent if width(indent) < columns // 2 else ""
    start = ""
    while width(start + text) > columns:
        head = _head(text, max(columns - width(start), 2))
        before, space, _ = (head + text[len(head) : len(head) + 1]).rpartition(" ")
        if space and before.strip():
            head = before
        yield start + head
        text, start = text[len(head) :].lstrip(" "), indent
    if text or not start:
        yield start + text


def _head(text: str, columns: int) -> str:
    used = 0
    for position, character in enumerate(text):
        used += _cells(character)
        if used > columns:
            return text[:position]
    return text


def _cells(character: str) -> int:
    if character.isascii() or character == _EMOJI_STYLE:
        return 1
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
