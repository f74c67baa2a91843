"""The command line: find the command, run it, turn what happens into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from time import perf_counter

from jit_guard.errors import JitGuardError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

OK, FINDINGS, TROUBLE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130

COMMANDS = {
    "check": "find every place where map and tree disagree (the default)",
    "init": "write a starting map, tree and configuration; overwrites nothing",
    "explain": "tell the rules, or one of them",
    "recover": "finish an interrupted commit, or give it up and keep its texts",
    "prune": "remove orphans; in git only what git can bring back",
    "log": "tell what was generated: when, by which model, from which description",
    "selftest": "break a copy of this project in memory and prove that each rule fires",
    "config": "tell the settings in force and where each comes from",
}


def run() -> NoReturn:
    """The console script."""
    # A short life that makes no cycles: looking for them would cost a fifth of a large check.
    gc.disable()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us (`>&-`)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(code)  # Python would try again at its exit, and put 120 in place of our code
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing else comes out, whatever happens."""
    verbose = "-v" in argv or "--verbose" in argv
    code = FINDINGS  # of a command whose reader left before it came to a verdict
    try:
        code = _run(list(argv), perf_counter())
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        pass
    except JitGuardError as error:
        code = TROUBLE
        _complain(error.lines, error, verbose=verbose)
    except OSError as error:
        code = TROUBLE
        _complain((_words(error),), error, verbose=verbose)
    except ImportError as error:  # modules are loaded when they are needed, and the disk may fail
        code = TROUBLE
        again = "the installation is damaged or cannot be read; install jit-guard again"
        _complain((f"{error}: {again}",), error, verbose=verbose)
    except Exception as error:  # noqa: BLE001 - the boundary: a bug is told as a bug
        code = INTERNAL
        lines = (
            f"internal error: {type(error).__name__}: {error}",
            "this is a bug in jit-guard, not in your map; please report it with the output of -v",
        )
        _complain(lines, error, verbose=verbose)
    for stream in (sys.stdout, sys.stderr):
        _let_go(stream)
    return code


def _let_go(stream: TextIO) -> None:
    """Drop what cannot be written: Python would complain at its exit, with a code of its own."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _words(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return "the working directory is gone; change to one that is there"
    return str(error)


def _run(argv: list[str], started: float) -> int:
    name = argv.pop(0) if argv and argv[0] in COMMANDS else "check"
    if name == "check" and argv and not argv[0].startswith("-"):
        from jit_guard.config import did_you_mean

        near = did_you_mean(argv[0], COMMANDS)
        raise UsageError(f"no command is called {argv[0]!r}{near}", "see jit-guard --help")
    command = import_module(f"jit_guard.commands.{name}")
    options = None
    if argv or name != "check":  # a bare call has nothing to parse, and does not pay for argparse
        from jit_guard.commands.arguments import parse

        options = parse(name, command, argv, COMMANDS)
        if isinstance(options, int):
            return options
    code: int = command.run(options, started)
    return code


def _complain(lines: Sequence[str], error: BaseException, *, verbose: bool) -> None:
    try:
        from jit_guard.text.console import Console

        console = Console()
        if verbose:
            from traceback import format_exception

            for line in "".join(format_exception(error)).rstrip().split("\n"):
                console.note(line)
        console.error(*lines)
    except (OSError, ImportError):
        pass  # standard error is closed or full: the exit code says what is left to say
