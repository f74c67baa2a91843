"""Positions that a reader found: the spans of keys and values, by their location.

The same interface as `registry.positions.Positions`, which finds those of JSON lazily.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from jit_guard.registry.positions import Member, Span

Location = tuple[str, ...]  # keys and indices from the top, as in a JSON Pointer


class Repeated(NamedTuple):
    """A key that an object has twice: its location, the first span and this one."""

    location: Location
    first: Span
    again: Span


class Spans:
    """The positions of every key and value of a document. Offsets are in characters.

    Args:
        text: the document.
        top: the span of the whole value.
        members: every key and value by its location; of a repeated key, the one that counts.
        repeated: the keys that an object has twice, in the order of the text.
    """

    def __init__(
        self,
        text: str,
        top: Span,
        members: Mapping[Location, Member],
        repeated: tuple[Repeated, ...] = (),
    ) -> None:
        self.text = text
        self.repeated = repeated
        self._top = top
        self._members = members

    def top(self) -> Span:
        """Return the span of the top-level value."""
        return self._top

    def find(self, path: Location) -> Member | None:
        """Return the member at a location; None if there is none."""
        return self._members.get(path)

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return line and column, 1-based, in characters; a line ends at LF."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(at + 1 for at, one in enumerate(self.text) if one == "\n")]
