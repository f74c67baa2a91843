"""Decisions taken from a string of bytes, so that every input of a fuzzer is a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Decisions:
    """Values drawn from bytes, in order; when these are used up, each is the first or smallest.

    A fuzzer that changes one byte changes one decision, and most of the project stays the same.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        piece = self._data[self._at : self._at + count]
        self._at += count
        return piece

    def number(self, below: int) -> int:
        """A number from 0 up to, not including, `below`, which is at most 256."""
        return int.from_bytes(self.take(1) or b"\0", "big") % below

    def one_in(self, count: int) -> bool:
        """True once in so many times; False when the bytes are used up."""
        return self.number(count) == count - 1

    def choose(self, values: Sequence[_T]) -> _T:
        """One of at most 256 values."""
        return values[self.number(len(values))]

    def some(self, values: Sequence[_T], most: int) -> list[_T]:
        """Up to so many values."""
        return [self.choose(values) for _ in range(self.number(most + 1))]

    def raw(self) -> bytes:
        """Any bytes; the first one is their number."""
        return self.take(self.number(200))
