"""The goal map: its entries, whether it conforms, and why it cannot be parsed."""

from __future__ import annotations

from typing import Any

import pytest

from jit_guard.registry.goal_map import Entry, GoalMap, MapFault, parse


def read(text: str) -> GoalMap:
    parsed = parse("goal_map.json", text.encode("utf-8", "surrogatepass"))
    assert isinstance(parsed, GoalMap), parsed
    return parsed


def fault(data: bytes) -> MapFault:
    parsed = parse("goal_map.json", data)
    assert isinstance(parsed, MapFault), parsed
    return parsed


def test_entries_come_in_the_order_of_the_text() -> None:
    entries = list(read('{"B": {"y": "1", "x": "2"}, "A": {"y": "1"}}').entries())
    assert entries == [Entry("B", "y", "1"), Entry("B", "x", "2"), Entry("A", "y", "1")]


def test_the_schema_key_is_not_a_goal() -> None:
    goal_map = read('{"$schema": "x", "A": {"t": "f"}}')
    assert goal_map.conforms
    assert list(goal_map.goals) == ["A"]
    assert goal_map.size == 1


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        '"x"',
        "1",
        '{"A": "f"}',
        '{"A": null}',
        '{"A": []}',
        '{"A": {"t": 1}}',
        '{"A": {"t": ""}}',
        '{"A": {"t": null}}',
        '{"A": {"t": {"u": "f"}}}',
        '{"A": {"t": ["f"]}}',
        '{"": {"t": "f"}}',
        '{"A": {"": "f"}}',
        '{"$schema": {"t": "f"}}',
        '{"$schema": 1}',
    ],
)
def test_what_is_not_a_goal_map_does_not_conform(text: str) -> None:
    assert not read(text).conforms


@pytest.mark.parametrize("text", ["{}", '{"A": {}}', '{"A": {"t": "f"}}', '{"$schema": ""}'])
def test_what_is_a_goal_map_conforms(text: str) -> None:
    assert read(text).conforms


@pytest.mark.parametrize(
    ("text", "sound", "goals"),
    [
        ('{"A": {"t": "f", "u": 1}, "B": {"t": "g"}}', False, {"A": {"t": "f"}, "B": {"t": "g"}}),
        ('{"A": "f", "B": {"t": "g"}}', False, {"B": {"t": "g"}}),
        ('{"A": {"": "f", "t": ""}}', False, {"A": {}}),
        ('{"": {"t": "f"}}', True, {"": {"t": "f"}}),
        ('{"$schema": 1, "A": {"t": "f"}}', True, {"A": {"t": "f"}}),
        ("[]", False, {}),
    ],
)
def test_usable_entries_are_kept_and_unusable_ones_make_a_map_unsound(
    text: str, sound: bool, goals: dict[str, Any]
) -> None:
    goal_map = read(text)
    assert (goal_map.sound, goal_map.goals) == (sound, goals)


def test_a_repeated_key_is_noted_and_the_last_value_counts() -> None:
    goal_map = read('{"A": {"t": "f"}, "A": {"t": "g"}}')
    assert goal_map.repeats_keys
    assert goal_map.goals == {"A": {"t": "g"}}


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"", "JG001", 1, 1),
        (b'{"A": {"t": "f",}}', "JG001", 1, 16),
        ('{\r\n "日本🎉": {"t": x}}'.encode(), "JG001", 2, 15),
        (b'{"A": 1\xff}', "JG003", 1, 8),
        ('{\n"日本": "'.encode() + b"\xe9", "JG003", 2, 8),
        (b'\xff\xfe{\x00"\x00', "JG003", 1, 1),
        (b'{"A": ' + b"[" * 200 + b"]" * 200 + b"}", "JG001", 1, 106),
    ],
)
def test_a_fault_says_where_parsing_stopped_in_characters(
    data: bytes, code: str, line: int, column: int
) -> None:
    found = fault(data)
    assert (found.code, found.line, found.column) == (code, line, column), found.reason


def test_utf16_without_a_byte_order_mark_is_not_a_map() -> None:
    assert fault('{"A": {"t": "f"}}'.encode("utf-16-le")).code == "JG001"
    assert fault('{"日": {"t": "f"}}'.encode("utf-16-be")).code in ("JG001", "JG003")


def test_positions_are_made_once() -> None:
    goal_map = read("{}")
    assert goal_map.positions is goal_map.positions


def test_subclasses_of_json_types_do_not_conform_since_json_makes_none() -> None:
    value = {"A": {"t": type("S", (str,), {})("f")}}
    assert not GoalMap("", "", value, repeats_keys=False).conforms


def test_keys_name_a_goal_and_a_component_type() -> None:
    names = read("{}").names
    assert names(("A", "t")) == ("A", "t")
    assert names(("A",)) == ("A", None)
    assert names(()) == names(("$schema",)) == names(("$schema", "x")) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        '{"A": {"t": "x", "u": "y"},\n "B": {"t": "x"}}',
        '{"A": {"t": 1, "u": "y", "t": "x"},\n "B": {"t": "x"}}',  # the first t is no entry
        '{"A": {"t": "x", "v": 1, "u": "y"},\n "B": {"t": "x"}, "C": 1}',
    ],
    ids=["plain", "a repeated key", "not a map"],
)
def test_selected_entries_have_the_position_of_their_value(text: str) -> None:
    placed = list(read(text).placed(["A", "B"], {"t": {"x"}, "u": {"z"}}))
    assert [entry[:2] for entry, _ in placed] == [("A", "t"), ("B", "t")]
    first, second = text.split("\n")
    assert [tuple(at)[:2] for _, at in placed] == [
        (1, first.rindex('"x"') + 1),
        (2, second.index('"x"') + 1),
    ]
