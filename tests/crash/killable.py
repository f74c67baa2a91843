"""The actions of `deed.py` as processes that can be killed, and their initial states."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import commits
import fork_server
import jit_guard
from commits import interrupt, recover
from crash import deed
from crash.disk_model import State, read_state, write_state
from crash.killing import Ran
from crash.projects import SIMPLE, SIMPLE_NEW, visible
from jit_guard.commit import state_directory
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit

# The first run of a command compiles its modules, so that the others make the same calls.
BYTECODE = {"PYTHONPYCACHEPREFIX": sys.pycache_prefix} if sys.pycache_prefix else {}
_SOURCES = ":".join(map(os.path.dirname, (os.path.dirname(jit_guard.__file__), commits.__file__)))


class Killable:
    """A project in memory, and an action on it as a command."""

    done = 0

    def __init__(self, directory: str, what: str, before: State, new: State = SIMPLE_NEW) -> None:
        self.root = os.path.join(directory, "project")
        os.makedirs(self.root, exist_ok=True)
        self.before = before
        self.new = new
        self._what = what
        self.argv = [sys.executable, "-S", deed.__file__, _SOURCES, "[]", self.root, what]
        self.env = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONHASHSEED": "0",
            **BYTECODE,
        }

    def lay_out(self) -> None:
        """Write the project as it is before the action."""
        write_state(self.root, self.before)

    def start(self, thread: str, options: Sequence[str]) -> Ran:
        """Do the action, with strace and these options on its only thread."""
        assert thread == "main"
        argv = ["deed.py", json.dumps(options), self.root, self._what]
        cwd = os.path.dirname(self.root)
        ran = fork_server.run("crash.deed:main", argv, cwd=cwd, env=self.env, timeout=60)
        return Ran(ran.returncode, (ran.stdout + ran.stderr).decode(errors="replace"))

    def state(self) -> State:
        """Return the current state, without the permanent files of jit-guard."""
        return visible(read_state(self.root))

    def recovered(self) -> str:
        """Recover, and return `old` or `new`; any other state is an error."""
        recover(self.root)
        state = self.state()
        assert state in (SIMPLE, self.new), state
        return "old" if state == SIMPLE else "new"


def middle(directory: str, steps: int | None) -> State:
    """Return a state in the middle of a commit: planned (None), or after this many steps."""
    root = os.path.realpath(directory)
    write_state(root, SIMPLE)
    changes = [MapChange("goal_map.json", (Edit(*deed.EDIT),))]
    placements = [Placement(f"components/protocols/{deed.NEW}", deed.TEXT)]
    state_directory.make(root)
    interrupt(root, changes, placements, steps)
    return read_state(root)
