"""Commits for tests: recovered as with the default settings, or interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit_guard.commit import pending, recovery, transaction
from jit_guard.commit.allowed import Allowed
from jit_guard.commit.commit_lock import CommitLock
from jit_guard.commit.directories import Directories
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement, make, prepare
from jit_guard.commit.replay import Recovery, Replay

if TYPE_CHECKING:
    import pytest

ALLOWED = Allowed(
    maps=("goal_map.json", "other.json", "b.json"),
    components="components",
    path_of=lambda _path, keys, value: f"components/{keys[-1]}s/{value}",
    named=lambda path: path.endswith("/draft.txt"),
    is_draft=lambda data: True,
    tracked=False,
)


def recover(root: str, **options: Any) -> Recovery:
    """Recover; an intent may do what the commits of the tests do."""
    return transaction.recover(root, lambda: ALLOWED, **options)


def interrupt(
    root: str,
    changes: Sequence[MapChange],
    placements: Sequence[Placement],
    steps: int | None,
    moves: Sequence[Move] = (),
) -> None:
    """Interrupt a commit: planned (None), decided (0), maps set (1), components placed (2)."""
    with CommitLock(root), Directories(root) as directories:
        new = prepare(directories, changes, placements, moves)
        pending.write(directories, new.intent.plan())
        make(directories, new)
        if steps is not None:
            pending.write(directories, new.intent)
            work = Replay(directories, new.intent, fresh=True, locations=new.locations)
            for step in recovery.STEPS[:steps]:
                step(work)


def just_before(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, deed: Callable[[], object]
) -> None:
    """Run an action just before a function is called for the first time."""
    real = getattr(module, name)
    done: list[bool] = []

    def call(*args: object, **keywords: object) -> object:
        if not done:
            done.append(True)
            deed()
        return real(*args, **keywords)

    monkeypatch.setattr(module, name, call)
