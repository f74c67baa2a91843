"""Names cannot affect a terminal, a log or a CI runner."""

from __future__ import annotations

import unicodedata

import pytest

from jit_guard.text.printable import (
    cut_quotes,
    printable,
    printable_parts,
    quiet_line,
    quiet_lines,
    true_name,
)

EVERY_CHARACTER = "".join(map(chr, range(0x110000)))
LOUD = [
    "::error::x",
    "  ::error file=a::x",
    "\t::warning::x",
    "##[error]x",
    "a ##[group]x",
    "##vso[task.complete]x",
    "##VSO[task.complete]x",
    "###[error]x",
    "####[error]",
    "\x1b[1m::error::x\x1b[0m",
    "\x1b[1m\x1b[31m ::error::x",
    ":::error::x",
]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain - text.txt", "plain - text.txt"),
        ("日本 🎉 é", "日本 🎉 é"),
        ("a\nb", r"a\nb"),
        ("a\rb\tc", r"a\rb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("a\u202eb", r"a\u202eb"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\udcff\udc80", r"\xff\x80"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("a\xadb", r"a\xadb"),
        ("", ""),
    ],
)
def test_everything_invisible_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_no_character_that_controls_anything_gets_through() -> None:
    controls = {"Cc", "Cs", "Zl", "Zp"}
    bidi = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    shown = printable(EVERY_CHARACTER)
    assert not controls & set(map(unicodedata.category, shown))
    assert not bidi & set(map(unicodedata.bidirectional, shown))


def test_what_is_printable_stays_as_it_is() -> None:
    visible = "".join(filter(str.isprintable, EVERY_CHARACTER))
    assert printable(visible) == visible
    assert len(visible) > 100_000


def test_true_names_escape_only_bytes_that_are_not_utf8() -> None:
    assert true_name("a\x1b\n\u202e日\udcff") == "a\x1b\n\u202e日\\xff"
    assert true_name("plain") == "plain"
    assert true_name("\ud800") == "\ud800"


@pytest.mark.parametrize("line", LOUD)
def test_no_quiet_line_is_a_command_for_a_ci_runner(line: str) -> None:
    quiet = quiet_line(line)
    assert quiet != line
    bare = quiet.replace("\x1b[1m", "").replace("\x1b[31m", "").replace("\x1b[0m", "")
    assert not bare.lstrip().startswith("::")
    assert "##[" not in quiet
    assert "##vso[" not in quiet.lower()


@pytest.mark.parametrize(
    "line", ["a::b", "x: ::error", "# [a]", "##", "## heading", "std::vector", "", "a ##vs[o"]
)
def test_a_line_that_is_not_a_command_stays_as_it_is(line: str) -> None:
    assert quiet_line(line) == line


@pytest.mark.parametrize("batch", [1, 3, 1000])
@pytest.mark.parametrize("loud", LOUD)
def test_lines_are_escaped_in_batches_as_one_by_one(
    loud: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.text.printable._BATCH", batch)
    lines = ["plain", "", loud, "more: plain", loud]
    assert "".join(quiet_lines(lines)) == "".join(f"{quiet_line(line)}\n" for line in lines)
    assert "".join(quiet_lines([])) == ""


def test_a_quoted_value_in_the_message_of_a_library_is_cut() -> None:
    short = "a value 'x' is not a number"
    assert cut_quotes(short) == short
    cut = cut_quotes(f"a value '{'x' * 100}' is not a number")
    assert cut == f"a value '{'x' * 55}...' is not a number"


def test_a_text_is_split_at_what_is_escaped() -> None:
    assert list(printable_parts("a\r\nb\x1b[0m\tc")) == [
        ("a\nb", False),
        ("\\x1b", True),
        ("[0m\tc", False),
    ]
    assert list(printable_parts("plain")) == [("plain", False)]
