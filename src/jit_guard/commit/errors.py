"""What goes wrong with a commit. Each message says what, where, and what to do."""

from __future__ import annotations

from jit_guard.errors import JitGuardError


class TransactionError(JitGuardError):
    """A commit or a recovery could not be done; unless it says otherwise, nothing was changed."""


class UnsafePathError(TransactionError):
    """A path that leaves the project, or means something else on another system."""


class LockedError(TransactionError):
    """Another process holds the commit lock, and did not give it up in time."""


class UnfinishedCommitError(TransactionError):
    """An intent stands: `recover` goes on from it, forward or back, before anything else may."""


class OccupiedError(TransactionError):
    """Another file stands where a component shall be placed: at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} exists with another content, and an existing file is never overwritten; "
            "nothing was changed"
        )
        self.path = path
