"""The snapshot of the worktree: the files as they are on disk now.

No link is followed out of the project. Directories are listed only at real paths (`Tree.resolve`
follows links itself). Files are opened relative to their directory, without following a link and
without blocking on a FIFO.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import chain

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import Folder
from jit_guard.sources.disk import (
    OPEN_FILE,
    PIECE,
    OpenFolder,
    absent_or_unreadable,
    list_folder,
    pieces,
    read_file,
    reason,
)
from jit_guard.text.names import PENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.answers import GitState
    from jit_guard.sources.source import Answers, Chunks


class Worktree:
    """A Source over a directory on disk.

    Args:
        root: the project's root. Nothing outside of it is read, except through a configured map
            or schema that is a link.
    """

    name = "worktree"

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self._real_root = os.path.realpath(self.root)
        self._empty: dict[str, set[str] | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, following links; None if it does not exist."""
        return read_file(os.path.join(self.root, path), path)

    def folder(self, path: str, *, sizes: bool = False) -> Folder | None:
        """Return the names in a real directory; None if there is none. `sizes`: measure files."""
        listed = list_folder(self.root, path, sizes=sizes)
        if listed is None:
            return None
        found, empty = listed
        self._empty[path] = empty
        return found

    def empty_files(self, folder: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files, with True; with None if one has vanished."""
        known = self._empty.get(folder)
        if known is not None:  # the listing has measured them
            yield from ((name, True) for name in sorted(known.intersection(names)))
            return
        names = sorted(names)  # closer to the order on disk than the order of a set
        with OpenFolder(self.root, folder) as at:
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

    def chunks(self, folder: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file with its bytes in pieces; with None if it has vanished."""
        names = sorted(names)
        with OpenFolder(self.root, folder) as at:
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

        return interrupted(self.root)

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Return the files that git does not have; none outside a repository."""
        from jit_guard.sources.repository import top

        if top(self.root) is None:
            return []
        from jit_guard.sources.git.tracking import untracked

        return untracked(self.root, scope, wanted)

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return the missing files that the index has."""
        from jit_guard.sources.git.worktree import explain_missing

        return explain_missing(self.root, missing)

    def close(self) -> None:
        """Do nothing: no resource is held."""

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, str]:
        """Return missing path -> the only orphan with its last committed text."""
        from jit_guard.sources.git.worktree import same_text

        return same_text(self.root, missing, orphans)


def _chunks(handle: int, at: OpenFolder, name: str) -> Chunks | UnreadableError:
    """Return the bytes of a file in pieces; almost always there is only one."""
    try:
        piece = os.read(handle, PIECE)
    except OSError as error:
        return UnreadableError(at.shown(name), reason(error))
    if len(piece) < PIECE:  # a regular file reads short only at its end
        return iter((piece,) if piece else ())
    return chain((piece,), pieces(handle, at.shown(name)))
