"""Kill a program at each of its system calls on a project, or make each of them fail.

strace is attached to one thread of a fork that has imported everything. It counts the calls of a
first run, and then injects a signal at the n-th call of a name (the call itself is not made), or an
error. The project is written again for every run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

_LINE = re.compile(r"(\w+)\((.*)$")
_NEVER = ("execve", "exit_group", "exit", "munmap")  # not on the project, or must not fail


class Point(NamedTuple):
    """The n-th call of a name, and its arguments."""

    name: str
    number: int
    shown: str


class Ran(NamedTuple):
    """How a run ended, and its output."""

    code: int
    output: str


class Program(Protocol):
    """A program and its project."""

    root: str
    done: int
    """The exit code of a run that nothing disturbs."""

    def lay_out(self) -> None:
        """Write the project as it is before a run."""

    def start(self, thread: str, options: Sequence[str]) -> Ran:
        """Run it, with strace and these options on a thread: `main`, or one of its own."""


def points(program: Program, thread: str = "main") -> list[Point]:
    """List the calls of a thread on the project, by path or by a handle below it."""
    program.lay_out()
    log = f"{program.root}.strace"
    ran = program.start(thread, ["-y", "-o", log])
    assert ran.code == program.done, ran
    assert os.path.exists(log), f"the program has no {thread} thread any more"
    counts: dict[str, int] = {}
    found: list[Point] = []
    with open(log) as lines:
        for line in lines:
            match = _LINE.match(line)
            if match is None:
                continue
            name, rest = match.groups()
            counts[name] = counts.get(name, 0) + 1
            if program.root in rest and name not in _NEVER:
                found.append(Point(name, counts[name], rest[:160]))
    return found


def inject(
    program: Program,
    where: Sequence[Point],
    what: str,
    *,
    thread: str = "main",
    from_there_on: bool = False,
) -> Iterator[tuple[Point, Ran]]:
    """Run the program once per point, and inject a signal or an error there.

    Args:
        program: the program.
        where: the points.
        what: the injection, as for strace: `signal=SIGKILL`, `error=EIO`.
        thread: the thread that the points are of.
        from_there_on: inject at every later call of that name, too.
    """
    for point in where:
        program.lay_out()
        when = f"when={point.number}{'+' if from_there_on else ''}"
        options = ["-o", os.devnull, "-e", f"trace={point.name}"]
        options += ["-e", f"inject={point.name}:{what}:{when}"]
        yield point, program.start(thread, options)
