"""A line of a file with a caret, and the lines of a finding on a terminal, to the last column."""

from __future__ import annotations

from typing import Any

import pytest

from jit_guard.formats import Options, render
from jit_guard.formats.block import excerpt, lines_of
from jit_guard.formats.finding import anchor, cut, sentence
from jit_guard.report import Finding
from reports import finding, report


def shown(content: str, column: int | None, columns: int | None = None, **fields: Any) -> list[str]:
    made = finding(1)._replace(column=column, **fields)
    return [one.rstrip() for one in excerpt(content, made, columns)]


def narrow(length: int) -> str:
    """Characters that differ and take one column each."""
    return "".join(chr(0x3B1 + at % 20) if at % 7 else str(at % 10) for at in range(length))


@pytest.mark.parametrize("columns", [None, 100, 30, 25, 10])
@pytest.mark.parametrize("code", ["JG201", "JG101", "JG601"])
def test_a_long_line_is_cut_around_the_position(columns: int | None, code: str) -> None:
    """Three fifths of the room are before the position; what may be a secret has 60 at most."""
    line = narrow(300)
    room = {None: 104, 100: 94, 30: 24, 25: 20, 10: 20}[columns]
    if code != "JG201":
        room = min(room, 60)
    most = room * 6 // 10
    for column in (1, most, most + 1, most + 2, 150, 300):
        here = column - 1
        before = line[:here] if here <= most else f"…{line[here - most + 1 : here]}"
        left = room - len(before)
        after = line[here : here + left]
        if here + left < 300:
            after = f"{after[:-1]}…"
        assert shown(line, column, columns, code=code) == [
            f"  1 | {before}{after}",
            f"    | {' ' * len(before)}^",
        ], column


def test_a_line_that_fits_is_whole() -> None:
    for room in (104, 94):
        columns = None if room == 104 else 100
        fits, long = narrow(room), narrow(room + 1)
        assert shown(fits, 1, columns)[0] == f"  1 | {fits}"
        assert shown(long, 1, columns)[0] == f"  1 | {long[: room - 1]}…"
    assert shown("abc", None) == ["  1 | abc", "    | ^"]
    assert shown("abc", 2, line=123) == ["  123 | abc", "      |  ^"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"\xef\xbb\xbfa\nb\r\n\nc", {1: "a", 2: "b", 3: "", 4: "c"}),
        (b"\n\nx\n", {1: "", 2: "", 3: "x", 4: ""}),
        (b"", {1: ""}),
        (b"a\xff", {1: "a\\xff"}),
    ],
)
def test_the_lines_of_a_file_are_those_of_positions(data: bytes, lines: dict[int, str]) -> None:
    assert lines_of(data, [9, 5, *lines, 1]) == lines
    for number, line in lines.items():
        assert lines_of(data, [number]) == {number: line}


def test_long_lines_of_a_finding_are_indented_on_a_narrow_terminal() -> None:
    made = finding(1, message="word " * 9 + "end", hint="word " * 9 + "end")
    assert list(render("text", report(made), Options(columns=40)))[:6] == [
        "goal_map.json:1:17: JG201 missing-component  GOAL_1/persona:",
        "    word word word word word word word",
        "    word word end",
        "    hint: word word word word word word",
        "          word word word end",
        "",
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "GOAL_1/persona: m"),
        ({"component_type": None}, "GOAL_1: m"),
        ({"goal": None, "entry": "skills[0]"}, "skills[0]: m"),
        ({"goal": None}, "m"),
        ({"goal": None, "map": None}, "components/personas/1.txt: m"),
        ({"goal": None, "map": None, "path": None}, "m"),
        ({"message": "GOAL_1/persona is odd"}, "GOAL_1/persona is odd"),
    ],
)
def test_a_sentence_has_its_subject(fields: dict[str, Any], words: str) -> None:
    assert sentence(finding(1, **{"message": "m", **fields})) == words


def test_a_contentis_cut_to_a_length() -> None:
    assert [cut("abcd", most) for most in (5, 4, 3, 1)] == ["abcd", "abcd", "ab…", "…"]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({}, ("sub/goal_map.json", 1, 17)),
        ({"line": 7, "column": 3}, ("sub/goal_map.json", 7, 3)),
        ({"line": None, "column": None}, ("sub/goal_map.json", 1, 1)),
        ({"map": None, "line": None, "column": None}, ("sub/components/personas/1.txt", 1, 1)),
        ({"map": None, "path": "lib/", "line": None, "column": None}, ("sub/goal_map.json", 1, 1)),
        ({"map": None, "path": None, "line": None, "column": None}, ("sub/goal_map.json", 1, 1)),
    ],
)
def test_every_finding_has_a_place_in_a_file(
    fields: dict[str, Any], at: tuple[str, int, int]
) -> None:
    found: Finding = finding(1, **fields)
    assert anchor(found, report(found), "sub") == at
