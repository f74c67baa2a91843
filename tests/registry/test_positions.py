"""Positions: line, column and span of every key and value."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jit_guard.registry import positions
from jit_guard.registry.positions import LineCounter, Positions, Span, pointer

NESTED = """{
  "日本": {"a": "x", "a": "y"},
  "e\\u0301/~": [1, {"k": [true, null]}, "s"],
  "": -1.5e3
}"""


def test_lines_are_counted_in_a_text_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks, of which one may have no line end and another several."""
    monkeypatch.setattr(positions, "_BLOCK", 8)
    text = "a\n\nbc\n" + "x" * 30 + "\n" + "\n" * 9 + "yz\n" + "w" * 8 + "\n" + "end"
    in_order = Positions(text)
    for offset in range(len(text) + 1):
        before = text[:offset]
        expected = before.count("\n") + 1, offset - before.rfind("\n")
        assert in_order.line_column(offset) == expected
        assert Positions(text).line_column(offset) == expected
    assert in_order.line_column(3) == (3, 1)


def test_every_member_is_at_its_spans_including_repeated_keys() -> None:
    positions = Positions(NESTED)
    members = positions.members(positions.top())
    assert [member.key for member in members] == ["日本", "e\u0301/~", ""]
    inner = positions.members(members[0].value_span)
    assert [(one.key, NESTED[slice(*one.value_span)]) for one in inner] == [
        ("a", '"x"'),
        ("a", '"y"'),
    ]
    for member in members:
        assert json.loads(NESTED[slice(*member.key_span)]) == member.key


def test_the_member_that_counts_is_the_last_of_its_name() -> None:
    positions = Positions(NESTED)
    found = positions.find(("日本", "a"))
    assert found is not None
    assert NESTED[slice(*found.value_span)] == '"y"'


def test_members_of_an_array_have_indices_as_keys() -> None:
    found = Positions(NESTED).find(("e\u0301/~", "1", "k", "0"))
    assert found is not None
    assert NESTED[slice(*found.value_span)] == "true"


@pytest.mark.parametrize(
    "path", [("x",), ("日本", "b"), ("日本", "a", "deeper"), ("", "0"), ("e\u0301/~", "9")]
)
def test_a_path_that_does_not_exist_finds_nothing(path: tuple[str, ...]) -> None:
    assert Positions(NESTED).find(path) is None


def test_every_object_and_array_is_scanned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scan, scanned = positions._each, []

    def counted(text: str, start: int) -> Iterator[tuple[str, int]]:
        scanned.append(start)
        return scan(text, start)

    monkeypatch.setattr(positions, "_each", counted)
    menu = [{"pages": [f"{group}/{page}" for page in range(9)]} for group in range(9)]
    found = Positions(json.dumps({"menu": [{"groups": menu}]}))
    for group in range(9):
        for page in range(9):
            path = ("menu", "0", "groups", str(group), "pages", str(page))
            member = found.find(path)
            assert member is not None
            assert found.text[slice(*member.value_span)] == f'"{group}/{page}"'
    assert len(scanned) == len(set(scanned)) == 4 + 2 * len(menu)


def test_an_empty_path_finds_nothing() -> None:
    assert Positions(NESTED).find(()) is None


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, (1, 1)), (1, (1, 2)), (2, (1, 3)), (3, (2, 1)), (4, (2, 2)), (5, (2, 3)), (6, (3, 1))],
)
def test_columns_are_counted_in_characters_and_a_carriage_return_belongs_to_its_line(
    offset: int, expected: tuple[int, int]
) -> None:
    assert Positions("a\r\n\N{PARTY POPPER}b\nc").line_column(offset) == expected


def test_an_offset_at_the_end_has_a_position() -> None:
    assert Positions("").line_column(0) == (1, 1)
    assert Positions("ab\n").line_column(3) == (2, 1)


def test_the_top_is_the_one_value_without_the_space_around_it() -> None:
    assert Positions(" \n{ } \t").top() == Span(2, 5)
    assert Positions("\t[1]").top() == Span(1, 4)
    assert Positions(" 12 ").top() == Span(1, 3)
    assert Positions('"x"').top() == Span(0, 3)


@pytest.mark.parametrize("text", ["{}", "{ }", "[]", "[\n]"])
def test_an_empty_container_has_no_members(text: str) -> None:
    positions = Positions(text)
    assert positions.members(positions.top()) == ()


def test_strings_may_contain_brackets_quotes_and_backslashes() -> None:
    text = r'{"}{][\"\\": "\\", "b": {"\\\"}": ["]", {"x": "}"}]}}'
    positions = Positions(text)
    value = json.loads(text)
    for member in positions.members(positions.top()):
        assert json.loads(text[slice(*member.value_span)]) == value[member.key]


def test_a_deeply_nested_text_is_scanned_without_recursion() -> None:
    depth = 50_000
    text = '{"a": ' + "[" * depth + "]" * depth + "}"
    found = Positions(text).find(("a",))
    assert found is not None
    assert found.value_span == Span(6, 6 + 2 * depth)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [((), ""), (("",), "/"), (("a/b", "c~d"), "/a~1b/c~0d"), (("~1", "0"), "/~01/0")],
)
def test_a_pointer_escapes_as_rfc_6901_says(keys: tuple[str, ...], expected: str) -> None:
    assert pointer(*keys) == expected


@pytest.mark.parametrize("text", [NESTED, "\n\r\n\n x", "x" * 5 + "\n" * 5, "\n"])
def test_ascending_offsets_have_the_same_positions(text: str) -> None:
    positions, counter = Positions(text), LineCounter(text)
    for offset in sorted([*range(len(text) + 1), 0, len(text) // 2]):
        assert counter.position(offset) == positions.line_column(offset)
