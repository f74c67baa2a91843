"""A small project with missing components, `jit-guard --fix` on it, and how it must end."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing, redirect_stderr, redirect_stdout

import fork_server
import jit_guard
from crash import fix_command
from crash.disk_model import State, read_state, write_state
from crash.killable import BYTECODE
from crash.killing import Point, Ran
from crash.projects import OURS_FOR_GOOD, SIMPLE
from jit_guard import cli

TEXT = "Say hello, then the name.\n"
_LEDGER = ".jit-guard/ledger.db"
# The journal of SQLite: the next open rolls it back, the next write removes it.
_FOR_GOOD = OURS_FOR_GOOD | {
    *(_LEDGER, f"{_LEDGER}-journal"),
    *(".jit-guard/claims", ".jit-guard/claims/0.lock"),
}
_SOURCES = os.path.dirname(os.path.dirname(jit_guard.__file__))
_CHANGES = re.compile(
    r"p?write(v|64)?|fsync|fdatasync|ftruncate|mkdir\w*|rmdir|unlink\w*|rename\w*|link\w*|"
    r"fchmod|fchown|flock|openat"
)

TWO: State = {
    **SIMPLE,
    "goal_map.json": b'{\n  "GREET": {\n    "persona": "host.txt",\n    "protocol": "hello.txt"\n'
    b'  },\n  "PART": {\n    "protocol": "bye.txt"\n  }\n}\n',
}


class FixProject:
    """A project in memory, and a generator outside it that counts its calls.

    Args:
        directory: an empty directory.
        generator: `command` or `scaffold`.
        before: the project.
        restored: how many files the fix gets from git.
    """

    def __init__(
        self,
        directory: str,
        generator: str = "command",
        before: State = SIMPLE,
        restored: int = 0,
    ) -> None:
        self.root = os.path.join(directory, "project")
        self.before = before
        self.restored = restored
        self.generator = generator
        self._directory = directory
        self._calls = os.path.join(directory, "calls")
        program = os.path.join(directory, "program.sh")
        with open(program, "w") as file:
            file.write(
                f"printf x >> {shlex.quote(self._calls)}\ncat > {os.devnull}\n"
                f"printf '%s' {shlex.quote(TEXT)}\n"
            )
        how = ["--command", shlex.join(["sh", program])]
        self._fix = ["--fix", "--yes", "--root", self.root]
        self._fix += how if generator == "command" else ["--generator", generator]
        self.done = 0 if generator == "command" else 1  # a draft is a finding until it is written
        os.makedirs(self.root, exist_ok=True)
        self.lay_out()
        ran = self.start()  # also compiles its modules
        assert ran.code == self.done, ran
        self.new = self.state()
        assert len(self.new) > len(before)
        assert self.calls() == (len(self.texts()) if generator == "command" else 0)

    def lay_out(self) -> None:
        """Write the project as it is before the run, and reset the count of calls."""
        write_state(self.root, self.before)
        with open(self._calls, "w"):
            pass

    @property
    def command(self) -> list[str]:
        """The command of the fix, as a new process, without strace."""
        return [sys.executable, fix_command.__file__, "-", "[]", *self._fix]

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of the fix."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": _SOURCES,
            **BYTECODE,
        }

    def start(self, thread: str = "-", options: Sequence[str] = ()) -> Ran:
        """Run the fix, with strace and these options on a thread: `main`, `writer`, or none."""
        argv = ["fix_command.py", thread, json.dumps(options), *self._fix]
        entry = "crash.fix_command:main"
        ran = fork_server.run(entry, argv, cwd=self._directory, env=self.env, timeout=60)
        return Ran(ran.returncode, (ran.stdout + ran.stderr).decode(errors="replace"))

    # The state

    def state(self) -> State:
        """Return the project without the permanent files of jit-guard."""
        state = read_state(self.root)
        return {path: content for path, content in state.items() if path not in _FOR_GOOD}

    def calls(self) -> int:
        """Return how often the generator was called."""
        return os.path.getsize(self._calls)

    def asked(self, times: int) -> None:
        """Set the count of calls."""
        with open(self._calls, "w") as file:
            file.write("x" * times)

    def texts(self) -> list[str]:
        """Return the texts in the ledger, from a copy, on which SQLite may run its recovery."""
        path = os.path.join(self.root, _LEDGER)
        if not os.path.exists(path):
            return []
        with tempfile.TemporaryDirectory(dir=self._directory) as directory:
            copy = shutil.copy(path, directory)
            if os.path.exists(path + "-journal"):
                shutil.copy(path + "-journal", directory)
            with closing(sqlite3.connect(copy)) as connection:
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    return []
                rows = connection.execute("SELECT content FROM texts").fetchall()
        return [row[0].decode() for row in rows]

    # The expected end

    def run_here(self, *arguments: str) -> Ran:
        """Run a command of jit-guard in this process."""
        output = io.StringIO()
        with redirect_stdout(output), redirect_stderr(output):
            code = cli.main(list(arguments))
        return Ran(code, output.getvalue())

    def ends_well(self, at: object, *, recover: bool = True) -> str:
        """Recover, fix again and check; return whether the state was `old` or `new` at first."""
        asked, stored = self.calls(), self.texts()
        how = "-"
        if recover:
            recovered = self.run_here("recover", "--root", self.root)
            assert recovered.code == 0, (at, recovered)
            state = self.state()
            assert state in (self.before, self.new), (at, sorted(state))
            how = "old" if state == self.before else "new"
        ran = self.run_here(*self._fix)
        assert ran.code == self.done, (at, ran)
        self.is_new(at)
        if self.generator == "command":
            missing = sum(
                content is not None and path not in self.before
                for path, content in self.new.items()
            )
            missing -= self.restored
            assert self.calls() == asked + missing - len(stored), (at, stored, ran)
            # The text of a commit that was undone is kept, also one that git has.
            assert self.restored or len(self.texts()) == missing, at
        return f"{how}, {'text kept' if stored else 'no text'}"

    def is_new(self, at: object) -> None:
        """Check that the state is exactly the new one, and that `jit-guard` agrees."""
        state = self.state()
        assert state == self.new, (at, sorted(set(state) ^ set(self.new)))
        checked = self.run_here("--root", self.root)
        assert checked.code == self.done, (at, checked)


def changing(points: Sequence[Point]) -> list[Point]:
    """Keep the points of calls that change something; reads do not add new states."""
    return [point for point in points if _CHANGES.fullmatch(point.name)]
