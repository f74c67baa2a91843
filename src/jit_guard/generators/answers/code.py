"""Where a text is code: what a text says about markers there is not a marker.

A fenced block counts only if it is closed, and a span only if it ends on its line, so that a stray
backquote in a thought hides nothing. Everything is linear: an answer may be hostile.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RUN = re.compile("`+")


class Fence(NamedTuple):
    """A line that opens or closes a block: its characters, and the first word after them."""

    mark: str
    info: str

    def closes(self, opening: Fence) -> bool:
        """Check whether it can close a block."""
        return not self.info and self.mark.startswith(opening.mark)


class Block(NamedTuple):
    """A fenced block: the numbers of its first and last line."""

    first: int
    last: int
    opening: Fence
    closed: bool


def fence(line: str) -> Fence | None:
    """Return the fence on a line, if there is one."""
    found = _FENCE.match(line)
    if found is None:
        return None
    info = line[found.end() :].strip()
    if "`" in info and found[1][0] == "`":
        return None
    return Fence(found[1], (info.split(None, 1) or [""])[0])


def blocks(lines: Sequence[str]) -> list[Block]:
    """Return the fenced blocks of a text, as CommonMark reads them: the first bare fence closes."""
    found: list[Block] = []
    opening: Fence | None = None
    first = 0
    for number, line in enumerate(lines):
        mark = fence(line)
        if mark is None:
            continue
        if opening is None:
            opening, first = mark, number
        elif mark.closes(opening):
            found.append(Block(first, number, opening, closed=True))
            opening = None
    if opening is not None:
        found.append(Block(first, len(lines) - 1, opening, closed=False))
    return found


class Code:
    """The code in a text.

    Args:
        text: the whole text.
    """

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(_spans(text)):
            self._starts.append(start)
            self._ends.append(max(end, self._ends[-1] if self._ends else 0))

    def contains(self, offset: int) -> bool:
        """Check whether the character at an offset is code."""
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._ends[index]

    def outside(self, found: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
        """Yield the matches that are not in code."""
        return (match for match in found if not self.contains(match.start()))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of code, in any order."""
    if "`" not in text and "~~~" not in text:
        return
    lines = text.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    for block in blocks(lines):
        if block.closed:
            yield offsets[block.first], offsets[block.last + 1] - 1
    for offset, line in zip(offsets, lines):  # noqa: B905 - there is one offset more
        if "`" in line:
            yield from ((offset + start, offset + end) for start, end in _inline(line))


def _inline(line: str) -> Iterator[tuple[int, int]]:
    runs = [match.span() for match in _RUN.finditer(line)]
    following: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        start, end = runs[index]
        following.setdefault(end - start, []).append(index)
    index = 0
    while index < len(runs):
        start, end = runs[index]
        same = following[end - start]
        while same and same[-1] <= index:
            same.pop()
        if same:
            yield start, runs[same[-1]][1]
            index = same[-1]
        index += 1
