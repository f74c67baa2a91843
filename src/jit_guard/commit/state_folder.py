"""`.jit-guard`: what jit-guard keeps in a project, on this machine alone."""

from __future__ import annotations

import os
import stat

from jit_guard.commit import durable
from jit_guard.commit.errors import TransactionError
from jit_guard.text.names import STATE_FOLDER

_WRITE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def make(root: str) -> str:
    """Make the folder, if it is not there, so that it stays and git does not offer it.

    Returns:
        Its path.

    Raises:
        TransactionError: a link or a file stands in its place.
        OSError: the system refused.
    """
    folder = os.path.join(root, STATE_FOLDER)
    make_folder(folder)
    ignore = os.path.join(folder, ".gitignore")
    found = durable.read_file(ignore) if durable.exists(ignore) else None
    if found is None or not found[0]:  # empty: its writer was killed
        # Not exclusively: several processes may begin at once, and all write the same.
        handle = os.open(ignore, _WRITE, 0o666)
        try:
            os.write(handle, b"*\n")
            durable.sync(handle, without="git offers .jit-guard to be added")
        finally:
            os.close(handle)
    # Whether it was made now or by somebody who was killed: it must be findable.
    durable.sync_folder(root, without="the folder is gone, with everything in it")
    return folder


def make_folder(path: str) -> None:
    """`.jit-guard`, a folder of our own: a link in its place could lead anywhere."""
    try:
        os.mkdir(path)
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise TransactionError(
                f"{STATE_FOLDER} is a link or a file; remove it: jit-guard needs a folder there"
            ) from None
