"""Files on disk: opened without waiting for anybody, read in pieces, errors in plain words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from jit_guard.errors import UnreadableError

PIECE = 1 << 16  # bytes
OPEN_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# ELOOP: a link now stands where a file or folder was listed; the rest: it is gone or changed.
_VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)


def read_file(full: str, shown: str) -> bytes | None:
    """The bytes of a regular file, links followed; None when there is none.

    Raises UnreadableError, also for a folder, a FIFO or a device in the file's place.
    """
    flags = OPEN_FILE & ~getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(full, flags)
        try:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise UnreadableError(shown, f"it is a {mode_name(mode)}, not a file")
            return b"".join(pieces(handle, shown, 1 << 20))
        finally:
            os.close(handle)
    except FileNotFoundError:
        if os.path.islink(full):
            raise UnreadableError(shown, "it is a broken link") from None
        return None
    except NotADirectoryError:
        return None
    except ValueError as error:  # NUL in the path
        raise UnreadableError(shown, str(error)) from None
    except OSError as error:
        raise UnreadableError(shown, reason(error)) from None


def pieces(handle: int, path: str, size: int = PIECE) -> Iterator[bytes]:
    """The rest of an open file. Raises UnreadableError; `path` is what it is called then."""
    try:
        while piece := os.read(handle, size):
            yield piece
    except OSError as error:
        raise UnreadableError(path, reason(error)) from None


def reason(error: OSError) -> str:
    """An operating system's error in its own words, lower case."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def absent_or_unreadable(error: OSError, path: str) -> UnreadableError | None:
    """What an error at a file that was listed means: None, it has vanished."""
    if error.errno in _VANISHED:
        return None
    return UnreadableError(path, reason(error))


def mode_name(mode: int) -> str:
    """What a file is that is neither a regular one nor a link."""
    for test, name in (
        (stat.S_ISDIR, "folder"),
        (stat.S_ISFIFO, "FIFO"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISBLK, "block device"),
        (stat.S_ISCHR, "character device"),
    ):
        if test(mode):
            return name
    return "special file"
