"""The snapshot of the worktree: the files as they lie on disk now.

Nothing is followed out of the project: folders are listed only at real paths (`Tree.resolve`
walks links itself), and files are opened relative to their folder, without following a link
and without waiting for whoever holds a FIFO's other end.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from jit_guard.errors import UnreadableError
from jit_guard.snapshot import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.git_state import GitState
    from jit_guard.source import Answers, Chunks
    from jit_guard.sources.survey import Survey

CHUNK = 1 << 16
_MANY = 4 << 20  # bytes of maps, some 70,000 entries; below, a process costs more than it saves
_OPEN_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_OPEN_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
# ELOOP: a link now stands where a file or folder was listed; the rest: it is gone or changed.
_VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
_HAS_DIR_FD = os.open in os.supports_dir_fd
_LONG_PATH = 3000  # below PATH_MAX (4096 on Linux) and 1024-byte names' worth of slack


class Worktree:
    """A Source over a folder on disk.

    Args:
        root: the project's root; the only folder that anything is read below, except what a
            configured map or schema that is a link points to.
    """

    name = "worktree"

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self._real_root = os.path.realpath(self.root)
        self._hollow: dict[str, set[str] | None] = {}
        self._sizes: dict[str, int] = {}  # how many files each folder holds
        self._survey: Survey | None = None

    def survey(self, top: str, maps: Iterable[str], *, texts: bool) -> None:
        """Have the odd files below a folder found meanwhile, where the maps are large."""
        if self._survey is not None or os.path.islink(os.path.join(self.root, top)):
            return
        try:
            size = sum(os.stat(os.path.join(self.root, path)).st_size for path in maps)
        except (OSError, ValueError):
            return  # who reads the map will tell
        if size >= _MANY:
            from jit_guard.sources import survey

            if survey.is_possible():
                self._survey = survey.Survey(self.root, top, texts=texts)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, links followed; None when there is none."""
        return read_file(os.path.join(self.root, path), path)

    def folder(self, path: str, *, sizes: bool = False) -> Folder | None:
        """The names in a real folder; None when there is none. With `sizes`, see `hollow`."""
        files: set[str] = set()
        folders: set[str] = set()
        links: dict[str, str] = {}
        others: dict[str, str] = {}
        rest: list[os.DirEntry[str]] = []
        try:
            handle = self.open_folder(path)
            try:
                with os.scandir(handle) as entries:
                    if sizes and self._survey is None:
                        self._hollow[path] = _measure(entries, files, rest)
                    else:
                        for entry in entries:
                            if entry.is_file(follow_symlinks=False):
                                files.add(entry.name)
                            else:
                                rest.append(entry)
                for entry in rest:
                    if entry.is_dir(follow_symlinks=False):
                        folders.add(entry.name)
                    else:
                        _note_odd(entry, handle, links, others)
            finally:
                if isinstance(handle, int):
                    os.close(handle)
        except OSError as error:
            if problem := _absent_or_unreadable(error, path or "."):
                raise problem from None
            return None
        self._sizes[path] = len(files)
        return Folder(files, folders, links, others)

    def hollow(self, folder: str, names: Iterable[str]) -> Answers[bool]:
        """Only those files that hold nothing: True; None when one has vanished."""
        known = self._hollow.get(folder)
        if known is not None:  # the listing has measured them
            yield from ((name, True) for name in sorted(known.intersection(names)))
            return
        names = self._unsettled(folder, names, texts=False)
        with _Opened(self, folder) as at:
            if not at.open:
                yield from ((name, at.answer) for name in names)
                return
            status, handle, prefix = os.lstat, at.handle, at.prefix  # for a million files
            for name in names:
                try:
                    if status(prefix + name, dir_fd=handle).st_size:
                        continue
                except OSError as error:
                    yield name, _absent_or_unreadable(error, at.shown(name))
                else:
                    yield name, True

    def chunks(self, folder: str, names: Iterable[str]) -> Answers[Chunks]:
        """For each file its bytes, a piece at a time; None when it has vanished.

        Those that a survey has read, and that nothing can be said of, are left out.
        """
        names = self._unsettled(folder, names, texts=True)
        with _Opened(self, folder) as at:
            if not at.open:
                yield from ((name, at.answer) for name in names)
                return
            for name in names:
                try:
                    handle = os.open(at.prefix + name, _OPEN_FILE, dir_fd=at.handle)
                except OSError as error:
                    yield name, _absent_or_unreadable(error, at.shown(name))
                    continue
                try:
                    yield name, _chunks(handle, at, name)
                finally:
                    os.close(handle)

    def _unsettled(self, folder: str, names: Iterable[str], *, texts: bool) -> list[str]:
        """Those files that no survey has found to be nothing special.

        In order: that is closer to that of a disk than a set's.
        """
        survey = self._survey
        if survey is not None and (survey.texts or not texts):
            odd = survey.odd(folder, self._sizes.get(folder, 0))
            if odd is not None:
                names = odd.intersection(names)
        return sorted(names)

    def inside(self, target: str) -> str | None:
        """An absolute link target relative to the root; None when it leaves the project."""
        for root in (self.root, self._real_root):
            if target == root or target.startswith(root.rstrip("/") + "/"):
                return target[len(root) :].strip("/")
        return None

    def ignored(self, paths: list[str]) -> set[str]:
        """Those of the paths that git ignores; none where there is no repository."""
        from jit_guard.sources.git import ignored

        return ignored(self.root, paths)

    def interrupted(self) -> str | None:
        """Why `jit-guard recover` is due; None when no commit was interrupted."""
        if not os.path.lexists(os.path.join(self.root, ".jit-guard/pending.json")):
            return None
        from jit_guard.transaction import interrupted

        return interrupted(self.root)

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Those of the files that git does not have; none where there is no repository."""
        from jit_guard.sources.repository import top

        if top(self.root) is None:
            return []
        from jit_guard.sources.git_tracking import untracked

        return untracked(self.root, scope, wanted)

    def traces(self, missing: list[str]) -> dict[str, GitState]:
        """Those missing files that the index has."""
        from jit_guard.sources.git import traces

        return traces(self.root, missing)

    def close(self) -> None:
        """End the survey, if there is one."""
        if self._survey is not None:
            self._survey.close()
            self._survey = None

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, str]:
        """Missing path -> the one left-over file that has its last committed text."""
        from jit_guard.sources.git import same_text

        return same_text(self.root, missing, orphans)

    def open_folder(self, path: str) -> int | str:
        """An open folder: a handle, or a path where the system cannot list handles."""
        full = os.path.join(self.root, path) if path else self.root
        if not _HAS_DIR_FD:
            return full
        if len(full) < _LONG_PATH // 3 or len(os.fsencode(full)) < _LONG_PATH:
            return os.open(full, _OPEN_FOLDER)
        # Deeper than the system takes in one call: go down a few hundred levels at a time.
        handle = os.open(self.root, _OPEN_FOLDER)
        for stretch in _stretches(path):
            below = handle
            try:
                handle = os.open(stretch, _OPEN_FOLDER, dir_fd=below)
            finally:
                os.close(below)
        return handle


class _Opened:
    """A folder held open while its files are looked at, one call per file and no path walk."""

    def __init__(self, source: Worktree, folder: str) -> None:
        self._source, self._folder = source, folder
        self.handle: int | None = None
        self.prefix = ""
        self.open = True
        self.answer: UnreadableError | None = None

    def __enter__(self) -> _Opened:  # noqa: PYI034
        try:
            opened = self._source.open_folder(self._folder)
        except OSError as error:
            self.answer = _absent_or_unreadable(error, self._folder or ".")
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
        return f"{self._folder}/{name}" if self._folder else name


def read_file(full: str, shown: str) -> bytes | None:
    """The bytes of a regular file, links followed; None when there is none.

    Raises UnreadableError, also for a folder, a FIFO or a device in the file's place.
    """
    flags = _OPEN_FILE & ~getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(full, flags)
        try:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise UnreadableError(shown, f"it is a {_mode_name(mode)}, not a file")
            return b"".join(_pieces(handle, shown, 1 << 20))
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


def reason(error: OSError) -> str:
    """An operating system's error in its own words, lower case."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def _measure(
    entries: Iterable[os.DirEntry[str]], files: set[str], rest: list[os.DirEntry[str]]
) -> set[str] | None:
    """Sort entries into files and the rest; the files of 0 bytes, or None: some cannot be told."""
    hollow: set[str] | None = set()
    for entry in entries:
        if not entry.is_file(follow_symlinks=False):
            rest.append(entry)
            continue
        try:
            size = entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # it vanished since it was listed
        except OSError:
            size, hollow = 1, None
        files.add(entry.name)
        if not size and hollow is not None:
            hollow.add(entry.name)
    return hollow


def _absent_or_unreadable(error: OSError, path: str) -> UnreadableError | None:
    if error.errno in _VANISHED:
        return None
    return UnreadableError(path, reason(error))


def _chunks(handle: int, at: _Opened, name: str) -> Chunks | UnreadableError:
    """The bytes of a file; of nearly all of them there is one piece."""
    try:
        piece = os.read(handle, CHUNK)
    except OSError as error:
        return UnreadableError(at.shown(name), reason(error))
    if len(piece) < CHUNK:  # a regular file reads short only at its end
        return iter((piece,) if piece else ())
    return chain((piece,), _pieces(handle, at.shown(name)))


def _pieces(handle: int, path: str, size: int = CHUNK) -> Chunks:
    try:
        while piece := os.read(handle, size):
            yield piece
    except OSError as error:
        raise UnreadableError(path, reason(error)) from None


def _note_odd(
    entry: os.DirEntry[str], handle: int | str, links: dict[str, str], others: dict[str, str]
) -> None:
    try:
        if entry.is_symlink():
            links[entry.name] = _read_link(entry, handle)
        else:
            others[entry.name] = _what(entry)
    except FileNotFoundError:
        pass  # it vanished since it was listed; its folder is still there


def _read_link(entry: os.DirEntry[str], handle: int | str) -> str:
    if isinstance(handle, int):
        return os.readlink(entry.name, dir_fd=handle)
    return os.readlink(entry.path).replace("\\", "/")


def _what(entry: os.DirEntry[str]) -> str:
    return _mode_name(entry.stat(follow_symlinks=False).st_mode)


def _mode_name(mode: int) -> str:
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


def _stretches(path: str) -> Iterator[str]:
    stretch = ""
    for name in path.split("/"):
        if stretch and len(stretch) + len(name) > _LONG_PATH // 4:
            yield stretch
            stretch = ""
        stretch = f"{stretch}/{name}" if stretch else name
    yield stretch
