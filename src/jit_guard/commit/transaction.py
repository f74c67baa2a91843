"""The commit, which changes maps and components together, atomically.

It works on paths, bytes and edits, and does not depend on goals, models or configuration. It
keeps the order of the original algorithm (temporary map, rename, then the components) and adds a
write-ahead intent, from which a later process can finish or undo it after a crash. See
`docs/atomic-commit.md` for the protocol and its proof. The ideas come from redo logging; SQLite's
"Atomic Commit in SQLite"; git's lockfile.c for the order of writes; and the ALICE study (OSDI
2014) for what file systems do in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from jit_guard.commit import (
    completion,
    durable,
    pending,
    preparation,
    recovery,
    state_directory,
    trial,
)
from jit_guard.commit.allowed import Allowed, refusal
from jit_guard.commit.commit_lock import TIMEOUT, CommitLock
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import (
    LockedError,
    TransactionError,
    UnfinishedCommitError,
    UnsafePathError,
    unfinished,
)
from jit_guard.commit.intent import Intent, MapChange, RefusedIntentError
from jit_guard.commit.location import refuse_link_away
from jit_guard.commit.preparation import Move, New, Placement
from jit_guard.commit.reasons import reason, without_path
from jit_guard.commit.replay import TRIES, Keep, Kept, Left, Recovery, Replay
from jit_guard.errors import UnreadableError
from jit_guard.text.names import PENDING, STATE_DIRECTORY

_T = TypeVar("_T")


class Commit(NamedTuple):
    """What a commit did. All of it is on disk.

    `placed` are the components that now have their names. `left` and `kept` are empty unless
    another process saved a map or a component during the commit. `notes` are for the user.
    """

    changes: tuple[MapChange, ...] = ()
    placed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[Kept, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()  # from, to
    notes: tuple[str, ...] = ()


def commit(
    root: str,
    changes: Sequence[MapChange],
    placements: Sequence[Placement],
    *,
    moves: Sequence[Move] = (),
    timeout: float = TIMEOUT,
    keep: Keep | None = None,
) -> Commit:
    """Edit maps and place components, atomically and durably.

    When this returns, everything is on disk. When it raises anything but
    UnfinishedCommitError, everything is undone, also a commit that was decided already but that
    cannot be finished; only a file that was already replaced (`Placement.replaces`) stays so, and
    the message says that. After a crash at any point, `recover` restores the old state or
    completes the new one.

    Args:
        root: the project's root.
        changes: the edits, one `MapChange` per map.
        placements: the components. A component whose path ends with an edit's new value belongs
            to that entry, and is only placed while the entry has that value.
        moves: the components to rename, each on the same condition. The file itself gets the new
            name, so its text, mode and owner stay as they are.
        timeout: how long to wait for another process's commit, in seconds.
        keep: called with each text that was not placed because another process saved a file.

    Raises:
        EditError: an edit does not fit its map.
        OccupiedError: another file already exists at a component's path.
        UnsafePathError: a path leads out of the project.
        LockedError: another process holds the commit lock until the timeout.
        UnfinishedCommitError: an earlier commit was interrupted, or this one is decided but
            could not be finished; call `recover`.
        TransactionError: any other error of the operating system.
    """
    if not changes and not placements and not moves:
        return Commit()
    root = os.path.realpath(root)
    new: New | None = None
    try:
        with CommitLock(root, timeout=timeout) as lock, Directories(root) as directories:
            _refuse_interrupted(directories)
            state_directory.make(root)
            new = preparation.prepare(directories, changes, placements, moves)
            trial.try_places(new)
            new, head = _decide(directories, new, lock)
            return _finish(directories, new, head, keep)
    except OSError as error:
        named = reason(root, error, None if new is None else new.intent)
        raise TransactionError(f"{named}; nothing was changed") from None


def recover(
    root: str,
    allowed: Callable[[], Allowed],
    *,
    abandon: bool = False,
    timeout: float = TIMEOUT,
    keep: Keep | None = None,
) -> Recovery:
    """Finish or undo an interrupted commit. Without one, nothing is changed.

    A decided commit is finished; one that was not decided is undone, and so is one that the
    system permanently refuses to finish. Idempotent, even if it is itself interrupted.

    Args:
        root: the project's root.
        allowed: a function that returns what an intent may do; called only if there is one.
        abandon: undo a decided commit as well, except for entries that another process has
            changed since, and move a refused intent aside.
        timeout: how long to wait for a commit in progress, in seconds.
        keep: called with each text that was not placed, before the intent that contains it is
            removed, so that no crash can lose it. The result has them, too.

    Raises:
        LockedError: a commit is in progress and takes too long.
        RefusedIntentError: the intent is corrupted or not allowed. Nothing was changed.
        UnfinishedCommitError: a map does not parse, or an operation failed. The intent remains,
            nothing is lost, and `recover` can be called again.
    """
    root = os.path.realpath(root)
    try:
        with Directories(root) as directories:
            if not pending.exists(directories) and not pending.draft_exists(directories):
                if durable.exists(directories.state.place):
                    pending.sync_removal(directories)  # a killed commit may have removed it last
                return Recovery("nothing")
            with CommitLock(root, timeout=timeout):
                done = _recover(directories, allowed, abandon, keep)
                if done.outcome == "nothing":
                    return done
                return done._replace(notes=(*done.notes, *durable.notes(directories)))
    except OSError as error:
        raise unfinished(reason(root, error)) from None


def interrupted(root: str, *, locked: bool = False) -> str | None:
    """Return why `recover` is needed, or None. Creates nothing.

    Args:
        root: the project's root.
        locked: the caller holds the commit lock already, as a reader.

    Raises:
        UnreadableError: that cannot be determined.
    """
    root = os.path.realpath(root)
    try:
        with Directories(root) as directories:
            if not pending.exists(directories):
                return None
            if not locked:
                # Under the lock: the intent may be of a second commit that is in progress.
                with CommitLock(root, timeout=0, shared=True):
                    if not pending.exists(directories):
                        return None
    except LockedError:
        return None
    except OSError as error:
        raise UnreadableError(PENDING, without_path(error)) from None
    except TransactionError as error:
        raise UnreadableError(PENDING, str(error)) from None
    return f"a commit did not finish: {PENDING} exists, and no process is working on it"


def wait(root: str, *, timeout: float = TIMEOUT) -> None:
    """Wait until no commit is in progress, usually not at all. Creates nothing.

    For readers: the map is renamed just before its components get their names. A reader that
    finds a component missing should wait, then read both again.

    Raises:
        LockedError: a commit is in progress and takes too long.
        UnfinishedCommitError: the commit was interrupted.
        TransactionError: that cannot be determined.
    """
    root = os.path.realpath(root)
    try:
        with Directories(root) as directories:
            if pending.exists(directories):
                with CommitLock(root, timeout=timeout, shared=True):
                    _refuse_interrupted(directories)
    except OSError as error:
        raise TransactionError(reason(root, error)) from None


def at_rest(root: str, look: Callable[[], _T], *, timeout: float = TIMEOUT) -> _T | None:
    """Call a function while no commit is in progress. Creates nothing.

    Args:
        root: the project's root.
        look: reads the project. It is called again if the first commit of the project starts
            meanwhile, or if its lock is removed.
        timeout: how long to wait for a commit in progress, in seconds.

    Returns:
        The result of `look`; None if this user cannot open the lock.

    Raises:
        LockedError: a commit is in progress and takes too long.
    """
    root = os.path.realpath(root)
    for _ in range(TRIES):
        lock = CommitLock(root, timeout=timeout, shared=True)
        try:
            lock.__enter__()
        except OSError:
            return None
        try:
            found = look()
            if lock.excluded():
                return found
        finally:
            lock.__exit__(None, None, None)
    return None


def _refuse_interrupted(directories: Directories) -> None:
    if pending.exists(directories):
        raise UnfinishedCommitError(
            f"an earlier commit was interrupted ({PENDING} exists); run `jit-guard recover` to "
            "finish it, or `jit-guard recover --abandon` to undo it"
        )


def _decide(directories: Directories, new: New, lock: CommitLock) -> tuple[New, bytes]:
    """Do steps 2 to 4 on disk. If this returns, the commit is decided; if it raises, undone.

    Returns:
        What was decided, and the head of its intent.
    """
    plan: bytes | None = None
    try:
        plan = pending.write(directories, new.intent.plan())
        lock.advance()
        preparation.make(directories, new)
        reserves = preparation.refuses_links(new)
        new = new._replace(intent=new.intent._replace(reserves=reserves))
        if not lock.holds():
            raise TransactionError(
                f"{STATE_DIRECTORY} was removed during the commit; nothing was changed"
            )
        directories.verify()
        return new, pending.write(directories, new.intent)
    except BaseException as error:
        _undo(directories, new, plan, error)
        raise


def _undo(directories: Directories, new: New, head: bytes | None, cause: BaseException) -> None:
    """Remove what was written, unless the intent on disk says that the commit is decided."""
    root, plan = directories.top.path, new.intent.plan()
    try:
        try:
            there = pending.read(directories)
        except TransactionError:
            there = plan
        if there is not None and there.plan() != plan:
            there = None  # .jit-guard was removed, and the next commit has begun
        if there is not None and there.phase == "commit":
            if isinstance(cause, OSError):
                _undo_decided(directories, there, new, cause)
        elif there is not None or head is not None:
            recovery.undo_plan(Replay(directories, plan, locations=new.locations, head=head))
        else:
            pending.remove_draft(directories)
    except OSError as error:
        raise UnfinishedCommitError(
            f"{reason(root, error, plan)}; no map or component was changed, but temporary files "
            "remain; run `jit-guard recover` to remove them"
        ) from None


def _undo_decided(directories: Directories, decided: Intent, new: New, cause: OSError) -> None:
    """Undo a commit whose intent was written, but perhaps not synced."""
    if completion.may_pass(cause, fresh=True):
        raise unfinished(reason(directories.top.path, cause, decided))
    completion.undo(
        Replay(directories, decided, back=True, locations=new.locations, tried=set()), cause
    )


def _finish(directories: Directories, new: New, head: bytes, keep: Keep | None) -> Commit:
    """Do steps 5 to 7."""
    work = Replay(
        *(directories, new.intent),
        fresh=True,
        keep=keep,
        locations=new.locations,
        head=head,
        tried=set(),
    )
    done, cause = completion.complete(work)
    if cause is not None:
        raise completion.undone(done, cause, work)
    notes = durable.notes(directories)
    return Commit(done.changes, done.placed, done.left, done.kept, done.moved, notes)


def _recover(
    directories: Directories, allowed: Callable[[], Allowed], abandon: bool, keep: Keep | None
) -> Recovery:
    # What is read now may be newer than what a power loss would leave: its writer was killed.
    durable.sync_directory(
        directories.state,
        without="the plan is back, while what the intent announces is there already",
    )
    try:
        found = pending.read(directories)
        if found is None:  # another process recovered it, or a writer died before it was complete
            pending.remove(directories)
            return Recovery("nothing")
        work = _allowed_replay(directories, found, allowed(), abandon, keep)
    except RefusedIntentError as error:
        if not abandon:
            raise
        note = f"{PENDING} was moved to {pending.set_aside(directories)}: {error.reason}"
        return Recovery("set aside", notes=(note,))
    try:
        if found.phase == "plan":
            return recovery.undo_plan(work)
        if abandon:
            return recovery.replay(work)
    except UnfinishedCommitError:
        raise
    except (OSError, TransactionError) as error:
        raise unfinished(reason(directories.top.path, error, found)) from None
    done, cause = completion.complete(work)
    if cause is None:
        return done
    why = reason(directories.top.path, cause, found)
    return done._replace(notes=(f"{why}; so the commit was undone",))


def _allowed_replay(
    directories: Directories, found: Intent, allowed: Allowed, abandon: bool, keep: Keep | None
) -> Replay:
    """Resolve an intent's paths. Raises RefusedIntentError if it is not allowed."""
    try:
        work = Replay(
            *(directories, found),
            back=found.phase == "plan",
            abandon=abandon,
            keep=keep,
            allowed=allowed,
            head=pending.head(directories),
        )
        for one in found.components:
            refuse_link_away(work.component(one), one.path)
        for move in found.moves:
            refuse_link_away(work.ends(move)[1], move.new)
    except UnsafePathError as error:
        raise RefusedIntentError(str(error)) from None
    why = refusal(found, allowed, work.parents(), work.existing())
    if why is not None:
        raise RefusedIntentError(why)
    return work
