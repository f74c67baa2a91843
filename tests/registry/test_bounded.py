"""A team's schema is applied within a time limit, with the semantics of jsonschema."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest

from jit_guard.errors import ConfigError
from jit_guard.registry import bounded
from jit_guard.registry.bounded import apply
from jit_guard.registry.schema import Schema

SLOW = {"propertyNames": {"pattern": "^([A-Z]+_?)+$"}}
GOAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL-"


def load(document: object) -> Schema:
    return Schema.load("team.json", json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"propertyNames": {"pattern": r"^\w+$"}}, {"a-b": {}, "é": {}}),
        ({"patternProperties": {"(?i)^A(?!b)": False}}, {"ab": {}, "ac": {}}),
        (
            {"patternProperties": {r"(a)\\1": {}}, "additionalProperties": False},
            {"aa": {}, "b": {}},
        ),
        ({"minProperties": 2, "required": ["\ud800"]}, {"\udfff": 1}),
        ({"type": "array"}, {"a": 10**400, "b": 1e400, "c": [None, True, 1.5]}),
        (False, []),
    ],
)
def test_the_child_process_finds_the_same_violations(document: Any, value: Any) -> None:
    schema = load(document)
    assert apply(schema, [value, {}]) == [schema.violations(value), schema.violations({})]


def test_the_dialect_is_ecma_262_as_in_editors() -> None:
    schema = load(
        {
            "propertyNames": {"pattern": r"^[\p{Lu}_]+$"},
            "patternProperties": {r"\p{Script=Greek}": {"type": "number"}},
            "additionalProperties": {"pattern": r"^(?<first>\p{L})"},
        }
    )
    found = apply(schema, [{"ÄB_": "x", "A": "1"}, {"aB": "x"}, {"Ω": "x"}])
    assert [[one.keyword for one in some] for some in found] == [
        ["pattern"],
        ["pattern"],
        ["type"],
    ]


@pytest.mark.parametrize("pattern", [r"\p{Nope}", r"\p{L}{9999}{9999}", "("])
def test_a_pattern_that_no_engine_reads_is_named_with_its_dialect(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"the pattern .* ECMA-262"):
        apply(load({"propertyNames": {"pattern": pattern}}), [{"a": 1}])


def test_a_pattern_that_takes_too_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for least in (0.5, 1.0, 2.0, 4.0, 8.0):  # starting Python counts as well
        monkeypatch.setattr(bounded, "LEAST", least)
        with pytest.raises(ConfigError) as caught:
            apply(load(SLOW), [{GOAL: {}}])
        message = str(caught.value)
        if "the pattern" in message or os.name == "nt":
            break
    what = "it takes" if os.name == "nt" else "the pattern '^([A-Z]+_?)+$' takes"  # no alarms there
    assert message.startswith(f"team.json: {what} too long")


def test_references_that_double_the_work_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LEAST", 0.8)
    parts = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(60)}
    schema = load({"$ref": "#/$defs/0", "$defs": {**parts, "60": {"type": "object"}}})
    with pytest.raises(ConfigError, match="it takes too long"):
        apply(schema, [{}])


def test_a_child_process_that_ignores_its_alarm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_START", "import time; time.sleep(60)")
    monkeypatch.setattr(bounded, "LEAST", 0.02)
    monkeypatch.setattr(bounded, "_GRACE", 0.2)
    with pytest.raises(ConfigError, match="takes too long"):
        apply(load({}), [])


@pytest.mark.skipif(os.name == "nt", reason="there are no alarms")
def test_a_child_process_that_has_to_wait_for_the_processor_is_not_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = "from jit_guard.registry import bounded; import time; "
    waiting += "bounded._applied = lambda *_: [[]] if time.sleep(1.2) is None else []"
    start, _, serve = bounded._START.rpartition("; ")
    monkeypatch.setattr(bounded, "_START", f"{start}; {waiting}; {serve}")
    monkeypatch.setattr(bounded, "LEAST", 1.0)
    assert apply(load({}), [{}]) == [[]]


def test_a_failed_child_process_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_START", "raise SystemExit(9)")
    with pytest.raises(ConfigError, match="exited with 9"):
        apply(load({}), [])


def test_without_a_python_to_start_the_schema_is_applied_in_this_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/orchestrator/app")
    (found,) = apply(load({"maxProperties": 0}), [{"a": 1}])
    assert [one.keyword for one in found] == ["maxProperties"]
