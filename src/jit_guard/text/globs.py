"""Globs over paths, matched in polynomial time.

As a regular expression, the usual way, `*a*a*a*b` backtracks exponentially. Here a pattern is split
at its wildcards: the pieces of a name between two `*` have a fixed length, and the blocks of a path
between two `**` a fixed number of names. The leftmost match of such a piece is always the best one,
since it leaves the most for the rest, so backtracking is never needed (the usual argument for
globs).
"""

from __future__ import annotations

import re
from collections.abc import Sequence


class PatternError(ValueError):
    """The text is not a glob."""


class UnclosedError(ValueError):
    """An unclosed character class, or a reversed range."""


class Name:
    """One name in a pattern: pieces of a fixed length, with anything between two of them."""

    def __init__(self, text: str) -> None:
        pieces = _pieces(text)
        self._whole = len(pieces) == 1
        self._least = sum(length for _, length in pieces) or int(text == "*")
        (first, _), *between, (last, self._length) = pieces if pieces[1:] else pieces * 2
        self._first, self._last = re.compile(first, re.DOTALL), re.compile(last, re.DOTALL)
        self._between = [re.compile(one, re.DOTALL) for one, length in between if length]

    def match(self, name: str) -> bool:
        """Check whether the pattern matches a whole name."""
        if self._whole:
            return len(name) == self._length and self._first.match(name) is not None
        if len(name) < self._least:
            return False
        found = self._first.match(name)
        for piece in self._between:
            if found is None:
                return False
            found = piece.search(name, found.end())
        end = len(name) - self._length
        return found is not None and found.end() <= end and self._last.match(name, end) is not None


Block = list[Name]  # names without a `**` among them


def blocks_of(names: Sequence[str]) -> list[Block]:
    """Split the names of a pattern at each `**`.

    Raises:
        UnclosedError: a character class is not closed.
        PatternError: a name ends in a backslash.
    """
    blocks: list[Block] = [[]]
    for name in names:
        if name != "**":
            blocks[-1].append(Name(name))
        elif blocks[-1] or len(blocks) == 1:
            blocks.append([])
    return blocks


def fits(block: Sequence[Name], names: Sequence[str], at: int) -> bool:
    """Check whether a block matches the names that start at this index."""
    return at + len(block) <= len(names) and all(
        one.match(name) for one, name in zip(block, names[at:], strict=False)
    )


def find(block: Sequence[Name], names: Sequence[str], start: int) -> int | None:
    """Return the first index at or after `start` where a block fits; None if there is none."""
    for at in range(start, len(names) - len(block) + 1):
        if fits(block, names, at):
            return at
    return None


def _pieces(text: str) -> list[tuple[str, int]]:
    """Return the pieces between the stars of a name: a regular expression and its length."""
    pieces: list[tuple[str, int]] = []
    expression, length, at = "", 0, 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "*":
            pieces.append((expression, length))
            expression, length = "", 0
            continue
        if letter == "\\":
            if at == len(text):
                raise PatternError
            expression += re.escape(text[at])
            at += 1
        elif letter == "[":
            one, at = _class(text, at)
            expression += one
        else:
            expression += "." if letter == "?" else re.escape(letter)
        length += 1
    return [*pieces, (expression, length)]


def _class(text: str, start: int) -> tuple[str, int]:
    """Return the regular expression of the class that starts after a bracket, and its end."""
    negated = text[start : start + 1] in ("!", "^")
    start += negated
    end = text.find("]", start + 1)  # a `]` that comes first is a member of the class
    if end < 0:
        raise UnclosedError
    letters, at, found = text[start:end], 0, ""
    while at < len(letters):
        if letters[at + 1 : at + 2] == "-" and at + 2 < len(letters):
            low, high = letters[at], letters[at + 2]
            if low > high:
                raise UnclosedError
            found += f"{re.escape(low)}-{re.escape(high)}"
            at += 3
        else:
            found += re.escape(letters[at])
            at += 1
    return f"[{'^' if negated else ''}{found}]", end + 1
