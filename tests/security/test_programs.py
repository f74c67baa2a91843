"""No process that a `--command` program starts outlives the program or jit-guard."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jit_guard.generators import process
from jit_guard.generators.command import writer
from jit_guard.generators.generator import GenerationError, Options, Request, Writer
from projects import lay_out

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


def gone(pids: Path) -> bool:
    """Check that every process that wrote its pid exits within a few seconds."""
    noted = [int(word) for word in pids.read_text().split()]
    assert noted
    deadline = time.monotonic() + 5
    while any(map(alive, noted)):
        if time.monotonic() > deadline:
            for pid in filter(alive, noted):
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


@pytest.mark.parametrize("leaving", LEAVING.values(), ids=LEAVING)
def test_a_timeout_stops_every_process(leaving: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    with pytest.raises(GenerationError, match="took longer than 2 s"):
        make(program(pids, leaving, "time.sleep(60)"), timeout=2).write(REQUEST)
    assert gone(pids)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("leaving", LEAVING.values(), ids=LEAVING)
def test_the_exit_of_the_program_stops_every_process_at_once(leaving: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    text = make(program(pids, leaving, "print('A host.', flush=True); os._exit(0)")).write(REQUEST)
    assert text.content == "A host.\n"
    assert gone(pids)
    assert time.monotonic() - began < 6


@pytest.mark.parametrize("end", ["sys.exit(5)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_failure_stops_every_process_and_reports_the_exit_code(end: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    expected = "exited with 5" if "5" in end else "killed by SIGKILL"
    with pytest.raises(GenerationError, match=expected):
        make(program(pids, LEAVING["its session, twice forked"], end)).write(REQUEST)
    assert gone(pids)


def test_output_written_right_after_the_exit_is_read() -> None:
    """Bash's `tee >(...)` does that."""
    line = "sh -c '(sleep 0.1; echo and more) & echo A text'"
    assert make(line).write(REQUEST).content == "A text\nand more\n"


def test_a_program_that_exits_in_time_counts_however_long_its_children_take_to_stop() -> None:
    line = """sh -c 'echo A text; (trap "" TERM; sleep 30) & sleep 0.4'"""
    began = time.monotonic()
    assert make(line, timeout=0.9).write(REQUEST).content == "A text\n"
    assert time.monotonic() - began < 8


def test_without_subreapers_an_open_pipe_does_not_delay_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, a process that left the group keeps the pipe open and keeps running."""
    source = process._source().replace('sys.platform != "linux"', "True")
    monkeypatch.setattr(process, "_source", lambda: source.replace('"/proc', '"/no-proc'))
    pids = tmp_path / "pids"
    began = time.monotonic()
    end = "print('A host.', flush=True); os._exit(0)"
    text = make(program(pids, LEAVING["its session, twice forked"], end)).write(REQUEST)
    assert text.content == "A host.\n"
    assert time.monotonic() - began < 6
    assert not gone(pids)


def test_without_a_supervisor_a_timeout_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    pids = tmp_path / "pids"
    line = f"python3 -c {shlex.quote(f'import os, time; PIDS = {str(pids)!r}; {STAY}')}"
    with pytest.raises(GenerationError, match="took longer than 2 s"):
        make(line, timeout=2).write(REQUEST)
    assert gone(pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping_jit_guard_stops_every_process(number: int, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", {"goal_map.json": '{"GREET": {"persona": "host.txt"}}'})
    pids = tmp_path / "pids"
    line = program(pids, LEAVING["its environment and its outputs"], "time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, "-m", "jit_guard", "--fix", "--yes", "--command", line],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        deadline = time.monotonic() + 20
        while not pids.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(number)
        running.wait(20)
    assert gone(pids)


def test_the_program_gets_the_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-whole-0123456789")
    line = program(Path("/"), "", "print(len(os.environ['ACME_API_KEY']))")
    assert make(line).write(REQUEST).content == "19\n"
