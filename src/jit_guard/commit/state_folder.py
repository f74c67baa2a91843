"""`.jit-guard`, the directory for jit-guard's local state in a project."""

from __future__ import annotations

import os
import stat

from jit_guard.commit import durable
from jit_guard.commit.errors import TransactionError
from jit_guard.text.names import STATE_FOLDER

_WRITE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def make(root: str) -> str:
    """Create the directory durably, if needed, with a `.gitignore` that hides it from git.

    Returns:
        The path of the directory.

    Raises:
        TransactionError: a link or a file is in its place.
        OSError: the system refused.
    """
    folder = os.path.join(root, STATE_FOLDER)
    make_folder(folder)
    ignore = os.path.join(folder, ".gitignore")
    found = durable.read_file(ignore) if durable.exists(ignore) else None
    if found is None or not found[0]:  # empty: the process that wrote it was killed
        # Not exclusively: several processes may start at once, and all write the same.
        handle = os.open(ignore, _WRITE, 0o666)
        try:
            os.write(handle, b"*\n")
            durable.sync(handle, without="git lists .jit-guard as untracked")
        finally:
            os.close(handle)
    # Even if it existed: the process that created it may have been killed before its sync.
    durable.sync_folder(root, without="the directory is lost, with everything in it")
    return folder


def make_folder(path: str) -> None:
    """Create `.jit-guard`; refuse a link in its place, which could lead anywhere."""
    try:
        os.mkdir(path)
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise TransactionError(
                f"{STATE_FOLDER} is a link or a file; remove it, jit-guard needs a directory there"
            ) from None
