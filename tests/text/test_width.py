"""The width of text on a terminal."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.text.printable import printable
from jit_guard.text.width import cut, cut_start, terminal_size, width, wrap


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("abc", 3),
        ("会议", 4),
        ("ｱﾞ", 2),
        ("e\u0301", 1),
        ("🙂", 2),
        ("❤\ufe0f", 2),
    ],
)
def test_widths(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("columns", "start", "end"),
    [
        (9, "会议abcd", "会议abcd"),
        (7, "会议ab…", "…议abcd"),
        (2, "…", "…d"),
        (1, "…", "…"),
        (0, "", ""),
    ],
)
def test_cutting(columns: int, start: str, end: str) -> None:
    assert cut("会议abcd", columns) == start
    assert cut_start("会议abcd", columns) == end


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 5, [""]),
        ("one two", 7, ["one two"]),
        ("one two three", 8, ["one two", "three"]),
        ("one twothreefour", 8, ["one twot", "hreefour"]),  # a space too early saves no room
        ("会议纪要", 5, ["会议", "纪要"]),
        ("会", 1, ["会"]),
        ("words  ", 5, ["words"]),
    ],
)
def test_wrapping(text: str, columns: int, lines: list[str]) -> None:
    assert list(wrap(text, columns)) == lines


def test_the_lines_after_the_first_are_indented_if_there_is_room() -> None:
    assert list(wrap("k  one two three", 10, "   ")) == ["k  one two", "   three"]
    assert list(wrap("k  one two", 5, "   ")) == ["k  on", "e two"]


@given(st.text(), st.integers(2, 30), st.sampled_from(["", "  ", "      "]))
def test_no_line_is_too_wide_and_nothing_but_spaces_is_lost(
    text: str, columns: int, indent: str
) -> None:
    line = printable(text)
    lines = list(wrap(line, columns, indent))
    assert all(width(one) <= columns for one in lines)
    assert "".join(lines).replace(" ", "") == line.replace(" ", "")
    assert width(cut(line, columns)) <= columns
    assert width(cut_start(line, columns)) <= columns


def test_a_terminal_without_a_size_has_that_of_the_environment_or_the_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    assert terminal_size(io.StringIO()) == (80, 24)
    monkeypatch.setenv("COLUMNS", "0")
    monkeypatch.setenv("LINES", "few")
    assert terminal_size(io.StringIO()) == (80, 24)
    monkeypatch.setenv("COLUMNS", "33")
    assert terminal_size(io.StringIO()) == (33, 24)
    with open(os.devnull, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((0, 0)))
        assert terminal_size(stream) == (33, 24)
        monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((20, 10)))
        assert terminal_size(stream) == (20, 10)
