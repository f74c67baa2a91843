"""A project's directories, opened from the root down without following a link.

Between the check of a path and its use, another process may replace a directory with a link that
leads out of the project or into `.git`. So nothing is created, renamed or removed by its path: each
directory is opened relative to its parent with `O_NOFOLLOW`, and the call is relative to that
handle (openat(2) and the like). Platforms without such calls (Windows) use paths, which are
compared with their real paths just before.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple

from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.commit.file_status import is_same_file
from jit_guard.text.names import PENDING, STATE_DIRECTORY, is_git, unportable

_HAVE_HANDLES = os.supports_dir_fd.issuperset(
    (os.open, os.mkdir, os.rmdir, os.unlink, os.rename, os.link, os.stat)
)


def flags(*names: str) -> int:
    """Return those flags of `os.open` that the system has."""
    return sum(getattr(os, name, 0) for name in names)


_OPEN = os.O_RDONLY | flags("O_DIRECTORY", "O_NOFOLLOW")
_MOST = 64  # handles that are kept open; macOS allows a process 256
# The errors of opening a link with O_NOFOLLOW: POSIX, FreeBSD.
_LINK = (errno.ELOOP, errno.EMLINK)


class Directories:
    """The directories of one project; a context manager that closes what it has opened.

    Args:
        root: the project's root. Links in its own path are the user's, and are followed.
    """

    def __init__(self, root: str) -> None:
        self.top = Directory(self, os.path.realpath(root))
        self.stays_in_cache = False  # a sync may only have reached the drive's own cache
        self._handles: dict[str, int] = {}  # the least recently used first

    def __enter__(self) -> Directories:  # noqa: PYI034  (Self is newer than Python 3.10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def at(self, path: str) -> Directory:
        """Return the directory at a normalized path without links, relative to the root."""
        if not path:
            return self.top
        return Directory(self, os.path.join(self.top.path, path.replace("/", os.sep)))

    @property
    def state(self) -> Directory:
        """`.jit-guard`, which may not exist."""
        return self.at(STATE_DIRECTORY)

    @property
    def pending(self) -> Location:
        """The intent's file, which may not exist."""
        return self.state.location(os.path.basename(PENDING))

    def handle(self, directory: Directory) -> int | None:
        """Return an open handle, valid until the next call; None if the platform has none.

        Raises:
            OSError: it does not exist, or was replaced with a link.
            TransactionError: it is jit-guard's own directory, and was replaced with a link.
        """
        path = directory.path
        if not _HAVE_HANDLES:
            _refuse_other(directory)
            return None
        if path not in self._handles:
            closed = [directory]  # a loop, since a path may have more levels than a stack
            while closed[-1].path != self.top.path:
                above = closed[-1].place.directory
                if above.path in self._handles:
                    break
                closed.append(above)
            for one in reversed(closed):
                self._keep(one, self._open(one))
        handle = self._handles.pop(path)
        self._handles[path] = handle  # the most recently used
        return handle

    def _keep(self, directory: Directory, handle: int) -> None:
        if len(self._handles) >= _MOST:
            _close(self._handles.pop(next(iter(self._handles))))
        self._handles[directory.path] = handle

    def _open(self, directory: Directory) -> int:
        if directory is self.top or directory.path == self.top.path:
            return os.open(directory.path, _OPEN)
        place = directory.place
        try:
            handle: int = place.call(os.open, _OPEN)
        except NotADirectoryError:
            ours = directory.relative.split("/")[0] == STATE_DIRECTORY
            if ours or stat.S_ISLNK(place.call(os.lstat).st_mode):
                raise _link_at(directory) from None
            raise
        except OSError as error:
            if error.errno in _LINK:
                raise _link_at(directory) from None
            raise
        return handle

    def verify(self) -> None:
        """Check that every open directory is still where it was opened.

        Raises:
            OSError: one was moved away, together with what was written to it.
        """
        for path in list(self._handles):
            directory = Directory(self, path)
            if path == self.top.path or (handle := self._handles.get(path)) is None:
                continue
            mine, there = os.fstat(handle), directory.place.status()
            if there is None or not is_same_file(mine, there):
                raise _swapped(path)

    def close(self, directory: Directory | None = None) -> None:
        """Close the handle of a directory, or all of them. The next use opens it again."""
        paths = list(self._handles) if directory is None else [directory.path]
        for path in paths:
            handle = self._handles.pop(path, None)
            if handle is not None:
                _close(handle)


class Directory(NamedTuple):
    """A real directory of a project, by its absolute path; it may not exist."""

    directories: Directories
    path: str

    @property
    def handle(self) -> int | None:
        """See `Directories.handle`."""
        return self.directories.handle(self)

    @property
    def place(self) -> Location:
        """Its location in its parent directory; not for the root."""
        above, name = os.path.split(self.path)
        return Directory(self.directories, above).location(name)

    @property
    def relative(self) -> str:
        """Its path relative to the root, with `/`; "" for the root."""
        return self.path[len(self.directories.top.path) :].replace(os.sep, "/").strip("/")

    def location(self, name: str) -> Location:
        """Return the location of a name in this directory.

        Raises:
            UnsafePathError: the name is reserved for git, or is not a single name; on Windows, or
                it means something else than a file there (`aux.txt`, `name:stream`).
        """
        if name in ("", ".", "..") or "/" in name or os.sep in name:
            raise UnsafePathError(f"{name!r} is not a single name")
        if is_git(name):
            raise UnsafePathError(f"{os.path.join(self.path, name)}: .git is never written to")
        if os.name == "nt" and (why := unportable(name)):
            raise UnsafePathError(f"{os.path.join(self.path, name)}: the name {why}")
        return Location(self, name)


class Location(NamedTuple):
    """A name in a directory of a project; use `Directory.location`, which checks the name."""

    directory: Directory
    name: str

    @property
    def path(self) -> str:
        """The absolute path, for messages."""
        return os.path.join(self.directory.path, self.name)

    @property
    def relative(self) -> str:
        """The path relative to the root, with `/`."""
        return f"{self.directory.relative}/{self.name}".lstrip("/")

    def beside(self, name: str) -> Location:
        """Return the location of another name in the same directory."""
        return self.directory.location(name)

    def call(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        """Call a function of `os` on this name. An OSError has the absolute path."""
        try:
            handle = self.directory.handle
            if handle is None:
                return function(self.path, *args, **keywords)
            return function(self.name, *args, dir_fd=handle, **keywords)
        except OSError as error:
            raise _named(error, self.path) from None

    def status(self) -> os.stat_result | None:
        """Return the status of this name without following links; None if it does not exist.

        Other errors are raised: os.path.exists and the like return False, which could lose a file.
        """
        try:
            found: os.stat_result = self.call(os.lstat)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found


def move(function: Callable[..., Any], source: Location, target: Location, **keywords: Any) -> None:
    """Call `os.link`, `os.rename` or `os.replace`. An OSError has the target's path."""
    try:
        handle = source.directory.handle
        if handle is None:
            function(source.path, target.path, **keywords)
            return
        if source.directory == target.directory:
            function(source.name, target.name, src_dir_fd=handle, dst_dir_fd=handle, **keywords)
            return
        handle = os.dup(handle)  # opening the second directory may close the first
        try:
            there = target.directory.handle
            function(source.name, target.name, src_dir_fd=handle, dst_dir_fd=there, **keywords)
        finally:
            os.close(handle)
    except OSError as error:
        if error.filename == source.path:  # where paths are used, the first one is named
            error.filename = target.path
        raise _named(error, target.path) from None


def _refuse_other(directory: Directory) -> None:
    if any(map(is_git, directory.relative.split("/"))):
        raise UnsafePathError(f"{directory.path}: .git is never written to")
    if os.path.realpath(directory.path) != directory.path and os.path.lexists(directory.path):
        raise _swapped(directory.path)


def not_a_directory(directory: Directory) -> TransactionError:
    """Return the error for a link or file in place of jit-guard's own directory."""
    return TransactionError(
        f"{directory.relative} is a link or a file; remove it, jit-guard needs a directory there"
    )


def _link_at(directory: Directory) -> Exception:
    if directory.relative.split("/")[0] == STATE_DIRECTORY:
        return not_a_directory(directory)
    return _swapped(directory.path)


def _swapped(path: str) -> OSError:
    words = "Was moved, or replaced with a link, while jit-guard was running"
    return OSError(errno.ELOOP, words, path)


def _named(error: OSError, path: str) -> OSError:
    """Return the error with the absolute path; one about a parent directory already has it."""
    if isinstance(error.filename, str) and os.path.isabs(error.filename):
        return error
    if error.errno == errno.ELOOP:
        return OSError(error.errno, "Is a symbolic link, which is not followed here", path)
    return OSError(error.errno, error.strerror, path)


def _close(handle: int) -> None:
    try:
        os.close(handle)
    except OSError:
        return  # nothing was written to it
