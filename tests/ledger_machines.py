"""Other machines with the same ledger, for tests, and what may happen to their connections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link
from jit_guard.ledger.postgresql import server as engine
from ledger_work import environment
from postgresql_server import PostgresServer
from projects import call

MISSING = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}\n', "components/": ""}
SECRET = "Zw4-hunter2-Zw4"
FIX = ("--fix", "--no-input", "--yes")


def root_of(path: Path) -> str:
    """Another checkout of the project."""
    path.mkdir(exist_ok=True)
    return str(path)


def command(root: Path) -> tuple[str, str]:
    """The options of a generator that counts the texts it writes."""
    program = f"echo x >>'{root.parent / root.name}.bought'; echo 'You greet people.'"
    return "--command", f'sh -c "{program}"'


def fix(root: Path, *more: str) -> tuple[int, str, int]:
    """Run a fix; return its exit code, its messages, and how many texts were bought."""
    done = call(*FIX, *command(root), *more, cwd=root)
    counter = root.parent / f"{root.name}.bought"
    return done.code, done.err, len(counter.read_text()) // 2 if counter.exists() else 0


def cut_off(server: PostgresServer) -> None:
    """End the session of every client but ours, as a fail-over does."""
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'jit-guard' AND pid <> pg_backend_pid()"
    )


def link_of(ledger: Ledger) -> tuple[str, str]:
    """What names the link of a ledger in this process."""
    assert isinstance(ledger._engine, engine.Server)
    (key,) = [key for key, one in link._links.items() if one is ledger._engine._link]
    return key


def is_held(server: PostgresServer, key: int) -> bool:
    """Whether a session holds a lock; released at once by this one otherwise."""
    ((free,),) = server.execute("SELECT pg_try_advisory_lock(%s)", key)
    return not free


def second(ledger: Ledger) -> Ledger:
    """A ledger of the same project on another machine: in this process, with its own session."""
    url, project = link_of(ledger)
    other = Ledger.__new__(Ledger)
    other._engine = engine.Server.__new__(engine.Server)
    other._engine._root = "/nonexistent"
    other._engine._closed = False
    other._engine._link = link.Link(url, project)
    other._engine._link.users = 1
    other._earlier = None
    return other


MACHINES, TEXTS = 8, 40
LAUNCHER = """
import sys
from ledger_work import run_machines
run_machines(sys.argv[1], *map(int, sys.argv[2:4]), float(sys.argv[4]))
"""


class Machines:
    """Workers that want the same texts, each in a checkout of its own.

    Args:
        directory: an empty directory.
        texts: how many each of them wants.
        slow: seconds that a model takes.
        prefix: the beginning of the command that starts them.
    """

    def __init__(
        self, directory: Path, texts: int = TEXTS, slow: float = 0.0, prefix: Sequence[str] = ()
    ) -> None:
        self._directory = directory
        self._bill = directory / "bill"
        self._bill.touch()
        words = (str(directory), str(MACHINES), str(texts), str(slow))
        self._launcher = subprocess.Popen(
            [*prefix, sys.executable, "-c", LAUNCHER, *words], env=environment()
        )
        self._await(lambda: len(list(directory.glob("machine*/ready"))) == MACHINES)
        (directory / "go").touch()

    def kill(self, number: int) -> None:
        """Kill a worker."""
        process = self._directory / f"machine{number}/process"
        os.kill(int(process.read_text()), signal.SIGKILL)

    def wait_for(self, bought: int) -> None:
        """Wait until so many texts were bought."""
        self._await(lambda: len(self.bought) >= bought)

    def _await(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not reached():
            assert not self.errors, self.errors
            assert time.monotonic() < deadline
            time.sleep(0.005)

    @property
    def bought(self) -> list[str]:
        """The texts that were paid for, each after its component."""
        return self._bill.read_text().splitlines()

    @property
    def errors(self) -> list[str]:
        """Why workers failed."""
        return [path.read_text() for path in self._directory.glob("machine*/error")]

    def found(self) -> list[dict[str, str]]:
        """Wait for the workers; return the texts of each that was not killed."""
        assert self._launcher.wait(120) == 0
        assert not self.errors, self.errors
        paths = self._directory.glob("machine*/found")
        return [json.loads(path.read_text()) for path in paths]


def check(machines: Machines, root: Path, killed: int = 0, more: int = 0) -> None:
    """Check that every survivor has the same texts, all bought once, except `more` at most."""
    first, *others = machines.found()
    assert 1 + len(others) == MACHINES - killed
    assert all(texts == first for texts in others)
    bought = Counter(line.partition(" ")[0] for line in machines.bought)
    assert set(bought) == set(first)
    assert bought.total() <= len(first) + more, bought.most_common(5)
    records = list(history(str(root)))
    kept = [one.content for one in records if one.status != "rejected"]
    assert sorted(kept) == sorted(first.values())  # none that was acknowledged is lost
    assert {one.content for one in records} <= {*machines.bought}
    assert len({one.content for one in records}) == len(records)  # and none is stored twice
