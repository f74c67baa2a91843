"""Server-sent events, read from the pieces of a stream."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b"error:", b":")
_MOST_LINES = 500_000
_LINE_END = re.compile("\r\n|\n|\r")


class Event(NamedTuple):
    """One event: its name (empty if it has none), and its data."""

    name: str
    data: str


def is_stream(start: bytes) -> bool | None:
    """Return whether a body that starts like this is a stream; None if more is needed to say.

    A server may send a stream with any content type, and an error as a plain object.
    """
    start = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if any(start.startswith(field) for field in _FIELDS):
        return True
    return None if any(field.startswith(start) for field in _FIELDS) else False


class TooManyLinesError(Exception):
    """A stream with more lines than any answer has."""


class EventReader:
    """Splits a stream into events; comments, which keep a connection alive, are dropped."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._rest: list[str] = []  # of a line whose end has not arrived
        self._held = ""  # perhaps the first half of a line end
        self._left = _MOST_LINES
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that this piece completes.

        Raises:
            TooManyLinesError: no answer has as many.
        """
        text = self._held + self._decode(piece)
        self._held = "\r" if text.endswith("\r") else ""
        first, *more = _LINE_END.split(text.removesuffix("\r") if self._held else text)
        self._rest.append(first)
        self._left -= len(more)
        if self._left < 0:
            raise TooManyLinesError
        for line in more:
            yield from self._line("".join(self._rest))
            self._rest = [line]

    def end(self) -> Iterator[Event]:
        """Yield the last event, if the stream ends without an empty line after it."""
        yield from self._line("".join(self._rest))
        yield from self._line("")

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            if self._data:
                yield Event(self._name, "\n".join(self._data))
            self._name, self._data = "", []
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "error":  # llama.cpp's server, before it sent errors as data
            self._name = field
            self._data.append(value)
