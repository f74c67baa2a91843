"""Positions in the text of a map: line, column and span of every key and value.

A map is parsed without positions, because a clean check does not need any. To report or edit an
entry, the text is scanned again, one object at a time and only as deep as necessary. The text
must be valid JSON.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

_WHITE = " \t\r\n"
_SPACE = re.compile(rf"[{_WHITE}]*")
_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRING = re.compile(_TEXT, re.DOTALL)
# An object or array without nested ones, as most values are, in one match.
_FLAT = re.compile(
    r'\{[^{}\["]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^{}\["]*)*\}'
    r'|\[[^\[\]{"]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^\[\]{"]*)*\]',
    re.DOTALL,
)
_KEY = re.compile(rf'"([^"\\]*(?:\\.[^"\\]*)*)"[{_WHITE}]*:[{_WHITE}]*', re.DOTALL)
# The members of a map of the ordinary shape, and those of a goal. Every match starts at a key,
# because the previous one ends after a value. Without escapes, scanning takes half the time.
_MAP_MEMBER, _GOAL_MEMBER = (
    {
        escapes: re.compile(pattern % {"text": _TEXT if escapes else r'"[^"]*"'})
        for escapes in (False, True)
    }
    for pattern in (
        rf'(?s)%(text)s[{_WHITE}]*:[{_WHITE}]*(?:(\{{[^"}}]*(?:%(text)s[^"}}]*)*\}})|%(text)s)',
        rf"(?s)%(text)s[{_WHITE}]*:[{_WHITE}]*(%(text)s)",
    )
)
_COMMA = re.compile(rf"[{_WHITE}]*,?[{_WHITE}]*")
_BLOCK = 4096  # characters; line ends are counted per block
_NESTING = re.compile(rf"{_TEXT}|[\[{{]|([\]}}])", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\s]+")


class Span(NamedTuple):
    """A range of text, in characters, without the end."""

    start: int
    end: int


class Member(NamedTuple):
    """A key of an object, or an index of an array, with the positions of key and value."""

    key: str
    key_start: int
    key_end: int
    start: int
    end: int

    @property
    def key_span(self) -> Span:
        """The span of the key."""
        return Span(self.key_start, self.key_end)

    @property
    def value_span(self) -> Span:
        """The span of the value."""
        return Span(self.start, self.end)


class Positions:
    """The positions in the text of one map, found lazily. All offsets are in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._escapes = "\\" in text
        # The number of line ends before each block, and the offset of the last one.
        self._counts = array("Q", [0])
        self._ends = array("q", [-1])
        # Offsets of members: kept at each depth for the object or array that was used last.
        self._start = _skip_space(text, 0)
        self._latest: list[tuple[int, dict[str, int]]] = []

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return line and column, 1-based, in characters; a line ends at LF."""
        block = offset // _BLOCK
        while len(self._counts) <= block:
            self._count_block()
        start = block * _BLOCK
        end = self.text.rfind("\n", start, offset)
        line = self._counts[block]
        if end < 0:
            end = self._ends[block]
        else:
            line += self.text.count("\n", start, offset)
        return line + 1, offset - end

    def _count_block(self) -> None:
        start = (len(self._counts) - 1) * _BLOCK
        end = self.text.rfind("\n", start, start + _BLOCK)
        self._counts.append(self._counts[-1] + self.text.count("\n", start, start + _BLOCK))
        self._ends.append(self._ends[-1] if end < 0 else end)

    def goals(self) -> Iterator[tuple[int, int]]:
        """Yield start and end of each goal's object, in order; (-1, -1) for `$schema`.

        The map must conform.
        """
        return (match.span(1) for match in _MAP_MEMBER[self._escapes].finditer(self.text))

    def values(self, start: int, end: int) -> Iterator[int]:
        """Yield the start of each value in one of those objects, in order."""
        members = _GOAL_MEMBER[self._escapes].finditer(self.text, start, end)
        return (match.start(1) for match in members)

    def top(self) -> Span:
        """Return the span of the top-level value."""
        return Span(self._start, len(self.text.rstrip(_WHITE)))

    def members(self, value: Span) -> tuple[Member, ...]:
        """Return every member of an object or array in order, including repeated keys."""
        return tuple(
            self._member(value.start, key, at) for key, at in _each(self.text, value.start)
        )

    def member(self, value: Span, key: str) -> Member | None:
        """Return the member for a key: the last one of that name; None if there is none."""
        at = self._by_key(value.start, 0 if value.start == self._start else 1).get(key)
        return None if at is None else self._member(value.start, key, at)

    def find(self, path: tuple[str, ...]) -> Member | None:
        """Return the member at a path of keys from the top; None if there is none."""
        if not path:
            return None
        *above, last = path
        start = self._start
        for depth, key in enumerate(above):
            at = self._where(start, key, depth)
            if at is None:
                return None
            start = self._value_start(start, at)
        at = self._where(start, last, len(above))
        return None if at is None else self._member(start, last, at)

    def _where(self, parent: int, key: str, depth: int) -> int | None:
        return self._by_key(parent, depth).get(key) if self.text[parent] in "{[" else None

    def _by_key(self, start: int, depth: int) -> dict[str, int]:
        """Return the offset of each member of the object or array that starts here."""
        while len(self._latest) <= depth:
            self._latest.append((-1, {}))
        if self._latest[depth][0] != start:
            self._latest[depth] = start, dict(_each(self.text, start))
        return self._latest[depth][1]

    def _member(self, parent: int, key: str, at: int) -> Member:
        start = self._value_start(parent, at)
        key_end = at if start == at else _value_end(self.text, at)
        return Member(key, at, key_end, start, _value_end(self.text, start))

    def _value_start(self, parent: int, at: int) -> int:
        """Return the start of a member's value: after its key, or in an array the member itself."""
        return _key(self.text, at).end() if self.text[parent] == "{" else at


class LineCounter:
    """Line and column of many offsets in a text, in ascending order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line, self._end = 0, 1, -1

    def position(self, offset: int) -> tuple[int, int]:
        """Return what `Positions.line_column` does, for an offset not before the last one."""
        end = self._text.rfind("\n", self._at, offset)
        if end >= 0:
            self._line += self._text.count("\n", self._at, offset)
            self._end = end
        self._at = offset
        return self._line, offset - self._end


def pointer(*keys: str) -> str:
    """Return the JSON Pointer (RFC 6901) of a path of keys."""
    joined = "".join(keys)
    if "~" in joined or "/" in joined:
        keys = tuple(key.replace("~", "~0").replace("/", "~1") for key in keys)
    return "/".join(("", *keys))


def _each(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield key (in an array: index) and offset of every member of an object or array."""
    position = _skip_space(text, start + 1)
    if text[start] != "{":
        number = 0
        while text[position] != "]":
            yield str(number), position
            number += 1
            position = _behind_comma(text, _value_end(text, position))
        return
    while text[position] != "}":
        match = _key(text, position)
        key = match.group(1)
        yield json.loads(f'"{key}"') if "\\" in key else key, position
        position = _behind_comma(text, _value_end(text, match.end()))


def _key(text: str, position: int) -> re.Match[str]:
    match = _KEY.match(text, position)
    if match is None:
        raise ValueError(f"no key of an object at offset {position}")
    return match


def _behind_comma(text: str, position: int) -> int:
    match = _COMMA.match(text, position)
    assert match is not None  # the pattern matches the empty string
    return match.end()


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None  # the pattern matches the empty string
    return match.end()


def _value_end(text: str, position: int) -> int:
    first = text[position]
    if first == '"':
        match = _STRING.match(text, position)
    elif first in "[{":
        if end := _plain_end(text, position):
            return end
        match = _FLAT.match(text, position)
        if match is None:
            return _nested_end(text, position)
    else:
        match = _SCALAR.match(text, position)
    if match is None:
        raise ValueError(f"no JSON value at offset {position}")
    return match.end()


def _plain_end(text: str, position: int) -> int:
    """Return the end of an object without nested values or escapes; 0 for any other value."""
    end = text.find("}", position) + 1
    within = text[position + 1 : end]
    plain = end and not ("{" in within or "[" in within or "\\" in within)
    return end if plain and text[position] == "{" and not within.count('"') % 2 else 0


def _nested_end(text: str, position: int) -> int:
    depth = 0
    for match in _NESTING.finditer(text, position):
        if match.group(1):
            depth -= 1
            if not depth:
                return match.end()
        elif match.group()[0] != '"':
            depth += 1
    raise ValueError(f"no end of the value at offset {position}")
