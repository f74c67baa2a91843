"""A change of one place of the sources."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One change of one file."""

    file: str  # relative to the sources
    function: str  # the innermost function or class, or ""
    line: int
    old: str  # the changed line
    new: str
    runs: list[int]  # the lines of the statement; none if it runs when the module is imported
    text: str  # of the whole file, changed

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the mutant is known by when other lines of the file change."""
        return self.file, self.function, self.old, self.new
