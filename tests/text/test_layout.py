"""Lines on a terminal: broken between words, never inside of one, nor in a command."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jit_guard.text.layout import hang
from jit_guard.text.printable import hyperlink, style
from jit_guard.text.width import width


def test_a_file_has_one_line() -> None:
    assert list(hang("head: ", "some  words " * 50, 4, None)) == ["head: " + "some  words " * 50]


def test_words_go_to_indented_lines() -> None:
    assert list(hang("head: ", "one two  three four", 2, 22)) == ["head: one two  three", "  four"]


def test_a_command_stays_whole_even_if_it_is_too_long() -> None:
    command = "`git mv -- components/a components/b`"
    assert list(hang("hint: ", f"move it with {command}, or not", 6, 30)) == [
        "hint: move it with",
        f"      {command},",
        "      or not",
    ]


def test_colours_and_hyperlinks_take_no_room() -> None:
    head = f"{hyperlink(style('JG201', 'bold', 'red', on=True), 'file:///rules.html#JG201')} "
    assert list(hang(head, "x" * 24, 2, 30)) == [head + "x" * 24]


def test_a_very_narrow_terminal_breaks_lines_itself() -> None:
    assert list(hang("head: ", "some words", 10, 12)) == ["head: some words"]


@given(st.text("ab `\u4e2d\u0301", max_size=200), st.integers(25, 60))
def test_nothing_but_spaces_is_lost_and_lines_fit(text: str, columns: int) -> None:
    lines = list(hang("> ", text, 3, columns))
    assert "".join(lines).replace(" ", "") == f"> {text}".replace(" ", "")
    for line in lines:
        assert width(line) <= columns or "`" in line or " " not in line.strip("> ")
