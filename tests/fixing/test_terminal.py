"""The fix as a person uses it: what is on the screen of a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pty")  # not on Windows

from jit_guard.text.width import width
from projects import command_line, lay_out
from terminals import COMMAND, Terminal, terminal

GOALS = {"GREET": {"persona": "host.txt"}, "PART": {"persona": "farewell.txt"}}
WITHOUT_RICH = f"sys.modules['rich'] = None\n{COMMAND}"
PLACED = "components/personas/autogen_persona_for_{}.txt"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two missing personas, and a program that writes one as soon as a file `go` exists."""
    body = (
        "import json, os, sys, time\n"
        "request = json.load(sys.stdin)\n"
        "open(request['goal'], 'w').close()\n"
        "while not os.path.exists('go') and request['goal'] != os.environ.get('FAST'):\n"
        "    time.sleep(0.02)\n"
        "print('The persona of', request['goal'])\n"
    )
    return lay_out(tmp_path, {"goal_map.json": json.dumps(GOALS), "write.py": body})


def generating(*more: str) -> list[str]:
    """The arguments of a fix with that program."""
    command = command_line(sys.executable, "write.py")
    return ["--fix", "--command", command, *more]


def asked(screen: Terminal) -> bool:
    """The question about a text is the last line; what is typed earlier is shown before it."""
    return bool(screen.lines) and screen.lines[-1].startswith("Use it?")


def live(screen: Terminal) -> bool:
    """Both texts and the whole have a line."""
    return len(screen.lines) == 3 and all(" s" in line for line in screen.lines)


@pytest.mark.parametrize("size", [(80, 24), (20, 8)])
def test_each_text_and_the_whole_have_a_live_line(project: Path, size: tuple[int, int]) -> None:
    with terminal(*generating("--yes"), cwd=project, size=size) as screen:
        screen.until(live)
        greet, part, whole = screen.lines
        assert greet.split()[0].endswith("_greet.txt"[-8:])
        assert part.split()[0].endswith("_part.txt"[-8:])
        assert whole.startswith("0/2")
        screen.until("1 s")
        (project / "go").touch()
        assert screen.ended() == 0
        assert "0/2" not in screen.shown  # the lines made room for the report
        assert "nothing wrong" in screen.shown.replace("\n", "")


def test_without_rich_one_line_is_live(project: Path) -> None:
    arguments = generating("--yes")
    with terminal(*arguments, cwd=project, size=(100, 24), program=WITHOUT_RICH) as screen:
        screen.until("0/2 generated, 1 s; components/personas/autogen_persona_for_")
        assert len(screen.lines) == 1
        (project / "go").touch()
        assert screen.ended() == 0
        assert "0/2" not in screen.shown
        assert "\x1b[" not in screen.raw.partition("generated\x1b")[0].rpartition("\r")[0]


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"CI": "true"}])
def test_where_nothing_can_be_redrawn_there_are_lines(project: Path, environment: Any) -> None:
    (project / "go").touch()
    with terminal(*generating("--yes"), cwd=project, **environment) as screen:
        assert screen.ended() == 0
        assert "jit-guard: generating 2 texts with python" in screen.shown
        assert "jit-guard: 2/2 components/personas/" in screen.shown
        assert "\x1b[?25l" not in screen.raw


@pytest.mark.parametrize(("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_used_unless_no_color_is_set(
    project: Path, environment: Any, colored: bool
) -> None:
    (project / "go").touch()
    with terminal(*generating(), cwd=project, **environment) as screen:
        screen.until("1/2  GREET/persona")
        assert ("\x1b[1m1/2" in screen.raw) is colored
        screen.send("q\n")
        assert screen.ended() == 130


def test_ctrl_c_ends_with_a_summary_of_what_was_committed(project: Path) -> None:
    with terminal(*generating("--yes"), cwd=project, FAST="GREET") as screen:
        screen.until("1/2 generated")
        screen.until(lambda _: (project / PLACED.format("greet")).exists())  # without the other
        screen.send("\x03")
        assert screen.ended() == 130
        shown = screen.shown.replace("\n", "")
    assert "interrupted; committed so far:jit-guard:   generated  GREET/persona: " in shown
    assert shown.endswith("still missing: 1; to continue, run --fix again")
    assert not (project / PLACED.format("part")).exists()


def test_a_dialogue_from_the_first_question_to_the_report(project: Path) -> None:
    (project / "go").touch()

    def questions(number: int) -> Callable[[Terminal], bool]:
        # What is typed before a question would be shown before it.
        return lambda screen: screen.raw.count("Use it?") == number and asked(screen)

    with terminal(*generating(), cwd=project) as screen:
        screen.until("1/2  GREET/persona")
        screen.send("A warm host\n")
        screen.until("2/2  PART/persona")
        screen.send("\n")
        for number in (1, 2):
            screen.until(questions(3 * number - 2))
            assert f"{number}/2  components/personas/" in screen.shown
            assert "generated by python" in screen.shown
            assert "| The persona of" in screen.shown
            screen.send("?\n")
            screen.until(questions(3 * number - 1))
            screen.send("x\n")
            screen.until(questions(3 * number))
            assert screen.raw.count("'x' is not one of the keys") == number
            assert screen.raw.count("| The persona of") == number
            screen.send("y\n")
        assert screen.ended() == 0
        assert "generated  GREET/persona" in screen.shown


def test_q_ends_with_a_summary_and_the_next_run_offers_the_texts(project: Path) -> None:
    (project / "go").touch()
    with terminal(*generating("--jobs", "1"), cwd=project) as screen:
        screen.until("1/2  GREET")
        screen.send("\n\n")
        screen.until(asked)
        screen.send("y\n")
        screen.until("2/2  components")
        screen.until(asked)
        screen.send("q\n")
        assert screen.ended() == 130
        assert "interrupted; committed so far:" in screen.shown
        assert "still missing: 1; the ledger keeps a text for 1 of them" in screen.shown
    with terminal(*generating(), cwd=project) as screen:
        screen.until("from the ledger, free")
        screen.send("\x04")  # the end of the input
        assert screen.ended() == 130
        assert "nothing was committed" in screen.shown


def test_an_editor_that_leaves_the_terminal_raw_does_not_break_the_dialogue(
    project: Path,
) -> None:
    (project / "go").touch()
    (project / "editor.py").write_text(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "open(sys.argv[1], 'a').write('By hand.\\n')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    editor = command_line(sys.executable, "editor.py")
    with terminal(*generating(), cwd=project, EDITOR=editor) as screen:
        screen.until("1/2  GREET")
        screen.send("\n\n")
        screen.until(asked)
        screen.send("e\n")
        screen.until("what it saved is kept")
        screen.send("A\n")
        assert screen.ended() == 0
    texts = [(project / PLACED.format(goal)).read_text() for goal in ("greet", "part")]
    assert sum("By hand." in text for text in texts) == 1


def test_ctrl_c_in_an_editor_that_ignores_it_stays_in_the_editor(project: Path) -> None:
    (project / "go").touch()
    (project / "editor.py").write_text(
        "import signal, sys\n"
        "def handle(*_):\n"
        "    open(sys.argv[1], 'a').write('By hand.\\n')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGINT, handle)\n"
        "print('in the editor', flush=True)\n"
        "while True: signal.pause()\n"
    )
    editor = command_line(sys.executable, "editor.py")
    with terminal(*generating(), cwd=project, EDITOR=editor) as screen:
        screen.until("1/2  GREET")
        screen.send("\n\n")
        screen.until(asked)
        screen.send("e\n")
        screen.until("in the editor")
        screen.send("\x03")
        screen.until("^CUse it?")
        screen.send("A\n")
        assert screen.ended() == 0


def test_no_line_of_a_dialogue_is_wider_than_the_terminal(project: Path) -> None:
    columns = 20
    (project / "go").touch()
    with terminal(*generating(), cwd=project, size=(columns, 24)) as screen:
        screen.until("1/2  GREET")
        screen.send("\n\n")
        screen.until("y e a d s A q ? >")
        screen.send("?\n")
        screen.until("this help")
        shown = screen.raw
        screen.send("q\n")
        assert screen.ended() == 130
    lines = shown.replace("\r", "").replace("\x1b[1m", "").replace("\x1b[0m", "").split("\n")
    assert max(width(line) for line in lines if "\x1b" not in line) <= columns


@pytest.mark.parametrize("streams", [("stdin", "stdout"), ("stdin", "stderr")])
def test_questions_are_asked_where_the_user_reads(project: Path, streams: tuple[str, ...]) -> None:
    (project / "go").touch()
    with terminal(*generating(), cwd=project, streams=streams) as screen:
        screen.until("1/2  GREET/persona")
        screen.send("\n\nA\n")
        screen.until("Use it?")
        assert screen.ended() == 0
    assert (project / PLACED.format("part")).exists()


def test_without_a_keyboard_nothing_is_asked_and_progress_is_live(project: Path) -> None:
    streams = ("stdout", "stderr")
    with terminal(*generating("--yes"), cwd=project, streams=streams) as screen:
        screen.until(live)
        (project / "go").touch()
        assert screen.ended() == 0
    with terminal("--fix", cwd=project, streams=streams) as screen:
        assert screen.ended() == 0


def test_without_a_screen_nothing_is_asked(project: Path) -> None:
    with terminal(*generating(), cwd=project, streams=("stdin",)) as screen:
        assert screen.ended() == 1
