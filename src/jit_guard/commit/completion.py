"""Finish a decided commit; undo it if a step fails for a reason that repeating does not cure."""

from __future__ import annotations

import errno

from jit_guard.commit import recovery
from jit_guard.commit.errors import (
    OccupiedError,
    TransactionError,
    UnfinishedCommitError,
    unfinished,
)
from jit_guard.commit.reasons import reason
from jit_guard.commit.replay import Recovery, Replay

# After these errors, the same call may succeed the next time.
_PASSING = (
    *(errno.EIO, errno.EINTR, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE),
    *(errno.ETIMEDOUT,),
)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def complete(work: Replay) -> tuple[Recovery, Exception | None]:
    """Finish a decided commit, or undo it.

    Returns:
        What was done. If it was undone, also the error that stopped it.

    Raises:
        UnfinishedCommitError: it may be finished later, or cannot be undone either.
    """
    try:
        return recovery.replay(work), None
    except UnfinishedCommitError:
        raise
    except (OSError, TransactionError) as error:
        cause: Exception = error
    if may_pass(cause, work.fresh):
        raise unfinished(_reason(work, cause))
    in_effect = work.in_effect
    # A sync that failed on a full disk must not be repeated: it might succeed for nothing.
    if isinstance(cause, OSError) and cause.errno not in _FULL:
        again = work.again()
        try:
            return recovery.replay(again), None
        except UnfinishedCommitError:
            raise
        except (OSError, TransactionError) as error:
            cause = error
        in_effect = in_effect or again.in_effect
    if in_effect:  # the intent may be gone already, and without it nothing may be undone
        raise unfinished(_reason(work, cause))
    return undo(work.again(back=True), cause), cause


def may_pass(cause: BaseException, fresh: bool) -> bool:
    """Check whether repeating a step may cure its error.

    A commit that has just been decided would rather be undone than wait for space.
    """
    if not isinstance(cause, OSError):
        return False
    return cause.errno is None or cause.errno in _PASSING or (cause.errno in _FULL and not fresh)


def undo(work: Replay, cause: Exception) -> Recovery:
    """Undo a decided commit because of an error.

    Raises:
        UnfinishedCommitError: that failed, too.
    """
    try:
        try:
            return recovery.replay(work)
        except OSError as error:
            if error.errno not in _FULL:
                raise
        # Going back needs no text, only the space for the old maps.
        recovery.remove_temporaries(work)
        return recovery.replay(work.again(back=True))
    except UnfinishedCommitError:
        raise
    except (OSError, TransactionError) as error:
        why, other = _reason(work, cause), _reason(work, error)
    raise unfinished(why if other == why else f"{why}; undoing it failed, too: {other}")


def undone(done: Recovery, cause: Exception, work: Replay) -> TransactionError:
    """Return the error of a commit that was undone."""
    outcome = "the commit was undone, and nothing was changed"
    if done.left:
        what = "; ".join(f"{one.path}: {one.reason}" for one in done.left)
        outcome = f"the commit was undone, except for what follows: {what}"
    if isinstance(cause, OccupiedError):
        return OccupiedError(cause.path, outcome)
    return TransactionError(f"{_reason(work, cause)}; {outcome}")


def _reason(work: Replay, error: Exception) -> str:
    if isinstance(error, OccupiedError):
        return error.reason
    return reason(work.directories.top.path, error, work.intent)
