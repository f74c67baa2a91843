"""The files and directories that some entry must name: anchored globs, of which the last decides.

`*` also matches names that start with a dot, `**` any number of directories. A pattern with a final
slash means directories. `!` excludes; an excluded directory excludes everything below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.text.globs import Block, PatternError, UnclosedError, blocks_of, find, fits

MOST = 1000  # characters of a pattern


class TreeGlobs:
    """A list of globs, relative to the root.

    Args:
        patterns: in the order of the configuration.

    Raises:
        PatternError: a pattern is not a glob.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._globs = [_parse(one) for one in patterns]

    def accepts(self, path: str, *, directory: bool = False) -> bool:
        """Check whether some entry must name this file or directory."""
        names = path.split("/")
        for glob in reversed(self._globs):
            if glob.directory == directory and glob.matches(names):
                return not glob.excludes
            if glob.excludes and glob.directory and glob.is_above(names):
                return False
        return False

    def leads_to(self, path: str) -> bool:
        """Check whether something at or below this directory may be accepted."""
        names = path.split("/") if path else []
        return any(not glob.excludes and glob.leads_to(names) for glob in self._globs)


class _Glob(NamedTuple):
    blocks: list[Block]
    excludes: bool
    directory: bool
    ends_below: bool  # ends in `/**`: any file below

    def matches(self, names: Sequence[str]) -> bool:
        """Check whether the glob matches a whole path."""
        first, *rest = self.blocks
        if not fits(first, names, 0):
            return False
        at = len(first)
        if not rest:
            return at < len(names) if self.ends_below else at == len(names)
        for block in rest[:-1]:
            found = find(block, names, at)
            if found is None:
                return False
            at = found + len(block)
        if self.ends_below:
            found = find(rest[-1], names, at)
            return found is not None and found + len(rest[-1]) < len(names)
        end = len(names) - len(rest[-1])
        return end >= at and fits(rest[-1], names, end)

    def is_above(self, names: Sequence[str]) -> bool:
        """Check whether the glob matches a directory above a path."""
        return any(self.matches(names[:end]) for end in range(1, len(names)))

    def leads_to(self, names: Sequence[str]) -> bool:
        """Check whether the glob may match a path at or below a directory."""
        first = self.blocks[0]
        if len(self.blocks) > 1 or self.ends_below:
            return fits(first[: len(names)], names[: len(first)], 0)
        return len(names) <= len(first) and fits(first[: len(names)], names, 0)


def _parse(pattern: str) -> _Glob:
    text = pattern.removeprefix("!")
    names = text.split("/")
    directory = len(names) > 1 and not names[-1]
    if directory:
        names.pop()
    ends_below = names[-1] == "**" and not directory
    while names and names[-1] == "**" and not directory:
        names.pop()
    if directory and names and names[-1] == "**":  # every directory below
        names.append("*")
    if len(pattern) > MOST or any(name in ("", ".", "..") for name in names) or not text:
        raise PatternError
    try:
        blocks = blocks_of(names)
    except UnclosedError:
        raise PatternError from None
    return _Glob(blocks, pattern.startswith("!"), directory, ends_below)
