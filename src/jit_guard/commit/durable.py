"""File operations that a power loss cannot undo; the building blocks of the commit.

POSIX promises little: a write may be lost or torn until its file is synced, and a created,
renamed or removed name may revert until its directory is synced, independently and in any order
(Pillai and others, "All File Systems Are Not Created Equal", OSDI 2014, whose model the crash
tests follow; LWN, "A way to do atomic writes", 2019; SQLite, "Atomic Commit"). Every sync here
therefore names what would be lost without it; the tests skip each one and look for that loss.

Every call is relative to the handle of a directory (see `directories.py`). All functions raise only
OSError, always with the path.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from jit_guard.commit.directories import Directories, Directory, Location, flags, move

if sys.platform != "win32":
    import fcntl

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags("O_BINARY")
# A FIFO in place of a file must not block us until a writer opens it.
_READ = os.O_RDONLY | flags("O_BINARY", "O_NONBLOCK", "O_NOFOLLOW")
# Errors of file systems that cannot sync a directory or do not support F_FULLFSYNC.
_UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY)
_CHUNK = 1 << 20
_T = TypeVar("_T")
_WINDOWS_TRIES = 40
_WINDOWS_PAUSE = 0.05  # seconds


def sync(handle: int, without: str) -> bool:  # noqa: ARG001  (read by the tests)
    """Flush a file's written bytes, or a directory's changed names, to disk.

    Args:
        handle: the open file or directory.
        without: what a power loss could cause without this call.

    Returns:
        True if they may only have reached the drive's own cache, which this volume cannot flush.
    """
    if sys.platform == "darwin":  # fsync alone leaves the data in the drive's own cache
        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        else:
            return False
    os.fsync(handle)
    return sys.platform == "darwin"


def sync_directory(directory: Directory, without: str) -> None:
    """Flush a directory's changed names to disk; a no-op on Windows, which has no such call."""
    try:
        handle = directory.handle
        if handle is not None:
            _sync(directory, handle, without)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise _at(directory.path, error) from None


def sync_file(location: Location, without: str) -> None:
    """Flush a file to disk that another process may have written."""
    # Windows flushes only files that are open for writing.
    way = _READ | os.O_RDWR if sys.platform == "win32" else _READ
    handle = location.call(os.open, way)
    try:
        _sync(location.directory, handle, without)
    except OSError as error:
        raise _at(location.path, error) from None
    finally:
        os.close(handle)


def write_file(
    location: Location,
    data: bytes,
    without: str,
    *,
    mode: int = 0o666,
    like: os.stat_result | None = None,
    attributes_of: Location | None = None,
    again: bool = False,
) -> None:
    """Write a whole file and sync it, before it is visible under its final name.

    Args:
        location: one of our temporary names; it must not exist, unless `again` is set.
        data: the contents of the file.
        without: what a power loss could cause without the sync.
        mode: the mode of the new file; the umask applies.
        like: the status of the file that this one replaces; its mode and owner are copied.
        attributes_of: the location of that file; its extended attributes (ACLs, …) are copied.
        again: replace the file of an earlier attempt, if there is one.
    """
    if again:
        remove(location)
    try:
        handle = location.call(os.open, _NEW, mode)
        try:
            # Before the bytes: a complete file then also has its mode and owner.
            if like is not None and sys.platform != "win32":
                _take_over(handle, like, attributes_of)
            left = memoryview(data)
            while left:  # a write may be partial
                left = left[os.write(handle, left) :]
            _sync(location.directory, handle, without)
        finally:
            os.close(handle)
    except OSError as error:
        raise _at(location.path, error) from None


def notes(directories: Directories) -> tuple[str, ...]:
    """Return what the user should know about the syncs in these directories."""
    if not directories.stays_in_cache:
        return ()
    what = f"the volume of {directories.top.path} cannot flush its drive (it has no F_FULLFSYNC)"
    return (f"{what}; a power loss may damage what was just written",)


def _sync(directory: Directory, handle: int, without: str) -> None:
    if sync(handle, without):
        directory.directories.stays_in_cache = True


def _take_over(handle: int, like: os.stat_result, attributes_of: Location | None) -> None:
    """Copy mode, owner and extended attributes from the file that will be replaced."""
    if sys.platform == "win32":
        return
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except PermissionError:
            # Another user's file in a shared directory. Access must not change, so fail if
            # the group cannot be kept; only root can keep the owner.
            if mine.st_gid != like.st_gid:
                try:
                    os.fchown(handle, -1, like.st_gid)
                except PermissionError:
                    raise OSError(errno.EPERM, "Its group could not be kept") from None
    os.fchmod(handle, stat.S_IMODE(like.st_mode))  # after fchown, which clears set-id bits
    if attributes_of is not None and sys.platform == "linux":
        source = attributes_of.call(os.open, _READ)
        try:
            for name in os.listxattr(source):
                os.setxattr(handle, name, os.getxattr(source, name))
        except OSError as error:
            # The system sets its own attributes (security.*) on the new file.
            if error.errno not in (*_UNSUPPORTED, errno.EPERM, errno.EACCES, errno.ENODATA):
                raise
        finally:
            os.close(source)


def read_file(location: Location, most: int | None = None) -> tuple[bytes, os.stat_result] | None:
    """Read a regular file and its status; None if it does not exist.

    Raises:
        OSError: it cannot be read, is not a regular file (a link, for example), or is larger than
            `most` bytes.
    """
    try:
        handle = open_to_read(location)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        pieces: list[bytes] = []
        size = 0
        while piece := os.read(handle, _CHUNK):
            pieces.append(piece)
            size += len(piece)
            if most is not None and size > most:
                raise OSError(errno.EFBIG, f"Larger than {most >> 20} MB")
        return b"".join(pieces), status
    except OSError as error:
        raise _at(location.path, error) from None
    finally:
        os.close(handle)


def open_to_read(location: Location) -> int:
    """Open a file for reading; never blocks, and follows no link."""
    handle: int = _patiently(lambda: location.call(os.open, _READ))
    return handle


def exists(location: Location) -> bool:
    """Check whether a path exists, even as a broken link; raise if that cannot be determined."""
    return location.status() is not None


def is_link(location: Location) -> bool:
    """Check for a symbolic link."""
    status = location.status()
    return status is not None and stat.S_ISLNK(status.st_mode)


def is_file(location: Location) -> bool:
    """Check for a regular file, without following links."""
    status = location.status()
    return status is not None and stat.S_ISREG(status.st_mode)


def make_directories(directories: Sequence[Directory], parents: Sequence[Directory]) -> None:
    """Create directories durably, outermost first.

    Args:
        directories: the directories to create; existing ones are accepted.
        parents: every directory whose names must be on disk for them to be found, including
            existing ones: the process that created them may have been killed before its sync.
    """
    for directory in directories:
        place = directory.place
        try:
            place.call(os.mkdir, 0o777)
        except FileExistsError:
            if not stat.S_ISDIR(place.call(os.lstat).st_mode):
                raise
    for parent in parents:
        sync_directory(parent, without="a new directory is lost, with every component in it")


def remove_directory(directory: Directory) -> bool:
    """Remove a directory if it is empty; return False if it is not, or does not exist.

    On Windows a directory that a process works in cannot be removed; it stays, and is empty.
    """
    try:
        directory.place.call(os.rmdir)
    except OSError as error:
        is_in_use = sys.platform == "win32" and error.errno == errno.EACCES
        left = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR)
        if error.errno not in left and not is_in_use:
            raise
        return False
    directory.directories.close(directory)
    return True


def place(temporary: Location, final: Location) -> None:
    """Give a file another name, by a hard link; never overwrite an existing file.

    Raises:
        FileExistsError: the name is already taken.
        OSError: no hard link can be made here; `place_without_link` can still place the file.
    """
    move(os.link, temporary, final, follow_symlinks=False)


def place_without_link(temporary: Location, final: Location) -> None:
    """Do the same where hard links are refused (FAT, Android, some FUSE file systems).

    The name is reserved by an empty file, which is created exclusively, and the finished file is
    renamed over it. A crash in between leaves the empty file.

    Raises:
        FileExistsError: the name is already taken.
    """
    if sys.platform == "win32":  # a rename there never overwrites
        _patiently(lambda: move(os.rename, temporary, final))
        return
    os.close(final.call(os.open, _NEW, 0o600))
    replace(temporary, final)


def can_link(temporary: Location, probe: Location) -> bool:
    """Try a hard link and its removal. Raises OSError: it cannot be removed."""
    can = True
    try:
        move(os.link, temporary, probe, follow_symlinks=False)
    except OSError:
        can = False  # although some network file systems have made it
    remove(probe)
    return can


def replace(temporary: Location, final: Location) -> None:
    """Replace a file atomically: readers get either the old contents or the new."""
    _patiently(lambda: move(os.replace, temporary, final))


def remove(location: Location) -> bool:
    """Remove a file; return False if there was none."""
    try:
        _patiently(lambda: location.call(os.unlink))
    except (FileNotFoundError, NotADirectoryError):
        return False
    if sys.platform == "win32":
        _wait_until_gone(location)
    return True


def _wait_until_gone(location: Location) -> None:
    """Wait for two seconds: on Windows a name can remain as long as another process looks at it.

    Without that, the next commit takes the name of an intent for an interrupted commit.
    """
    for _ in range(_WINDOWS_TRIES):
        if not exists(location):
            return
        time.sleep(_WINDOWS_PAUSE)


def _patiently(call: Callable[[], _T]) -> _T:
    """Retry for two seconds on Windows, which refuses while another program has the file open.

    That may be a scanner, or an editor that is just replacing it.
    """
    for _ in range(_WINDOWS_TRIES if sys.platform == "win32" else 0):
        try:
            return call()
        except PermissionError:
            time.sleep(_WINDOWS_PAUSE)
    try:
        return call()
    except PermissionError as error:
        if sys.platform == "win32":
            words = f"{error.strerror} (is it open in another program?)"
            raise PermissionError(error.errno, words, error.filename) from None
        raise


def _at(path: str, error: OSError) -> OSError:
    """Add the path to an error; one that was raised for a handle has none."""
    if error.filename is None:
        return type(error)(error.errno, error.strerror, path)
    return error
