"""Locks that the kernel releases when their holder ends: `flock`, on Windows a locked byte."""

from __future__ import annotations

import errno
import os
import stat
import sys

from jit_guard.commit.directories import Location, flags
from jit_guard.commit.file_status import is_same_file

if sys.platform == "win32":
    import msvcrt

    _BUSY = (errno.EACCES, errno.EDEADLK)
    _AT_ONCE, _LOCK_VIOLATION = 0x1, 33  # LOCKFILE_FAIL_IMMEDIATELY, ERROR_LOCK_VIOLATION
else:
    import fcntl

    _BUSY = (errno.EAGAIN,)  # retrying would not help with any other error
# Opening a FIFO must not block until another process opens its other end.
_FLAGS = flags("O_NOFOLLOW", "O_NONBLOCK")
MAKE = os.O_RDWR | os.O_CREAT
_STEPS = (1, 1000, 1_000_000, 1_000_000_000, 2_000_000_000)  # nanoseconds


def open_file(location: Location, way: int = MAKE) -> int:
    """Open a lock file; by default, create it if needed.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    handle: int = location.call(os.open, way | _FLAGS, 0o600)
    regular = False
    try:
        regular = stat.S_ISREG(os.fstat(handle).st_mode)
    finally:
        if not regular:
            os.close(handle)
    if not regular:
        raise OSError(errno.EINVAL, "Not a regular file", location.path)
    return handle


def take(location: Location, *, shared: bool = False) -> int | None:
    """Lock a file, creating it if needed; return its handle, or None if another process holds it.

    The file must never be unlinked: two processes could then hold the lock at once.

    Raises:
        OSError: it cannot be opened or locked.
    """
    handle = open_file(location)
    locked = False
    try:
        locked = lock(handle, shared=shared)
    finally:
        if not locked:
            os.close(handle)
    return handle if locked else None


def is_at(handle: int, path: str) -> bool:
    """Check that the locked file is still the one at this path (it was not removed).

    Raises:
        OSError: that cannot be determined.
    """
    try:
        there = os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return is_same_file(os.fstat(handle), there)


def advance(handle: int, path: str) -> None:
    """Give a locked file a later modification time, by which others notice that it was locked.

    Only the order counts, so that no clock has to be right. The step is as small as the file
    system allows: 2 s on FAT.

    Raises:
        OSError: that is impossible.
    """
    before = os.fstat(handle).st_mtime_ns
    for step in _STEPS:
        os.utime(handle if os.utime in os.supports_fd else path, ns=(before + step, before + step))
        if os.fstat(handle).st_mtime_ns > before:
            return
    raise OSError(errno.EINVAL, "Its time cannot be set", path)


def release(handle: int) -> None:
    """Unlock and close."""
    try:
        # Closing is not enough if a forked child has a copy of the handle.
        _unlock(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":

    def lock(handle: int, *, shared: bool) -> bool:
        """Lock an open file; False when another process holds it."""
        return _lock_shared(handle) if shared else _lock_alone(handle)

    def _lock_alone(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def _lock_shared(handle: int) -> bool:
        """Lock the same byte as a reader, which `msvcrt` cannot do."""
        import ctypes
        from ctypes import wintypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        overlapped = (ctypes.c_uint64 * 4)()  # an OVERLAPPED of zeros: from the first byte
        file = wintypes.HANDLE(msvcrt.get_osfhandle(handle))
        if kernel.LockFileEx(file, _AT_ONCE, 0, 1, 0, ctypes.byref(overlapped)):
            return True
        number = ctypes.get_last_error()
        if number == _LOCK_VIOLATION:
            return False
        raise ctypes.WinError(number)

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
