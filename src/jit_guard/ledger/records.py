"""The records of the ledger, and how texts are stored and looked up."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from jit_guard.generators.generator import Request, Text, Usage

if TYPE_CHECKING:
    from jit_guard.ledger.engine import Engine

_WORDS = (
    *("key", "component", "goal", "component_type", "filename", "description", "generator"),
    *("model", "version", "request", "usage", "details", "path"),
)
_COLUMNS = {**dict.fromkeys(_WORDS, str), "content": bytes, "asked": float, "arrived": float}
Row: TypeAlias = "Mapping[str, Any]"  # the columns of a text, see `values_of`
_LATEST = 32_503_680_000  # seconds since the epoch: the year 3000, the limit on Windows


class Key(NamedTuple):
    """The fields that must be equal for a text to be reused."""

    goal: str
    component_type: str
    filename: str  # as in the new entry
    description: str
    generator: str
    model: str
    version: str

    def digest(self) -> str:
        """Return the key as a hash."""
        from hashlib import sha256

        return sha256(json.dumps(self).encode()).hexdigest()


class Wanted(NamedTuple):
    """A wanted text: the path of the missing component, and the key of the text.

    `reusable` are the digests of keys whose texts may be used, best first; none: only its own.
    """

    component: str
    key: Key
    reusable: tuple[str, ...] = ()


class Stored(NamedTuple):
    """A text in the ledger.

    `edited`: the user edited it before it was committed. `theirs`: another machine stored it while
    ours was being generated, and it counts.
    """

    id: int
    content: str
    edited: bool = False
    generator: str = ""
    theirs: bool = False


class Claim(NamedTuple):
    """The right to work on a component until released; `stored`: its text, if there is one."""

    component: str
    stored: Stored | None


class Arrival(NamedTuple):
    """A text that arrived; `fault`: why it is rejected, if that is known already."""

    wanted: Wanted
    request: Request
    text: Text
    asked: float  # seconds since the epoch
    fault: str | None = None


class Placed(NamedTuple):
    """A text that was committed: its path and the bytes there."""

    id: int
    path: str
    data: bytes


def find(engine: Engine, wanted: Wanted, after: int) -> Stored | None:
    """Find the best text that was not rejected and has a number above `after`; the latest of it."""
    for digest in wanted.reusable or (wanted.key.digest(),):
        rows = engine.read(
            "SELECT id, content, details, generator FROM texts WHERE key = ? AND id > ? "
            "AND status <> 'rejected' ORDER BY id DESC LIMIT 1",
            [digest, after],
        )
        for number, content, details, generator in rows:
            try:
                if isinstance(content, bytes) and isinstance(generator, str):
                    text = content.decode("utf-8", "surrogatepass")
                    return Stored(number, text, is_edited(details), generator)
            except UnicodeDecodeError:
                pass
            raise engine.corrupted(f"the content of text {number} is not UTF-8")
    return None


def values_of(arrival: Arrival) -> Row:
    """Return the columns of a text in the ledger."""
    asked = values_before(arrival.wanted, arrival.request, arrival.asked)
    return {**asked, **values_after(arrival.text, asked["model"], arrival.fault)}


def values_before(wanted: Wanted, request: Request, asked: float) -> Row:
    """Return the columns of a text that are known before it arrives."""
    return {
        **{name: plain(value) for name, value in wanted.key._asdict().items()},
        "key": wanted.key.digest(),
        "component": plain(wanted.component),
        "request": _json(request),
        "asked": asked,
        "path": plain(request.path),
    }


def values_after(text: Text, model: str, fault: str | None) -> Row:
    """Return the columns of a text that are known when it has arrived."""
    return {
        "model": plain(text.model or model),
        "content": text.content.encode("utf-8", "surrogatepass"),
        "usage": _json({name: amount(getattr(text.usage, name, None)) for name in Usage._fields}),
        "details": _json(text.details),
        "arrived": time.time(),
        "status": "arrived" if fault is None else "rejected",
        "reason": None if fault is None else plain(fault),
    }


def stored_as(number: int, row: Row) -> Stored:
    """Return the text of a row that was stored under a number."""
    content = row["content"].decode("utf-8", "surrogatepass")
    return Stored(number, content, is_edited(row["details"]), row["generator"])


def row_of(engine: Engine, number: int) -> Row:
    """Return the row of a text, to store it in another ledger; as one that just arrived."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM texts WHERE id = ?"  # noqa: S608 - our own words
    for values in engine.read(query, [number]):
        if all(type(one) is kind for one, kind in zip(values, _COLUMNS.values(), strict=True)):
            row = dict(zip(_COLUMNS, values, strict=True))
            return {**row, "status": "arrived", "reason": None}
    raise engine.corrupted(f"text {number} does not have the form that jit-guard writes")


def is_edited(details: object) -> bool:
    """Check whether the details of a text say that the user edited it."""
    try:
        known = json.loads(details) if isinstance(details, str) else None
    except (ValueError, RecursionError):
        return False
    return isinstance(known, dict) and known.get("edited") is True


def amount(value: object) -> int | None:
    """Return a count; None for any other value that a plugin may return."""
    return value if type(value) is int and 0 <= value < 1 << 63 else None


def is_time(value: object) -> bool:
    """Check for seconds since the epoch that every system can show as a date."""
    return isinstance(value, float) and 0 <= value < _LATEST


def _json(value: Any) -> str:
    def tree(part: Any) -> Any:
        if hasattr(part, "_asdict"):
            return {name: tree(one) for name, one in part._asdict().items()}
        return [tree(one) for one in part] if isinstance(part, tuple) else part

    # Odd metadata from a plugin must not lose its text.
    return json.dumps(tree(value), default=repr, skipkeys=True)


def plain(text: str) -> str:
    """Return text that every database can store, with lone surrogates and NUL escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
