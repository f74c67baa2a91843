"""Output files that flags name: whole, or as they were before."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress

from jit_guard.errors import OutsideError
from jit_guard.project import below
from jit_guard.sources.disk import HAS_DIR_FD, OPEN_DIRECTORY, flags, open_below
from jit_guard.sources.worktree import Worktree, create
from jit_guard.text.names import IN_GIT, OURS, is_git

# Files that are open already, and devices: they have no directory to put another file in.
_OPEN = ("/dev/", "/proc/")
_MEMORY = "/dev/shm/"  # noqa: S108  (files like others)
_IN_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS)  # the file may be writable nevertheless
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL  # which follows no link
_OVER = flags("O_WRONLY", "O_TRUNC", "O_NOFOLLOW")
_REAL_DIRECTORY = OPEN_DIRECTORY | flags("O_NOFOLLOW")


def write(root: str, path: str, pieces: Iterable[str]) -> None:
    """Write a file that the user named; one that exists is replaced when the new one is complete.

    Inside the project the path passes the gate, since a link there may have come with a clone.

    Args:
        root: the project's root.
        path: relative to the working directory.
        pieces: the text. Characters that UTF-8 cannot encode are escaped.

    Raises:
        OutsideError: a link in the project leads outside it, or the path leads into `.git`.
        UsageError, OSError: it cannot be written.
    """
    full = os.path.abspath(path)
    is_open = full.startswith(_OPEN) and not full.startswith(_MEMORY)
    if is_open or (os.path.exists(full) and not os.path.isfile(full)):
        _write(create(root, path), pieces)
        return
    base, relative = _place(root, path, full)
    directory, _, name = relative.rpartition("/")
    try:
        at = _Directory(base, directory)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    try:
        temporary = f"{OURS}{os.getpid()}.tmp"
        try:
            handle = at.open(temporary, like=name)
        except OSError as error:
            if error.errno not in _IN_PLACE:
                raise OSError(error.errno, error.strerror, path) from None
            _write(create(root, path), pieces)
            return
        still_open: int | None = handle
        try:
            _write(os.dup(handle), pieces)
            if not HAS_DIR_FD:  # Windows renames no file that is open
                os.close(handle)
                still_open = None
            at.replace(temporary, name, still_open)
        finally:
            if still_open is not None:
                os.close(still_open)
            at.remove(temporary)
    finally:
        at.close()


def _place(root: str, path: str, full: str) -> tuple[str, str]:
    """Return where the file is or will be, without links: a directory, and a path below it."""
    real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    for one in (full, real):
        inside = below(root, one)
        if inside is not None:
            return root, Worktree(root).target(inside)
    real = os.path.realpath(full)
    if any(map(is_git, real.split(os.sep))):
        raise OutsideError(path, f"it {IN_GIT}")
    return os.path.dirname(real), os.path.basename(real)


class _Directory:
    """A directory that was opened without following a link; its files are used by their names."""

    def __init__(self, base: str, path: str) -> None:
        self._handle: int | None = None
        self._path = ""
        if not HAS_DIR_FD:
            self._path = os.path.join(base, path, "")
        elif path:
            self._handle = open_below(base, path, _REAL_DIRECTORY)
        else:
            self._handle = os.open(base, OPEN_DIRECTORY)

    def open(self, name: str, *, like: str) -> int:
        """Create a file, with the mode of another one if that exists."""
        self.remove(name)  # of a process that was killed, whose number this one has
        handle = os.open(self._path + name, _NEW, 0o666, dir_fd=self._handle)
        if os.name == "posix":
            try:
                found = os.stat(self._path + like, dir_fd=self._handle, follow_symlinks=False)
            except FileNotFoundError:
                return handle
            os.fchmod(handle, stat.S_IMODE(found.st_mode))
        return handle

    def replace(self, name: str, target: str, handle: int | None) -> None:
        """Rename a file over another; copy it, if it is open, over one that is a mount point."""
        at = {"src_dir_fd": self._handle, "dst_dir_fd": self._handle}
        try:
            os.replace(self._path + name, self._path + target, **at)
        except OSError as error:
            if error.errno != errno.EBUSY or handle is None:
                raise OSError(error.errno, error.strerror, target) from None
            os.lseek(handle, 0, os.SEEK_SET)
            with (
                open(os.dup(handle), "rb") as source,
                open(os.open(target, _OVER, dir_fd=self._handle), "wb") as copy,
            ):
                while piece := source.read(1 << 20):
                    copy.write(piece)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        with suppress(FileNotFoundError):
            os.unlink(self._path + name, dir_fd=self._handle)

    def close(self) -> None:
        """Close the directory."""
        if self._handle is not None:
            os.close(self._handle)


def _write(handle: int, pieces: Iterable[str]) -> None:
    with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(pieces)
