"""The compiled validator never accepts a map that `jsonschema` would refuse."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jit_guard.registry import certain
from jit_guard.registry.certain import Certifier, certifies
from jit_guard.registry.goal_map import GoalMap, parse
from jit_guard.registry.schema import Schema, Violation
from projects import SOUND, call, lay_out

pytest.importorskip("jsonschema_rs", reason="jsonschema-rs has no wheel here")

TEAM = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
    "additionalProperties": {
        "type": "object",
        "required": ["persona"],
        "additionalProperties": {"type": "string", "pattern": r"^[a-z0-9_]+\.txt$"},
    },
}


def read(value: object, *, ascii_only: bool = True) -> GoalMap:
    found = parse("m", json.dumps(value, ensure_ascii=ascii_only).encode())
    assert isinstance(found, GoalMap)
    return found


def test_a_map_that_satisfies_the_teams_schema_is_certified() -> None:
    assert certifies(TEAM, read({"GREET": {"persona": "host.txt"}}))


@pytest.mark.parametrize(
    "value",
    [{"greet": {"persona": "host.txt"}}, {"GREET": {}}, {"GREET": {"persona": "host.md"}}, []],
)
def test_a_map_that_does_not_satisfy_it_needs_jsonschema(value: object) -> None:
    assert not certifies(TEAM, read(value))


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-04/schema#"},
        {"additionalProperties": {"$ref": "other.json"}},
        {"unevaluatedProperties": False},
        {"dependencies": {"A": ["B"]}},
        {"format": "uri"},
        {"additionalProperties": {"$id": "https://example.com/x"}},
        {"properties": {"A": {"anyOf": [{"format": "uri"}]}}},
        {"patternProperties": {"^A(?=B)": {}}},
    ],
)
def test_a_schema_with_other_keywords_needs_jsonschema(schema: object) -> None:
    assert not certifies(schema, read({}))


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d", r"\w", r"\bx", "é", "(?i)x", "(?=x)", "[[:alpha:]]", "[a-z&&[^x]]", "a{,2}", "a++",
        "[]a]", "(?P<x>y)", r"(x)\1", "*", "(", r"\Z", "[a--b]",
    ],
)  # fmt: skip
def test_a_pattern_that_depends_on_the_dialect_needs_jsonschema(pattern: str) -> None:
    assert not certifies({"propertyNames": {"pattern": pattern}}, read({}))
    assert not certifies({"patternProperties": {pattern: {}}}, read({}))


@pytest.mark.parametrize("name", ["A\n", "é", "A\u2028"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_map_on_which_dialects_may_differ_needs_jsonschema(name: str, ascii_only: bool) -> None:
    goal_map = read({name: {"persona": "x"}}, ascii_only=ascii_only)
    assert not certifies({"propertyNames": {"not": {"pattern": "^B$"}}}, goal_map)
    assert certifies({"minProperties": 1}, goal_map)


PATTERNS = st.from_regex(r"\A\^?(?:[a-cA-C.]|\[[a-c]+\]|\([ab]\|c\))[*+?]?\$?\Z")
LEAVES: st.SearchStrategy[Any] = (
    st.booleans()
    | st.fixed_dictionaries({"type": st.sampled_from(["object", "string", "null"])})
    | st.fixed_dictionaries({"pattern": PATTERNS})
    | st.fixed_dictionaries({"minLength": st.integers(0, 3)})
    | st.fixed_dictionaries({"maxProperties": st.integers(0, 2)})
    | st.fixed_dictionaries({"required": st.lists(st.sampled_from("abAB"), unique=True)})
    | st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "b", {}]), min_size=1)})
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(st.sampled_from(["not", "if", "then", "else", "propertyNames"]), inner)
        | st.dictionaries(st.sampled_from(["allOf", "anyOf", "oneOf"]), st.lists(inner, min_size=1))
        | st.fixed_dictionaries(
            {"properties": st.dictionaries(st.sampled_from("abAB"), inner)},
            optional={
                "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
                "additionalProperties": inner,
            },
        )
    ),
    max_leaves=6,
)
NAMES = st.text("abcABC", min_size=1, max_size=3)
MAPS = st.dictionaries(NAMES, st.dictionaries(NAMES, NAMES, max_size=2), max_size=3)


@given(SCHEMAS, MAPS)
@example({"propertyNames": {"pattern": "^a$"}}, {"a": {}})
def test_what_is_certified_is_valid_for_jsonschema(schema: Any, value: Any) -> None:
    if certifies(schema, read(value)):
        assert Draft202012Validator(schema).is_valid(value)


def broken(schema: Any) -> Any:
    """Schemas with one value that may not stand where it does."""
    return st.sampled_from(
      [
        {**schema, keyword: value}
        for keyword, value in (
            ("allOf", []), ("anyOf", {}), ("type", "strin"), ("type", ["string", "string"]),
            ("required", ["a", "a"]), ("required", "a"), ("minLength", -1), ("maxLength", "1"),
            ("minProperties", 1.5), ("properties", []), ("enum", "a"), ("title", 1), ("$id", 1),
            ("$ref", 1), ("$schema", 1), ("description", None), ("deprecated", "yes"),
            ("examples", {}), ("$comment", []), ("$defs", {"a": 1}), ("not", []), ("if", "a"),
            ("patternProperties", {"a": 1}), ("pattern", 1), ("maxProperties", None),
        )
      ]
    )  # fmt: skip


@given(SCHEMAS.filter(lambda one: isinstance(one, dict)).flatmap(broken))
def test_what_is_certified_is_a_schema_for_jsonschema(schema: Any) -> None:
    if certifies(schema, read({})):
        Draft202012Validator.check_schema(schema)


def test_a_schema_that_may_take_long_is_left_to_a_process_that_can_be_ended() -> None:
    doubled = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)}
    bomb = {"$ref": "#/$defs/0", "$defs": {**doubled, "40": {"type": "object"}}}
    assert not certifies(bomb, read({}))
    assert not certifies({"$ref": "#"}, read({}))
    assert not certifies({"allOf": [{"$ref": "#/allOf/0"}]}, read({}))
    assert not certifies({"propertyNames": {"pattern": "(a{9999}){9999}"}}, read({"b": {}}))
    assert not certifies({"$ref": "#/$defs/none"}, read({}))
    assert certifies({"$ref": "#/$defs/a~1b%20", "$defs": {"a/b ": {"maxProperties": 0}}}, read({}))
    assert certifies({"additionalProperties": {"additionalProperties": {"$ref": "#"}}}, read({}))
    uuid = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
    assert certifies({"propertyNames": {"pattern": uuid}}, read({}))


def test_a_clean_map_does_not_need_jsonschema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path, {**SOUND, "team.json": json.dumps(TEAM)})
    asked: list[object] = []

    def apply(_: Schema, values: Sequence[object]) -> list[list[Violation]]:
        asked.extend(values)
        return [[] for _ in values]

    monkeypatch.setattr("jit_guard.registry.bounded.apply", apply)
    assert call("--schemafile", "team.json", cwd=root).code == 0
    assert asked == []
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert call("--schemafile", "team.json", cwd=root).code == 0
    assert len(asked) == 1


def test_a_negative_result_is_checked_by_jsonschema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certain, "_is_plain", lambda *_, **__: True)
    assert not certifies({"pattern": "("}, read({}))


@pytest.mark.parametrize("keyword", ["enum", "const"])
def test_objects_to_compare_with_are_left_to_jsonschema(
    keyword: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiled validator took 1.2 GB for 9 MB of them."""
    import jsonschema_rs

    monkeypatch.setattr(jsonschema_rs, "validator_for", lambda *_, **__: pytest.fail("was asked"))
    value = {"A": {"persona": "a.txt"}}
    assert not certifies({keyword: [value, value] if keyword == "enum" else value}, read(value))
    assert not certifies({keyword: [[value]]}, read(value))


ITEMS: st.SearchStrategy[Any] = st.recursive(
    LEAVES
    | st.fixed_dictionaries({"minimum": st.integers(-2, 2) | st.floats(-2, 2)})
    | st.fixed_dictionaries({"exclusiveMaximum": st.integers(-2, 2)})
    | st.fixed_dictionaries({"uniqueItems": st.booleans()})
    | st.fixed_dictionaries({"minItems": st.integers(0, 2)})
    | st.fixed_dictionaries({"format": st.sampled_from(["date", "uri", "regex"])})
    | st.fixed_dictionaries({"const": st.none() | st.booleans() | st.integers(0, 1)})
    | st.fixed_dictionaries(
        {"type": st.lists(st.sampled_from(["integer", "number", "array", "boolean"]), min_size=1)}
    ),
    lambda inner: (
        st.dictionaries(st.sampled_from(["not", "if", "then", "items"]), inner)
        | st.dictionaries(st.sampled_from(["allOf", "anyOf", "oneOf"]), st.lists(inner, min_size=1))
        | st.fixed_dictionaries(
            {"properties": st.dictionaries(st.sampled_from("abAB"), inner)},
            optional={
                "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
                "additionalProperties": inner,
            },
        )
    ),
    max_leaves=6,
)
TEXTS = st.text("abcABC\u00e9\n\r\u2028", max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.integers(-2, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(ITEMS, VALUES)
@example({"pattern": "^a$"}, "a\n")
@example({"not": {"pattern": "^a$"}}, "a\n")
@example({"pattern": "^.$"}, "\r")
@example({"pattern": "^[^a].$"}, "\u00e9\U0001f600")
@example({"type": "integer"}, 1.0)
@example({"const": 1}, True)
@example({"uniqueItems": True}, [1, 1.0])
@example({"minimum": 1e308}, 10**400)
@example({"maximum": 2**53}, 2**53 + 1)
def test_a_value_of_any_shape_that_is_certified_is_valid_for_jsonschema(
    schema: Any, value: Any
) -> None:
    if Certifier(schema).certifies(value):
        assert Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"type": "string", "pattern": "^[a-z]+$"}}, ["a", "b"]),
        ({"properties": {"name": {"pattern": "^[a-z]+$"}}}, {"name": "x", "text": "\u00e9\n"}),
        ({"minimum": 0, "format": "date", "uniqueItems": True}, 5),
        ({"properties": {"a": {"properties": {"b": {"maxItems": 2}}}}}, {"a": {"b": [1, 2]}}),
    ],
)
def test_ordinary_values_are_certified(schema: Any, value: Any) -> None:
    assert Certifier(schema).certifies(value)


def test_a_value_that_takes_too_long_is_not_certified() -> None:
    doubled = {
        str(n): {"items": {"$ref": f"#/$defs/{n + 1}"}, "not": {"$ref": f"#/$defs/{n + 1}"}}
        for n in range(60)
    }
    bomb = Certifier({"$ref": "#/$defs/0", "$defs": {**doubled, "60": {}}})
    assert not bomb.certifies([[[["x"]]]])
    assert not Certifier({"properties": {"a": {"$ref": "#/none"}}}).certifies({"a": 1})
