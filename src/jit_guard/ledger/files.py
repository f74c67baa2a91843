"""The ledger's files on disk, checked before SQLite opens them.

SQLite trusts the files beside a database: it follows a link in place of a journal, rolls back any
journal, and deletes the file that a journal names as its super-journal
(https://sqlite.org/fileformat2.html#the_rollback_journal). Like the ledger, these files may have
come with a checkout. Our own journals have no super-journal, since a transaction changes only one
database.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jit_guard.commit.directories import flags

_MAGIC = bytes.fromhex(
    "d9d505f920a163d7"
)  # starts a journal, and ends one that has a super-journal
_HEADER = 28  # bytes; a journal's start, up to the size of a page
_WITHOUT_QUESTION = 1 << 26  # bytes; no limit is noticeable below that
_RESERVED = 0x40000001  # the byte of a database that SQLite locks to write
_COMPRESSED = 64  # bytes of a file per byte on disk
_READ = os.O_RDONLY | flags("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")


def unsafe(path: str) -> str | None:
    """Return why SQLite must not open this database, to append to its name; None if it may.

    Raises OSError.
    """
    status = _status(path)
    if status is not None and (why := _no_file_of_ours(status)):
        return f" {why}"
    for suffix in ("-wal", "-shm"):
        if _status(path + suffix) is not None:
            return f"{suffix} exists, but jit-guard never creates it"
    with _no_writer(path) as alone:
        # A journal of a live transaction is not rolled back.
        why = _wrong_journal(f"{path}-journal", _status(path)) if alone else None
    return f"-journal {why}" if why else None


def size(path: str) -> int:
    """Return the size of a file, for limits of work and memory.

    A file with holes can claim any size, so the space that it takes on disk counts. File systems
    that compress, and report little, are allowed for.

    Raises OSError.
    """
    status = os.lstat(path)
    blocks: int | None = getattr(status, "st_blocks", None)
    if blocks is None:  # Windows
        return status.st_size
    return min(status.st_size, _WITHOUT_QUESTION + blocks * 512 * _COMPRESSED)


def close_to_others(path: str) -> None:
    """Make a file of ours accessible only to its owner."""
    if os.name != "posix":
        return
    status = os.lstat(path)
    # By its name: closing a handle would release the locks that SQLite holds in this process.
    if stat.S_IMODE(status.st_mode) != 0o600 and status.st_uid == os.geteuid():
        os.chmod(path, 0o600)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _no_file_of_ours(status: os.stat_result) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "is a link or not a regular file"
    if status.st_nlink > 1:  # its journal is beside only one of its names
        return "has a second hard link"
    return None


def _wrong_journal(path: str, database: os.stat_result | None) -> str | None:
    """Return what is wrong with a journal, if there is one."""
    journal = _status(path)
    if journal is None:
        return None
    if why := _no_file_of_ours(journal):
        return why
    size = 0 if database is None else database.st_size
    try:
        handle = os.open(path, _READ)
    except FileNotFoundError:  # the transaction has ended
        return None
    try:
        header = os.read(handle, _HEADER)
        length = os.lseek(handle, 0, os.SEEK_END)
        os.lseek(handle, max(0, length - len(_MAGIC)), os.SEEK_SET)
        end = os.read(handle, len(_MAGIC))
    finally:
        os.close(handle)
    if end == _MAGIC:
        return "names a super-journal"
    pages, page = (int.from_bytes(header[at : at + 4], "big") for at in (16, 24))
    if not header.startswith(_MAGIC):  # SQLite does not roll it back
        return None
    if not page:  # as before SQLite 3.5.8 (2008); SQLite then takes the page size of the database
        return "has no page size"
    if 0 < size < pages * page:
        return "belongs to a larger database"
    return None


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _no_writer(path: str) -> Iterator[bool]:
        """Keep other processes from writing to a database; False if one is about to.

        Windows removes no file that is open: while we read a journal, a commit could not end, and
        the next connection would undo it.
        """
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            yield True
            return
        try:
            os.lseek(handle, _RESERVED, os.SEEK_SET)
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except PermissionError:
                yield False
                return
            try:
                yield True
            finally:
                os.lseek(handle, _RESERVED, os.SEEK_SET)
                msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        finally:
            os.close(handle)

else:

    @contextmanager
    def _no_writer(path: str) -> Iterator[bool]:  # noqa: ARG001
        """Nothing to do: a file that is open can be removed."""
        yield True
