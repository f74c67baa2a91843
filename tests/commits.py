"""Commits for tests: recovered as with the default settings, or interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jit_guard.commit import intent, recovery, transaction
from jit_guard.commit.directories import Directories
from jit_guard.commit.preparation import make, prepare
from jit_guard.commit.replay import Recovery, Replay
from jit_guard.commit.transaction import Allowed, CommitLock, MapChange, Placement

ALLOWED = Allowed(
    maps=("goal_map.json", "other.json", "b.json"),
    components="components",
    path_of=lambda keys, value: f"components/{keys[-1]}s/{value}",
    named=lambda path: path.endswith("/draft.txt"),
    is_draft=lambda data: True,
    tracked=False,
)


def recover(root: str, **options: Any) -> Recovery:
    """Recover; an intent may do what the commits of the tests do."""
    return transaction.recover(root, lambda: ALLOWED, **options)


def interrupt(
    root: str, changes: Sequence[MapChange], placements: Sequence[Placement], steps: int | None
) -> None:
    """Interrupt a commit: planned (None), decided (0), maps set (1), components placed (2)."""
    with CommitLock(root), Directories(root) as directories:
        new = prepare(directories, changes, placements)
        intent.write(directories, new.intent.plan())
        make(directories, new)
        if steps is not None:
            intent.write(directories, new.intent)
            work = Replay(directories, new.intent, False, True, None, locations=new.locations)
            for step in recovery.STEPS[:steps]:
                step(work)
