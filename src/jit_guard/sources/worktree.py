"""The snapshot of the worktree: the files as they are on disk now.

No link is followed out of the project. Directories are listed only at real paths (`Tree.resolve`
follows links itself). Files are opened relative to their directory, without following a link and
without blocking on a FIFO.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from jit_guard.errors import GitError, OutsideError, UnreadableError
from jit_guard.project import below
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.disk import (
    CREATE,
    ENCODING,
    HAS_DIR_FD,
    OPEN_FILE,
    PIECE,
    OpenDirectory,
    absent_or_unreadable,
    list_directory,
    open_below,
    pieces,
    read_open,
    reason,
    refuse_encoding,
)
from jit_guard.sources.tree import Tree
from jit_guard.text.names import COMMIT_LOCK, IN_GIT, PENDING, is_git, unsafe_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jit_guard.sources.answers import GitState, Origin, Twin
    from jit_guard.sources.source import Answers, Chunks

    _T = TypeVar("_T")

_LINKED = (errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", errno.ELOOP))


class Worktree:
    """A Source over a directory on disk.

    Args:
        root: the project's root. Nothing outside it is read.
        locked: the caller holds the commit lock, so no commit is in progress.
    """

    name = "worktree"

    def __init__(self, root: str, *, locked: bool = False) -> None:
        self._locked = locked
        self.root = os.path.abspath(root)
        self._real_root = os.path.realpath(self.root)
        self._empty: dict[str, set[str] | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, following links in the project; None if it does not exist."""
        if why := unsafe_path(path):
            raise OutsideError(path, why)
        try:
            if HAS_DIR_FD:  # a path without links is inside
                try:
                    return read_open(open_below(self.root, path), path)
                except OSError as error:
                    if error.errno not in _LINKED:
                        raise
            from jit_guard.sources import gate

            place = gate.find(Tree(self), path)
            return None if place is None else read_open(open_below(self.root, place.real), path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableError(path, reason(error)) from None

    def target(self, path: str) -> str:
        """Resolve a path to write to. Raises the errors of `create`."""
        from jit_guard.sources import gate

        return gate.target(Tree(self), path)

    def create(self, path: str, *, new: bool = False) -> int:
        """Open a file in the project for writing; `new`: it must not exist, its parents may.

        Raises:
            OutsideError: a link leads outside the project, or into `.git`.
            UsageError: it is not a regular file, or is below something that is not a directory.
            OSError: it cannot be written, or exists although `new` is set.
        """
        real = self.target(path)
        flags = CREATE | (os.O_EXCL if new else os.O_TRUNC)
        try:
            return open_below(self.root, real, flags, parents=new)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
        """Return the names in a real directory; None if there is none. `sizes`: measure files."""
        listed = list_directory(self.root, path, sizes=sizes)
        if listed is None:
            return None
        found, empty = listed
        if ENCODING != "utf-8":
            refuse_encoding(path or ".", "/".join(chain(*found)))
        self._empty[path] = empty
        return found

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files, with True; with None if one has vanished."""
        known = self._empty.get(directory)
        if known is not None:  # the listing has measured them
            yield from ((name, True) for name in sorted(known.intersection(names)))
            return
        names = sorted(names)  # closer to the order on disk than the order of a set
        with OpenDirectory(self.root, directory) as at:
            if not at.open:
                yield from ((name, at.answer) for name in names)
                return
            status, handle, prefix = os.lstat, at.handle, at.prefix  # for a million files
            for name in names:
                try:
                    if status(prefix + name, dir_fd=handle).st_size:
                        continue
                except OSError as error:
                    yield name, absent_or_unreadable(error, at.shown(name))
                else:
                    yield name, True

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file with its bytes in pieces; with None if it has vanished."""
        names = sorted(names)
        with OpenDirectory(self.root, directory) as at:
            if not at.open:
                yield from ((name, at.answer) for name in names)
                return
            for name in names:
                try:
                    handle = os.open(at.prefix + name, OPEN_FILE, dir_fd=at.handle)
                except OSError as error:
                    yield name, absent_or_unreadable(error, at.shown(name))
                    continue
                try:
                    yield name, _chunks(handle, at, name)
                finally:
                    os.close(handle)

    def filtered(
        self,
        texts: Mapping[str, Iterable[str]],  # noqa: ARG002
        not_text: Sequence[str],
    ) -> Mapping[str, str]:
        """Return the files that are on disk as git stores them, although a filter applies."""
        if not not_text:
            return {}
        from jit_guard.sources.git.worktree import unfiltered

        return unfiltered(self.root, not_text)

    def inside(self, target: str) -> str | None:
        """Return an absolute link target relative to the root; None if it is outside."""
        for root in (self.root, self._real_root):
            if target == root or target.startswith(root.rstrip("/") + "/"):
                return target[len(root) :].strip("/")
        return None

    def ignored(self, paths: list[str]) -> set[str]:
        """Return the paths that git ignores; none outside a repository."""
        from jit_guard.sources.git.worktree import ignored

        return ignored(self.root, paths)

    def interrupted(self) -> str | None:
        """Return why `jit-guard recover` is necessary; None if no commit was interrupted."""
        if not os.path.lexists(os.path.join(self.root, PENDING)):
            return None
        from jit_guard.commit.transaction import interrupted

        return interrupted(self.root, locked=self._locked)

    def moment(self) -> tuple[int, int] | None:
        """Return a value that changes when a commit begins; None if one may be in progress.

        If it is the same before and after something was read, no commit was in progress
        meanwhile. A commit writes its intent, gives its lock another time, and only then changes
        anything else; its intent exists until it ends.
        """
        found = 0, 0
        try:
            lock = os.lstat(os.path.join(self.root, COMMIT_LOCK))
            found = lock.st_ino, lock.st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            return None
        try:
            os.lstat(os.path.join(self.root, PENDING))
        except (FileNotFoundError, NotADirectoryError):
            return found
        except OSError:  # on Windows, it may be just replaced
            pass
        return None

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Return the files that git does not have; none outside a repository."""
        from jit_guard.sources.repository import top

        if top(self.root) is None:
            return []
        from jit_guard.sources.git.tracking import untracked

        return untracked(self.root, scope, wanted)

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return the missing files that git has. Raises UnreadableError if git fails."""
        from jit_guard.sources.git.held import explain_missing

        return explain_missing(self.root, missing)

    def origin(self) -> Origin:
        """Return that this is the worktree."""
        from jit_guard.sources.answers import Origin

        return Origin("worktree", self.name)

    def tracked(self, scope: str, paths: list[str]) -> set[str]:
        """Return the paths that the index has; none outside a repository."""
        from jit_guard.sources.git.tracking import tracked

        try:
            return tracked(self.root, scope, paths) if paths else set()
        except GitError:
            return set()

    def close(self) -> None:
        """Do nothing: no resource is held."""

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, Twin]:
        """Return missing path -> the only orphan with its last committed text."""
        from jit_guard.sources.git.worktree import same_text

        return same_text(self.root, missing, orphans)


def look_at_rest(
    worktree: Worktree, look: Callable[[Worktree], _T], is_report: Callable[[_T], object]
) -> _T:
    """Read a worktree; if a commit may be what there is to report, wait for it and read again.

    Args:
        worktree: what to read.
        look: reads it.
        is_report: decides whether there is something to report. If not, a commit in progress does
            not matter.
    """
    before = worktree.moment()
    found = look(worktree)
    if not is_report(found) or (before is not None and before == worktree.moment()):
        return found
    from jit_guard.commit.transaction import at_rest

    again = at_rest(worktree.root, lambda: look(Worktree(worktree.root, locked=True)))
    return found if again is None else again


def create(root: str, path: str) -> int:
    """Open a file that the user named for writing, and truncate it.

    Inside the project it passes the gate, since a link there may have come with a clone.

    Args:
        root: the project's root.
        path: relative to the working directory.

    Raises:
        OutsideError: such a link leads outside the project, or the path leads into `.git`.
        UsageError, OSError: it cannot be written.
    """
    full = os.path.abspath(path)
    real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    for one in (full, real):
        inside = below(root, one)
        if inside is not None:
            return Worktree(root).create(inside)
    if any(map(is_git, os.path.realpath(full).split(os.sep))):
        raise OutsideError(path, f"it {IN_GIT}")
    return os.open(full, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)


def _chunks(handle: int, at: OpenDirectory, name: str) -> Chunks | UnreadableError:
    """Return the bytes of a file in pieces; almost always there is only one."""
    try:
        piece = os.read(handle, PIECE)
    except OSError as error:
        return UnreadableError(at.shown(name), reason(error))
    if len(piece) < PIECE:  # a regular file reads short only at its end
        return iter((piece,) if piece else ())
    return chain((piece,), pieces(handle, at.shown(name)))
