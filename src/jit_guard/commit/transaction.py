"""The commit: maps and components change together, in one instant, or not at all.

Paths, bytes and edits in; nothing is known here of goals, models or configuration. The order
of the original algorithm stays (temporary map, rename, then the components); around it stands
a write-ahead intent, so that whoever comes after a crash can finish or undo it. See
`docs/atomic-commit.md` for the protocol and its proof. Where the ideas come from: redo logging;
SQLite's "Atomic Commit in SQLite"; git's lockfile.c for what to write before what; the ALICE
study (OSDI 2014) for what file systems do in between.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.commit import durable, intent, preparation, recovery, state_folder
from jit_guard.commit.commit_lock import TIMEOUT, CommitLock, held
from jit_guard.commit.errors import (
    LockedError,
    OccupiedError,
    TransactionError,
    UnfinishedCommitError,
    UnsafePathError,
)
from jit_guard.commit.intent import Intent, MapChange
from jit_guard.commit.preparation import New, Placement
from jit_guard.commit.replay import Keep, Kept, Left, Recovery
from jit_guard.errors import UnreadableError
from jit_guard.text.names import PENDING, STATE_FOLDER

__all__ = [
    "Commit",
    "CommitLock",
    "Kept",
    "Left",
    "LockedError",
    "MapChange",
    "OccupiedError",
    "Placement",
    "Recovery",
    "TransactionError",
    "UnfinishedCommitError",
    "UnsafePathError",
    "commit",
    "interrupted",
    "recover",
    "wait",
]


class Commit(NamedTuple):
    """What a commit did, and all of it is on the disk.

    `placed` holds the components that stand under their names. `left` and `kept` are empty
    unless somebody else saved a map or a component in the instant of the commit.
    """

    changes: tuple[MapChange, ...] = ()
    placed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[Kept, ...] = ()


def commit(
    root: str,
    changes: Sequence[MapChange],
    placements: Sequence[Placement],
    *,
    timeout: float = TIMEOUT,
    keep: Keep | None = None,
) -> Commit:
    """Edit maps and place components, in one instant, for good.

    When this returns, everything is on the disk. When it raises anything but
    UnfinishedCommitError, everything that was made is undone. After a crash at any point,
    `recover` leads to the old state or to the new one.

    Args:
        root: the project's root.
        changes: the edits, one MapChange per map.
        placements: the components. One whose path ends with an edit's new value belongs to
            that entry, and is only placed while the entry has that value.
        timeout: how long to wait for another process's commit, in seconds.
        keep: is given each text that found no place because of somebody else's save.

    Raises:
        EditError: an edit does not fit its map.
        OccupiedError: another file stands in a component's place.
        UnsafePathError: a path leads out of the project.
        LockedError: another process holds the commit lock all the time.
        UnfinishedCommitError: an earlier commit was interrupted, or this one is decided and
            could not be finished: call `recover`.
        TransactionError: anything else that the system refused.
    """
    if not changes and not placements:
        return Commit()
    root = os.path.realpath(root)
    try:
        with CommitLock(root, timeout=timeout) as lock:
            _refuse_interrupted(root)
            state_folder.make(root)
            new = preparation.prepare(root, changes, placements)
            _decide(root, new, lock)
            return _finish(root, new.intent, keep)
    except OSError as error:
        raise TransactionError(f"{_reason(root, error)}; nothing was changed") from None


def recover(
    root: str,
    *,
    abandon: bool = False,
    timeout: float = TIMEOUT,
    keep: Keep | None = None,
) -> Recovery:
    """Bring an interrupted commit to its end. Where none was interrupted, nothing is touched.

    A commit that was decided is finished, one that was not is undone. Idempotent, also when it
    is itself interrupted.

    Args:
        root: the project's root.
        abandon: undo a decided commit as well, as far as nobody else decided otherwise, and
            move an intent out of the way that cannot be read.
        timeout: how long to wait for a commit that is under way, in seconds.
        keep: is given each text that found no place, before the intent that holds it is
            removed, so that no crash can lose it. The result has them, too.

    Raises:
        LockedError: a commit is under way, and takes too long.
        TransactionError: a map does not parse, or the system refused something. The intent
            stands, nothing is lost, and `recover` can be called again.
    """
    root = os.path.realpath(root)
    try:
        if not intent.stands(root) and not intent.draft_stands(root):
            return Recovery("nothing")
        with CommitLock(root, timeout=timeout):
            return _recover(root, abandon, keep)
    except OSError as error:
        raise TransactionError(
            f"{_reason(root, error)}; the interrupted commit waits, nothing is lost: "
            "see to it and run `jit-guard recover` again"
        ) from None


def interrupted(root: str) -> str | None:
    """Why `recover` is due, or None. Creates nothing.

    Raises:
        UnreadableError: it cannot be told.
    """
    root = os.path.realpath(root)
    try:
        # Looked at twice: the commit may have ended before the lock was tried.
        if not intent.stands(root) or held(root) or not intent.stands(root):
            return None
    except OSError as error:
        raise UnreadableError(PENDING, _words(error)) from None
    return f"a commit did not finish: {PENDING} stands, and no process works on it"


def wait(root: str, *, timeout: float = TIMEOUT) -> None:
    """Return when no commit is under way: at once, as a rule. Creates nothing.

    For readers: the map is renamed an instant before its components get their names. Who finds
    a component missing waits, reads both again, and knows.

    Raises:
        LockedError: a commit is under way, and takes too long.
        UnfinishedCommitError: the commit was interrupted.
        TransactionError: it cannot be told.
    """
    root = os.path.realpath(root)
    try:
        if intent.stands(root):
            with CommitLock(root, timeout=timeout, shared=True):
                _refuse_interrupted(root)
    except OSError as error:
        raise TransactionError(_reason(root, error)) from None


def _refuse_interrupted(root: str) -> None:
    if intent.stands(root):
        raise UnfinishedCommitError(
            f"an earlier commit was interrupted ({PENDING} stands); run `jit-guard recover`"
        )


def _decide(root: str, new: New, lock: CommitLock) -> None:
    """Steps 2 to 4 on disk. When this returns, the commit is decided; when not, undone."""
    try:
        intent.write(root, new.intent.plan())
        preparation.make(root, new)
        if not lock.holds():
            raise TransactionError(f"{STATE_FOLDER} was removed meanwhile; nothing was changed")
        intent.write(root, new.intent)
    except BaseException as error:
        _undo(root, new.intent.plan(), error)
        raise


def _undo(root: str, plan: Intent, cause: BaseException) -> None:
    """Remove what was made, unless the disk says that the commit is decided."""
    try:
        try:
            there = intent.read(root)
        except TransactionError:
            there = plan
        if there is not None and there.phase == "commit":
            if isinstance(cause, OSError):
                raise _unfinished(root, cause)
            return
        if there is not None or not durable.exists(os.path.join(root, STATE_FOLDER)):
            recovery.undo_plan(root, plan)
        elif intent.draft_stands(root):
            durable.remove(os.path.join(root, intent.DRAFT))
    except OSError as error:
        raise UnfinishedCommitError(
            f"{_reason(root, error)}; what was begun could not be undone: no map and no component "
            "was changed, and `jit-guard recover` removes the rest"
        ) from None


def _finish(root: str, decided: Intent, keep: Keep | None) -> Commit:
    """Steps 5 to 7."""
    try:
        done = recovery.replay(root, decided, fresh=True, keep=keep)
    except OSError as error:
        raise _unfinished(root, error) from None
    except UnfinishedCommitError:
        raise
    except TransactionError as error:
        raise UnfinishedCommitError(str(error)) from None
    return Commit(done.changes, done.placed, done.left, done.kept)


def _unfinished(root: str, error: OSError) -> UnfinishedCommitError:
    return UnfinishedCommitError(
        f"{_reason(root, error)}; the commit is decided and not finished, and nothing is lost: "
        "see to it and run `jit-guard recover`"
    )


def _recover(root: str, abandon: bool, keep: Keep | None) -> Recovery:
    try:
        pending = intent.read(root)
    except intent.UnreadableIntentError:
        if not abandon:
            raise
        intent.set_aside(root)
        note = f"{PENDING} is damaged, and was moved to {intent.BROKEN} with all it holds"
        return Recovery("set aside", notes=(note,))
    if pending is None:  # another process was faster, or a writer died over its draft
        intent.remove(root)
        return Recovery("nothing")
    if pending.phase == "plan":
        return recovery.undo_plan(root, pending, keep=keep)
    return recovery.replay(root, pending, back=abandon, keep=keep)


def _reason(root: str, error: OSError) -> str:
    """An operating system's error as what and where."""
    words = _words(error)
    path = error.filename
    if not isinstance(path, str):
        return words
    shown = os.path.relpath(path, root) if path.startswith(root) else path
    return f"{shown}: {words}"


def _words(error: OSError) -> str:
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
