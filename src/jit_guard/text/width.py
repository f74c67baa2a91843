"""The width of text on a terminal, in cells, and how to fit lines into it.

The width of a character is derived from the Unicode database, as pytest does. It is never less
than what terminals use, except for characters that a terminal draws wider than Unicode says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TextIO
from unicodedata import category, east_asian_width

_SIZE = (80, 24)  # if nothing is known

_EMOJI_STYLE = "\ufe0f"  # makes the character before it two cells wide


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Return the columns and rows of a terminal as it is now.

    If it does not know them, `COLUMNS` and `LINES` do, or they are 80 and 24.
    """
    try:
        known = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):  # not a terminal, or closed
        known = os.terminal_size((0, 0))
    given = (os.environ.get("COLUMNS", ""), os.environ.get("LINES", ""))
    columns, rows = (
        size or (int(word) if word.isdecimal() else 0) or default
        for size, word, default in zip(known, given, _SIZE, strict=True)
    )
    return columns, rows


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
    """Yield the text as lines of at most so many cells, broken at spaces where that saves room.

    Args:
        text: one printable line.
        columns: the width of the terminal.
        indent: the start of all lines but the first, if there is room for it.
    """
    indent = indent if width(indent) < columns // 2 else ""
    start, rest = "", text
    while width(start + rest) > columns:
        room = columns - width(start)
        head = _head(rest, room) or rest[:1]  # even if one character is too wide
        before = (head + rest[len(head) : len(head) + 1]).rpartition(" ")[0]
        if width(before) > room // 2:
            head = before
        yield start + head
        start, rest = indent, rest[len(head) :].lstrip(" ")
        if not rest:
            return
    yield start + rest


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
