"""Other machines with the same ledger, for tests, and what may happen to their connections."""

from __future__ import annotations

from pathlib import Path

from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link
from jit_guard.ledger.postgresql import server as engine
from postgresql_server import PostgresServer
from projects import call

MISSING = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}\n', "components/": ""}
SECRET = "Zw4-hunter2-Zw4"
FIX = ("--fix", "--no-input", "--yes")


def root_of(path: Path) -> str:
    """Another checkout of the project."""
    path.mkdir(exist_ok=True)
    return str(path)


def fix(root: Path, *more: str) -> tuple[int, str, int]:
    """Run a fix; return its exit code, its messages, and how many texts were bought."""
    counter = root.parent / f"{root.name}.bought"
    program = f"echo x >>'{counter}'; echo 'You greet people.'"
    done = call(*FIX, "--command", f'sh -c "{program}"', *more, cwd=root)
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
