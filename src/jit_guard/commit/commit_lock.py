"""The commit lock, which allows one commit at a time in a project.

It is a kernel lock (`flock`, on Windows a locked byte) on `.jit-guard/commit.lock`. The kernel
releases it when its holder ends, so there are no stale locks, leases or process ids to check.
The file is never unlinked: otherwise one process could lock the old file while another locks a
new one. (git's `*.lock` files are different: their existence is the lock, and a crash leaves them
behind.)
"""

from __future__ import annotations

import os
import time
from types import TracebackType

from jit_guard.commit import kernel_lock
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import LockedError
from jit_guard.commit.state_directory import make_directory
from jit_guard.text.names import COMMIT_LOCK

_NAME = os.path.basename(COMMIT_LOCK)
TIMEOUT = 60.0  # seconds; a commit takes milliseconds, so the holder is stopped or hangs
_FIRST_WAIT, _LONGEST_WAIT = 0.0005, 0.02


class CommitLock:
    """A context manager that holds the commit lock.

    Args:
        root: the project's root.
        timeout: how long to wait for another holder, in seconds; 0 does not wait.
        shared: lock as a reader. Several readers may hold the lock at once, but not during a
            commit. A reader creates nothing; without a lock file there is nothing to wait for.

    Raises:
        LockedError: on entering, if another process holds the lock until the timeout.
        OSError: on entering, if the lock file cannot be opened or created.
    """

    def __init__(self, root: str, *, timeout: float = TIMEOUT, shared: bool = False) -> None:
        self._root = root
        self._path = os.path.join(root, COMMIT_LOCK)
        self._timeout = timeout
        self._shared = shared
        self._handle: int | None = None

    def __enter__(self) -> CommitLock:  # noqa: PYI034  (Self is newer than Python 3.10)
        deadline = time.monotonic() + self._timeout
        wait = _FIRST_WAIT
        while not self._try():
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another jit-guard process has held {COMMIT_LOCK} for more than "
                    f"{self._timeout:g} s; wait for it to finish or stop it, then try again"
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
                kernel_lock.release(handle)
            except OSError:
                return  # the handle is closed anyway, and the work under the lock is done

    def holds(self) -> bool:
        """Check that the lock we hold is still the one on disk (the directory was not removed)."""
        return self._handle is not None and kernel_lock.is_at(self._handle, self._path)

    def advance(self) -> None:
        """Give the lock that we hold another time, by which readers notice a commit.

        Called when the intent is on disk, and nothing else yet: a reader that finds no intent, and
        later the same time, has read nothing of a commit (see `Worktree.moment`).

        Raises:
            OSError: that is impossible.
        """
        if self._handle is not None:
            kernel_lock.advance(self._handle, self._path)

    def excluded(self) -> bool:
        """Check that no commit was possible since we entered, also where there was no lock file."""
        if self._handle is None:
            return not os.path.lexists(self._path)
        return self.holds()

    def _try(self) -> bool:
        with Directories(self._root) as directories:
            if self._shared:
                try:
                    location = directories.state.location(_NAME)
                    handle = kernel_lock.open_file(location, os.O_RDONLY)
                except (FileNotFoundError, NotADirectoryError):
                    return True
            else:
                handle = kernel_lock.open_file(make_directory(directories.state).location(_NAME))
        ours = False
        try:
            if kernel_lock.lock(handle, shared=self._shared):
                self._handle = handle
                # `git clean -x` may have removed the directory between open and lock.
                ours = self.holds()
        finally:
            if not ours:
                self._handle = None
                os.close(handle)
        return ours
