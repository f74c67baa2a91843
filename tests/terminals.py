"""The command on a terminal: what a user sees on the screen, and types."""

from __future__ import annotations

import codecs
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

_LONGEST = 20.0  # seconds to wait for something on the screen
# Ctrl-C reaches the process that has the terminal; a background test run ignores SIGINT, and its
# children would, too.
_BEFORE = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(next(filter(os.isatty, range(3))), termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
COMMAND = "from jit_guard.cli import run; run()"
_UNSET = ("CI", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PRE_COMMIT", "VISUAL")


class Terminal:
    """A process on a terminal of its own, with an emulated screen."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, size: tuple[int, int]):
        self.process = process
        self._master = master
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._screen = pyte.HistoryScreen(*size, history=1000, ratio=1.0)
        self._stream = pyte.Stream(self._screen)
        self.raw = ""

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without the empty ones at its end."""
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def cells(self, row: int) -> list[pyte.screens.Char]:
        """The characters of a line, with their colors."""
        line = self._screen.buffer[row]
        return [line[column] for column in range(self._screen.columns)]

    @property
    def shown(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def send(self, text: str) -> None:
        """Type. The key Enter, here a newline, sends a carriage return."""
        os.write(self._master, text.replace("\n", "\r").encode())

    def until(self, wanted: str | Callable[[Terminal], bool]) -> str:
        """Wait for a text on the screen, or a condition; return the screen."""
        deadline = time.monotonic() + _LONGEST
        while not (wanted in self.shown if isinstance(wanted, str) else wanted(self)):
            alive = self._read() and time.monotonic() < deadline
            assert alive, f"{wanted!r} is not on the screen:\n{self.shown}"
        return self.shown

    def ended(self) -> int:
        """Wait for the end of the process; return its exit code."""
        deadline = time.monotonic() + _LONGEST
        while self._read():
            assert time.monotonic() < deadline, self.shown
        return self.process.wait(_LONGEST)

    def _read(self) -> bool:
        """Read what is there, for at most a moment; return False at the end."""
        if not select.select([self._master], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux, once the process has ended
            return False
        text = self._decoder.decode(data)
        self.raw += text
        self._stream.feed(text)
        return bool(data)


@contextmanager
def terminal(
    *argv: str,
    cwd: Path,
    size: tuple[int, int] = (80, 24),
    streams: tuple[str, ...] = ("stdin", "stdout", "stderr"),
    program: str = COMMAND,
    **environment: str,
) -> Iterator[Terminal]:
    """Run the command on a terminal.

    Args:
        argv: its arguments.
        cwd: the working directory.
        size: columns and rows of the terminal.
        streams: those that are the terminal; the others are a closed pipe or discarded.
        program: the Python program.
        environment: more variables.
    """
    if sys.platform == "win32":
        pytest.skip("a terminal of POSIX")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in _UNSET}
    process = subprocess.Popen(
        [sys.executable, "-c", _BEFORE + program, *argv],
        cwd=cwd,
        stdin=slave if "stdin" in streams else subprocess.DEVNULL,
        stdout=slave if "stdout" in streams else subprocess.DEVNULL,
        stderr=slave if "stderr" in streams else subprocess.DEVNULL,
        env={**inherited, "TERM": "xterm-256color", **environment},
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master, size)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
