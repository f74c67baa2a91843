"""The streams that output goes to, and when it has colours."""

from __future__ import annotations

import io

import pytest

from jit_guard.text.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def console(color: str = "never") -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Console(color, out, err), out, err


def test_findings_go_to_standard_output_and_errors_to_standard_error() -> None:
    made, out, err = console()
    made.lines(["a", "b"])
    made.error("c", "d")
    made.note("e")
    assert out.getvalue() == "a\nb\n"
    assert err.getvalue() == "jit-guard: error: c\njit-guard: error: d\njit-guard: e\n"


def test_no_line_is_a_command_for_a_ci_runner() -> None:
    made, out, err = console()
    made.lines(["::error::x", "a ##[b"])
    made.error("##vso[x]")
    made.note("##[x]")
    assert out.getvalue() == "\\x3a:error::x\na #\\x23[b\n"
    assert "##" not in err.getvalue()


def test_a_newline_in_a_message_does_not_start_a_line() -> None:
    made, _, err = console()
    made.error("a\nb\x1b")
    made.note("c\rd")
    assert err.getvalue() == "jit-guard: error: a\\nb\\x1b\njit-guard: c\\rd\n"


@pytest.mark.parametrize(
    ("color", "environment", "terminal", "wanted"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
    ],
)
def test_colours_are_for_terminals_unless_overridden(
    monkeypatch: pytest.MonkeyPatch,
    color: str,
    environment: dict[str, str],
    terminal: bool,
    wanted: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = Terminal() if terminal else io.StringIO()
    assert Console(color, out, io.StringIO()).color is wanted


@pytest.mark.parametrize(
    ("environment", "terminal", "wanted"),
    [
        ({"TERM_PROGRAM": "vscode"}, True, True),
        ({"VTE_VERSION": "7600"}, True, True),
        ({"VTE_VERSION": "4999"}, True, False),
        ({"KONSOLE_VERSION": "230804"}, True, True),
        ({"WT_SESSION": "x"}, True, True),
        ({"TERM": "xterm-kitty"}, True, True),
        ({}, True, False),
        ({"FORCE_HYPERLINK": "1"}, True, True),
        ({"FORCE_HYPERLINK": "0", "TERM": "xterm-kitty"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, False),
        ({"TERM_PROGRAM": "vscode"}, False, False),
        ({"TERM_PROGRAM": "vscode", "TERM": "dumb"}, True, False),
        ({"TERM_PROGRAM": "vscode", "SSH_CONNECTION": "x"}, True, False),
    ],
)
def test_hyperlinks_are_for_terminals_that_show_them_and_never_for_a_pipe(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], terminal: bool, wanted: bool
) -> None:
    monkeypatch.setattr("os.environ", {"TERM": "xterm", **environment})
    out = Terminal() if terminal else io.StringIO()
    assert Console("auto", out, io.StringIO()).has_hyperlinks() is wanted


def test_a_character_that_the_stream_cannot_show_is_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii", newline="")
    Console("never", stream, io.StringIO()).lines(["日"])
    stream.flush()
    assert raw.getvalue() == b"\\u65e5\n"
