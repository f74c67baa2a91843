"""Byte-minimal edits of a map: the strings of some values change, and nothing else.

The text is walked once for where the values stand, cut there, and joined again. Decoding and
encoding UTF-8 strictly gives every other byte back, so indentation, key order, line endings,
escapes and the final newline survive, and `git diff` shows one line per entry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from jit_guard.errors import JitGuardError
from jit_guard.registry import strict_json
from jit_guard.registry.positions import Positions, Span, pointer


class Edit(NamedTuple):
    """One value of a map to change: where it is, what it must be now, what it becomes."""

    keys: tuple[str, ...]
    old: str
    new: str


class EditError(JitGuardError):
    """An edit that does not fit the map: the message says where and what stands there."""


def splice(text_bytes: bytes, edits: Sequence[Edit]) -> bytes:
    """The map with new values; every byte outside of their strings is the one that was there.

    Where a key stands twice, the last one is edited: it is the one that counts. A map that is
    all ASCII stays so (by escapes); any other takes the new value as it is.

    Args:
        text_bytes: a map, as it lies on disk.
        edits: at most one per value; each `old` must be the value now.

    Returns:
        The new bytes. They were parsed again and hold what was asked for (the idea is
        mdformat's: verify your own output before anybody sees it).

    Raises:
        EditError: the bytes are no map, or an edit does not fit it.
    """
    text, value = _parse(text_bytes)
    spans = _find(text, edits)
    ascii_only = text.isascii()
    pieces: list[str] = []
    position = 0
    for span, edit in sorted(zip(spans, edits, strict=True)):
        pieces += (text[position : span.start], json.dumps(edit.new, ensure_ascii=ascii_only))
        position = span.end
    pieces.append(text[position:])
    spliced = "".join(pieces).encode()
    _verify(spliced, value, edits)
    return spliced


def values(text_bytes: bytes, paths: Sequence[tuple[str, ...]]) -> list[Any]:
    """The value at each path of keys, and None where nothing stands.

    Raises:
        EditError: the bytes are no map.
    """
    _, value = _parse(text_bytes)
    return [_at(value, keys) for keys in paths]


def strings(text_bytes: bytes) -> set[str]:
    """Every string value anywhere in a map.

    Raises:
        EditError: the bytes are no map.
    """
    _, value = _parse(text_bytes)
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.add(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _parse(text_bytes: bytes) -> tuple[str, Any]:
    try:
        text = strict_json.decode(text_bytes)
        return text, strict_json.loads(text)[0]
    except strict_json.JsonError as error:
        line, column = Positions(text).line_column(error.offset)
        raise EditError(f"it is not JSON: line {line}, column {column}: {error.reason}") from None
    except strict_json.EncodingError as error:
        raise EditError(f"it {error.reason}" if not error.offset else error.reason) from None


def _find(text: str, edits: Sequence[Edit]) -> list[Span]:
    """The span of each edit's value, quotes included."""
    positions = Positions(text)
    # Its end does not matter here, and finding it would be a walk over all of the text.
    top = Span(len(text) - len(text.lstrip(" \t\r\n")), len(text))
    spans: list[Span] = []
    for edit in edits:
        if any("\ud800" <= character <= "\udfff" for character in edit.new):
            raise EditError(f"the new value of {pointer(*edit.keys)} holds half a surrogate pair")
        span = _span(positions, top, edit.keys)
        if span is None:
            raise EditError(f"there is no value at {pointer(*edit.keys)}")
        if text[span.start] != '"':
            raise EditError(f"the value at {pointer(*edit.keys)} is no string")
        now = json.loads(text[span.start : span.end])
        if now != edit.old:
            raise EditError(
                f"the value at {pointer(*edit.keys)} is {json.dumps(now)}, "
                f"not {json.dumps(edit.old)}: somebody else changed it"
            )
        spans.append(span)
    if len(set(spans)) < len(spans):
        raise EditError("two edits of one value")
    return spans


def _span(positions: Positions, top: Span, keys: tuple[str, ...]) -> Span | None:
    span = top
    for key in keys:
        member = positions.member(span, key) if positions.text[span.start] in "{[" else None
        if member is None:
            return None
        span = member.value_span
    return span if keys else None


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def _verify(spliced: bytes, value: Any, edits: Sequence[Edit]) -> None:
    """Refuse our own output when it does not hold exactly what was asked for."""
    for edit in edits:
        parent = _at(value, edit.keys[:-1])
        if not isinstance(parent, dict):
            raise EditError(f"the value at {pointer(*edit.keys)} is in no object")
        parent[edit.keys[-1]] = edit.new
    if strict_json.loads(spliced.decode())[0] != value:
        where = ", ".join(pointer(*edit.keys) for edit in edits)
        raise EditError(
            f"the edited map would not hold what it should ({where}); please report this bug"
        )
