"""TOML: `tomllib` gives the values, a scanner the positions.

No library that is installed with Python, and none without a compiled part, gives the offsets of
values. The scanner only sees documents that `tomllib` accepted, so it need not find any fault; and
what it finds is compared with the values, so it cannot be wrong in silence.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

from jit_guard.registry.positions import Member, Span
from jit_guard.registry.strict_json import MAX_DEPTH, ReadError
from jit_guard.registry.syntax.spans import Location, Spans
from jit_guard.registry.syntax.syntax import Document, Syntax

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # white space, line ends and comments
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_OTHER = re.compile(r"[^\s,\]}#](?:[^\n,\]}#]*[^\s,\]}#])?")  # a date may contain a space
_WHERE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")


def _read(text: str) -> Document:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(text, str(error)) from None
    except (RecursionError, ValueError) as error:  # an integer of 5,000 digits is a ValueError
        deep = isinstance(error, RecursionError)
        reason = f"nested deeper than {MAX_DEPTH} levels" if deep else str(error)
        raise ReadError(0, reason) from None
    return Document(value, lambda: _Scanner(text).spans(), repeats_keys=False)


def _fault(text: str, message: str) -> ReadError:
    where = _WHERE.search(message)
    reason = message[: where.start()].rstrip() if where else message
    offset = len(text)
    if where and where.group(1):
        lines = text.split("\n")[: int(where.group(1)) - 1]
        offset = sum(len(line) + 1 for line in lines) + int(where.group(2)) - 1
    return ReadError(min(offset, len(text)), reason[:1].lower() + reason[1:])


class _Scanner:
    """Finds every key and value of a valid document."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", " \n")  # same offsets; a string with it stays one
        self._source = text
        self._at = 0
        self._members: dict[Location, Member] = {}
        self._lengths: dict[Location, int] = {}  # of arrays of tables

    def spans(self) -> Spans:
        """Scan the document."""
        table: Location = ()
        self._gap()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._gap()
        return Spans(self._source, Span(0, len(self._source)), self._members)

    def _header(self) -> Location:
        start = self._at
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        keys = self._keys()
        self._at += 2 if many else 1
        *above, last = keys
        location: Location = ()
        for key, span in above:
            location = self._latest((*location, key))
            self._members.setdefault(location, Member(key, *span, start, start))
        key, span = last
        location = (*location, key)
        if many:
            index = self._lengths.get(location, 0)
            self._lengths[location] = index + 1
            self._members.setdefault(location, Member(key, *span, start, self._at))
            location = (*location, str(index))
        self._members.setdefault(location, Member(location[-1], *span, start, self._at))
        return location

    def _latest(self, location: Location) -> Location:
        """Return a location, or of an array of tables the last one in it."""
        length = self._lengths.get(location)
        return location if length is None else (*location, str(length - 1))

    def _pair(self, table: Location) -> None:
        keys = self._keys()
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        location = table
        for key, span in keys[:-1]:
            location = (*location, key)
            self._members.setdefault(location, Member(key, *span, self._at, self._at))
        key, span = keys[-1]
        location = (*location, key)
        start = self._at
        self._value(location)
        self._members[location] = Member(key, *span, start, self._at)

    def _keys(self) -> list[tuple[str, Span]]:
        """Read a dotted key; return its parts with their spans."""
        keys: list[tuple[str, Span]] = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self._text[start] in "\"'":
                self._skip(_STRING)
                key = _unquoted(self._source[start : self._at])
            else:
                self._skip(_BARE_KEY)
                key = self._text[start : self._at]
            keys.append((key, Span(start, self._at)))
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _value(self, location: Location) -> None:
        first = self._text[self._at]
        if first == "[":
            self._array(location)
        elif first == "{":
            self._inline_table(location)
        else:
            self._skip(_STRING if first in "\"'" else _OTHER)

    def _array(self, location: Location) -> None:
        self._at += 1
        self._gap()
        index = 0
        while self._text[self._at] != "]":
            start = self._at
            at = (*location, str(index))
            self._value(at)
            self._members[at] = Member(str(index), start, start, start, self._at)
            index += 1
            self._comma()
        self._at += 1

    def _inline_table(self, location: Location) -> None:
        self._at += 1
        self._gap()
        while self._text[self._at] != "}":
            self._pair(location)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        self._gap()
        if self._text[self._at] == ",":
            self._at += 1
            self._gap()

    def _gap(self) -> None:
        self._skip(_GAP)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        assert match is not None, "the scanner and tomllib disagree"
        self._at = match.end()


def _unquoted(text: str) -> str:
    key: str = tomllib.loads(f"key = {text}")["key"]
    return key


def _spellings(old: str, new: str, ascii_only: bool) -> Iterator[str]:
    if old.startswith(('"""', "'''")):  # its line ends and indentation would be lost
        return
    plain = new.isascii() or not ascii_only
    if plain and old[:1] == "'" and "'" not in new and new.isprintable():
        yield f"'{new}'"
    if plain:
        yield json.dumps(new, ensure_ascii=False).replace("\x7f", "\\u007f")
    else:
        yield f'"{"".join(map(_escaped, new))}"'


def _escaped(letter: str) -> str:
    if letter.isascii():
        return json.dumps(letter)[1:-1].replace("\x7f", "\\u007f")
    return f"\\U{ord(letter):08x}"


TOML = Syntax("TOML", _read, _spellings)
