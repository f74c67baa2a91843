"""Try, before a commit is decided, whether its files can be replaced afterwards.

A refusal that no repetition cures must come while nothing has been changed yet. Nothing here
changes anything on disk.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from jit_guard.commit import durable
from jit_guard.commit.directories import Directory, Location
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.preparation import New

if sys.platform == "linux":
    import fcntl

_GET_FLAGS, _APPEND = 0x80086601, 0x20  # FS_IOC_GETFLAGS and FS_APPEND_FL of <linux/fs.h>
# What macOS and BSD call immutable and append-only, for the user and for the system.
_FIXED = stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND


def try_places(new: New) -> None:
    """Check that every file can be replaced, and that files can be removed in every directory.

    Raises:
        TransactionError: a file or a directory refuses it; the message names it and the cause.
        OSError: a path cannot be read.
    """
    for path, location in new.locations.items():
        if location in new.replaced:
            _try_to_replace(path, location)
    for directory in dict.fromkeys(one.directory for one in new.locations.values()):
        if directory.directories.top == directory or directory.place.status() is not None:
            _refuse_append_only(directory)


def _try_to_replace(path: str, location: Location) -> None:
    status = location.call(os.lstat)
    if _is_mounted(location, status):
        raise _refusal(
            path,
            "is a mount point (in a container, for example), so it cannot be replaced; "
            "mount its directory instead",
        )
    if getattr(status, "st_flags", 0) & _FIXED:
        raise _refusal(path, "is immutable or append-only, so it cannot be replaced")
    if getattr(status, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_READONLY:
        raise _refusal(path, "is read-only, so it cannot be replaced; run: attrib -r")
    above = location.directory
    if sys.platform == "linux" and above.handle is not None and stat.S_ISREG(status.st_mode):
        # The kernel checks every permission to remove the name before it refuses a file.
        try:
            location.call(os.rmdir)
        except NotADirectoryError:
            return
        except OSError as error:
            words = (error.strerror or str(error)).lower()
            hint = " (is it immutable, or in a sticky directory?)" * (error.errno == errno.EPERM)
            raise _refusal(path, f"cannot be replaced: {words}{hint}") from None
    elif sys.platform != "win32" and above.handle is not None:
        around = os.fstat(above.handle)
        if around.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid, around.st_uid):
            raise _refusal(path, "belongs to another user, in a sticky directory")


def _is_mounted(location: Location, status: os.stat_result) -> bool:
    """Check for a mount point.

    On Linux by the number of the mount: a file mounted from the same file system has the same
    device, and in an overlay a file of a lower layer may have another one without being mounted.
    """
    above = location.directory.handle
    if above is None:
        return False
    if sys.platform != "linux":
        return status.st_dev != os.fstat(above).st_dev
    around = _mount(above)
    handle = durable.open_to_read(location)
    try:
        return _mount(handle) != around
    finally:
        os.close(handle)


def _mount(handle: int) -> bytes | None:
    """The number of the mount that an open file is on; None if the kernel does not say."""
    try:
        info = os.open(f"/proc/self/fdinfo/{handle}", os.O_RDONLY)
        try:
            lines = os.read(info, 1000).splitlines()
        finally:
            os.close(info)
    except OSError:
        return None
    return next((line for line in lines if line.startswith(b"mnt_id:")), None)


def _refuse_append_only(directory: Directory) -> None:
    handle = directory.handle
    if sys.platform != "linux" or handle is None:
        return
    flags = bytearray(8)
    try:
        fcntl.ioctl(handle, _GET_FLAGS, flags)
    except OSError:
        return  # this file system has no such flags
    if int.from_bytes(flags[:4], sys.byteorder) & _APPEND:
        path = directory.relative or "the project's directory"
        raise _refusal(path, "is append-only, so temporary files could not be removed from it")


def _refusal(path: str, why: str) -> TransactionError:
    return TransactionError(f"{path} {why}; nothing was changed")
