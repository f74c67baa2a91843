"""Apply a team's schema within a time limit.

A schema comes from the repository that is checked. Its patterns are regular expressions, which may
backtrack exponentially on a value of the map, and each of its references may double the work.
No engine with a guaranteed running time reads every pattern as Python's `re` does, and the meaning
of a schema must not change. So `jsonschema` runs in a child process, which is interrupted after the
time limit and killed if that fails. The limit grows with the size of schema and maps.

No process is started for what certainly satisfies a schema (`certain`). If `sys.executable` is not
a Python (a frozen application), the schema is applied in this process, without a limit.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jit_guard.errors import ConfigError
from jit_guard.registry.dialect import compile_pattern
from jit_guard.registry.schema import Schema, Violation
from jit_guard.text.printable import quote

LEAST = 5.0  # seconds; starting Python and importing takes a few tenths
PER_BYTE = 1e-5  # one second per 100 kB of schema and maps, about ten times the usual
# A child that ignores its alarm is killed after so many times its limit, and seconds. The alarm
# counts processor time, of which a busy machine gives little. Windows has no alarms, so the start
# of Python, which is slow there, is a part of the seconds.
_PATIENCE, _GRACE = (1.0, 10.0) if os.name == "nt" else (12.0, 2.0)
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from jit_guard.registry.bounded import serve; serve()"
)


def apply(schema: Schema, values: Sequence[Any]) -> list[list[Violation]]:
    """Check a schema, then documents against it; return the violations of each document.

    Raises:
        ConfigError: it is not a JSON Schema, cannot be applied, or takes too long.
    """
    if not _can_start():
        return _applied(schema, values)
    try:
        given = json.dumps([*schema, list(values)])
    except RecursionError:
        raise ConfigError([f"{schema.path}: not a JSON Schema: it is nested too deeply"]) from None
    seconds = LEAST + PER_BYTE * len(given)
    answer = _ask(schema.path, json.dumps(seconds) + "\n" + given, seconds)
    if "slow" in answer:
        raise _too_slow(schema.path, answer["slow"], seconds)
    if "problems" in answer:
        raise ConfigError(answer["problems"])
    return [
        [Violation(tuple(keys), *rest) for keys, *rest in found] for found in answer["violations"]
    ]


def serve() -> None:
    """Read a schema and documents from standard input and print the result (child process)."""
    seconds, given = sys.stdin.readline(), sys.stdin.read()
    path, document, values = json.loads(given)
    busy = _watch_patterns()
    answer: dict[str, Any]
    try:
        _set_alarm(json.loads(seconds))
        answer = {"violations": _applied(Schema(path, document), values)}
    except _TimeOverError:
        answer = {"slow": busy()}
    except ConfigError as error:
        answer = {"problems": error.problems}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # skip the cleanup: the alarm may still fire


def _applied(schema: Schema, values: Sequence[Any]) -> list[list[Violation]]:
    schema.check()
    return [schema.violations(value) for value in values]


def _can_start() -> bool:
    name = os.path.basename(sys.executable or "").lower()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)


def _ask(path: str, given: str, seconds: float) -> dict[str, Any]:
    import subprocess

    from jit_guard.text.search_path import without_here

    arguments = [sys.executable, "-I", "-c", _START, json.dumps(without_here(sys.path))]
    try:
        done = subprocess.run(
            arguments,
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE * seconds + _GRACE,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise _too_slow(path, None, seconds) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be applied: {error}"]) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        reason = f"the child process exited with {done.returncode}"
        raise ConfigError([f"{path}: cannot be applied: {reason}"]) from None
    return answer


def _too_slow(path: str, pattern: str | None, seconds: float) -> ConfigError:
    what = "it" if pattern is None else f"the pattern {quote(pattern)}"
    return ConfigError([f"{path}: {what} takes too long to apply (more than {seconds:.0f} s)"])


class _TimeOverError(BaseException):
    """The time limit is exceeded. Not an `Exception`, so that `jsonschema` does not catch it."""


def _set_alarm(seconds: float) -> None:
    """Raise _TimeOverError after some seconds of processor time.

    `re` handles signals even while matching.
    """
    import signal

    def ring(*_: object) -> None:
        raise _TimeOverError

    if hasattr(signal, "setitimer"):  # not on Windows, where the parent kills the process
        signal.signal(signal.SIGPROF, ring)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _watch_patterns() -> Callable[[], str | None]:
    """Return a function that returns the pattern being matched (child process only).

    `jsonschema` matches all patterns by `re.search(pattern, text)`.
    """
    latest: list[str | None] = [None]

    def watched(pattern: str, text: str) -> Any:
        latest[0] = pattern
        found = compile_pattern(pattern).search(text)
        latest[0] = None
        return found

    setattr(re, "search", watched)  # noqa: B010 - mypy refuses the assignment
    return lambda: latest[0]
