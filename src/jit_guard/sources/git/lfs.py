"""The contents of Git LFS files, where they are on this machine: nothing is downloaded or run."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from hashlib import sha256

from jit_guard.errors import UnreadableError
from jit_guard.sources.disk import OPEN_FILE, open_below, pieces
from jit_guard.sources.git.environment import common_directory
from jit_guard.text.stored_form import LfsPointer


def contents(
    pointer: LfsPointer, git_directory: str, root: str, path: str
) -> Iterator[bytes] | None:
    """Return the bytes that a pointer is for, in pieces; None if they are not here.

    They are in the local store, or in the worktree if the file is unchanged; both are compared with
    the id of the pointer, so it does not matter who put them there.

    Args:
        pointer: what git has.
        git_directory: that of the repository; of a linked worktree, its own one.
        root: the project's root on disk.
        path: the file, relative to the root, without links.
    """
    if not pointer.plain:
        return None
    oid = pointer.oid
    stored = os.path.join(common_directory(git_directory), "lfs", "objects", oid[:2], oid[2:4], oid)
    found = _read(lambda: os.open(stored, OPEN_FILE), pointer, path)
    return found or _read(lambda: open_below(root, path), pointer, path)


def _read(opened: Callable[[], int], pointer: LfsPointer, path: str) -> Iterator[bytes] | None:
    """Return the bytes of a file if they are what the pointer is for."""
    try:
        handle = opened()
    except (OSError, UnreadableError):
        return None
    keep = False
    try:
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode) and status.st_size == pointer.size:
            found = sha256(usedforsecurity=False)
            for piece in pieces(handle, path):
                found.update(piece)
            keep = found.hexdigest() == pointer.oid
    except UnreadableError:
        return None
    finally:
        if not keep:
            os.close(handle)
    return _again(handle, path) if keep else None


def _again(handle: int, path: str) -> Iterator[bytes]:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        yield from pieces(handle, path)
    finally:
        os.close(handle)
