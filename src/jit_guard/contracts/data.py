"""A value read from a text, and where its parts are in that text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import Any, NamedTuple

from jit_guard.registry.positions import Member, Positions, Span
from jit_guard.registry.strict_json import ReadError, refuse_deep
from jit_guard.registry.syntax.spans import Spans
from jit_guard.registry.syntax.syntax import syntax


class Data(NamedTuple):
    """A value, and how to find its parts.

    Args:
        value: as of JSON; a date of TOML is a string.
        spans: finds the parts, with offsets from where the text starts.
        start: the offset of that text in the whole one.
        repeats_keys: some object has a key twice.
    """

    value: Any
    spans: Callable[[], Spans | Positions]
    start: int
    repeats_keys: bool

    def find(self, keys: tuple[str, ...]) -> Member | None:
        """Return a member, with offsets in the whole text; None if there is none."""
        found = self.spans().find(keys) if keys else None
        if found is None:
            return None
        key, *offsets = found
        return Member(key, *(self.start + offset for offset in offsets))

    def repeated(self) -> tuple[tuple[str, ...], int] | None:
        """Return the first key that an object has twice, and its second offset."""
        spans = self.spans()
        if not isinstance(spans, Positions):
            again = spans.repeated[0]
            return again.location, self.start + again.again.start
        waiting: list[tuple[tuple[str, ...], Span]] = [((), spans.top())]
        while waiting:
            keys, span = waiting.pop()
            if spans.text[span.start] not in "{[":
                continue
            seen = set()
            for member in spans.members(span):
                if member.key in seen:
                    return (*keys, member.key), self.start + member.key_start
                seen.add(member.key)
                waiting.append(((*keys, member.key), member.value_span))
        return None


def read_data(text: str, name: str, start: int = 0) -> Data:
    """Parse a text in the syntax of this name. Raises ReadError, MissingLibraryError.

    Args:
        text: what to parse.
        name: of the syntax.
        start: the offset of the text in the whole one, which errors count from, too.
    """
    try:
        if name in ("json", "jsonc"):
            refuse_deep(text)
        document = syntax(name).read(text)
    except ReadError as error:
        raise ReadError(start + error.offset, error.reason) from None
    value = _plain(document.value) if name == "toml" else document.value
    return Data(value, cache(document.spans), start, document.repeats_keys)


def _plain(value: Any) -> Any:
    """Return a value of TOML as one of JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return list(map(_plain, value))
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value
