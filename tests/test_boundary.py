"""The boundary of the program: what ends a command, and with which exit code and message."""

from __future__ import annotations

import errno
import gc
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from jit_guard import cli
from jit_guard.errors import ConfigError, UsageError, reader_left
from projects import call, command
from windows.imitation import imitate_windows

BUG = "this is a bug in jit-guard, not in your map; please report it with the output of -v"


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (KeyboardInterrupt(), 130, []),
        (BrokenPipeError(), 1, []),
        (UsageError("no such thing"), 2, ["no such thing"]),
        (ConfigError(["a is wrong", "b is wrong"]), 2, ["a is wrong", "b is wrong"]),
        (OSError(28, "No space left", "x"), 2, ["[Errno 28] No space left: 'x'"]),
        (FileNotFoundError(2, "No such file", "x"), 2, ["[Errno 2] No such file: 'x'"]),
        (
            FileNotFoundError(2, "No such file"),
            2,
            ["the working directory no longer exists; change to another one"],
        ),
        (
            ImportError("no module named x"),
            2,
            ["no module named x: the installation is damaged or unreadable; reinstall jit-guard"],
        ),
        (ValueError("odd\n::error::x"), 3, ["internal error: ValueError: odd\\n::error::x", BUG]),
        (RecursionError("deep"), 3, ["internal error: RecursionError: deep", BUG]),
    ],
)
def test_what_ends_a_command_has_its_exit_code_and_its_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    lines: list[str],
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(cli, "_run", fail)
    expected = [f"jit-guard: error: {line}" for line in lines]
    done = call("config", cwd=tmp_path)
    assert (done.code, done.out, done.err.splitlines()) == (code, "", expected)
    for flag in ("-v", "--verbose"):
        done = call("config", flag, cwd=tmp_path)
        assert (done.code, done.out) == (code, "")
        traceback = [line for line in done.err.splitlines() if line not in expected]
        assert done.err.splitlines()[len(traceback) :] == expected
        assert bool(traceback) == bool(lines)
        assert all(line.startswith("jit-guard: ") for line in traceback)
        assert any("Traceback" in line for line in traceback) == bool(lines)


def test_a_pipe_whose_reader_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is more than a buffer; on Windows, a write to it is an invalid argument."""
    process = subprocess.Popen(
        command("completion", "zsh"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1

    imitate_windows(monkeypatch, "errors")
    invalid = OSError(errno.EINVAL, "Invalid argument")
    reader, writer = os.pipe()
    with open(reader, "rb"), open(writer, "w") as pipe, (tmp_path / "file").open("w") as file:
        for stream, error, left in (
            (pipe, invalid, True),
            (pipe, BrokenPipeError(errno.EPIPE, "Broken pipe"), True),
            (pipe, OSError(errno.EINVAL, "Invalid argument", "a file of the project"), False),
            (pipe, OSError(errno.ENOSPC, "No space left"), False),
            (file, invalid, False),
            (io.StringIO(), invalid, False),
        ):
            monkeypatch.setattr(sys, "stdout", stream)
            assert reader_left(error) == left, error


class _Full(io.StringIO):
    """A stream whose disk is full when it is flushed."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")

    def fileno(self) -> int:
        return os.open(os.devnull, os.O_WRONLY)


def test_output_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stdout", _Full())
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.main(["explain"]) == 2
    assert "No space left" in err.getvalue()
    monkeypatch.setattr(sys, "stderr", _Full())
    assert cli.main(["nope"]) == 2, "the exit code remains"


class _Broken(io.StringIO):
    """A stream that nothing can be written to."""

    def write(self, _: str, /) -> int:
        raise OSError(5, "Input/output error")


def test_an_error_that_cannot_be_printed_leaves_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "unknown command 'nope'" in call("nope", "x", cwd=tmp_path).err
    with monkeypatch.context() as broken:
        broken.setattr(sys, "stderr", _Broken())
        assert cli.main(["nope"]) == 2
    monkeypatch.setitem(sys.modules, "jit_guard.text.console", None)
    assert cli.main(["nope"]) == 2


# The console script


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The codes of exits without a flush of the streams, each of which raises LookupError."""
    codes: list[int] = []

    def leave(code: int) -> NoReturn:
        codes.append(code)
        raise LookupError

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(gc, "disable", lambda: codes.append(-1))
    return codes


def test_the_program_exits_with_the_code_of_its_command(
    monkeypatch: pytest.MonkeyPatch, exits: list[int]
) -> None:
    given: list[list[str]] = []

    def command(arguments: list[str]) -> int:
        given.append(arguments)
        return 7

    monkeypatch.setattr(cli, "main", command)
    monkeypatch.setattr(sys, "argv", ["jit-guard", "--fix", "-v"])
    with pytest.raises(SystemExit) as caught:
        cli.run()
    assert (caught.value.code, given, exits) == (7, [["--fix", "-v"]], [-1])


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_is_closed_or_full_does_not_change_the_code(
    monkeypatch: pytest.MonkeyPatch, exits: list[int], name: str
) -> None:
    monkeypatch.setattr(cli, "main", lambda _: 1)
    monkeypatch.setattr(sys, name, None)
    with pytest.raises(SystemExit) as caught:
        cli.run()
    assert caught.value.code == 1
    opened = getattr(sys, name)
    assert (opened.name, opened.encoding, opened.writable()) == (os.devnull, "utf-8", True)
    opened.close()
    monkeypatch.setattr(sys, name, _Full())
    with pytest.raises(LookupError):
        cli.run()
    assert exits == [-1, -1, 1]


@pytest.mark.skipif(os.name != "posix", reason="names are text on Windows")
def test_where_names_are_not_utf8_python_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    monkeypatch.setattr(os, "execv", lambda *call: started.append(call))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-I", "-m", "jit_guard", "x"])
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding="iso8859-15"))
    cli._use_utf8_names()
    words = [sys.executable, "-X", "utf8", "-X", "jit-guard-streams=iso8859-15"]
    assert started == [(sys.executable, [*words, "-I", "-m", "jit_guard", "x"])]
    monkeypatch.setattr(sys, "stdout", None)
    cli._use_utf8_names()
    assert started[1][1][4] == "jit-guard-streams=utf-8"
    monkeypatch.setattr(sys, "frozen", True, raising=False)  # it has no such options
    cli._use_utf8_names()
    monkeypatch.delattr(sys, "frozen")
    monkeypatch.setattr(sys, "executable", "")
    cli._use_utf8_names()
    assert len(started) == 2


def test_the_streams_get_their_encoding_back(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = {}
    for name in ("stdin", "stdout", "stderr"):
        streams[name] = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="surrogateescape")
        monkeypatch.setattr(sys, name, streams[name])
    cli._use_utf8_names()
    assert {one.encoding for one in streams.values()} == {"utf-8"}
    monkeypatch.setattr(sys, "_xoptions", {"jit-guard-streams": "iso8859-1"})
    monkeypatch.setattr(sys, "stdin", None)
    cli._use_utf8_names()
    found = [(one.encoding, one.errors) for one in streams.values()]
    assert found == [("utf-8", "surrogateescape"), *[("iso8859-1", "surrogateescape")] * 2]


@pytest.mark.parametrize(
    ("argv", "same"),
    [
        (("help",), ("--help",)),
        (("help", "help"), ("--help",)),
        (("help", "version"), ("--help",)),
        (("help", "log"), ("log", "--help")),
        (("help", "help", "log"), ("log", "--help")),
        (("version",), ("--version",)),
        (("version", "-v"), ("--version",)),
        (("check", "--version"), ("--version",)),
    ],
)
def test_words_are_options(tmp_path: Path, argv: tuple[str, ...], same: tuple[str, ...]) -> None:
    done = call(*argv, cwd=tmp_path)
    assert done == call(*same, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
