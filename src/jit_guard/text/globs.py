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

_NAMED = re.compile(r"\[:([^]]*):\]")
_CLASSES = {  # the named classes, of ASCII characters as in git
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class PatternError(ValueError):
    """The text is not a glob: a backslash ends it, or a class is not closed or unknown."""


class Name:
    """One name in a pattern: pieces of a fixed length, with anything between two of them."""

    def __init__(self, text: str) -> None:
        pieces = _pieces(text)
        self._whole = len(pieces) == 1
        self._least = sum(length for _, length in pieces)
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


class Path:
    """A pattern of names; `**` matches any number of directories, at the end anything below.

    Args:
        names: the names of the pattern.

    Raises:
        PatternError: a name is not a glob.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.ends_below = names[-1:] == ["**"]
        self._blocks: list[Block] = [[]]
        for name in names:
            if name != "**":
                self._blocks[-1].append(Name(name))
            elif self._blocks[-1] or len(self._blocks) == 1:
                self._blocks.append([])
        if self.ends_below:
            self._blocks.pop()

    def match(self, names: Sequence[str]) -> bool:
        """Check whether the pattern matches all names of a path."""
        first, *rest = self._blocks or [[]]
        if not _fits(first, names, 0):
            return False
        at = len(first)
        if not rest:
            return at < len(names) if self.ends_below else at == len(names)
        for block in rest[:-1]:
            found = _find(block, names, at)
            if found is None:
                return False
            at = found + len(block)
        if self.ends_below:
            found = _find(rest[-1], names, at)
            return found is not None and found + len(rest[-1]) < len(names)
        end = len(names) - len(rest[-1])
        return end >= at and _fits(rest[-1], names, end)

    def leads_to(self, names: Sequence[str]) -> bool:
        """Check whether the pattern may match a path at or below a directory."""
        first = self._blocks[0] if self._blocks else []
        if len(self._blocks) > 1 or self.ends_below:
            return _fits(first[: len(names)], names[: len(first)], 0)
        return len(names) <= len(first) and _fits(first[: len(names)], names, 0)


def _fits(block: Sequence[Name], names: Sequence[str], at: int) -> bool:
    """Check whether a block matches the names that start at this index."""
    return at + len(block) <= len(names) and all(
        one.match(name) for one, name in zip(block, names[at:], strict=False)
    )


def _find(block: Sequence[Name], names: Sequence[str], start: int) -> int | None:
    """Return the first index at or after `start` where a block fits; None if there is none."""
    for at in range(start, len(names) - len(block) + 1):
        if _fits(block, names, at):
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
            one, at = read_class(text, at)
            expression += one
        else:
            expression += "." if letter == "?" else re.escape(letter)
        length += 1
    return [*pieces, (expression, length)]


def read_class(text: str, start: int) -> tuple[str, int]:
    """Return the regular expression of the class that starts after a bracket, and its end."""
    negated = text[start : start + 1] in ("!", "^")
    at = first = start + negated
    members, previous = "", ""  # the letter that a range may start at
    while (letter := text[at : at + 1]) != "]" or at == first:
        if letter == "[" and (named := _NAMED.match(text, at)):
            if named[1] not in _CLASSES:
                raise PatternError
            members += _CLASSES[named[1]]
            at, previous = named.end(), ""
            continue
        is_range = letter == "-" and previous != "" and text[at + 1 : at + 2] not in ("", "]")
        at += is_range
        at += text[at : at + 1] == "\\"
        if at >= len(text):
            raise PatternError
        letter = text[at]
        if not is_range:
            members += re.escape(letter)
        elif previous <= letter:
            members += f"{re.escape(previous)}-{re.escape(letter)}"
        at, previous = at + 1, "" if is_range else letter
    return f"[{'^' if negated else ''}{members}]", at + 1
