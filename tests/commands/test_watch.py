"""`--watch`: the report is always the current one."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from projects import TEXT, call, git, lay_out
from terminals import terminal


def test_every_change_is_checked_on_a_cleared_terminal_until_ctrl_c(project: Path) -> None:
    with terminal("--watch", cwd=project) as screen:
        screen.until("Ctrl-C stops")
        assert "nothing wrong" in screen.shown
        lay_out(project, {"components/personas/left.txt": TEXT})
        screen.until("JG301")
        assert "nothing wrong" not in screen.shown
        (project / "components/personas/left.txt").unlink()
        screen.until("nothing wrong")
        assert "JG301" not in screen.shown
        (project / "jit-guard.toml").write_text("nonsense = 1\n")  # while it is being edited
        screen.until("nonsense")
        (project / "jit-guard.toml").unlink()
        screen.until("nothing wrong")
        screen.send("\x03")
        assert screen.ended() == 130
    assert "Traceback" not in screen.raw


def test_what_git_has_is_watched_too(project: Path) -> None:
    git(project, "init", "-q")
    with terminal("--watch", "--format", "concise", cwd=project) as screen:
        screen.until("JG203")
        git(project, "add", ".")
        screen.until(lambda one: "JG203" not in one.shown and "Ctrl-C" in one.shown)


def test_in_a_pipe_nothing_is_cleared_and_the_end_of_the_reader_is_the_end(project: Path) -> None:
    from projects import command

    process = subprocess.Popen(
        command("--watch"), cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"nothing wrong")
        process.stdout.close()
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            lay_out(project, {"components/personas/left.txt": str(time.monotonic())})
            time.sleep(0.1)
        assert process.poll() == 1
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--fix",), "--watch only checks; remove --fix"),
        (("--update-baseline", "--baseline", "b"), "remove --update-baseline"),
        (("--source", "index"), "remove --source"),
        (("--format", "json"), "remove the other formats"),
        (("--format", "text=x"), "remove the other formats"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    project: Path, argv: tuple[str, ...], words: str
) -> None:
    done = call("--watch", *argv, cwd=project)
    assert done.code == 2
    assert words in done.err
    assert not (project / "x").exists()
