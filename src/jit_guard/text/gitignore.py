"""Gitignore patterns, matched in polynomial time.

The patterns come from the repository that is checked; `globs` matches them without backtracking.

Patterns match as in `pathspec.GitIgnoreSpec`, which a test compares. One difference is git's own
rule: a class such as `[!a]` never matches a slash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic

from jit_guard.text.globs import Block, PatternError, UnclosedError, blocks_of, find, fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Strength = Literal[0, 1, 2]  # no match, a directory above the file, the file itself

MOST = 1000  # characters of a pattern; a name has 255


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

    def __init__(self, blocks: list[Block], *, ignores: bool, directory: bool, below: bool) -> None:
        self.ignores = ignores
        self._blocks = blocks
        self._directory = directory  # it ends in `/`: it matches only what is below
        self._below = below  # it ends in `/**`: what is below counts as the file itself

    def match(self, names: Sequence[str]) -> Strength:
        """Match the path of a file."""
        first, *blocks = self._blocks
        if not fits(first, names, 0):
            return 0
        at = len(first)
        last = blocks.pop() if blocks else None
        for block in blocks:
            found = find(block, names, at)
            if found is None:
                return 0
            at = found + len(block)
        if not self._directory and not self._below:
            end = at if last is None else max(at, len(names) - len(last)) + len(last)
            if end == len(names) and (last is None or fits(last, names, end - len(last))):
                return 2
        # The same for a directory, which must have something below it.
        if last is not None:
            found = find(last, names[:-1], at)
            if found is None:
                return 0
            at = found + len(last)
        if at >= len(names):
            return 0
        return 2 if self._below else 1


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
    try:
        blocks = blocks_of(names)
    except UnclosedError:
        return None
    return _Pattern(blocks, ignores=ignores, directory=directory, below=below)
