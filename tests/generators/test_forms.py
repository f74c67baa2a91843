"""The form of a draft: the headings of a type, what a schema demands, and each suffix."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from jit_guard.generators.generator import Example, Request
from jit_guard.generators.sample import sample
from jit_guard.generators.scaffold import write
from jit_guard.generators.shape import sections, shape


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["# Title\n\n## A\n"], ("## A",)),
        (["# Title\n"], ("# Title",)),
        (["# A\n# B\n"], ("# A", "# B")),
        (["## A\n# B\n"], ("## A", "# B")),
        (["# A\n# B\n", "# C\n# D\n# E\n"], ("# C", "# D", "# E")),
        (["# C\n# D\n", "# A\n# B\n"], ("# A", "# B")),
        (["".join(f"## {n}\n" for n in range(45))], tuple(f"## {n}" for n in range(40))),
        (["# A\n  ```\n# no\n```\n# B\n"], ("# A", "# B")),
        (["# A\n```\n# no\n  ```\n# B\n"], ("# A", "# B")),
        (["# A\n````\n```\n# no\n````\n# B\n"], ("# A", "# B")),
        (["# A\n```\n```x\n# no\n```\n# B\n"], ("# A", "# B")),
    ],
)
def test_the_headings_of_a_type(texts: list[str], expected: tuple[str, ...]) -> None:
    assert shape(texts) == expected


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("- a\n\n\n\n\n- b\n", "list"),
        ("- a\n  more\n  and more\n", "list"),
        ("1. a\n2. b\nc\n", "steps"),
        ("| a |\n", "table"),
        ("\n", "prose"),
        ("a\n- b\n", "list"),
    ],
)
def test_the_main_kind_of_a_section(body: str, kind: str) -> None:
    assert [one.kind for one in sections(f"# A\n{body}")] == [kind]


def fill(key: str) -> str:
    return f"TODO {key}"


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"const": 1}
    for _ in range(levels):
        schema = {"required": ["a"], "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (7, "TODO k"),
        ({}, "TODO k"),
        ({"const": 1, "default": 2}, 1),
        ({"default": 2}, 2),
        ({"enum": ["a", "b"]}, "a"),
        ({"enum": []}, "TODO k"),
        ({"enum": "ab"}, "TODO k"),
        ({"type": ["null", "string"]}, None),
        ({"type": []}, "TODO k"),
        ({"type": "array", "minItems": 2, "items": {"const": 3}}, [3, 3]),
        ({"type": "array", "minItems": 99, "items": {"const": 3}}, [3] * 20),
        ({"type": "array", "minItems": "2"}, []),
        ({"type": "array"}, []),
        ({"type": "array", "minItems": 1}, ["TODO k"]),
        ({"type": "integer"}, 0),
        ({"type": "number", "minimum": 1.5}, 1.5),
        ({"type": "number", "minimum": "a"}, 0),
        ({"type": "boolean"}, False),
        ({"maxLength": 4}, "TODO"),
        ({"maxLength": 0}, ""),
        ({"maxLength": -3}, ""),
        ({"maxLength": "4"}, "TODO k"),
        ({"properties": {"a": {}}}, {}),
        ({"required": ["a", 1, "b"], "properties": {"a": {"const": 1}}}, {"a": 1, "b": "TODO b"}),
        ({"required": "a"}, {}),
        ({"required": ["a"], "properties": 7}, {"a": "TODO a"}),
    ],
    ids=repr,
)
def test_a_value_for_a_schema(schema: object, value: object) -> None:
    found = sample(schema, fill, "k")
    assert found == value
    assert type(found) is type(value)


def test_a_schema_is_followed_for_eight_levels() -> None:
    assert json.dumps(sample(nested(8), fill)) == '{"a": ' * 8 + "1" + "}" * 8
    assert json.dumps(sample(nested(9), fill)) == '{"a": ' * 9 + '"TODO a"' + "}" * 9
    array: dict[str, Any] = {"const": 1}
    for _ in range(9):
        array = {"type": "array", "minItems": 1, "items": array}
    assert json.dumps(sample(array, fill, "k")) == "[" * 9 + '"TODO k"' + "]" * 9


def draft(suffix: str, contract: dict[str, Any] | None = None, **more: Any) -> str:
    demands: Any = None if contract is None else SimpleNamespace(value=contract, words=())
    name = f"host{suffix}"
    request = Request("GREET", "persona", name, f"components/{name}", "says héllo", **more)
    return write(request._replace(contract=demands)).content


def test_a_json_draft_is_indented_by_two() -> None:
    keys = ',\n  "goal": "GREET",\n  "component_type": "persona",\n  "description": '
    assert keys in draft(".json")
    assert '\n  "a": 1\n}' in draft(".json", {"schema": nested(1)})


def test_yaml_is_what_its_schema_demands() -> None:
    assert "\na: 1\n" in f"\n{draft('.yaml', {'schema': nested(1)})}"
    assert "\n{}\n" in f"\n{draft('.yaml', {'schema': {'type': 'object'}})}"
    assert "\n[1]\n" in f"\n{draft('.yaml', {'schema': {'const': [1]}})}"
    contracts: tuple[dict[str, Any] | None, ...] = (None, {})
    for contract in contracts:
        assert 'description: "Says héllo."' in draft(".yaml", contract)


def test_front_matter_has_what_the_contract_knows() -> None:
    assert '---\nkind: "é"\n---\n' in draft(".md", {"values": {"kind": "é"}})
    assert "---\na: 1\n---\n" in draft(".md", {"front-matter": nested(1)})
    both = draft(".md", {"front-matter": nested(1), "values": {"a": 2, "b c": 3}})
    assert '---\na: 2\n"b c": 3\n---\n' in both
    assert "---" not in draft(".md", {})


def test_the_kind_that_most_examples_have_below_a_heading_is_proposed() -> None:
    texts = ("# A\nprose\n", "# A\n1. a\n", "# A\n1. b\n", "# A\n- c\n")
    examples = tuple(Example(f"{n}.txt", text) for n, text in enumerate(texts))
    assert "\n1. TODO: write 'A'" in draft(".txt", headings=("# A",), examples=examples)
    assert "\nTODO: write 'A'" in draft(".txt", headings=("# A",), examples=examples[:2])
