"""Who works on what: a claim lives exactly as long as the process that made it.

A process that works holds one kernel lock, on a numbered file in `.jit-guard/claims/`, and its
claims (rows of the ledger) name that number. A claim is live while the lock is held: there is
no lease that runs out under a slow model, and none that outlives a `kill -9`.

The files are never unlinked, and used again: a process takes the lowest number that is free,
so there are about as many as ever worked at once. Who takes one strikes the claims of whoever
had it before; in the instant between, those look live, and somebody waits a little longer.

Threads of one process share its lock. Which of its claims are really worked on is known here,
in memory, so that two threads keep out of each other's way just as two processes do.
"""

from __future__ import annotations

import os
from threading import RLock

from jit_guard.commit import kernel_lock
from jit_guard.errors import JitGuardError

FOLDER = "claims"
_MOST = 10_000  # processes at once; what takes more is a mistake somewhere


class Holder:
    """This process, as others see it in one project: its lock, and what its threads work on."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._handle: int | None = None
        self.number: int | None = None
        self.working: set[str] = set()
        self.users = 0

    def take(self) -> bool:
        """Hold a lock; True when it is a new one, whose old claims have to be struck.

        Raises:
            OSError: the lock files cannot be made or opened.
        """
        if self._handle is not None and self.number is not None:
            if kernel_lock.is_at(self._handle, _path(self._folder, self.number)):
                return False
            self.let_go()  # somebody removed the folder (git clean -x)
        os.makedirs(self._folder, exist_ok=True)
        for number in range(_MOST):
            path = _path(self._folder, number)
            handle = kernel_lock.take(path)
            if handle is None:
                continue
            ours = False
            try:
                ours = kernel_lock.is_at(handle, path)
            finally:
                if not ours:
                    kernel_lock.let_go(handle)
            if ours:
                self._handle, self.number = handle, number
                return True
        raise JitGuardError(f"{self._folder}: {_MOST} processes hold a lock; end some of them")

    def lives(self, component: str, number: int) -> bool:
        """Does anybody work on a component that a claim with this number names?"""
        if number == self.number:
            return component in self.working
        try:
            handle = kernel_lock.take(_path(self._folder, number), shared=True)
        except FileNotFoundError:  # with the folder went every lock in it
            return False
        if handle is None:
            return True
        kernel_lock.let_go(handle)
        return False

    def let_go(self) -> None:
        """Give the lock back, and with it every claim."""
        handle, self._handle, self.number = self._handle, None, None
        if handle is not None:
            kernel_lock.let_go(handle)

    def forget(self) -> None:
        """In a forked child: the lock is the parent's, and stays held by it."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self.number = None, None
        self.working = set()


def join(folder: str) -> Holder:
    """The one holder of this process for the project whose `.jit-guard` this is."""
    key = os.path.realpath(folder)
    with registry:
        holder = _holders.setdefault(key, Holder(os.path.join(key, FOLDER)))
        holder.users += 1
        return holder


def leave(holder: Holder) -> None:
    """The reverse of `join`; the last one out gives the lock back."""
    with registry:
        holder.users -= 1
        if holder.users <= 0:
            holder.let_go()
            for key in [key for key, one in _holders.items() if one is holder]:
                del _holders[key]


def _path(folder: str, number: int) -> str:
    return os.path.join(folder, f"{number}.lock")


def _after_fork() -> None:
    global registry  # noqa: PLW0603 - a thread that is not in the child may have held it
    registry = RLock()
    for holder in _holders.values():
        holder.forget()


registry = RLock()  # guards `Holder.working` and who holds what, for all threads
_holders: dict[str, Holder] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
