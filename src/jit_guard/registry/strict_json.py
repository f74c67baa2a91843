"""Strict JSON parsing, with messages that name the usual mistakes.

The standard library's parser does the work. This module rejects what it is lenient about (`NaN`,
repeated keys, deep nesting), and replaces its messages by ones for the usual mistakes: a trailing
comma, a comment, an unresolved merge conflict.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_DEPTH = 100

_STRING = r'"(?:[^"\\]|\\.)*"'
_BRACKETS = rf"(?s){_STRING}|([\[{{])|([\]}}])"
_CONSTANT = rf"(?s){_STRING}|(-?Infinity|NaN)"
_CONFLICT = r"(<{7}|={7}|>{7}|\|{7})(?=[ \r\n]|\Z)"
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class ReadError(ValueError):
    """The text does not have its syntax. `offset` is in characters; `reason` says what is wrong."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class JsonError(ReadError):
    """The text is not JSON."""


class EncodingError(ValueError):
    """The bytes are not UTF-8 without a BOM. `offset` is in bytes."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


def decode(data: bytes) -> str:
    """Decode a UTF-8 file. Raises EncodingError, also for a byte order mark."""
    for mark, name in (
        (b"\xef\xbb\xbf", "UTF-8"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if data.startswith(mark):
            what = f"the file starts with a {name} byte order mark"
            raise EncodingError(0, f"{what}; save it as UTF-8 without one")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        wrong = data[error.start]
        raise EncodingError(
            error.start, f"byte 0x{wrong:02x} is not UTF-8; save the file as UTF-8"
        ) from None


def loads(text: str) -> tuple[Any, bool]:
    """Parse strictly.

    Returns:
        The value, and whether any object in it has a repeated key (the last one counts).

    Raises:
        JsonError: the only exception; no RecursionError and no other ValueError.
    """
    repeats_keys = False

    def pairs_to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats_keys
        made = dict(pairs)
        if len(made) != len(pairs):
            repeats_keys = True
        return made

    return parse(text, pairs_to_dict), repeats_keys


def parse(text: str, make: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Parse strictly, but accept repeated keys.

    Args:
        text: the document.
        make: turns the members of each object into a value; None: into a dict.

    Raises:
        JsonError: as `loads`.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=make,
            parse_int=_parse_int,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise _explain(text, error) from None
    except RecursionError:
        raise JsonError(_too_deep(text) or 0, _TOO_DEEP) from None
    except _ConstantError as error:
        found = next(match for match in re.finditer(_CONSTANT, text) if match.group(1))
        raise JsonError(found.start(1), f"{error} is not allowed") from None


def strings(text: str) -> int:
    """Count the strings in a document, including keys, without parsing it."""
    if "\\" in text:
        text = text.replace("\\\\", "")
        return (text.count('"') - text.count('\\"')) // 2
    return text.count('"') // 2


def refuse_deep(text: str) -> None:
    """Raise JsonError if the text is nested deeper than MAX_DEPTH.

    Not part of `loads`, because a map of the ordinary shape does not need it.
    """
    offset = _too_deep(text)
    if offset is not None:
        raise JsonError(offset, _TOO_DEEP)


def _too_deep(text: str) -> int | None:
    depth = 0
    for match in re.finditer(_BRACKETS, text):
        if match.group(1):
            depth += 1
            if depth > MAX_DEPTH:
                return match.start()
        elif match.group(2):
            depth -= 1
    return None


class _ConstantError(Exception):
    pass


def _refuse_constant(name: str) -> Any:
    raise _ConstantError(name)


def _parse_int(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than the interpreter converts (4300 by default)
        return float(digits)


def _explain(text: str, error: json.JSONDecodeError) -> JsonError:
    offset, here = error.pos, text[error.pos : error.pos + 1]
    before = text[:offset].rstrip(" \t\r\n")
    after = text[offset:].lstrip(" \t\r\n,")[:1]
    line_start = text.rfind("\n", 0, offset) + 1
    if conflict := re.match(_CONFLICT, text[line_start : line_start + 9]):
        return JsonError(
            line_start,
            f"merge conflict marker ({conflict.group(1)}); resolve the conflict",
        )
    if not text.strip(" \t\r\n"):
        return JsonError(0, "the file is empty; an empty map is {}")
    if after in ("}", "]") and (here == "," or before.endswith(",")):
        comma = offset if here == "," else len(before) - 1
        return JsonError(comma, f"trailing comma before {after}; remove it")
    if here in ("/", "#"):
        return JsonError(offset, "comments are not allowed")
    if here == "'":
        return JsonError(offset, "single quote; use double quotes for strings")
    if error.msg.startswith("Invalid control character"):
        return JsonError(offset, "unescaped line break or control character in a string; escape it")
    if error.msg.startswith("Unterminated string"):
        return JsonError(offset, "unterminated string")
    if not here:
        return JsonError(len(before), "unexpected end of file; a bracket or a value is missing")
    if error.msg.startswith("Extra data"):
        return JsonError(offset, "unexpected text after the end of the document")
    return JsonError(offset, error.msg[:1].lower() + error.msg[1:])
