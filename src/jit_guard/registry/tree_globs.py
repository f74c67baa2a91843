"""The files and directories that some entry must name: anchored globs, of which the last decides.

`*` also matches names that start with a dot, `**` any number of directories. A pattern with a final
slash means directories. `!` excludes; an excluded directory excludes everything below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.text.globs import Path, PatternError

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
            if glob.directory == directory and glob.path.match(names):
                return not glob.excludes
            if glob.excludes and glob.directory and glob.is_above(names):
                return False
        return False

    def accepts_all_in(self, directory: str) -> bool:
        """Check quickly whether every file in a directory is certainly accepted: `x/**`."""
        if any(glob.excludes for glob in self._globs):
            return False
        names = [*directory.split("/"), "any"] if directory else ["any"]
        return any(
            glob.path.ends_below and not glob.directory and glob.path.match(names)
            for glob in self._globs
        )

    def leads_to(self, path: str) -> bool:
        """Check whether something at or below this directory may be accepted."""
        names = path.split("/") if path else []
        return any(not glob.excludes and glob.path.leads_to(names) for glob in self._globs)


class _Glob(NamedTuple):
    path: Path
    excludes: bool
    directory: bool

    def is_above(self, names: Sequence[str]) -> bool:
        """Check whether the glob matches a directory above a path."""
        return any(self.path.match(names[:end]) for end in range(1, len(names)))


def _parse(pattern: str) -> _Glob:
    text = pattern.removeprefix("!")
    names = text.split("/")
    directory = len(names) > 1 and not names[-1]
    if directory:
        names.pop()
    if len(pattern) > MOST or any(name in ("", ".", "..") for name in names) or not text:
        raise PatternError
    return _Glob(Path(names), pattern.startswith("!"), directory)
