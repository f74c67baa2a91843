"""`command`: any program that reads JSON on standard input and prints text.

The contract is in docs/generators.md. The program is named by a flag or the environment, never by
a file in the repository. It is run without a shell, in a process group of its own, so that all of
its children can be stopped when it takes too long.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from threading import Lock, Thread
from typing import IO

from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Writer,
)
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.text.printable import printable

VERSION = 1  # of the request
FATAL_CODES = (2, 126, 127)  # usage error (as in getopt, argparse and click), cannot be run
_GRACE = 1.0  # seconds between SIGTERM and SIGKILL
_MOST_ERROR_BYTES = 65_536
_SHOWN = 400
_SECRET = re.compile(r"(?i)(KEY|TOKEN|SECRET|PASSWORD)$")


def writer(options: Options) -> Writer:
    """Make the writer for one program.

    Raises:
        GeneratorUnusableError: no program is named, or the command line cannot be parsed.
    """
    import shlex
    from hashlib import sha256

    try:
        argv = shlex.split(options.command or "", posix=os.name != "nt")
    except ValueError as error:
        raise GeneratorUnusableError(f"--command: {str(error).lower()}") from None
    if not argv:
        raise GeneratorUnusableError(
            "the generator 'command' needs a program; pass --command 'PROG ARGS' or set "
            "JIT_GUARD_COMMAND"
        )
    # The command line may contain a key, so only its hash is stored.
    identity = sha256(json.dumps([argv, options.prompt]).encode()).hexdigest()[:16]
    programs = Programs(argv, options)
    model = options.model or os.path.basename(argv[0])
    return Writer(programs.write, model, f"{VERSION}-{identity}", programs.close)


def encode(request: Request, options: Options) -> bytes:
    """Encode a request as the program reads it."""
    body = {
        "version": VERSION,
        "goal": request.goal,
        "component_type": request.component_type,
        "filename": request.filename,
        "path": request.path,
        "description": request.description,
        "headings": request.headings,
        "examples": [one._asdict() for one in request.examples],
        "model": options.model,
        "prompt": options.prompt,
    }
    return json.dumps(body).encode() + b"\n"


class Programs:
    """The processes of one program, one per calling thread."""

    def __init__(self, argv: list[str], options: Options) -> None:
        self._argv = argv
        self._options = options
        self._name = printable(os.path.basename(argv[0]))
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._stopped = False

    def write(self, request: Request) -> Text:
        """Run the program for one text.

        Raises:
            GenerationError: the program failed, took too long, or printed no text.
            GeneratorUnusableError: it cannot be run, or reports a usage error.
        """
        process = self._start()
        try:
            output = Pipe(process.stdout, MAX_BYTES + 1)
            errors = Pipe(process.stderr, _MOST_ERROR_BYTES, tail=True)
            Thread(
                target=_feed, args=(process, encode(request, self._options)), daemon=True
            ).start()
            problem = self._wait(process, output)
            code = process.wait()
            errors.join(_GRACE)
        except BaseException:
            _end(process)
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise GenerationError("it was stopped")
        if problem is None and code:
            problem = f"{self._name} {_ended(code)}"
        if problem is None:
            return self._text(output.data)
        # A program that was stopped may complain about that, which is no help.
        detail = "" if output.too_long else _last_words(errors.data)
        message = f"{problem}: {detail}" if detail else problem
        if code in FATAL_CODES:
            raise GeneratorUnusableError(message)
        raise GenerationError(message)

    def close(self) -> None:
        """Stop every process, and start no more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise GenerationError("it was stopped")
            try:
                process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=self._options.root,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
                reason = getattr(error, "strerror", None) or str(error)
                raise GeneratorUnusableError(
                    f"{self._name} cannot be run: {reason.lower()}"
                ) from None
            self._running.add(process)
        return process

    def _wait(self, process: subprocess.Popen[bytes], output: Pipe) -> str | None:
        """Wait for the text and the exit of the program; return what went wrong, if anything."""
        deadline = time.monotonic() + self._options.timeout
        output.join(self._options.timeout)
        if output.too_long:
            _end(process)
            return f"{self._name} printed more than {MAX_BYTES} bytes"
        try:
            if not output.ended:  # it, or one of its children, is still running
                raise subprocess.TimeoutExpired(self._argv, self._options.timeout)
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _end(process)
            return f"{self._name} took longer than {self._options.timeout:g} s"
        return None

    def _text(self, data: bytes) -> Text:
        try:
            content = data.decode()
        except UnicodeDecodeError as error:
            shown = Text(data.decode("utf-8", "backslashreplace"))
            raise GenerationError(
                f"{self._name} printed text that is not UTF-8 (byte {error.start})", shown
            ) from None
        if not content.strip():
            raise GenerationError(f"{self._name} printed no text")
        return Text(content)


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            pipe.write(data)
    except (BrokenPipeError, OSError):  # a program need not read its input
        pass


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the whole process group, and kill it if it does not exit."""
    for number in ("SIGTERM", "SIGKILL"):
        if sys.platform == "win32":
            process.kill()
        else:
            try:
                os.killpg(process.pid, getattr(signal, number))
            except (ProcessLookupError, PermissionError):
                return
        if number == "SIGTERM":
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                continue


def _ended(code: int) -> str:
    if code >= 0:
        return f"exited with {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _last_words(data: bytes) -> str:
    """Return the last lines of standard error as one line, without anything like a key."""
    text = data.decode("utf-8", "backslashreplace")
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET.search(name):
            text = text.replace(value, "***")
    lines = [line for raw in text.splitlines() if (line := printable(raw.strip()))]
    return " | ".join(lines[-3:])[-_SHOWN:]


class Pipe:
    """A pipe, read to its end by a thread that keeps at most `limit` bytes."""

    def __init__(self, pipe: IO[bytes] | None, limit: int, *, tail: bool = False) -> None:
        assert pipe is not None
        self.data = b""
        self.ended = False
        self.too_long = False
        self._pipe = pipe
        self._limit = limit
        self._tail = tail
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the end of the pipe, for at most `timeout` seconds."""
        self._thread.join(timeout)

    def _read(self) -> None:
        pieces = bytearray()
        with self._pipe as pipe:
            while piece := os.read(pipe.fileno(), 65_536):
                pieces += piece
                if self._tail:
                    del pieces[: -self._limit]
                    self.data = bytes(pieces)
                elif len(pieces) >= self._limit:
                    self.too_long = True
                    return
        self.data = bytes(pieces)
        self.ended = True
