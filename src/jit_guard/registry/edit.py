"""Byte-minimal edits of a map: only the strings of some values change.

One pass over the text finds the values, which are then replaced. Strict UTF-8 decoding and
encoding preserves every other byte, so indentation, key order, line endings, escapes and the
final newline survive, and `git diff` shows one line per entry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from jit_guard.errors import JitGuardError
from jit_guard.registry import strict_json
from jit_guard.registry.positions import Positions, Span, pointer


class Edit(NamedTuple):
    """A change of one value of a map: its keys, its expected value, its new value."""

    keys: tuple[str, ...]
    old: str
    new: str


class EditError(JitGuardError):
    """An edit does not fit the map. The message says where, and what the map has there."""


def splice(text_bytes: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the map with new values; every byte outside of their strings is preserved.

    If a key is repeated, its last occurrence is edited, which is the one that counts. A map that
    is all ASCII stays so, with escapes; in any other the new value is written as it is.

    Args:
        text_bytes: the bytes of a map.
        edits: at most one per value; each `old` must be the current value.

    Returns:
        The new bytes, which have been parsed again and compared with what was requested
        (verifying one's own output is mdformat's idea).

    Raises:
        EditError: the bytes are not a map, or an edit does not fit it.
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
    """Return the value at each path of keys, or None where there is none.

    Raises:
        EditError: the bytes are not a map.
    """
    _, value = _parse(text_bytes)
    return [_at(value, keys) for keys in paths]


def strings(text_bytes: bytes) -> set[str]:
    """Return every string value anywhere in a map.

    Raises:
        EditError: the bytes are not a map.
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
        raise EditError(f"invalid JSON at line {line}, column {column}: {error.reason}") from None
    except strict_json.EncodingError as error:
        raise EditError(error.reason) from None


def _find(text: str, edits: Sequence[Edit]) -> list[Span]:
    """Return the span of each edit's value, including the quotes."""
    positions = Positions(text)
    # The end does not matter here, and finding it would cost a pass over the whole text.
    top = Span(len(text) - len(text.lstrip(" \t\r\n")), len(text))
    spans: list[Span] = []
    for edit in edits:
        if any("\ud800" <= character <= "\udfff" for character in edit.new):
            raise EditError(f"the new value of {pointer(*edit.keys)} contains a lone surrogate")
        span = _span(positions, top, edit.keys)
        if span is None:
            raise EditError(f"there is no value at {pointer(*edit.keys)}")
        if text[span.start] != '"':
            raise EditError(f"the value at {pointer(*edit.keys)} is not a string")
        now = json.loads(text[span.start : span.end])
        if now != edit.old:
            raise EditError(
                f"the value at {pointer(*edit.keys)} is {json.dumps(now)}, "
                f"not {json.dumps(edit.old)}; another process changed it"
            )
        spans.append(span)
    if len(set(spans)) < len(spans):
        raise EditError("two edits change the same value")
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
    """Raise EditError if our own output is not exactly what was requested."""
    for edit in edits:
        parent = _at(value, edit.keys[:-1])
        if not isinstance(parent, dict):
            raise EditError(f"the value at {pointer(*edit.keys)} is not in an object")
        parent[edit.keys[-1]] = edit.new
    if strict_json.loads(spliced.decode())[0] != value:
        where = ", ".join(pointer(*edit.keys) for edit in edits)
        raise EditError(f"the edited map would be wrong at {where}; please report this bug")
