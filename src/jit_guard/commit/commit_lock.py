"""The commit lock: one commit at a time in a project, for as long as a process holds it.

A kernel lock (`flock`, on Windows a locked byte) on `.jit-guard/commit.lock`: it ends with its
holder, however that ends, so there is no stale lock, no lease and no process id to guess from.
The file is never unlinked: whoever unlinks a lock file lets two in at once, one that holds the
old file and one that makes the new. (git's own `*.lock` files are different: there the name is
the lock, which a crash leaves behind.)
"""

from __future__ import annotations

import os
import time
from types import TracebackType

from jit_guard.commit import kernel_lock
from jit_guard.commit.errors import LockedError
from jit_guard.commit.state_folder import make_folder
from jit_guard.text.names import STATE_FOLDER

LOCK = "commit.lock"
TIMEOUT = 60.0  # seconds; a commit takes milliseconds, so this is somebody stopped or hanging
_FIRST_WAIT, _LONGEST_WAIT = 0.0005, 0.02
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class CommitLock:
    """A context manager that holds the commit lock.

    Args:
        root: the project's root.
        timeout: how long to wait for another holder, in seconds; 0: do not wait.
        shared: as a reader: many at once, none while a commit is made. A reader creates
            nothing; where no commit was ever made there is nothing to wait for.

    Raises:
        LockedError: on entering, when another process holds it all the time.
        OSError: on entering, when the lock cannot be opened or made.
    """

    def __init__(self, root: str, *, timeout: float = TIMEOUT, shared: bool = False) -> None:
        self._folder = os.path.join(root, STATE_FOLDER)
        self._path = os.path.join(self._folder, LOCK)
        self._timeout = timeout
        self._shared = shared
        self._handle: int | None = None

    def __enter__(self) -> CommitLock:  # noqa: PYI034  (Self is newer than Python 3.10)
        deadline = time.monotonic() + self._timeout
        wait = _FIRST_WAIT
        while not self._try():
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another jit-guard has held {STATE_FOLDER}/{LOCK} for more than "
                    f"{self._timeout:g} s; wait until it is done, or stop it, and try again"
                )
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                kernel_lock.let_go(handle)
            except OSError:
                return  # closed all the same; what was done under the lock is done

    def holds(self) -> bool:
        """Is the lock that we hold still the one that others find (nobody removed the folder)?"""
        if self._handle is None:
            return False
        return kernel_lock.is_at(self._handle, self._path)

    def _try(self) -> bool:
        if self._shared:
            try:
                handle = os.open(self._path, os.O_RDONLY | _FLAGS)
            except (FileNotFoundError, NotADirectoryError):
                return True
        else:
            make_folder(self._folder)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
        ours = False
        try:
            if kernel_lock.lock(handle, shared=self._shared):
                self._handle = handle
                # Somebody may have removed the folder (git clean -x) between open and lock.
                ours = self.holds()
        finally:
            if not ours:
                self._handle = None
                os.close(handle)
        return ours


def held(root: str) -> bool:
    """Does a process hold the commit lock now? Creates nothing.

    Raises:
        OSError: the lock file is there and cannot be opened.
    """
    try:
        with CommitLock(root, timeout=0, shared=True):
            return False
    except LockedError:
        return True
