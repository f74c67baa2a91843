"""The bytes of an intent: JSON with a checksum, and with a limit for its size.

It may have come with a clone, so that nothing is decoded that jit-guard would not have encoded.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, NoReturn, TypeVar

from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.commit.intent import (
    ComponentIntent,
    Intent,
    MapIntent,
    MoveIntent,
    RefusedIntentError,
)
from jit_guard.commit.location import refuse_unsafe
from jit_guard.registry.edit import Edit
from jit_guard.registry.positions import pointer
from jit_guard.registry.syntax.syntax import NAMES
from jit_guard.text.names import OURS

VERSION = 3
_OLDEST = 1  # readers of this version can finish everything but what `_version` names
# The size limit of an intent, and of everything in it outside strings (200,000 edits).
MOST_BYTES = 64 << 20
_MOST_STRUCTURE = 8 << 20
_ESCAPE, _STRING = re.compile(rb"\\.", re.DOTALL), re.compile(rb'"[^"]*"')
_TEMPORARY = re.compile(rf"{re.escape(OURS)}[0-9a-f]{{12}}-(?:map-)?[0-9a-f]+")
_T = TypeVar("_T")


def encode(intent: Intent) -> bytes:
    """Encode an intent as the bytes of its file.

    Raises:
        TransactionError: it is too large: `read` would refuse it.
    """
    body: dict[str, Any] = {
        "version": _version(intent),
        "phase": intent.phase,
        "folders": intent.directories,
        "maps": [
            {
                "path": one.path,
                "temporary": one.temporary,
                "old_sha256": one.old_sha256,
                "new_sha256": one.new_sha256,
                **({} if one.syntax == "json" else {"syntax": one.syntax}),
                "edits": [
                    {"pointer": pointer(*edit.keys), "old": edit.old, "new": edit.new}
                    for edit in one.edits
                ],
            }
            for one in intent.maps
        ],
        "components": [
            {
                "path": one.path,
                "temporary": one.temporary,
                "sha256": one.sha256,
                "replaces": one.replaces,
                "adopted": one.adopted,
                **({"executable": True} if one.executable else {}),
                **_encode_data(one.data),
            }
            for one in intent.components
        ],
    }
    if intent.reserves:
        body["reserves"] = True
    if intent.moves:
        body["moves"] = [one._asdict() for one in intent.moves]
    data = json.dumps({"sha256": _checksum(body), **body}, indent=1).encode() + b"\n"
    if _is_bulky(data):
        raise TransactionError("the commit is too large; nothing was changed")
    return data


def _version(intent: Intent) -> int:
    """Return the version that a reader needs: 2 for moves and added entries, 3 for a syntax."""
    if any(one.syntax != "json" for one in intent.maps):
        return 3
    adds = any(edit.old is None for one in intent.maps for edit in one.edits)
    return 2 if intent.moves or adds else _OLDEST


def decode(data: bytes) -> Intent:
    """Decode an intent from the bytes of its file.

    Raises:
        RefusedIntentError: they are corrupted, or a newer jit-guard wrote them.
    """
    try:
        if _is_bulky(data):
            raise RefusedIntentError("it contains more than any commit")
        text = data.decode()  # `loads` would also accept UTF-16
        body: Any = json.loads(text, parse_int=_digit, parse_float=_none, parse_constant=_none)
        checksum = body.pop("sha256")
        if _of(int, body["version"]) > VERSION:
            raise RefusedIntentError("it was written by a newer jit-guard, so upgrade first")
        if checksum == _checksum(body):
            found = Intent(
                phase=body["phase"],
                maps=tuple(map(_decode_map, _of(list, body["maps"]))),
                components=tuple(map(_decode_component, _of(list, body["components"]))),
                directories=tuple(_of(list, body["folders"])),
                reserves=_of(bool, body.get("reserves", False)),
                moves=tuple(map(_decode_move, _of(list, body.get("moves", [])))),
            )
            _refuse_odd(found)
            return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnsafePathError):
        pass
    raise RefusedIntentError("it is corrupted, so its commit can be neither finished nor undone")


def _is_bulky(data: bytes) -> bool:
    """Check whether it is too large. An empty list has two bytes, but takes sixty in memory."""
    # Two passes, since one pattern for strings with escapes can take quadratic time.
    outside = (
        len(data) if len(data) <= _MOST_STRUCTURE else len(_STRING.sub(b"", _ESCAPE.sub(b"", data)))
    )
    return len(data) > MOST_BYTES or outside > _MOST_STRUCTURE


def _refuse_odd(intent: Intent) -> None:
    """Raise ValueError, TypeError or UnsafePathError if jit-guard would not write this intent."""
    if intent.phase not in ("plan", "commit"):
        raise ValueError(intent.phase)
    parts: list[MapIntent | ComponentIntent] = [*intent.maps, *intent.components]
    for one in parts:
        refuse_unsafe(one.path)
        if not _TEMPORARY.fullmatch(one.temporary):
            raise ValueError(one.temporary)
    for move in intent.moves:
        refuse_unsafe(move.old)
        refuse_unsafe(move.new)
        if not _TEMPORARY.fullmatch(move.temporary):
            raise ValueError(move.temporary)
    for path in intent.directories:
        refuse_unsafe(_of(str, path))
    for component in intent.components:
        data = component.data
        if (data is None) is (intent.phase == "commit"):
            raise ValueError(component.path)
        if data is not None and hashlib.sha256(data).hexdigest() != component.sha256:
            raise ValueError(component.sha256)


def _decode_map(one: dict[str, Any]) -> MapIntent:
    edits = tuple(
        Edit(_keys(_of(str, edit["pointer"])), _old(edit["old"]), _of(str, edit["new"]))
        for edit in _of(list, one["edits"])
    )
    return MapIntent(
        _of(str, one["path"]),
        _of(str, one["temporary"]),
        _of(str, one["old_sha256"]),
        _of(str, one["new_sha256"]),
        edits,
        _syntax(one.get("syntax", "json")),
    )


def _syntax(value: Any) -> str:
    if _of(str, value) not in NAMES:
        raise ValueError(value)
    return str(value)


def _old(value: Any) -> str | None:
    """Return the old value of an edit; None for an entry that is added."""
    return None if value is None else _of(str, value)


def _decode_component(one: dict[str, Any]) -> ComponentIntent:
    replaces = one["replaces"]
    return ComponentIntent(
        _of(str, one["path"]),
        _of(str, one["temporary"]),
        _of(str, one["sha256"]),
        _decode_data(one),
        None if replaces is None else _of(str, replaces),
        _of(bool, one["adopted"]),
        _of(bool, one.get("executable", False)),
    )


def _decode_move(one: dict[str, Any]) -> MoveIntent:
    return MoveIntent(*(_of(str, one[name]) for name in MoveIntent._fields))


def _of(kind: type[_T], value: Any) -> _T:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def _digit(digits: str) -> int:
    if len(digits) > 9:  # the only number is the version
        raise ValueError
    return int(digits)


def _none(text: str) -> NoReturn:
    raise ValueError(text)


def _encode_data(data: bytes | None) -> dict[str, str]:
    if data is None:
        return {}
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _decode_data(one: dict[str, Any]) -> bytes | None:
    if "text" in one:
        return _of(str, one["text"]).encode()
    return base64.b64decode(_of(str, one["base64"]), validate=True) if "base64" in one else None


def _keys(of_pointer: str) -> tuple[str, ...]:
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in of_pointer.split("/")[1:])


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
