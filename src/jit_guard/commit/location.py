"""Where the paths of a commit lead on disk: inside the project, or nowhere.

A path is relative to the root, with `/`. It is looked at again whenever it is used, since an
intent may be found by another process, after the project was moved, or in a clone.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.text.names import STATE_FOLDER

_OURS = (STATE_FOLDER, ".git")


class Location(NamedTuple):
    """A place on disk: the real folder (absolute, no link on the way) and the name in it."""

    folder: str
    name: str

    @property
    def path(self) -> str:
        """The whole path."""
        return os.path.join(self.folder, self.name)

    def beside(self, name: str) -> str:
        """The path of another name in the same folder."""
        return os.path.join(self.folder, name)


def component_location(root: str, path: str) -> Location:
    """Where a component stands or will stand. Its folder may be a link inside the project.

    Raises:
        UnsafePathError: the path leaves the project.
    """
    refuse_unsafe(path)
    folder, _, name = path.rpartition("/")
    real = _real(os.path.join(root, *folder.split("/")) if folder else root)
    if not _inside(root, real):
        raise UnsafePathError(f"{path}: its folder leads out of the project; nothing is written")
    return Location(real, name)


def map_location(root: str, path: str) -> Location:
    """Where a map's bytes are. A map that is a link stays one: what it points to is edited.

    Raises:
        UnsafePathError: the path leaves the project.
    """
    location = component_location(root, path)
    if durable.is_link(location.path):
        return Location(*os.path.split(os.path.realpath(location.path, strict=True)))
    return location


def refuse_hard_link(path: str, status: os.stat_result) -> None:
    """A rename would cut a hard-linked map off from its other names.

    Raises:
        TransactionError: the map has another name.
    """
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise TransactionError(
            f"{path} has {status.st_nlink} hard links, and replacing it would leave the others "
            f"behind with the old text; make it a copy (cp {path} x && mv x {path}) or a "
            "symbolic link"
        )


def missing_folders(root: str, folder: str) -> list[str]:
    """The folders to make, outermost first, as paths relative to the root."""
    missing: list[str] = []
    while folder != root and not durable.exists(folder):
        missing.append(os.path.relpath(folder, root).replace(os.sep, "/"))
        folder = os.path.dirname(folder)
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
    return missing[::-1]


def upwards(root: str, folder: str) -> list[str]:
    """A folder and those above it, up to the root (itself alone when it is outside)."""
    chain = [folder]
    while _inside(root, folder) and folder != root:
        folder = os.path.dirname(folder)
        chain.append(folder)
    return chain


def refuse_unsafe(path: str) -> None:
    """Raise UnsafePathError for a path that is not plainly a file below the root."""
    segments = path.split("/")
    if not path or path.startswith("/") or re.match("[A-Za-z]:", path):
        raise UnsafePathError(f"{path!r}: an absolute or empty path; give it relative to the root")
    if "\\" in path or "\0" in path or any(name in ("", ".", "..") for name in segments):
        raise UnsafePathError(f"{path!r}: not a plain path below the root; nothing is written")
    if segments[0].lower() in _OURS:
        raise UnsafePathError(f"{path!r}: {segments[0]} is no place for maps and components")


def _real(path: str) -> str:
    """`realpath` of a folder that may not be there yet; what cannot be looked at is an error."""
    try:
        return os.path.realpath(path, strict=True)
    except FileNotFoundError:
        if durable.is_link(path):
            raise
        above, name = os.path.split(path)
        return os.path.join(_real(above), name)


def _inside(root: str, path: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
