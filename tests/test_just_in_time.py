"""The function of the original algorithm: on a terminal, it asks for a description."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from jit_guard import MissingComponent, handle_just_in_time_generation
from projects import lay_out
from typed import Keyboard, Screen


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}', "components/": ""}
    return lay_out(tmp_path, files)


def asked(
    root: Path, lines: Sequence[str | Callable[[], str]], describe: str | None = None
) -> tuple[str, str]:
    """The text that is made where a user types these lines, and what the terminal shows."""
    screen = Screen()
    with patch.object(sys, "stdin", Keyboard(lines)), redirect_stderr(screen):
        path = handle_just_in_time_generation(
            "GREET", "persona", root=root, describe=describe, generator="scaffold"
        )
    return path.read_text("utf-8"), screen.getvalue()


def test_on_a_terminal_the_user_describes_the_component(project: Path) -> None:
    text, shown = asked(project, ["A host with a warm voice"])
    assert "A host with a warm voice" in text
    assert "GREET" in shown
    assert "\x1b[" not in shown, "the program that called may show it anywhere"


def test_a_description_that_is_given_is_not_asked_for(project: Path) -> None:
    text, shown = asked(project, ["Another one"], "A quiet host")
    assert "A quiet host" in text
    assert shown == ""


@pytest.mark.parametrize("keyboard", [None, io.StringIO("A typed host\n")])
def test_without_a_terminal_nothing_is_asked(project: Path, keyboard: io.StringIO | None) -> None:
    out = io.StringIO()
    with patch.object(sys, "stdin", keyboard), redirect_stderr(out), redirect_stdout(out):
        path = handle_just_in_time_generation(
            "GREET", "persona", root=project, generator="scaffold"
        )
    assert "A typed host" not in path.read_text("utf-8")
    assert out.getvalue() == ""


def test_who_answers_nothing_does_not_end_the_program_that_called(project: Path) -> None:
    with pytest.raises(MissingComponent):
        asked(project, ["q"])
