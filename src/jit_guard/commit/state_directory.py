"""`.jit-guard`, the directory of jit-guard's local state in a project, private to its owner."""

from __future__ import annotations

import os
import stat
import sys

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Directory, flags, not_a_directory

_WRITE = os.O_WRONLY | os.O_CREAT | flags("O_BINARY", "O_NOFOLLOW")


def make(root: str) -> str:
    """Create the directory durably, if needed, with a `.gitignore` that hides it from git.

    Returns:
        The path of the directory.

    Raises:
        TransactionError: it is a link or a file.
        OSError: it cannot be created.
    """
    with Directories(root) as directories:
        directory = make_directory(directories.state)
        ignore = directory.location(".gitignore")
        found = durable.read_file(ignore)
        if found is None or not found[0]:  # empty: the process that wrote it was killed
            # Not exclusively: several processes may start at once, and all write the same.
            handle = ignore.call(os.open, _WRITE, 0o600)
            try:
                os.write(handle, b"*\n")
                durable.sync(handle, without="git lists .jit-guard as untracked")
            finally:
                os.close(handle)
        # Even if it existed: the process that created it may have been killed before its sync.
        durable.sync_directory(
            directories.top, without="the directory is lost, with everything in it"
        )
    return directory.path


def make_directory(directory: Directory) -> Directory:
    """Create a directory that only its owner can access; refuse a link."""
    place = directory.place
    try:
        place.call(os.mkdir, 0o700)
    except FileExistsError:
        status = place.status()
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise not_a_directory(directory) from None
        if status is not None and sys.platform != "win32" and status.st_mode & 0o077:
            _close_to_others(directory, status)
    return directory


def _close_to_others(directory: Directory, status: os.stat_result) -> None:
    """Restrict the mode of a directory that an older version or a clone created."""
    handle = directory.handle
    if sys.platform != "win32" and handle is not None and status.st_uid == os.geteuid():
        os.fchmod(handle, stat.S_IMODE(status.st_mode) & 0o700)
