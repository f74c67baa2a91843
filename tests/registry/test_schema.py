"""JSON Schema: the built-in one, a team's own, and the reasons of violations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard.errors import ConfigError
from jit_guard.registry.bounded import apply
from jit_guard.registry.schema import Schema, Violation
from projects import run


def load(document: object) -> Schema:
    return Schema.load("team.json", json.dumps(document).encode())


def refused(document: object, value: object = None) -> str:
    with pytest.raises(ConfigError) as caught:
        apply(load(document), [{"A": {"t": "f"}} if value is None else value])
    return str(caught.value)


def test_the_published_schema_is_a_schema_of_draft_2020_12() -> None:
    from jsonschema import Draft202012Validator

    document = Schema.built_in().document
    assert document["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(document)


@pytest.mark.parametrize(
    ("value", "keys", "keyword", "on_key"),
    [
        ([], (), "type", False),
        ({"A": 1}, ("A",), "type", False),
        ({"A": {"t": 1}}, ("A", "t"), "type", False),
        ({"A": {"t": ""}}, ("A", "t"), "minLength", False),
        ({"": {}}, ("",), "minLength", True),
        ({"A": {"": "f"}}, ("A", ""), "minLength", True),
        ({"$schema": 1}, ("$schema",), "type", False),
        ({"a/b": {"c~d": None}}, ("a/b", "c~d"), "type", False),
    ],
)
def test_a_violation_leads_to_the_invalid_value_or_key(
    value: Any, keys: tuple[str, ...], keyword: str, on_key: bool
) -> None:
    (found,) = Schema.built_in().violations(value)
    assert (found.keys, found.keyword, found.on_key) == (keys, keyword, on_key)
    assert found.reason


def test_reasons_are_those_of_jsonschema() -> None:
    assert Schema.built_in().violations({"A": {"t": 1}}) == [
        Violation(("A", "t"), "type", "1 is not of type 'string'")
    ]


def test_what_a_schema_does_not_allow_is_named() -> None:
    closed = {
        "properties": {"a": {}, "no": False},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    assert load(closed).violations({"a": 1, "x-b": 2, "surplus": 3, "more": 4}) == [
        Violation(
            (),
            "additionalProperties",
            "'more', 'surplus' do not match any of the regexes: '^x-'",
            member="surplus",
        )
    ]
    assert load({"required": ["b"]}).violations({"a": 1})[0].member == ""
    assert load(closed).violations({"no": [5]}) == [
        Violation((), "false", "[5] is not allowed", False)  # the validator forgets the key
    ]


def test_violations_come_in_a_stable_order() -> None:
    value = {"B": 1, "A": {"t": 1, "s": 2}, "": {}}
    found = Schema.built_in().violations(value)
    assert found == sorted(found)
    assert [one.keys for one in found] == [("",), ("A", "s"), ("A", "t"), ("B",)]


def test_a_long_reason_is_shortened_in_the_middle() -> None:
    (found,) = Schema.built_in().violations({"A": {"t": ["x" * 5_000]}})
    assert len(found.reason) < 300
    assert found.reason.startswith("['xxx")
    assert found.reason.endswith("is not of type 'string'")


def test_a_reason_shows_small_numbers() -> None:
    team = Schema("s.json", {"additionalProperties": {"minLength": 0, "maxProperties": -1}})
    with pytest.raises(ConfigError, match="-1 is less than the minimum of 0"):
        team.check()


def test_a_team_may_require_a_pattern_for_goals() -> None:
    schema = load({"propertyNames": {"pattern": "^[A-Z_]+$"}, "required": ["GREET"]})
    assert [(one.keys, one.keyword, one.on_key) for one in schema.violations({"low": {}})] == [
        ((), "required", False),
        (("low",), "pattern", True),
    ]


def test_a_local_reference_is_followed() -> None:
    schema = load({"$ref": "#/$defs/m", "$defs": {"m": {"maxProperties": 0}}})
    assert [one.keyword for one in schema.violations({"A": {}})] == ["maxProperties"]


def test_a_schema_of_another_draft_is_applied_by_that_draft() -> None:
    draft_4 = "http://json-schema.org/draft-04/schema#"
    schema = load({"$schema": draft_4, "maxProperties": 5, "minProperties": 2})
    assert [one.keyword for one in schema.violations({"A": {}})] == ["minProperties"]


@pytest.mark.parametrize(
    "reference",
    ["https://example.invalid/x.json", "http://localhost:9/x", "other.json", "file:///etc/passwd"],
)
def test_a_reference_out_of_the_file_is_refused_and_not_loaded(reference: str) -> None:
    assert "external references are not loaded" in refused({"$ref": reference})


@pytest.mark.parametrize("reference", ["#/nope", "#nope", "#/properties/x/0"])
def test_a_reference_to_nothing_in_the_file_is_reported_as_that(reference: str) -> None:
    assert f"$ref {reference!r} names nothing in this file" in refused({"$ref": reference})


def test_a_reference_to_an_existing_file_is_not_loaded_either(project: Path) -> None:
    (project / "other.json").write_text('{"maxProperties": 0}')
    (project / "team.json").write_text(json.dumps({"$ref": (project / "other.json").as_uri()}))
    # In its own process, because jsonschema would warn, and here warnings are errors.
    result = run("--schemafile", "team.json", cwd=project)
    assert (result.code, result.out) == (2, "")
    assert "external references are not loaded" in result.err


def test_a_circular_reference_is_reported() -> None:
    assert "circular" in refused({"$ref": "#"})


@pytest.mark.parametrize(
    "document",
    [
        {"type": "strin"},
        {"type": 1},
        {"minLength": "x"},
        {"properties": []},
        {"required": "A"},
        {"$ref": 5},
        [],
        1,
        None,
        "x",
        "$schema",
        ["$schema"],
        {"$schema": 5},
        {"$schema": ["x"]},
        {"$schema": None},
        {"$schema": "http://[bad"},
    ],
    ids=json.dumps,
)
def test_what_is_not_a_schema_is_reported_with_its_file(document: object) -> None:
    assert refused(document).startswith("team.json: ")


def test_a_pattern_that_is_not_a_regular_expression_is_reported() -> None:
    assert refused({"propertyNames": {"pattern": "("}}).startswith("team.json: ")


def test_a_schema_of_an_unknown_draft_is_applied_as_2020_12_without_fetching() -> None:
    schema = load({"$schema": "https://example.invalid/draft", "maxProperties": 0})
    assert [one.keyword for one in schema.violations({"A": {}})] == ["maxProperties"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000, b"NaN"])
def test_a_schema_file_that_is_not_json_is_reported_with_its_file(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^team\.json: "):
        Schema.load("team.json", data)


@pytest.mark.parametrize(("document", "refuses"), [(True, False), (False, True), ({}, False)])
def test_the_schemas_true_and_false_are_schemas(document: object, refuses: bool) -> None:
    assert bool(load(document).violations({})) == refuses
