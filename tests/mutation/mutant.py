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
    operator: str  # of cosmic-ray
    occurrence: int  # among the changes of this operator to lines of the function that are equal
    runs: list[int]  # the lines of the statement; none if it runs when the module is imported
    text: str  # of the whole file, changed

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """What the mutant is known by when other lines of the file change."""
        return self.file, self.function, self.old, self.new, self.operator, self.occurrence
