"""Claims on components, each live exactly as long as the process that made it.

A working process holds one kernel lock, on a numbered file in `.jit-guard/claims/`, and its
claims (rows of the ledger) carry that number. A claim is live while the lock is held: no lease
expires during a slow call to a model, and no claim outlives a `kill -9`.

The files are never unlinked but reused: a process takes the lowest free number, so there are
about as many files as processes that ever worked at once. The process that takes a number deletes
the claims of its previous holder; until then they look live, and another process may wait a little
longer.

The threads of one process share its lock. The set of claims that they are working on is kept here,
in memory, so that two threads exclude each other just as two processes do.
"""

from __future__ import annotations

import os
from threading import RLock

from jit_guard.commit import kernel_lock
from jit_guard.commit.directories import Directories, Directory
from jit_guard.commit.state_directory import make_directory
from jit_guard.errors import JitGuardError
from jit_guard.text.names import STATE_DIRECTORY

DIRECTORY = "claims"
MOST = 10_000  # processes at once; a higher number indicates a bug


class Holder:
    """This process as a holder of claims in one project: its lock and its threads' work."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._handle: int | None = None
        self.number: int | None = None
        self.working: set[str] = set()
        self.users = 0

    def take(self) -> bool:
        """Hold a lock; return True if it is new, so that its old claims must be deleted.

        Raises:
            OSError: the lock files cannot be created or opened.
        """
        if self._handle is not None and self.number is not None:
            if kernel_lock.is_at(self._handle, self._path(self.number)):
                return False
            self.let_go()  # the directory was removed (git clean -x)
        with Directories(self._root) as directories:
            make_directory(directories.state)
            directory = make_directory(_directory(directories))
            for number in range(MOST):
                location = directory.location(_name(number))
                handle = kernel_lock.take(location)
                if handle is None:
                    continue
                ours = False
                try:
                    ours = kernel_lock.is_at(handle, location.path)
                finally:
                    if not ours:
                        kernel_lock.release(handle)
                if ours:
                    self._handle, self.number = handle, number
                    return True
        raise JitGuardError(
            f"{STATE_DIRECTORY}/{DIRECTORY}: {MOST} processes hold locks; stop some of them"
        )

    def lives(self, component: str, number: int) -> bool:
        """Check whether the holder with this number is still working on a component."""
        if number == self.number:
            return component in self.working
        try:
            with Directories(self._root) as directories:
                location = _directory(directories).location(_name(number))
                handle = kernel_lock.take(location, shared=True)
        except FileNotFoundError:  # the directory was removed, with every lock in it
            return False
        if handle is None:
            return True
        kernel_lock.release(handle)
        return False

    def _path(self, number: int) -> str:
        return os.path.join(self._root, STATE_DIRECTORY, DIRECTORY, _name(number))

    def let_go(self) -> None:
        """Release the lock, and with it every claim."""
        handle, self._handle, self.number = self._handle, None, None
        if handle is not None:
            kernel_lock.release(handle)

    def forget(self) -> None:
        """Drop the lock in a forked child; the parent still holds it."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self.number = None, None
        self.working = set()


def join(root: str) -> Holder:
    """Return this process's holder for the project at `root`."""
    key = os.path.realpath(root)
    with registry:
        holder = _holders.setdefault(key, Holder(key))
        holder.users += 1
        return holder


def leave(holder: Holder) -> None:
    """Undo `join`; the last user releases the lock."""
    with registry:
        holder.users -= 1
        if holder.users <= 0:
            holder.let_go()
            for key in [key for key, one in _holders.items() if one is holder]:
                del _holders[key]


def _directory(directories: Directories) -> Directory:
    return directories.at(f"{STATE_DIRECTORY}/{DIRECTORY}")


def _name(number: int) -> str:
    return f"{number}.lock"


def _after_fork() -> None:
    global registry  # noqa: PLW0603 - a thread that the child does not have may hold it
    registry = RLock()
    for holder in _holders.values():
        holder.forget()


registry = RLock()  # guards `Holder.working` and `_holders` for all threads
_holders: dict[str, Holder] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
