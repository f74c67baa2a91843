"""Access to files and directories on disk, without following links and without blocking.

Paths are relative to the project's root.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import DirectoryListing


def flags(*names: str) -> int:
    """Return these flags of `os.open`, as far as the system has them."""
    return sum(getattr(os, name, 0) for name in names)


PIECE = 1 << 16  # bytes
FOLLOW = flags("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
OPEN_FILE = FOLLOW | flags("O_NOFOLLOW")
OPEN_DIRECTORY = flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC")
HAS_DIR_FD = os.open in os.supports_dir_fd
# Works for unreadable directories, too.
_PASS = flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC", "O_PATH")
CREATE = flags("O_WRONLY", "O_CREAT", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
_LONG_PATH = 3000  # PATH_MAX (4096 on Linux), with room for names of 1024 bytes
# The path was removed or replaced since it was listed (ELOOP: by a link).
_VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)

ENCODING = sys.getfilesystemencoding()  # of this Python; names in maps and in git are UTF-8


def refuse_encoding(path: str, names: str, escape: str | None = None) -> None:
    """Raise UnreadableError if this Python would encode names other than as UTF-8.

    The command never comes here (`cli.run` restarts Python), but a program that uses `Guard` may.

    Args:
        path: what is refused.
        names: the names, or the text of a map; ASCII is the same in every encoding.
        escape: how escape sequences begin in a text, with which it can spell any character.
    """
    if ENCODING == "utf-8":
        return
    if not names.isascii() or (escape is not None and escape in names):
        why = f"it has names that are not ASCII, and this Python uses {ENCODING} for file names"
        raise UnreadableError(path, f"{why}; set PYTHONUTF8=1")


def read_file(full: str, shown: str) -> bytes | None:
    """Read a regular file, following links; return None if it does not exist.

    Raises UnreadableError, also for a directory, a FIFO or a device.
    """
    try:
        return read_open(os.open(full, FOLLOW), shown)
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


def read_open(handle: int, shown: str) -> bytes:
    """Read and close an open file. Raises UnreadableError if it is not a regular file."""
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise UnreadableError(shown, f"it is a {mode_name(mode)}, not a file")
        return b"".join(pieces(handle, shown, 1 << 20))
    finally:
        os.close(handle)


def open_below(root: str, path: str, flags: int = OPEN_FILE, *, parents: bool = False) -> int:
    """Open a file by its real path below a directory.

    Args:
        root: the directory.
        path: relative to it, with `/`.
        flags: of os.open.
        parents: create the directories that are missing.

    Raises:
        OSError: also if the path contains a link.
    """
    refuse_encoding(path, path)
    if not HAS_DIR_FD:
        full = os.path.join(root, path)
        _refuse_link(root, path, full)
        if parents:
            os.makedirs(os.path.dirname(full), exist_ok=True)
            _refuse_link(root, path, full)
        return os.open(full, flags, 0o666)
    *above, name = path.split("/")
    at = os.open(root, _PASS)
    try:
        for directory in above:
            if parents:
                _make(directory, at)
            outer, at = at, os.open(directory, _PASS | os.O_NOFOLLOW, dir_fd=at)
            os.close(outer)
        return os.open(name, flags, 0o666, dir_fd=at)
    finally:
        os.close(at)


def _refuse_link(root: str, path: str, full: str) -> None:
    if os.path.realpath(full) != os.path.join(os.path.realpath(root), *path.split("/")):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), full)


def _make(directory: str, at: int) -> None:
    try:  # noqa: SIM105  (contextlib is not worth its import here)
        os.mkdir(directory, dir_fd=at)
    except FileExistsError:
        pass


def pieces(handle: int, path: str, size: int = PIECE) -> Iterator[bytes]:
    """Yield the rest of an open file. Raises UnreadableError with this path."""
    try:
        while piece := os.read(handle, size):
            yield piece
    except OSError as error:
        raise UnreadableError(path, reason(error)) from None


def reason(error: OSError) -> str:
    """Return the message of an operating system error, starting in lower case."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def absent_or_unreadable(error: OSError, path: str) -> UnreadableError | None:
    """Return the error for a file that was listed; None if it has vanished since."""
    if error.errno in _VANISHED:
        return None
    return UnreadableError(path, reason(error))


def mode_name(mode: int) -> str:
    """Return the kind of a file that is neither a regular file nor a link."""
    for test, name in (
        (stat.S_ISDIR, "directory"),
        (stat.S_ISFIFO, "FIFO"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISBLK, "block device"),
        (stat.S_ISCHR, "character device"),
    ):
        if test(mode):
            return name
    return "special file"


class OpenDirectory:
    """A directory that is kept open while its files are read, with one system call per file.

    Attributes:
        handle, prefix: lead to a file in it.
        open: False if it could not be opened.
        answer: why not; None if it has vanished.
    """

    def __init__(self, root: str, path: str) -> None:
        self._root, self._path = root, path
        self.handle: int | None = None
        self.prefix = ""
        self.open = True
        self.answer: UnreadableError | None = None

    def __enter__(self) -> OpenDirectory:  # noqa: PYI034
        try:
            opened = _open(self._root, self._path)
        except OSError as error:
            self.answer = absent_or_unreadable(error, self._path or ".")
            self.open = False
            return self
        if isinstance(opened, int):
            self.handle = opened
        else:
            self.prefix = opened + "/"
        return self

    def __exit__(self, *_: object) -> None:
        if self.handle is not None:
            os.close(self.handle)

    def shown(self, name: str) -> str:
        """Return the path of a file in it, for messages."""
        return f"{self._path}/{name}" if self._path else name


def list_directory(
    root: str, path: str, *, sizes: bool
) -> tuple[DirectoryListing, set[str] | None] | None:
    """List a directory; return None if it does not exist.

    Returns:
        The names, and with `sizes` the names of its empty files (None: not measured, or not all
        sizes could be read).

    Raises:
        UnreadableError: the directory cannot be listed.
    """
    directory = DirectoryListing(set(), set(), {}, {})
    empty: set[str] | None = None
    rest: list[os.DirEntry[str]] = []
    try:
        handle = _open(root, path)
        try:
            with os.scandir(handle) as entries:
                if sizes:
                    empty = _measure(entries, directory.files, rest)
                else:
                    for entry in entries:
                        if entry.is_file(follow_symlinks=False):
                            directory.files.add(entry.name)
                        else:
                            rest.append(entry)
            for entry in rest:
                if entry.is_dir(follow_symlinks=False):
                    directory.directories.add(entry.name)
                else:
                    _note_odd(entry, handle, directory)
        finally:
            if isinstance(handle, int):
                os.close(handle)
    except OSError as error:
        if problem := absent_or_unreadable(error, path or "."):
            raise problem from None
        return None
    return directory, empty


def _open(root: str, path: str) -> int | str:
    """Open a directory: a handle, or a path if the system cannot list handles."""
    full = os.path.join(root, path) if path else root
    if not HAS_DIR_FD:
        return full
    if len(os.fsencode(full)) < _LONG_PATH:
        return os.open(full, OPEN_DIRECTORY)
    # Too long for one system call: descend a few hundred levels at a time.
    handle = os.open(root, OPEN_DIRECTORY)
    for stretch in _stretches(path):
        below = handle
        try:
            handle = os.open(stretch, OPEN_DIRECTORY, dir_fd=below)
        finally:
            os.close(below)
    return handle


def _stretches(path: str) -> Iterator[str]:
    stretch = ""
    for name in path.split("/"):
        if stretch and len(stretch) + len(name) > _LONG_PATH // 4:
            yield stretch
            stretch = ""
        stretch = f"{stretch}/{name}" if stretch else name
    yield stretch


def _measure(
    entries: Iterable[os.DirEntry[str]], files: set[str], rest: list[os.DirEntry[str]]
) -> set[str] | None:
    """Split entries into files and the rest; return the empty files, or None if unknown."""
    empty: set[str] | None = set()
    for entry in entries:
        if not entry.is_file(follow_symlinks=False):
            rest.append(entry)
            continue
        try:
            size: int | None = entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # it vanished since it was listed
        except OSError:
            size = empty = None
        files.add(entry.name)
        if size == 0 and empty is not None:
            empty.add(entry.name)
    return empty


def _note_odd(entry: os.DirEntry[str], handle: int | str, directory: DirectoryListing) -> None:
    try:
        if entry.is_symlink():
            directory.links[entry.name] = _read_link(entry, handle)
        else:
            mode = entry.stat(follow_symlinks=False).st_mode
            directory.others[entry.name] = mode_name(mode)
    except FileNotFoundError:
        pass  # it vanished since it was listed; its directory still exists


def _read_link(entry: os.DirEntry[str], handle: int | str) -> str:
    if isinstance(handle, int):
        return os.readlink(entry.name, dir_fd=handle)
    return os.readlink(entry.path).replace("\\", "/")
