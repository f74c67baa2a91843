"""Programs that a user names: found and started as a user of Windows expects."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from jit_guard.errors import NoGitError
from jit_guard.generators.command import Programs, writer
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
)
from jit_guard.generators.process import Process
from jit_guard.sources.git.environment import clean_environment, git_command
from jit_guard.text.search_path import executable
from projects import at, lay_out

from .imitation import imitate_windows

REQUEST = Request("GREET", "persona", "x.txt", "components/personas/x.txt", "waves", (), ())
windows = pytest.mark.skipif(sys.platform != "win32", reason="starts programs of Windows")


@pytest.fixture
def search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, the only one of PATH; the system takes itself for Windows."""
    directory = tmp_path / "installed"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    imitate_windows(monkeypatch, "text.search_path")
    return directory


def add(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).touch()
        (directory / name).chmod(0o755)


def test_a_program_is_found_without_its_suffix(search_path: Path) -> None:
    add(search_path, "node", "node.exe", "npm", "npm.cmd", "npm.ps1", "run.bat", "x.com")
    wanted = {
        "node": "node.exe",
        "npm": "npm.cmd",  # not the script for POSIX shells beside it
        "npm.cmd": "npm.cmd",
        "run": "run.bat",
        "x": "x.com",
    }
    assert {name: os.path.basename(executable(name)) for name in wanted} == wanted


def test_a_file_that_windows_cannot_start_is_no_program(search_path: Path) -> None:
    add(search_path, "script", "tool.ps1", "git")
    for name in ("script", "tool", "git", "nothing"):
        with pytest.raises(FileNotFoundError):
            executable(name)
    with pytest.raises(NoGitError):
        git_command(["status"])


def test_a_program_in_the_root_is_named_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As elsewhere: Windows itself would search in the directory that jit-guard runs in."""
    started: list[list[str]] = []

    class Started(Exception):  # noqa: N818
        """Enough is known."""

    def start(program: list[str], *_others: object) -> Process:
        started.append(program)
        raise Started

    monkeypatch.setattr("jit_guard.generators.command.Process", start)
    imitate_windows(monkeypatch, "generators.command")
    with pytest.raises(Started):
        Programs(["tools/write.cmd", "a b"], Options(str(tmp_path))).write(REQUEST)
    assert started == [[os.path.join(tmp_path, "tools/write.cmd"), "a b"]]


@pytest.mark.parametrize("number", [193, 2])
def test_a_script_without_its_interpreter_is_explained(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(8, "%1 is not a valid Win32 application")
    error.winerror = number  # type: ignore[attr-defined]

    def start(*_arguments: object) -> Process:
        raise error

    monkeypatch.setattr("jit_guard.generators.command.Process", start)
    with pytest.raises(GeneratorUnusableError) as raised:
        Programs([str(tmp_path / "write.py")], Options(str(tmp_path))).write(REQUEST)
    words = "it is not an executable file; name its interpreter, too"
    wanted = words if number == 193 else "%1 is not a valid win32 application"
    assert str(raised.value) == f"write.py cannot be run: {wanted}"


def test_programs_are_told_not_to_search_in_the_checkout_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A `.cmd` calls others by their names, and `cmd.exe` would begin in the working directory."""
    name = "NoDefaultCurrentDirectoryInExePath"
    assert clean_environment().get(name) == ("1" if sys.platform == "win32" else None)
    imitate_windows(monkeypatch, "text.search_path")
    assert clean_environment()[name] == "1"
    show = f"import os; print(os.environ[{name!r}])"
    process = Process([sys.executable, "-c", show], str(tmp_path), b"", 100)
    assert process.wait(60.0) == 0
    assert process.output.data.strip() == b"1"
    process.close()


# On Windows itself


def text(command: str, root: Path, timeout: float = 60.0) -> str:
    return writer(Options(str(root), command=command, timeout=timeout)).write(REQUEST).content


@windows
def test_programs_and_arguments_may_contain_spaces(tmp_path: Path) -> None:
    assert text(f'"{sys.executable}" -c "print(\'two words\')"', tmp_path) == "two words\r\n"
    lay_out(tmp_path, {"my tools/write it.cmd": "@echo off\r\necho %1 %2\r\n"})
    wanted = '"a b" c\r\n'
    assert text(f'"{tmp_path}\\my tools\\write it.cmd" "a b" c', tmp_path) == wanted
    assert text('"my tools\\write it.cmd" "a b" c', tmp_path) == wanted
    lay_out(tmp_path, {"write": "echo no\n"})
    with pytest.raises(GeneratorUnusableError, match="name its interpreter, too"):
        text(".\\write", tmp_path)


LATE = """
import pathlib, sys, time
time.sleep(4)
pathlib.Path(sys.argv[1]).touch()
"""
START = """
import subprocess, sys
subprocess.Popen([sys.executable, "late.py", "survived"], stdout=subprocess.DEVNULL)
print("text")
"""


@windows
def test_everything_that_a_program_starts_is_stopped_with_it(tmp_path: Path) -> None:
    lay_out(tmp_path, {"late.py": LATE, "start.py": START, "a.cmd": f'@"{sys.executable}" %*\r\n'})
    began = time.monotonic()
    assert text(f'"{sys.executable}" start.py', tmp_path) == "text\r\n"
    with pytest.raises(GenerationError, match="took longer than 1 s"):
        text(".\\a.cmd late.py survived", tmp_path, timeout=1.0)
    time.sleep(max(0.0, began + 12.0 - time.monotonic()))
    assert not (tmp_path / "survived").exists()


@windows
def test_no_program_of_the_checkout_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"git.exe": "", "git.cmd": "", "own.cmd": "@echo owned\r\n", "bin/": ""})
    with at(tmp_path):
        for path in (os.environ["PATH"], f".;{tmp_path};;bin"):
            monkeypatch.setenv("PATH", path)
            for name in ("own", "own.cmd"):
                with pytest.raises(GeneratorUnusableError, match="cannot be run"):
                    text(name, tmp_path)
            with suppress(NoGitError):
                assert os.path.dirname(git_command(["status"])[0]) != str(tmp_path)
