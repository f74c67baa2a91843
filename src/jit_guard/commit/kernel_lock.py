"""Locks that end with their holder, however that ends: `flock`, on Windows a locked byte."""

from __future__ import annotations

import errno
import os
import sys

if sys.platform == "win32":
    import msvcrt

    _BUSY = (errno.EACCES, errno.EDEADLK)
else:
    import fcntl

    _BUSY = (errno.EAGAIN,)  # any other error is an error: it would never be our turn
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def take(path: str, *, shared: bool = False) -> int | None:
    """Lock a file, made if need be; an open handle, or None when another process holds it.

    The file is never unlinked: whoever unlinks a lock file lets two in at once.

    Raises:
        OSError: it cannot be opened or locked.
    """
    handle = os.open(path, _FLAGS | os.O_CREAT, 0o666)
    locked = False
    try:
        locked = lock(handle, shared=shared)
    finally:
        if not locked:
            os.close(handle)
    return handle if locked else None


def is_at(handle: int, path: str) -> bool:
    """Is the locked file still the one that others find there (nobody removed it)?

    Raises:
        OSError: that cannot be told.
    """
    try:
        there = os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    mine = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def let_go(handle: int) -> None:
    """Unlock and close."""
    try:
        # Closing is not enough when a fork has taken a copy of the handle along.
        _unlock(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":

    def lock(handle: int, *, shared: bool) -> bool:  # noqa: ARG001  (there is only one kind)
        """Lock an open file; False when another process holds it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:

    def lock(handle: int, *, shared: bool) -> bool:
        """Lock an open file; False when another process holds it."""
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
