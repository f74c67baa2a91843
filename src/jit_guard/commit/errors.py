"""Errors of a commit. Each message says what failed, where, and what to do."""

from __future__ import annotations

from jit_guard.errors import JitGuardError


class TransactionError(JitGuardError):
    """A commit or a recovery failed; unless the message says otherwise, nothing was changed."""


class UnsafePathError(TransactionError):
    """A path leads out of the project, or has another meaning on another system."""


class LockedError(TransactionError):
    """Another process held the commit lock until the timeout."""


class UnfinishedCommitError(TransactionError):
    """An intent exists: `recover` must finish or undo its commit before the next one."""


class OccupiedError(TransactionError):
    """Another file already exists at `path`, where a component is to be placed."""

    def __init__(self, path: str, outcome: str = "nothing was changed") -> None:
        self.path = path
        self.reason = f"{path} already exists with different content and is never overwritten"
        super().__init__(f"{self.reason}; {outcome}")


def unfinished(why: str) -> UnfinishedCommitError:
    """Return the error for a commit that can be neither finished nor undone at the moment."""
    return UnfinishedCommitError(
        f"{why}; the commit is unfinished, and nothing is lost; fix the cause and run "
        "`jit-guard recover`, or undo the commit with `jit-guard recover --abandon`"
    )
