"""File operations that a power loss cannot undo, each an atom of the commit.

What POSIX promises is little: a write may be lost or torn until its file is synced, and a name
that was made, renamed or removed may come back until its folder is synced, each on its own and
in any order (Pillai and others, "All File Systems Are Not Created Equal", OSDI 2014, whose
model the crash tests follow; LWN, "A way to do atomic writes", 2019; SQLite, "Atomic Commit").
So every sync here takes the words for what would be lost without it, and the tests take each
of them out and look for that loss.

All functions raise OSError, always with the path in it, and nothing else.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

if sys.platform != "win32":
    import fcntl

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | getattr(os, "O_NOFOLLOW", 0)
# A FIFO in a file's place must not make us wait for whoever holds its other end.
_READ = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
# File systems that cannot sync a folder, or take no F_FULLFSYNC, say so by one of these.
_UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_CHUNK = 1 << 20
_WINDOWS_TRIES = 40


def sync(handle: int, without: str) -> None:  # noqa: ARG001  (the tests read it)
    """Put on the disk what was written to a file, or which names were changed in a folder.

    Args:
        handle: the open file or folder.
        without: what a power loss could do if this call were missing.
    """
    if sys.platform == "darwin":  # fsync alone leaves the data in the drive's own cache
        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        else:
            return
    os.fsync(handle)


def sync_folder(path: str, without: str) -> None:
    """Put a folder's changed names on the disk; Windows has no such call."""
    if sys.platform == "win32":
        return
    try:
        handle = os.open(path, _FOLDER)
        try:
            sync(handle, without)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise _at(path, error) from None


def sync_file(path: str, without: str) -> None:
    """Put on the disk what somebody wrote to a file."""
    # Windows flushes only what was opened for writing.
    flags = (os.O_RDWR if sys.platform == "win32" else os.O_RDONLY) | _BINARY
    handle = os.open(path, flags)
    try:
        sync(handle, without)
    except OSError as error:
        raise _at(path, error) from None
    finally:
        os.close(handle)


def write_file(
    path: str,
    data: bytes,
    without: str,
    *,
    like: os.stat_result | None = None,
    attributes_of: str | None = None,
    again: bool = False,
) -> None:
    """Write a whole file and sync it, before anybody can see it under its final name.

    Args:
        path: a name that only we use; it must not exist unless `again`.
        data: all of it.
        without: what a power loss could do if the sync were missing.
        like: the file that this one will replace: its mode and owner are taken over.
        attributes_of: the path of that file, for its extended attributes (ACLs, SELinux).
        again: in the place of an earlier try, if there is one.
    """
    if again:
        remove(path)
    try:
        handle = os.open(path, _NEW, 0o666)
        try:
            # Before the bytes: where all of them stand, the mode and the owner do as well.
            if like is not None and sys.platform != "win32":
                _take_over(handle, like, attributes_of)
            left = memoryview(data)
            while left:  # a write may take less than it was given
                left = left[os.write(handle, left) :]
            sync(handle, without)
        finally:
            os.close(handle)
    except OSError as error:
        raise _at(path, error) from None


def _take_over(handle: int, like: os.stat_result, attributes_of: str | None) -> None:
    """Mode, owner and extended attributes of the file that will be replaced."""
    if sys.platform == "win32":
        return
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except PermissionError:
            # Another user's file in a shared folder: who may read and write it must not
            # change, so the group is kept or we stop; the owner can only be kept by root.
            if mine.st_gid != like.st_gid:
                try:
                    os.fchown(handle, -1, like.st_gid)
                except PermissionError:
                    raise OSError(errno.EPERM, "Its group could not be kept") from None
    os.fchmod(handle, stat.S_IMODE(like.st_mode))  # after fchown, which clears set-id bits
    if attributes_of is not None and sys.platform == "linux":
        try:
            for name in os.listxattr(attributes_of):
                os.setxattr(handle, name, os.getxattr(attributes_of, name))
        except OSError as error:
            # What only the system may set (security.*) it has set on the new file itself.
            if error.errno not in (*_UNSUPPORTED, errno.EPERM, errno.EACCES, errno.ENODATA):
                raise


def read_file(path: str) -> tuple[bytes, os.stat_result] | None:
    """The bytes of a regular file and its status; None when there is none.

    Raises:
        OSError: it cannot be read, or something else is there, such as a link.
    """
    try:
        handle = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        pieces: list[bytes] = []
        while piece := os.read(handle, _CHUNK):
            pieces.append(piece)
        return b"".join(pieces), status
    except OSError as error:
        raise _at(path, error) from None
    finally:
        os.close(handle)


def exists(path: str) -> bool:
    """Does anything stand there, be it a broken link? What cannot be told is an error."""
    return _status(path) is not None


def is_link(path: str) -> bool:
    """Is it a symbolic link?"""
    status = _status(path)
    return status is not None and stat.S_ISLNK(status.st_mode)


def is_file(path: str) -> bool:
    """Is it a regular file, itself and not by a link?"""
    status = _status(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def _status(path: str) -> os.stat_result | None:
    # os.path.exists and its kin say False when they cannot look; that could cost a file.
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def make_folders(paths: Sequence[str], parents: Sequence[str]) -> None:
    """Make folders, outermost first, that stay.

    Args:
        paths: what to make; what is there already is as good.
        parents: every folder whose names must be on the disk for them to be found. Also those
            that exist: who made them may have been killed before syncing.
    """
    for path in paths:
        try:
            os.mkdir(path)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise
    for parent in parents:
        sync_folder(parent, without="a new folder is gone, with every component in it")


def remove_folders(paths: Sequence[str]) -> bool:
    """Remove those of the folders that are empty (innermost last in `paths`); were there any?"""
    removed = False
    for path in reversed(paths):
        try:
            os.rmdir(path)
            removed = True
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
                raise
    return removed


def same_file(before: os.stat_result, now: os.stat_result) -> bool:
    """Has nobody saved the file in between? By identity, size and times, as git's index does."""
    return (before.st_ino, before.st_size, before.st_mtime_ns, before.st_ctime_ns) == (
        now.st_ino,
        now.st_size,
        now.st_mtime_ns,
        now.st_ctime_ns,
    )


def place(temporary: str, final: str) -> None:
    """Give a file its final name beside the temporary one; never over an existing file.

    Raises:
        FileExistsError: something has the name already.
    """
    try:
        os.link(temporary, final, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (FAT, some network and user-space file systems). On Windows a
        # rename is exclusive by itself; elsewhere the check and the rename are two steps.
        if exists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), final) from None
        _patiently(os.rename, temporary, final)


def replace(temporary: str, final: str) -> None:
    """Rename over a file, in one instant: who opens the name gets all of one or the other."""
    _patiently(os.replace, temporary, final)


def remove(path: str) -> bool:
    """Remove a file; False when there was none."""
    try:
        _patiently(os.unlink, path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _patiently(call: Callable[..., Any], *paths: str) -> None:
    """Windows refuses while a scanner or an editor has the file open: try for two seconds."""
    for _ in range(_WINDOWS_TRIES if sys.platform == "win32" else 0):
        try:
            call(*paths)
        except PermissionError:
            time.sleep(0.05)
        else:
            return
    call(*paths)


def _at(path: str, error: OSError) -> OSError:
    """The error with its path; what fails on a handle does not know it."""
    if error.filename is None:
        return type(error)(error.errno, error.strerror, path)
    return error
