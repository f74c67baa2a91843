"""Where things stand in the text of a map: line, column and span of every key and value.

A map is parsed without positions, since a clean one needs none. Only when something is to
be told (or edited) is the text walked again, one object at a time, and only as deep as asked.
The text must have been parsed as JSON before.
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
# A whole object or array without brackets inside, in one match: most values are one.
_FLAT = re.compile(
    r'\{[^{}\["]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^{}\["]*)*\}'
    r'|\[[^\[\]{"]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^\[\]{"]*)*\]',
    re.DOTALL,
)
_KEY = re.compile(rf'"([^"\\]*(?:\\.[^"\\]*)*)"[{_WHITE}]*:[{_WHITE}]*', re.DOTALL)
# Of a map that holds nothing but goals of strings: its members, and those of a goal. Every match
# starts at a key, since the one before it has ended behind a value. Most maps have no escapes, and
# are walked in half the time.
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
_BLOCK = 4096  # characters: lines are counted once a block, and then within one
_NESTING = re.compile(rf"{_TEXT}|[\[{{]|([\]}}])", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\s]+")


class Span(NamedTuple):
    """A stretch of text, in characters, end excluded."""

    start: int
    end: int


class Member(NamedTuple):
    """A key of an object (or the index of an array), and where key and value start and end."""

    key: str
    key_start: int
    key_end: int
    start: int
    end: int

    @property
    def key_span(self) -> Span:
        """Where the key stands."""
        return Span(self.key_start, self.key_end)

    @property
    def value_span(self) -> Span:
        """Where the value stands."""
        return Span(self.start, self.end)


class Positions:
    """The text of one map, walked lazily. All offsets are in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._escapes = "\\" in text
        # Line ends before each block, and where the last of them stands.
        self._counts = array("Q", [0])
        self._ends = array("q", [-1])
        # Where members start: those of the document's object are kept, of others the last asked.
        self._start = _skip_space(text, 0)
        self._members: dict[str, int] | None = None
        self._latest: tuple[int, dict[str, int]] = (-1, {})

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, 1-based, in characters; lines end at LF (a CR before it belongs)."""
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
        """Where the objects of a map start and end, in order; (-1, -1) for its `$schema`.

        The map must conform.
        """
        return (match.span(1) for match in _MAP_MEMBER[self._escapes].finditer(self.text))

    def values(self, start: int, end: int) -> Iterator[int]:
        """Where the values of one of those objects start, in order."""
        members = _GOAL_MEMBER[self._escapes].finditer(self.text, start, end)
        return (match.start(1) for match in members)

    def top(self) -> Span:
        """The span of the document's one value."""
        return Span(self._start, len(self.text.rstrip(_WHITE)))

    def members(self, value: Span) -> tuple[Member, ...]:
        """Every member of an object or array in the order of the text, repeated keys included."""
        return tuple(
            self._member(value.start, key, at) for key, at in _each(self.text, value.start)
        )

    def member(self, value: Span, key: str) -> Member | None:
        """The member that counts for a key: the last one of that name."""
        at = self._by_key(value.start).get(key)
        return None if at is None else self._member(value.start, key, at)

    def find(self, path: tuple[str, ...]) -> Member | None:
        """The member at a path of keys from the top, or None when there is none."""
        if not path:
            return None
        *above, last = path
        start = self._start
        for key in above:
            at = self._where(start, key)
            if at is None:
                return None
            start = self._value_start(start, at)
        at = self._where(start, last)
        return None if at is None else self._member(start, last, at)

    def _where(self, parent: int, key: str) -> int | None:
        return self._by_key(parent).get(key) if self.text[parent] in "{[" else None

    def _by_key(self, start: int) -> dict[str, int]:
        """Where the members that count start, of the object or array that starts there."""
        if start == self._start:
            if self._members is None:
                self._members = dict(_each(self.text, start))
            return self._members
        if start != self._latest[0]:
            self._latest = start, dict(_each(self.text, start))
        return self._latest[1]

    def _member(self, parent: int, key: str, at: int) -> Member:
        start = self._value_start(parent, at)
        key_end = at if start == at else _value_end(self.text, at)
        return Member(key, at, key_end, start, _value_end(self.text, start))

    def _value_start(self, parent: int, at: int) -> int:
        """Where the value of a member starts: behind its key, or the member itself in an array."""
        return _key(self.text, at).end() if self.text[parent] == "{" else at


class LineCounter:
    """Lines and columns of many places in a text, from the first to the last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line, self._end = 0, 1, -1

    def position(self, offset: int) -> tuple[int, int]:
        """As `Positions.line_column`, for an offset that is not before the last one."""
        end = self._text.rfind("\n", self._at, offset)
        if end >= 0:
            self._line += self._text.count("\n", self._at, offset)
            self._end = end
        self._at = offset
        return self._line, offset - self._end


def pointer(*keys: str) -> str:
    """The JSON Pointer (RFC 6901) of a path of keys."""
    joined = "".join(keys)
    if "~" in joined or "/" in joined:
        keys = tuple(key.replace("~", "~0").replace("/", "~1") for key in keys)
    return "/".join(("", *keys))


def _each(text: str, start: int) -> Iterator[tuple[str, int]]:
    """The key of every member of an object (or its index in an array), and where it starts."""
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
    """The end of an object without brackets or escapes inside, found by counting; else 0."""
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
