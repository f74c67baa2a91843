"""What programs read is UTF-8 with line feeds, also where the console has another encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from jit_guard import cli, formats
from jit_guard.sources import output
from jit_guard.text.console import Console
from projects import at, call, lay_out

NAME = "挨拶-ñ.txt"
MAP = json.dumps({"GREET": {"persona": NAME}}, ensure_ascii=False)


def printed(*argv: str, cwd: Path, encoding: str = "cp1252") -> bytes:
    """Run the command with the streams that Windows gives it, and return its output."""
    with pytest.MonkeyPatch.context() as patch, at(cwd):
        out = io.TextIOWrapper(io.BytesIO(), encoding, newline="\r\n")
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding, newline="\r\n"))
        cli.main(argv)
        out.flush()
        assert isinstance(out.buffer, io.BytesIO)
        return out.buffer.getvalue()


@pytest.mark.parametrize("name", [name for name in formats.NAMES if name != "text"])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_every_format_that_programs_read_is_utf_8(name: str, encoding: str, tmp_path: Path) -> None:
    lay_out(tmp_path, {"goal_map.json": MAP})
    data = printed("--format", name, cwd=tmp_path, encoding=encoding)
    assert b"\r" not in data
    assert "挨拶" in data.decode() or r"\u6328\u62f6" in data.decode()  # JSON may escape them
    call("--format", f"{name}=report", cwd=tmp_path)
    usual = (tmp_path / "report").read_bytes()
    if name not in ("html", "markdown", "json"):  # which contain a time, or what a fix would do
        assert data == usual


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="sees open files in /proc")
def test_a_report_is_closed_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows renames no file that is open, and has no handles of directories."""
    real = os.replace

    def replace(source: str, target: str, **handles: None) -> None:
        for handle in os.listdir("/proc/self/fd"):
            with suppress(OSError):
                if os.path.samefile(f"/proc/self/fd/{handle}", source):
                    raise AssertionError(f"{source} is open")
        real(source, target, **handles)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(output, "HAS_DIR_FD", False)
    lay_out(tmp_path, {"goal_map.json": MAP, "reports/": ""})
    for file in ("report.json", "report.json", "reports/report.json"):
        assert call("--format", f"json={file}", cwd=tmp_path).code == 1
        assert json.loads((tmp_path / file).read_bytes())["summary"]["errors"] == 1
    assert sorted(os.listdir(tmp_path)) == ["goal_map.json", "report.json", "reports"]


def test_text_has_the_encoding_of_the_console_and_loses_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path, {"goal_map.json": MAP})
    data = printed(cwd=tmp_path)
    assert "\\u6328\\u62f6-ñ.txt".encode("cp1252") in data
    assert b"\r\n" in data
    assert "挨拶-ñ.txt" in printed(cwd=tmp_path, encoding="utf-8").decode()
    # One stream has one encoding.
    both = printed("--format", "text", "--format", "concise", cwd=tmp_path).decode()
    assert both.count("挨拶-ñ.txt does not exist") == 2


def test_the_ledger_and_the_scripts_of_shells_are_for_programs_too(tmp_path: Path) -> None:
    lay_out(tmp_path, {"goal_map.json": MAP})
    call("--fix", "--generator", "scaffold", "--yes", "--generate-anyway", cwd=tmp_path)
    records = printed("log", "--json", cwd=tmp_path)
    assert b"\r" not in records
    assert json.loads(records)[0]["goal"] == "GREET"
    script = printed("completion", "bash", cwd=tmp_path)
    assert script.startswith(b"#")
    assert b"\r" not in script


BREAK = """
import signal
from jit_guard import cli
cli._run = lambda *_arguments: signal.raise_signal(signal.SIGBREAK)
cli.run()
"""


@pytest.mark.skipif(sys.platform != "win32", reason="a signal of Windows")
def test_ctrl_break_ends_a_run_as_ctrl_c_does() -> None:
    done = subprocess.run([sys.executable, "-c", BREAK], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


PRESSED = """
import signal, sys
from jit_guard import cli
from jit_guard.commit import {module}
from jit_guard.fixing import interrupts
number = signal.Signals[sys.argv.pop(1)]
if number not in interrupts._SIGNALS:  # not on Windows: another signal in its place
    interrupts._SIGNALS += (number,)
    signal.signal(number, signal.default_int_handler)
real = {module}.{function}
def pressed(*arguments, **keywords):
    signal.raise_signal(number)
    return real(*arguments, **keywords)
{module}.{function} = pressed
cli.run()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGBREAK" if sys.platform == "win32" else "SIGUSR1"])
@pytest.mark.parametrize(
    ("module", "function"), [("trial", "try_places"), ("completion", "complete")]
)
def test_both_wait_until_a_commit_is_complete(
    name: str, module: str, function: str, tmp_path: Path
) -> None:
    lay_out(tmp_path, {"goal_map.json": '{"A": {"persona": "a.txt"}}'})
    program = PRESSED.format(module=module, function=function)
    fix = ("--fix", "--generator", "scaffold", "--yes", "--generate-anyway")
    command = [sys.executable, "-c", program, name, *fix]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert done.returncode == 130, done
    assert b"committed so far:" in done.stderr
    assert call("recover", cwd=tmp_path).out == "no commit was interrupted\n"
    assert call("--format", "json", cwd=tmp_path).codes == ["JG501"]


def test_a_stream_that_cannot_be_changed_is_used_as_it_is() -> None:
    out = io.StringIO()
    console = Console("never", out, out)
    console.for_programs()
    console.lines(["挨拶"])
    assert out.getvalue() == "挨拶\n"
