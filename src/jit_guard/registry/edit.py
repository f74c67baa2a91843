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
from jit_guard.registry.strict_json import ReadError
from jit_guard.registry.syntax.syntax import Document, MissingLibraryError, Syntax, syntax


class Edit(NamedTuple):
    """A change of one value of a map: its keys, its expected value, its new value.

    `old` is None for an entry that is added, `new` for one that is removed.
    """

    keys: tuple[str, ...]
    old: str | None
    new: str | None


class EditError(JitGuardError):
    """An edit does not fit the map. The message says where, and what the map has there."""


def splice(text_bytes: bytes, edits: Sequence[Edit], syntax_name: str = "json") -> bytes:
    """Return the map with new values; every byte outside of their strings is preserved.

    If a key is repeated, its last occurrence is edited, which is the one that counts. A map that
    is all ASCII stays so, with escapes; in any other the new value is written as it is.

    Args:
        text_bytes: the bytes of a map.
        edits: at most one per value; each `old` must be the current value.
        syntax_name: the syntax of the map, one of `syntax.syntax.NAMES`.

    Returns:
        The new bytes, which have been parsed again and compared with what was requested
        (verifying one's own output is mdformat's idea).

    Raises:
        EditError: the bytes are not a map, or an edit does not fit it.
    """
    how = _syntax(syntax_name)
    text, document = _parse(text_bytes, how)
    value = document.value
    behind: list[str] = []  # the pieces of the new text, from its end
    rest = len(text)
    changed = [edit for edit in edits if None not in edit]
    for span, edit in sorted(zip(_find(document, changed), changed, strict=True), reverse=True):
        behind.append(text[span.end : rest])
        rest = span.start
        _set(value, edit.keys, edit.new or "")
        behind.append(
            _spelling(how, text, span, edit, "" if how.certain else "".join(behind[::-1]), value)
        )
    spliced = text[:rest] + "".join(behind[::-1])
    for edit in edits:
        if None in edit:
            spliced = _insert_or_remove(how, spliced, edit, ascii_only=text.isascii())
            _add_or_drop(value, edit)
    if not _means(how, spliced, value):
        where = ", ".join(pointer(*edit.keys) for edit in edits)
        raise EditError(f"the edited map would be wrong at {where}; please report this bug")
    return spliced.encode()


def _spelling(how: Syntax, text: str, span: Span, edit: Edit, behind: str, value: Any) -> str:
    """Return how a new value is written in place of the old one, so that only it changes.

    Args:
        how: the syntax.
        text: the map before all edits.
        span: where the old value is.
        edit: the edit.
        behind: the new text after it.
        value: what the document means after this edit and those behind it.
    """
    spellings = how.spellings(text[span.start : span.end], edit.new or "", text.isascii())
    if how.certain:
        return next(spellings)
    for one in spellings:
        if _means(how, text[: span.start] + one + behind, value):
            return one
    why = ": it is an alias or a block, or has an anchor or a tag" if how.name == "YAML" else ""
    raise EditError(f"the value at {pointer(*edit.keys)} cannot be replaced exactly{why}")


def _means(how: Syntax, text: str, value: Any) -> bool:
    try:
        return bool(how.read(text).value == value)
    except ReadError:
        return False


def _insert_or_remove(how: Syntax, text: str, edit: Edit, *, ascii_only: bool) -> str:
    """Add an entry to a goal map, or remove one."""
    from jit_guard.registry.insertion import InsertionError, insert, remove

    if len(edit.keys) != 2 or how.name != syntax("json").name:
        raise EditError(f"{pointer(*edit.keys)} cannot be added: only goal maps in JSON have goals")
    goal, component_type = edit.keys
    try:
        if edit.new is None:
            return remove(text, (goal, component_type))
        _refuse_surrogates(edit)
        return insert(text, (goal, component_type), edit.new, ascii_only=ascii_only)
    except InsertionError as error:
        raise EditError(f"the map {error}") from None


def _add_or_drop(value: Any, edit: Edit) -> None:
    goal, component_type = edit.keys
    if edit.new is not None:
        value.setdefault(goal, {})[component_type] = edit.new
        return
    del value[goal][component_type]
    if not value[goal]:
        del value[goal]


def _refuse_surrogates(edit: Edit) -> None:
    words = (*edit.keys, edit.new or "") if edit.old is None else (edit.new or "",)
    if any("\ud800" <= character <= "\udfff" for word in words for character in word):
        raise EditError(f"the new value of {pointer(*edit.keys)} contains a lone surrogate")


def values(
    text_bytes: bytes, paths: Sequence[tuple[str, ...]], syntax_name: str = "json"
) -> list[Any]:
    """Return the value at each path of keys, or None where there is none.

    Raises:
        EditError: the bytes are not a map.
    """
    _, document = _parse(text_bytes, _syntax(syntax_name))
    return [_at(document.value, keys) for keys in paths]


def strings(text_bytes: bytes, syntax_name: str = "json") -> set[str]:
    """Return every string value anywhere in a map.

    Raises:
        EditError: the bytes are not a map.
    """
    _, document = _parse(text_bytes, _syntax(syntax_name))
    found: set[str] = set()
    waiting = [document.value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.add(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _syntax(name: str) -> Syntax:
    try:
        return syntax(name)
    except MissingLibraryError as error:
        raise EditError(str(error)) from None


def _parse(text_bytes: bytes, how: Syntax) -> tuple[str, Document]:
    try:
        text = how.decode(text_bytes)
        return text, how.read(text)
    except ReadError as error:
        line, column = Positions(text).line_column(error.offset)
        raise EditError(
            f"invalid {how.name} at line {line}, column {column}: {error.reason}"
        ) from None
    except strict_json.EncodingError as error:
        raise EditError(error.reason) from None


def _find(document: Document, edits: Sequence[Edit]) -> list[Span]:
    """Return the span of each edit's value, including the quotes."""
    positions = document.spans()
    spans: list[Span] = []
    for edit in edits:
        _refuse_surrogates(edit)
        member = positions.find(edit.keys)
        if member is None:
            raise EditError(f"there is no value at {pointer(*edit.keys)}")
        now = _at(document.value, edit.keys)
        if not isinstance(now, str):
            raise EditError(f"the value at {pointer(*edit.keys)} is not a string")
        if now != edit.old:
            raise EditError(
                f"the value at {pointer(*edit.keys)} is {json.dumps(now)}, "
                f"not {json.dumps(edit.old)}; another process changed it"
            )
        spans.append(member.value_span)
    if len(set(spans)) < len(spans):
        raise EditError("two edits change the same value")
    return spans


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _set(value: Any, keys: tuple[str, ...], new: str) -> None:
    *above, last = keys
    parent = _at(value, tuple(above))
    parent[int(last) if isinstance(parent, list) else last] = new
