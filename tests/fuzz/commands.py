"""The commands that the fuzzer runs on a project, and what must hold between their outputs."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from fuzz.decisions import Decisions
from fuzz.outputs import assert_quiet, codes, same
from fuzz.texts import text
from fuzz.worlds import World
from jit_guard.formats import NAMES
from jit_guard.registry import bounded
from projects import Outcome, call

SECONDS = 20  # of processor time; a command takes a few milliseconds, `selftest` less than one
Argv = tuple[str, ...]
_CODES = ("JG2", "JG301", "JG207,JG501", "JG0", "", "JG999", "JG")
_FLAGS = ("--strict", "-q", "-v", "--show-all", "--statistics", "--exit-zero", "--color", "always",
          "--adopt", "--relink", "--dry-run", "--source", "index", "--watchx", "--no-input",
          "--format", "text,json", "--limit", "0", "-")  # fmt: skip


class HangError(BaseException):
    """A command did not end. Not an `Exception`, which the command would report as its own."""


def _word(draw: Decisions, world: World) -> str:
    """A word of a command line: a name that an entry has, or any text."""
    named = [one for one in world.named[:200] if "\0" not in one]
    return draw.choose([*named, "goal_map.json", text(draw).replace("\0", "")])


def _inside(draw: Decisions, world: World) -> str:
    """A word that is no absolute path."""
    return _word(draw, world).lstrip("/") or "x"


READING: tuple[Callable[[Decisions, World], Argv], ...] = (
    lambda draw, world: ("--strict", "--format", "json"),
    lambda draw, world: ("--format", draw.choose(NAMES), "--color", "always"),
    lambda draw, world: ("-v", "--show-all", "--statistics"),
    lambda draw, world: ("--select", draw.choose(_CODES), "--ignore", draw.choose(_CODES)),
    lambda draw, world: ("--map", _word(draw, world)),
    lambda draw, world: ("--components", _inside(draw, world)),
    lambda draw, world: ("--baseline", draw.choose(("b.jsonl", ".jit-guard/baseline.jsonl"))),
    lambda draw, world: ("--schemafile", draw.choose(("schema.json", "goal_map.json"))),
    lambda draw, world: ("--descriptions", _inside(draw, world), "--fix", "--dry-run"),
    lambda draw, world: ("--fix", "--dry-run", "--format", draw.choose(NAMES)),
    lambda draw, world: (
        "--fix",
        "--dry-run",
        "--adopt",
        draw.choose(("--relink", "--generate-anyway")),
    ),
    lambda draw, world: ("check", *draw.some(_FLAGS, 4)),
    lambda draw, world: ("--source", draw.choose(("index", "commit", "HEAD", _word(draw, world)))),
    lambda draw, world: ("log",),
    lambda draw, world: ("log", "--json", "-v"),
    lambda draw, world: ("log", _word(draw, world), _word(draw, world)),
    lambda draw, world: ("config",),
    lambda draw, world: ("explain", _word(draw, world)),
    lambda draw, world: ("prune", "--dry-run"),
    lambda draw, world: ("mv", "--dry-run", "--", _inside(draw, world), _inside(draw, world)),
    lambda draw, world: ("completion", _word(draw, world)),
    lambda draw, world: ("help", _word(draw, world)),
    lambda draw, world: ("version",),
    lambda draw, world: ("selftest",),
)
_FIX = ("--fix", "--no-input", "--generator", "scaffold")
CHANGING: tuple[Callable[[Decisions, World], Argv], ...] = (
    lambda draw, world: _FIX,
    lambda draw, world: (
        *_FIX,
        "--yes",
        draw.choose(("--relink", "--generate-anyway", "--adopt")),
        "--fresh",
    ),
    lambda draw, world: ("recover",),
    lambda draw, world: ("recover", "--abandon"),
    lambda draw, world: ("mv", "--", _inside(draw, world), _inside(draw, world)),
    lambda draw, world: ("prune", "--force"),
    lambda draw, world: ("init", "--no-input", "--contract"),
    lambda draw, world: ("init", "--no-input", "--components", _inside(draw, world)),
    lambda draw, world: ("--baseline", "b.jsonl", "--update-baseline"),
    lambda draw, world: ("--format", f"{draw.choose(NAMES)}=out/report"),
)


def run_some(draw: Decisions, world: World, sandbox: Path, *, show: bool = False) -> None:
    """Check the project in two formats, run two commands that read and one that writes."""
    outside = state(sandbox / "outside")
    before = state(world.root)
    counted = {}
    for name in ("json", draw.choose(NAMES)):
        outcome = _run(("--format", name), world, show=show)
        found = codes(name, outcome)
        if found is not None:
            counted[name] = found
    assert len({frozenset(one.items()) for one in counted.values()}) <= 1, counted
    for _ in range(2):
        argv = draw.choose(READING)(draw, world)
        first = _run(argv, world, show=show)
        if draw.one_in(4):
            again = _run(argv, world, show=show)
            assert same(first) == same(again), f"another answer: {argv} {first} {again}"
    changed = set(state(world.root).items()) ^ set(before.items())
    changed = {one for one in changed if not one[0].endswith(b"/.jit-guard/.gitignore")}
    assert not changed, f"commands that only read changed the project: {changed}"
    _run(draw.choose(CHANGING)(draw, world), world, show=show)
    outcome = _run(("--format", "json"), world, show=show)
    codes("json", outcome)
    assert state(sandbox / "outside") == outside, "what is outside the project was changed"


def _run(argv: Argv, world: World, *, show: bool) -> Outcome:
    outcome: Outcome | None = None
    try:
        with limited(SECONDS), no_input(), patch.object(bounded, "_can_start", return_value=False):
            outcome = call(*argv, cwd=world.root)
        if show:
            print(f"$ jit-guard {argv}\n{outcome.out}{outcome.err}exit code {outcome.code}\n")
        assert_quiet(outcome, argv)
        if outcome.code == 3:
            assert world.configured, "selftest exits with 3 without a configuration"
            assert "did not fire on an injected fault" in outcome.err, "selftest exits with 3"
    except (AssertionError, HangError) as error:
        raise AssertionError(f"{error!s} of {argv}: {outcome}") from error
    return outcome


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise HangError in a command that uses more processor time (where the system has such)."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError(f"a hang: more than {seconds:g} s of processor time")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def no_input() -> Iterator[None]:
    """Standard input that is empty, and no terminal."""
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO())
    try:
        yield
    finally:
        sys.stdin = before


def state(directory: Path) -> dict[bytes, object]:
    """Everything below a directory, without following links."""
    found: dict[bytes, object] = {}
    for at, directories, files in os.walk(os.fsencode(directory)):
        for name in (*directories, *files):
            path = os.path.join(at, name)
            mode = os.lstat(path).st_mode
            what: object = stat.S_IFMT(mode)
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    what = hashlib.sha256(file.read()).digest()
            elif stat.S_ISLNK(mode):
                what = os.readlink(path)
            found[path] = what
    return found
