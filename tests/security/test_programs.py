"""No process that a `--command` program starts outlives the program or jit-guard."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from jit_guard.generators import process
from jit_guard.generators.command import writer
from jit_guard.generators.generator import GenerationError, Options, Request, Text, Writer
from programs import count_from_the_first_output
from projects import lay_out
from threads import at_once

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's subreapers")

REQUEST = Request("GREET", "persona", "host.txt", "components/personas/host.txt", "A host")

# Python code with which a process escapes from its parent.
STAY = "open(PIDS, 'a').write(f'{os.getpid()} '); time.sleep(60)"
LEAVING = {
    "its session": f"os.fork() or (os.setsid(), {STAY.replace('; ', ', ')})",
    "its session, twice forked": f"""
if not os.fork():
    os.setsid()
    if not os.fork():
        {STAY}
    os._exit(0)
""",
    "its environment and its outputs": """
if not os.fork():
    os.setsid()
    if not os.fork():
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        os.chdir("/")
        os.execve(sys.executable, [sys.executable, "-c", CODE], {})
    os._exit(0)
""",
    "SIGTERM": f"""
if not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    {STAY}
""",
    "many processes": f"""
for _ in range(5):
    if not os.fork():
        os.setsid()
        for _ in range(3):
            os.fork()
        {STAY}
""",
    "nothing, but it ignores SIGTERM": f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():
    {STAY}
""",
    "stopped": """
if not os.fork():
    os.setsid()
    open(PIDS, "a").write(f"{os.getpid()} ")
    os.kill(os.getpid(), signal.SIGSTOP)
""",
}


def program(pids: Path, leaving: str, then: str) -> str:
    """Return a `--command` that starts processes, waits for them, then runs more code."""
    head = f"import os, signal, sys, time\nPIDS = {str(pids)!r}\n"
    stay = head + STAY
    wait = "while not os.path.exists(PIDS): time.sleep(0.01)\ntime.sleep(0.2)\n"
    code = f"{head}CODE = {stay!r}\n{leaving}\n{wait}{then}\n"
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def make(line: str, timeout: float = 20.0) -> Writer:
    return writer(Options(".", command=line, timeout=timeout))


def noted(pids: Path) -> list[int]:
    """Return the processes that have noted their pid."""
    return [int(word) for word in pids.read_text().split()]


def gone(pids: Path) -> bool:
    """Check that every process that noted its pid exits within a few seconds."""
    left = noted(pids)
    assert left
    deadline = time.monotonic() + 5
    while left := [pid for pid in left if alive(pid)]:
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_timeout_stops_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count_from_the_first_output(monkeypatch)

    def case(number: int, leaving: str) -> None:
        pids = tmp_path / str(number)
        line = program(pids, leaving, "print('Half', flush=True); time.sleep(60)")
        with pytest.raises(GenerationError, match="took longer than") as caught:
            make(line, timeout=0.1).write(REQUEST)
        assert caught.value.text == Text("Half\n")
        assert gone(pids)

    began = time.monotonic()
    at_once({name: partial(case, number, LEAVING[name]) for number, name in enumerate(LEAVING)})
    assert time.monotonic() - began < 20


ENDS = {
    "print('A host.', flush=True); os._exit(0)": "",
    "sys.exit(5)": "exited with 5",
    "os.kill(os.getpid(), signal.SIGKILL)": "was killed by SIGKILL",
}


def test_the_end_of_the_program_stops_every_process_at_once(tmp_path: Path) -> None:
    """Whether it exits with 0, which every case does, or fails."""

    def case(number: int, leaving: str, end: str) -> None:
        pids = tmp_path / str(number)
        made = make(program(pids, leaving, end))
        if ENDS[end]:
            with pytest.raises(GenerationError, match=ENDS[end]):
                made.write(REQUEST)
        else:
            assert made.write(REQUEST).content == "A host.\n"
        assert gone(pids)

    success, *failures = ENDS
    cases = [(name, success) for name in LEAVING]
    cases += [("its session, twice forked", end) for end in failures]
    began = time.monotonic()
    at_once(
        {
            f"{name}, {end}": partial(case, number, LEAVING[name], end)
            for number, (name, end) in enumerate(cases)
        }
    )
    assert time.monotonic() - began < 20


def test_output_written_right_after_the_exit_is_read() -> None:
    """Bash's `tee >(...)` does that."""
    line = "sh -c '(sleep 0.1; echo and more) & echo A text'"
    assert make(line).write(REQUEST).content == "A text\nand more\n"


def test_a_program_that_exits_in_time_counts_however_long_its_children_take_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They take longer than the time-out: `_LINGER`, and then the SIGTERM that they ignore."""
    count_from_the_first_output(monkeypatch)
    line = """sh -c '(trap "" TERM; sleep 30) & echo A text'"""
    began = time.monotonic()
    assert make(line, timeout=0.4).write(REQUEST).content == "A text\n"
    assert 1.0 < time.monotonic() - began < 15


def test_without_subreapers_an_open_pipe_does_not_delay_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, a process that left the group keeps the pipe open and keeps running."""
    source = process._source().replace('sys.platform != "linux"', "True")
    source = source.replace('"/proc', '"/no-proc').replace("_GRACE = 1.0", "_GRACE = 0.1")
    monkeypatch.setattr(process, "_source", lambda: source)
    monkeypatch.setattr(process, "_DRAIN", 0.1)
    pids = tmp_path / "pids"
    began = time.monotonic()
    end = "print('A host.', flush=True); os._exit(0)"
    text = make(program(pids, LEAVING["its session, twice forked"], end)).write(REQUEST)
    assert text.content == "A host.\n"
    assert time.monotonic() - began < 15
    (left,) = noted(pids)
    assert alive(left)
    os.kill(left, signal.SIGKILL)


def test_without_a_supervisor_a_timeout_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    count_from_the_first_output(monkeypatch)
    pids = tmp_path / "pids"
    code = STAY.replace("; ", "; print('Half', flush=True); ")
    line = f"python3 -c {shlex.quote(f'import os, time; PIDS = {str(pids)!r}; {code}')}"
    with pytest.raises(GenerationError, match="took longer than"):
        make(line, timeout=0.1).write(REQUEST)
    assert gone(pids)


def test_stopping_jit_guard_stops_every_process(tmp_path: Path) -> None:
    def case(number: int) -> None:
        files = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}'}
        root = lay_out(tmp_path / str(number), files)
        pids = root / "pids"
        line = program(pids, LEAVING["its environment and its outputs"], "time.sleep(60)")
        with subprocess.Popen(
            [sys.executable, "-m", "jit_guard", "--fix", "--yes", "--command", line],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as running:
            deadline = time.monotonic() + 40
            while not pids.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            running.send_signal(number)
            running.wait(40)
        assert gone(pids)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    at_once({number.name: partial(case, number) for number in numbers})


def test_the_program_gets_the_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-whole-0123456789")
    line = program(Path("/"), "", "print(len(os.environ['ACME_API_KEY']))")
    assert make(line).write(REQUEST).content == "19\n"
