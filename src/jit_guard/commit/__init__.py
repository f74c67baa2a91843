"""The atomic commit: maps and components change together or not at all, even after a crash.

The names below are a public interface for other programs, see `docs/commit-library.md`; they are
imported when they are first used. The modules of this package are not part of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.commit.library import (
        Commit,
        Edit,
        EditError,
        Kept,
        Left,
        LockedError,
        MapChange,
        OccupiedError,
        Placement,
        Recovery,
        RefusedIntentError,
        TransactionError,
        UnfinishedCommitError,
        UnsafePathError,
        commit,
        interrupted,
        recover,
    )

__all__ = [
    "Commit",
    "Edit",
    "EditError",
    "Kept",
    "Left",
    "LockedError",
    "MapChange",
    "OccupiedError",
    "Placement",
    "Recovery",
    "RefusedIntentError",
    "TransactionError",
    "UnfinishedCommitError",
    "UnsafePathError",
    "commit",
    "interrupted",
    "recover",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from jit_guard.commit import library

    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
