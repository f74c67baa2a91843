"""Gitignore patterns, matched in polynomial time.

The patterns come from the repository that is checked. As a regular expression, the usual way,
`*a*a*a*b` backtracks exponentially. Here a pattern is split at its wildcards: the pieces of a name
between two `*` have a fixed length, and the blocks of a path between two `**` a fixed number of
names. The leftmost match of such a piece is always the best one, since it leaves the most for the
rest, so backtracking is never needed (the usual argument for globs).

Patterns match as in `pathspec.GitIgnoreSpec`, which a test compares. One difference is git's own
rule: a class such as `[!a]` never matches a slash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Strength = Literal[0, 1, 2]  # no match, a directory above the file, the file itself

MOST = 1000  # characters of a pattern; a name has 255


class PatternError(ValueError):
    """The text is not a gitignore pattern."""


class SlowError(Exception):
    """The time limit is exceeded. `index` is the pattern that was being matched."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Ignored:
    """A list of patterns that ignores files.

    Args:
        patterns: the lines of a `.gitignore`.
        seconds: the time limit for all checks together.

    Raises:
        PatternError: a line is not a gitignore pattern.
    """

    def __init__(self, patterns: Iterable[str], seconds: float = 60.0) -> None:
        self._until = monotonic() + seconds
        read = enumerate(map(_parse, patterns))
        self._patterns = [(index, one) for index, one in read if one is not None][::-1]

    def check(self, path: str) -> tuple[bool, int | None]:
        """Check whether a file is ignored; return the index of the deciding pattern, too.

        The last pattern that matches the file itself decides; if none does, the last one that
        matches a directory above it.

        Raises:
            SlowError: the time limit is exceeded.
        """
        names = path.split("/")
        found: tuple[bool, int | None] = False, None
        for index, pattern in self._patterns:
            if monotonic() > self._until:  # long or many patterns and paths
                raise SlowError(index)
            strength = pattern.match(names)
            if strength == 2:
                return pattern.ignores, index
            if strength and found[1] is None:
                found = pattern.ignores, index
        return found


class _Pattern:
    """One pattern. `blocks` are runs of names, with any number of directories between two."""

    def __init__(
        self, blocks: list[list[_Name]], *, ignores: bool, directory: bool, below: bool
    ) -> None:
        self.ignores = ignores
        self._blocks = blocks
        self._directory = directory  # it ends in `/`: it matches only what is below
        self._below = below  # it ends in `/**`: what is below counts as the file itself

    def match(self, names: Sequence[str]) -> Strength:
        """Match the path of a file."""
        first, *blocks = self._blocks
        if not _fits(first, names, 0):
            return 0
        at = len(first)
        last = blocks.pop() if blocks else None
        for block in blocks:
            found = _find(block, names, at)
            if found is None:
                return 0
            at = found + len(block)
        if not self._directory and not self._below:
            end = at if last is None else max(at, len(names) - len(last)) + len(last)
            if end == len(names) and (last is None or _fits(last, names, end - len(last))):
                return 2
        # The same for a directory, which must have something below it.
        if last is not None:
            found = _find(last, names[:-1], at)
            if found is None:
                return 0
            at = found + len(last)
        if at >= len(names):
            return 0
        return 2 if self._below else 1


def _fits(block: Sequence[_Name], names: Sequence[str], at: int) -> bool:
    return at + len(block) <= len(names) and all(
        one.match(name) for one, name in zip(block, names[at:], strict=False)
    )


def _find(block: Sequence[_Name], names: Sequence[str], start: int) -> int | None:
    """Return the first index at or after `start` where a block fits; None if there is none."""
    for at in range(start, len(names) - len(block) + 1):
        if _fits(block, names, at):
            return at
    return None


class _Name:
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


def _parse(pattern: str) -> _Pattern | None:
    """Parse one pattern; None for a comment, a blank line, and what git ignores as malformed."""
    text = pattern if pattern.endswith("\\ ") else pattern.rstrip()
    if not text or text.startswith("#") or text == "/":
        return None
    ignores = not text.startswith("!")
    names = (text if ignores else text[1:]).split("/")
    directory = not names[-1] and len(names) > 1
    if not names[0]:
        del names[0]
    elif len(names) == 1 or (len(names) == 2 and directory):
        names.insert(0, "**")
    if not names:
        raise PatternError
    below = names[-1] == "**" and len(names) > 1 and not directory
    if directory or below:
        del names[-1]
    while directory and len(names) > 1 and names[-1] == "**":  # `a/**/` is `a/`
        del names[-1]
    if directory and names[-1:] in ([], ["**"]):  # `**/` is every directory, as `*/`
        names += ["**", "*"]
    blocks: list[list[_Name]] = [[]]
    try:
        for name in names:
            if name != "**":
                blocks[-1].append(_Name(name))
            elif blocks[-1] or len(blocks) == 1:
                blocks.append([])
    except _UnclosedError:
        return None
    return _Pattern(blocks, ignores=ignores, directory=directory, below=below)


class _UnclosedError(ValueError):
    """An unclosed character class, or a reversed range."""


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
        raise _UnclosedError
    letters, at, found = text[start:end], 0, ""
    while at < len(letters):
        if letters[at + 1 : at + 2] == "-" and at + 2 < len(letters):
            low, high = letters[at], letters[at + 2]
            if low > high:
                raise _UnclosedError
            found += f"{re.escape(low)}-{re.escape(high)}"
            at += 3
        else:
            found += re.escape(letters[at])
            at += 1
    return f"[{'^' if negated else ''}{found}]", end + 1
