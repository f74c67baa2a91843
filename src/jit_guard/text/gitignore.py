"""Gitignore patterns, matched as git does, in polynomial time.

The patterns come from the repository that is checked; `globs` matches them without backtracking. A
test compares the result with git itself: the directories above a file are matched first, and what
is below an ignored one cannot be included again; `?` is one byte, as in git.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from jit_guard.text.globs import Path, PatternError, read_class

MOST = 1000  # characters of a pattern; a name has 255 bytes


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
        PatternError: a line can never match anything, which git leaves unsaid.

    Attributes:
        used: the indices of the patterns that have decided about a file or a directory.
    """

    def __init__(self, patterns: Iterable[str], seconds: float = 60.0) -> None:
        self.used: set[int] = set()
        self._until = monotonic() + seconds
        read = enumerate(map(_parse, patterns))
        self._patterns = [(index, one) for index, one in read if one is not None][::-1]
        self._directories = {"": False}

    def check(self, path: str) -> bool:
        """Check whether a file is ignored.

        Raises:
            SlowError: the time limit is exceeded.
        """
        path = _bytewise(path)
        return self._is_below_ignored(path) or self._decide(path, is_directory=False)

    def _is_below_ignored(self, path: str) -> bool:
        end = path.find("/")
        while end >= 0:
            directory = path[:end]
            ignored = self._directories.get(directory)
            if ignored is None:
                ignored = self._decide(directory, is_directory=True)
                self._directories[directory] = ignored
            if ignored:
                return True
            end = path.find("/", end + 1)
        return False

    def _decide(self, path: str, *, is_directory: bool) -> bool:
        """Return what the last pattern says that matches this very path."""
        for index, pattern in self._patterns:
            if monotonic() > self._until:  # long or many patterns and paths
                raise SlowError(index)
            if (is_directory or not pattern.directory) and pattern.match(path):
                self.used.add(index)
                return pattern.ignores
        return False


class _Pattern(NamedTuple):
    ignores: bool
    directory: bool  # it ends in `/`: it matches only directories
    anywhere: bool  # it has no other slash: it matches the last name of a path
    literal: str  # what the path starts with
    rest: Path | None  # None: the path is the literal

    def match(self, path: str) -> bool:
        """Match the path of a file or of a directory."""
        if self.anywhere:
            path = path.rpartition("/")[2]
        if self.rest is None:
            return path == self.literal
        if not path.startswith(self.literal):
            return False
        return self.rest.match(path[len(self.literal) :].split("/"))


def _parse(line: str) -> _Pattern | None:
    """Parse one line; None for a comment or a blank line. Raises PatternError."""
    text = _bytewise(_trimmed(line))
    if not text or text.startswith("#"):
        return None
    ignores = not text.startswith("!")
    text = text.removeprefix("!")
    directory = text.endswith("/")
    text = text.removesuffix("/")
    anywhere = "/" not in text
    text = text.removeprefix("/")
    literal = re.split(r"[*?\[\\]", text, maxsplit=1)[0]
    glob = text[len(literal) :]
    if not text:
        raise PatternError
    rest = Path([glob] if anywhere else _names(glob)) if glob else None
    return _Pattern(ignores, directory, anywhere, literal, rest)


def _names(glob: str) -> list[str]:
    """Split a pattern at the slashes that are not in a class."""
    names, start, at = [], 0, 0
    while at < len(glob):
        if glob[at] == "[":
            _, at = read_class(glob, at + 1)
            continue
        escaped = glob[at] == "\\"
        at += escaped
        if glob[at : at + 1] == "/":
            names += _stars(glob[start : at - escaped], at_least_one=escaped)
            start = at + 1
        at += 1
    return [*names, *_stars(glob[start:])]


def _stars(name: str, *, at_least_one: bool = False) -> list[str]:
    """Return a name as `**` if it is of stars only; before an escaped slash it is at least one."""
    if len(name) < 2 or name.strip("*"):
        return [name]
    return ["**", "*"] if at_least_one else ["**"]


def _trimmed(line: str) -> str:
    """Remove the spaces at the end, but not an escaped one."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return line[: len(text) + backslashes % 2]


def _bytewise(text: str) -> str:
    """Return one character per byte, since git matches bytes."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")
