"""Locations on disk of the paths in a commit, which must be inside the project.

A path is relative to the root, with `/`. It is resolved again at each use, since an intent may be
read by another process, after the project was moved, or in a clone.
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
    """A place on disk: the real directory (absolute, no links) and the name in it."""

    folder: str
    name: str

    @property
    def path(self) -> str:
        """The whole path."""
        return os.path.join(self.folder, self.name)

    def beside(self, name: str) -> str:
        """The path of another name in the same directory."""
        return os.path.join(self.folder, name)


def component_location(root: str, path: str) -> Location:
    """Locate a component. Its directory may be a link inside the project.

    Raises:
        UnsafePathError: the path leaves the project.
    """
    refuse_unsafe(path)
    folder, _, name = path.rpartition("/")
    real = _real(os.path.join(root, *folder.split("/")) if folder else root)
    if not _inside(root, real):
        raise UnsafePathError(f"{path}: its directory is outside the project; nothing was written")
    return Location(real, name)


def map_location(root: str, path: str) -> Location:
    """Locate the bytes of a map. A map that is a link stays one: its target is edited.

    Raises:
        UnsafePathError: the path leaves the project.
    """
    location = component_location(root, path)
    if durable.is_link(location.path):
        return Location(*os.path.split(os.path.realpath(location.path, strict=True)))
    return location


def refuse_hard_link(path: str, status: os.stat_result) -> None:
    """Refuse a hard-linked map, which a rename would detach from its other names.

    Raises:
        TransactionError: the map has another name.
    """
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise TransactionError(
            f"{path} has {status.st_nlink} hard links, and replacing it would leave the others "
            f"with the old text; make it a copy (cp {path} x && mv x {path}) or a symbolic link"
        )


def missing_folders(root: str, folder: str) -> list[str]:
    """List the directories to create, outermost first, as paths relative to the root."""
    missing: list[str] = []
    while folder != root and not durable.exists(folder):
        missing.append(os.path.relpath(folder, root).replace(os.sep, "/"))
        folder = os.path.dirname(folder)
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
    return missing[::-1]


def upwards(root: str, folder: str) -> list[str]:
    """List a directory and its parents up to the root (itself alone if it is outside)."""
    chain = [folder]
    while _inside(root, folder) and folder != root:
        folder = os.path.dirname(folder)
        chain.append(folder)
    return chain


def refuse_unsafe(path: str) -> None:
    """Raise UnsafePathError for a path that is not plainly a file below the root."""
    segments = path.split("/")
    if not path or path.startswith("/") or re.match("[A-Za-z]:", path):
        raise UnsafePathError(f"{path!r} is absolute or empty; use a path relative to the root")
    if "\\" in path or "\0" in path or any(name in ("", ".", "..") for name in segments):
        raise UnsafePathError(f"{path!r} is not a plain path below the root; nothing was written")
    if segments[0].lower() in _OURS:
        raise UnsafePathError(f"{path!r}: maps and components cannot be in {segments[0]}")


def _real(path: str) -> str:
    """Return the `realpath` of a directory that may not exist yet; raise if it cannot be read."""
    try:
        return os.path.realpath(path, strict=True)
    except FileNotFoundError:
        if durable.is_link(path):
            raise
        above, name = os.path.split(path)
        return os.path.join(_real(above), name)


def _inside(root: str, path: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
