"""The atomic commit: maps and components change together or not at all, even after a crash.

The names below are a public interface for other programs, see `docs/commit-library.md`; they are
imported when they are first used. The modules of this package are not part of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.commit.errors import LockedError as LockedError
    from jit_guard.commit.errors import OccupiedError as OccupiedError
    from jit_guard.commit.errors import TransactionError as TransactionError
    from jit_guard.commit.errors import UnfinishedCommitError as UnfinishedCommitError
    from jit_guard.commit.errors import UnsafePathError as UnsafePathError
    from jit_guard.commit.intent import MapChange as MapChange
    from jit_guard.commit.intent import RefusedIntentError as RefusedIntentError
    from jit_guard.commit.library import interrupted as interrupted
    from jit_guard.commit.library import recover as recover
    from jit_guard.commit.preparation import Move as Move
    from jit_guard.commit.preparation import Placement as Placement
    from jit_guard.commit.replay import Kept as Kept
    from jit_guard.commit.replay import Left as Left
    from jit_guard.commit.replay import Recovery as Recovery
    from jit_guard.commit.transaction import Commit as Commit
    from jit_guard.commit.transaction import commit as commit
    from jit_guard.registry.edit import Edit as Edit
    from jit_guard.registry.edit import EditError as EditError

_MODULES = {
    "Commit": "commit.transaction",
    "Edit": "registry.edit",
    "EditError": "registry.edit",
    "Kept": "commit.replay",
    "Left": "commit.replay",
    "LockedError": "commit.errors",
    "MapChange": "commit.intent",
    "Move": "commit.preparation",
    "OccupiedError": "commit.errors",
    "Placement": "commit.preparation",
    "Recovery": "commit.replay",
    "RefusedIntentError": "commit.intent",
    "TransactionError": "commit.errors",
    "UnfinishedCommitError": "commit.errors",
    "UnsafePathError": "commit.errors",
    "commit": "commit.transaction",
    "interrupted": "commit.library",
    "recover": "commit.library",
}
__all__ = sorted(_MODULES)  # noqa: PLE0605 - one list of names, not two


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"jit_guard.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
