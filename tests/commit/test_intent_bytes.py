"""The bytes of an intent: what is read, up to its limits, and what is refused as corrupted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jit_guard.commit import intent_json
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.intent import ComponentIntent, Intent, MapIntent, RefusedIntentError
from jit_guard.commit.replay import sha256_of
from jit_guard.registry.edit import Edit

TEMPORARY = ".jit-guard-0123456789ab"
COMPONENT = ComponentIntent(
    "components/a.txt", f"{TEMPORARY}-0", sha256_of(b"text"), b"text", None, adopted=False
)
MAP = MapIntent(
    "goal_map.json", f"{TEMPORARY}-map-0", "old", "new", (Edit(("A/~", "p"), "x", "y"),)
)
INTENT = Intent("commit", (MAP,), (COMPONENT,), ("components",))


def changed(**keys: Any) -> bytes:
    """Return the bytes of the intent with other values, and their checksum."""
    body = json.loads(intent_json.encode(INTENT))
    del body["sha256"]
    body.update(keys)
    return json.dumps({"sha256": intent_json._checksum(body), **body}).encode()


def refused(data: bytes) -> str:
    """Return why an intent is refused."""
    with pytest.raises(RefusedIntentError) as raised:
        intent_json.decode(data)
    return raised.value.reason


def test_what_is_written_is_read() -> None:
    for one in (INTENT, INTENT.plan(), INTENT._replace(reserves=True)):
        assert intent_json.decode(intent_json.encode(one)) == one
    body = json.loads(intent_json.encode(INTENT))
    assert intent_json.decode(json.dumps(dict(reversed(body.items()))).encode()) == INTENT
    binary = COMPONENT._replace(data=b"\xff", sha256=sha256_of(b"\xff"))
    data = intent_json.encode(INTENT._replace(components=(binary,)))
    assert intent_json.decode(data).components == (binary,)
    (component,) = json.loads(data)["components"]
    assert component.pop("base64") == "/w=="
    assert "corrupted" in refused(changed(components=[{**component, "base64": "/w==!"}]))


def test_an_intent_may_be_as_large_as_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = intent_json.encode(INTENT)
    outside = len(re.sub(rb'"[^"]*"', b"", data))  # its strings have no escapes
    for limit, size in (("MOST_BYTES", len(data)), ("_MOST_STRUCTURE", outside)):
        with monkeypatch.context() as patch:
            patch.setattr(intent_json, limit, size)
            assert intent_json.decode(data) == INTENT
            patch.setattr(intent_json, limit, size - 1)
            assert refused(data) == "it contains more than any commit"
            with pytest.raises(TransactionError, match="too large; nothing was changed"):
                intent_json.encode(INTENT)


def test_the_version_is_a_number_that_can_be_one() -> None:
    newer = "it was written by a newer jit-guard, so upgrade first"
    assert refused(changed(version=999_999_999)) == newer
    for odd in (1_000_000_000, 1.5, "1", True, None):
        assert "corrupted" in refused(changed(version=odd))


def test_what_jit_guard_would_not_write_is_corrupted() -> None:
    body = json.loads(intent_json.encode(INTENT))
    (component,), (one,) = body["components"], body["maps"]
    (edit,) = one["edits"]
    odd: list[dict[str, Any]] = [
        {"phase": "undo"},
        {"reserves": 1},
        *({"folders": folders} for folders in (["../x"], [".git"], [5], "components", [None])),
        *(
            {"components": [{**component, **more}]}
            for more in (
                {"path": "../a"},
                {"temporary": "goal_map.json"},
                {"temporary": f"{TEMPORARY}-0/x"},
                {"sha256": "0" * 64},
                {"text": "other"},
                {"text": None},
                {"adopted": 1},
                {"replaces": 5},
                {"executable": None},
            )
        ),
        {"components": [{key: component[key] for key in component if key != "text"}]},
        {"components": [{**component, "text": 5}]},
        {"phase": "plan"},
    ]
    move = {"old": "a", "new": "b", "temporary": f"{TEMPORARY}-1"}
    parts: list[dict[str, Any]] = [
        {"path": "/a"},
        {"temporary": f"{TEMPORARY}-map-x"},
        {"syntax": "ini"},
        {"syntax": 5},
        {"edits": {}},
        {"edits": [{**edit, "new": None}]},
        {"edits": [{**edit, "old": 5}]},
    ]
    odd += [{"maps": [{**one, **part}]} for part in parts]
    for field, value in (("old", "../a"), ("new", ".git/b"), ("temporary", "x"), ("old", 5)):
        odd.append({"moves": [{**move, field: value}]})
    for keys in odd:
        assert "corrupted" in refused(changed(**keys)), keys
    for data in (b"\xff", b"5", b"{}", b"[" * 100_000, changed().decode().encode("utf-16")):
        assert "corrupted" in refused(data)
    assert "corrupted" in refused(changed().replace(b'"commit"', b'"plan"'))
