"""Where a text is code: what a text says about markers there is not a marker.

A fenced block counts only if it is closed, and a span only if it ends on its line, so that a stray
backquote in a thought hides nothing. Everything is linear: an answer may be hostile.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
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
    """A fenced block: the numbers of its first and last line; None: it is not closed."""

    first: int
    opening: Fence
    last: int | None = None


def fence(line: str) -> Fence | None:
    """Return the fence on a line, if there is one."""
    found = _FENCE.match(line)
    if found is None:
        return None
    info = line[found.end() :].strip()
    if "`" in info and found[1].startswith("`"):
        return None
    return Fence(found[1], "".join(info.split()[:1]))


def blocks(lines: Sequence[str]) -> list[Block]:
    """Return the fenced blocks of a text, as CommonMark reads them: the first bare fence closes."""
    found: list[Block] = []
    begun: Block | None = None
    for number, line in enumerate(lines):
        mark = fence(line)
        if mark is None:
            continue
        if begun is None:
            begun = Block(number, mark)
        elif mark.closes(begun.opening):
            found.append(begun._replace(last=number))
            begun = None
    return found if begun is None else [*found, begun]


class Code:
    """The code in a text.

    Args:
        text: the whole text.
    """

    def __init__(self, text: str) -> None:
        spans = sorted(_spans(text))
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max, initial=0))  # so far

    def contains(self, offset: int) -> bool:
        """Check whether the character at an offset is code."""
        return offset < self._ends[bisect_right(self._starts, offset)]

    def outside(self, found: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
        """Yield the matches that are not in code."""
        return (match for match in found if not self.contains(match.start()))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of code, in any order."""
    if "`" not in text and "~~~" not in text:
        return
    lines = text.split("\n")
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=0))
    for block in blocks(lines):
        if block.last is not None:
            yield offsets[block.first], offsets[block.last + 1] - 1
    for offset, line in zip(offsets, lines):  # noqa: B905 - there is one offset more
        if "`" in line:
            yield from ((offset + start, offset + end) for start, end in _inline(line))


def _inline(line: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a line: each begins with a run of backquotes that ends it, too."""
    runs = [match.span() for match in _RUN.finditer(line)]
    following: dict[int, list[tuple[int, int]]] = {}  # by length, the last one first
    for start, end in reversed(runs):
        following.setdefault(end - start, []).append((start, end))
    reached = 0
    for start, end in runs:
        same = following[end - start]
        same.pop()
        if start >= reached and same:
            reached = same[-1][1]
            yield start, reached
