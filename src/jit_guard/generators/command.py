"""`command`: any program that reads JSON on standard input and prints text.

The contract is in docs/generators.md. The program is named by a flag or the environment, never by
a file in the repository. It runs without a shell, and everything that it starts is stopped with
it (see process.py).
"""

from __future__ import annotations

import json
import os
import signal
from threading import Lock

from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Writer,
)
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.generators.process import Process
from jit_guard.text.command_line import split_words
from jit_guard.text.credentials import scrub
from jit_guard.text.printable import printable
from jit_guard.text.search_path import executable

VERSION = 1  # of the request
FATAL_CODES = (2, 126, 127)  # usage error (as in getopt, argparse and click), cannot be run
_SHOWN = 400
_NO_PROGRAM = 193  # ERROR_BAD_EXE_FORMAT, of a script for example


def writer(options: Options) -> Writer:
    """Make the writer for one program.

    Raises:
        GeneratorUnusableError: no program is named, or the command line cannot be parsed.
    """
    from hashlib import sha256

    try:
        argv = split_words(options.command or "")
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
        "contract": None if request.contract is None else request.contract.value,
    }
    if request.objection:
        body.update(rejected=request.rejected, objection=request.objection)
    return json.dumps(body).encode() + b"\n"


class Programs:
    """The processes of one program, one per calling thread."""

    def __init__(self, argv: list[str], options: Options) -> None:
        self._argv = argv
        self._options = options
        self._name = printable(os.path.basename(argv[0]))
        self._running: set[Process] = set()
        self._lock = Lock()
        self._stopped = False

    def write(self, request: Request) -> Text:
        """Run the program for one text.

        Raises:
            GenerationError: the program failed, took too long, or printed no text.
            GeneratorUnusableError: it cannot be run, or reports a usage error.
        """
        process = self._start(request)
        try:
            return self._result(process)
        except BaseException:
            process.end()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
            process.close()

    def close(self) -> None:
        """Stop every process, and start no more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            process.ask_to_end()
        for process in running:
            process.end()

    def _start(self, request: Request) -> Process:
        given = encode(request, self._options)
        with self._lock:
            if self._stopped:
                raise GenerationError("it was stopped")
            try:
                process = Process(self._program(), self._options.root, given, MAX_BYTES + 1)
            except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
                raise self._unusable(_reason(error)) from None
            self._running.add(process)
        return process

    def _program(self) -> list[str]:
        program = executable(self._argv[0])
        if os.name == "nt":  # relative to the working directory of the program, as elsewhere
            program = os.path.join(self._options.root, program)
        return [program, *self._argv[1:]]

    def _result(self, process: Process) -> Text:
        problem = None
        code = process.wait(self._options.timeout)
        if code is None:
            code = process.end()
            problem = f"{self._name} took longer than {self._options.timeout:g} s"
            if process.output.too_long:
                problem = f"{self._name} printed more than {MAX_BYTES} bytes"
        if self._stopped:
            raise GenerationError("it was stopped")
        if error := process.problem():
            raise self._unusable(os.strerror(error))
        if problem is None and code:
            problem = f"{self._name} {_ended(code)}"
        if problem is None:
            return self._text(process.output.data)
        # A stopped program may complain about being stopped, which does not help.
        detail = "" if process.output.too_long else _last_words(process.errors.data)
        message = f"{problem}: {detail}" if detail else problem
        if code in FATAL_CODES:
            raise GeneratorUnusableError(message)
        raise GenerationError(message, _arrived(process.output.data))

    def _unusable(self, reason: str) -> GeneratorUnusableError:
        return GeneratorUnusableError(f"{self._name} cannot be run: {reason.lower()}")

    def _text(self, data: bytes) -> Text:
        try:
            content = data.decode()
        except UnicodeDecodeError as error:
            raise GenerationError(
                f"{self._name} printed text that is not UTF-8 (byte {error.start})",
                _arrived(data),
            ) from None
        if not content.strip():
            raise GenerationError(f"{self._name} printed no text")
        return Text(content)


def _reason(error: OSError | ValueError) -> str:
    if getattr(error, "winerror", None) == _NO_PROGRAM:
        return "it is not an executable file; name its interpreter, too"
    return getattr(error, "strerror", None) or str(error)


def _arrived(data: bytes) -> Text | None:
    """Return what a failed program printed, which may be paid for, too."""
    return Text(data.decode("utf-8", "backslashreplace")) if data.strip() else None


def _ended(code: int) -> str:
    if code >= 0:
        return f"exited with {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _last_words(data: bytes) -> str:
    """Return the last lines of standard error as one line, without credentials."""
    text = scrub(data.decode("utf-8", "backslashreplace"))
    lines = [line for raw in text.splitlines() if (line := printable(raw.strip()))]
    return " | ".join(lines[-3:])[-_SHOWN:]
