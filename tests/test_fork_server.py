"""The fork server: what it starts is a process like one with an interpreter of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fork_server
from projects import MAP, SOUND, command, lay_out

pytestmark = pytest.mark.skipif(not fork_server.AVAILABLE, reason="only on Linux")
_TIME = re.compile(rb"\(\d+\.\d+ s\)")


def show() -> int:
    """Print what a process has of its own."""
    print(sys.argv, os.getcwd(), os.environ["OWN"], os.environ.get("PATH"), repr(sys.stdin.read()))
    print("problem", file=sys.stderr)
    return 7


def wait() -> None:
    """Say so, and wait for ever."""
    print("waiting", flush=True)
    signal.pause()


def work() -> None:
    """Use the processor."""
    while True:
        pass


def test_a_fork_has_its_own_arguments_directory_environment_streams_and_exit(
    tmp_path: Path,
) -> None:
    argv: list[str | bytes] = ["x", b"\xff"]
    ran = fork_server.run("test_fork_server:show", argv, cwd=tmp_path, env={"OWN": "y"}, timeout=30)
    assert ran.returncode == 7
    assert ran.stdout.decode() == f"['x', '\\udcff'] {tmp_path} y None ''\n"
    assert ran.stderr == b"problem\n"
    assert "OWN" not in os.environ


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--format", "json"),
        ("--nope",),
        ("--help",),
        ("--fix", "--dry-run"),
        ("prune", "--yes"),
    ],
    ids=" ".join,
)
def test_a_command_does_the_same_with_an_interpreter_of_its_own(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    root = lay_out(tmp_path, {**SOUND, "goal_map.json": MAP.replace("host", "höst")})
    own = subprocess.run(command(*argv), cwd=root, capture_output=True, check=False)
    fork = fork_server.run(
        "jit_guard.cli:run", ["jit-guard", *argv], cwd=root, env=os.environ, timeout=30
    )
    assert fork.returncode == own.returncode
    assert _TIME.sub(b"", fork.stdout) == _TIME.sub(b"", own.stdout)
    assert fork.stderr == own.stderr


def test_a_fork_that_does_not_end_is_killed(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        fork_server.run("test_fork_server:wait", ["x"], cwd=tmp_path, env=os.environ, timeout=1)
    assert caught.value.stdout == b"waiting\n"
    assert time.monotonic() - started < 30


def test_a_fork_that_uses_too_much_processor_time_is_ended_by_a_signal(tmp_path: Path) -> None:
    ran = fork_server.run(
        "test_fork_server:work", ["x"], cwd=tmp_path, env=os.environ, seconds=1, timeout=60
    )
    assert ran.returncode == -signal.SIGXCPU


def test_what_only_an_interpreter_reads_is_not_for_a_fork() -> None:
    assert fork_server.can_start({**os.environ, "ANY": "x"})
    assert not fork_server.can_start({**os.environ, "PYTHONIOENCODING": "ascii"})
    assert not fork_server.can_start({**os.environ, "LC_ALL": "xx"})
