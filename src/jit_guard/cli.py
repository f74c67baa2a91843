"""The command line: find the command, run it, and turn its outcome into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from time import perf_counter

from jit_guard.commands import COMMANDS
from jit_guard.errors import JitGuardError, UsageError, reader_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

_STREAMS = "jit-guard-streams"  # an option of Python, see `_use_utf8_names`
FINDINGS, TROUBLE, INTERNAL, INTERRUPTED = 1, 2, 3, 130


def run() -> NoReturn:
    """Run the console script and exit."""
    # The process is short and creates no reference cycles; the collector takes a fifth of a
    # large check.
    gc.disable()
    _use_utf8_names()
    if os.name == "nt":  # Ctrl-Break, which would end the process at once, as Ctrl-C
        import signal

        signal.signal(signal.Signals["SIGBREAK"], signal.default_int_handler)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller closed it (`>&-`)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(code)  # Python would flush again at exit, fail, and exit with 120
    sys.exit(code)


def _use_utf8_names() -> None:
    """Restart Python in UTF-8 mode if it encodes file names in another way.

    Names are bytes on disk. Those in maps and in git are UTF-8, whatever the locale is (another
    one than `C`, which Python overrides). The streams keep the encoding of the terminal.
    """
    if sys.getfilesystemencoding() != "utf-8":
        if os.name == "posix" and sys.executable and not hasattr(sys, "frozen"):
            keep = f"{_STREAMS}={getattr(sys.stdout, 'encoding', 'utf-8')}"
            rest = sys.orig_argv[1:]
            words = [sys.executable, "-X", "utf8", "-X", keep, *rest]
            os.execv(words[0], words)  # noqa: S606 - this very program
    elif encoding := sys._xoptions.get(_STREAMS):  # noqa: SLF001 - its documented name
        for name in ("stdin", "stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None:
                stream.reconfigure(encoding=encoding, errors=stream.errors)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code. Never raises."""
    verbose = "-v" in argv or "--verbose" in argv
    code = FINDINGS  # stays if the reader of the output leaves before the command finishes
    try:
        code = _run(list(argv), perf_counter())
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except JitGuardError as error:
        code = TROUBLE
        _report(error.lines, error, verbose=verbose)
    except OSError as error:
        if not reader_left(error):
            code = TROUBLE
            _report((_message(error),), error, verbose=verbose)
    except ImportError as error:  # modules are imported on demand, and the disk may fail
        code = TROUBLE
        remedy = "the installation is damaged or unreadable; reinstall jit-guard"
        _report((f"{error}: {remedy}",), error, verbose=verbose)
    except Exception as error:  # noqa: BLE001 - the boundary: a bug is reported as a bug
        code = INTERNAL
        lines = (
            f"internal error: {type(error).__name__}: {error}",
            "this is a bug in jit-guard, not in your map; please report it with the output of -v",
        )
        _report(lines, error, verbose=verbose)
    for stream in (sys.stdout, sys.stderr):
        _discard_unwritable(stream)
    return code


def _discard_unwritable(stream: TextIO) -> None:
    """Discard output that cannot be written: Python would fail at exit, with its own code."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _message(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return "the working directory no longer exists; change to another one"
    return str(error)


def _run(argv: list[str], started: float) -> int:
    if argv[:1] == ["version"]:
        argv = ["--version", *argv[1:]]
    elif argv[:1] == ["help"]:
        about = argv[1:] if argv[1:2] not in (["help"], ["version"]) else argv[2:]
        argv = [*about, "--help"]
    name = argv.pop(0) if argv and argv[0] in COMMANDS else "check"
    if name == "check" and argv and not argv[0].startswith("-"):
        from jit_guard.text.printable import did_you_mean

        near = did_you_mean(argv[0], [*COMMANDS, "--fix", "--version", "--help"])
        raise UsageError(f"unknown command {argv[0]!r}{near or '; see jit-guard --help'}")
    command = import_module(f"jit_guard.commands.{name}")
    options = None
    if argv or name != "check":  # without arguments, argparse need not be imported
        from jit_guard.commands.arguments import parse

        options = parse(name, command, argv, COMMANDS)
        if isinstance(options, int):
            return options
    code: int = command.run(options, started)
    return code


def _report(lines: Sequence[str], error: BaseException, *, verbose: bool) -> None:
    _discard_unwritable(sys.stdout)  # else the console, which flushes it, would fail as well
    try:
        from jit_guard.text.console import Console

        console = Console()
        if verbose:
            from traceback import format_exception

            for line in "".join(format_exception(error)).rstrip().split("\n"):
                console.note(line)
        console.error(*lines)
    except (OSError, ImportError):
        pass  # standard error is closed or full; only the exit code remains
