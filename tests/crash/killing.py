"""Kill a command at each of its system calls on a project, or make each of them fail.

strace counts the calls of a first run, and then injects a signal at the n-th call of a name (the
call itself is not made), or an error. This works for any command; the project is written again
for every run.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from crash.tracing import STRACE

_LINE = re.compile(r"(\d+) +(\w+)\((.*)$")
_NEVER = ("execve", "exit_group", "exit", "munmap")  # not on the project, or must not fail


class Point(NamedTuple):
    """The n-th call of a name, and its arguments."""

    name: str
    number: int
    shown: str


class Ended(NamedTuple):
    """How one run ended."""

    point: Point
    returncode: int
    output: str


def points(
    argv: Sequence[str], root: str, log: str, env: dict[str, str], *, between: str = ""
) -> list[Point]:
    """List the calls of a run on a directory, by path or by a handle below it.

    Args:
        argv: the command.
        root: the directory, prepared for a run.
        log: a file for strace.
        env: the complete environment.
        between: a pattern for the names of calls to include.
    """
    _strace(argv, root, env, ["-y", "-o", log])
    counts: dict[str, int] = {}
    found: list[Point] = []
    with open(log) as lines:
        for line in lines:
            match = _LINE.match(line)
            if match is None:
                continue
            name, rest = match.group(2), match.group(3)
            counts[name] = counts.get(name, 0) + 1
            if root in rest and name not in _NEVER and re.fullmatch(between or ".*", name):
                found.append(Point(name, counts[name], rest[:160]))
    return found


def inject(
    argv: Sequence[str],
    root: str,
    env: dict[str, str],
    where: Sequence[Point],
    what: str,
    lay_out: Callable[[], None],
    *,
    from_there_on: bool = False,
) -> Iterator[Ended]:
    """Run the command once per point, and inject a signal or an error there.

    Args:
        argv, root, env: as for `points`.
        where: the points.
        what: the injection, as for strace: `signal=SIGKILL`, `error=EIO`.
        lay_out: writes the project as it is before the run.
        from_there_on: inject at every later call of that name, too.
    """
    for point in where:
        lay_out()
        when = f"when={point.number}{'+' if from_there_on else ''}"
        options = ["-o", os.devnull, "-e", f"trace={point.name}"]
        options += ["-e", f"inject={point.name}:{what}:{when}"]
        ran = _strace(argv, root, env, options)
        yield Ended(point, ran.returncode, (ran.stdout + ran.stderr).decode(errors="replace"))


def _strace(
    argv: Sequence[str], root: str, env: dict[str, str], options: list[str]
) -> subprocess.CompletedProcess[bytes]:
    assert STRACE is not None
    return subprocess.run(
        [STRACE, "-f", "-qq", "-e", "signal=none", *options, "--", *argv],
        cwd=os.path.dirname(root), env=env, capture_output=True, check=False,
    )  # fmt: skip
