"""Locations on disk of the paths in a commit, which must be inside the project.

A path is relative to the root, with `/`. It is resolved again at each use, since an intent may be
read by another process, after the project was moved, or in a clone. Links inside the project are
followed here; calls on a `Location` follow none.
"""

from __future__ import annotations

import errno
import os
import re
import stat

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Directory, Location
from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.text.names import MAX_NAME_BYTES, STATE_DIRECTORY, is_git, unportable

_MOST_BYTES = 4095  # of a path, on Linux


def component_location(directories: Directories, path: str) -> Location:
    """Locate a component. Its directory may be a link inside the project.

    Raises:
        UnsafePathError: the path leaves the project, or leads into `.git` or `.jit-guard`.
    """
    refuse_unsafe(path)
    directory, _, name = path.rpartition("/")
    return _inside(directories, path, os.path.join(directories.top.path, directory)).location(name)


def map_location(directories: Directories, path: str) -> Location:
    """Locate the bytes of a map. A map that is a link stays one: its target is edited.

    Raises:
        UnsafePathError: as for a component.
    """
    location = component_location(directories, path)
    if durable.is_link(location):
        directory, name = os.path.split(_real(location.path, path))
        return _inside(directories, path, directory).location(name)
    return location


def refuse_link_away(location: Location, path: str) -> None:
    """Refuse a component that is a link out of the project, into `.git` or into `.jit-guard`.

    Nothing is written through such a link, but an entry should not be set to its name, either.

    Raises:
        UnsafePathError: it is such a link.
    """
    if durable.is_link(location):
        _below(location.directory.directories, path, os.path.realpath(location.path))


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


def missing_directories(directory: Directory) -> list[Directory]:
    """List the directories to create, outermost first."""
    missing: list[Directory] = []
    while directory != directory.directories.top:
        status = directory.place.status()
        if status is not None:
            if not stat.S_ISDIR(status.st_mode):
                words = os.strerror(errno.ENOTDIR)
                raise NotADirectoryError(errno.ENOTDIR, words, directory.path)
            break
        missing.append(directory)
        directory = directory.place.directory
    return missing[::-1]


def upwards(directory: Directory) -> list[Directory]:
    """List a directory and its parents, up to the root."""
    chain = [directory]
    while chain[-1] != directory.directories.top:
        chain.append(chain[-1].place.directory)
    return chain


def refuse_unsafe(path: str) -> None:
    """Raise UnsafePathError for a path that is not plainly a file below the root."""
    segments = path.split("/")
    if not path or path.startswith("/") or re.match("[A-Za-z]:", path):
        raise UnsafePathError(f"{path!r} is absolute or empty; use a path relative to the root")
    if "\\" in path or "\0" in path or any(name in ("", ".", "..") for name in segments):
        raise UnsafePathError(f"{path!r} is not a plain path below the root; nothing was written")
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        raise UnsafePathError(f"{path!r} is not a valid file name") from None
    if len(raw) > _MOST_BYTES or max(map(len, raw.split(b"/"))) > MAX_NAME_BYTES:
        raise UnsafePathError(f"{path[:60]!r}… is too long for a file name")
    _refuse_ours(path, segments)
    why = next(filter(None, map(unportable, segments)), None) if os.name == "nt" else None
    if why is not None:
        raise UnsafePathError(f"{path}: the name {why}; nothing was written")


def _refuse_ours(path: str, segments: list[str]) -> None:
    for name in segments:
        if is_git(name) or name.lower() == STATE_DIRECTORY:
            raise UnsafePathError(f"{path!r}: maps and components cannot be in {name}")


def _inside(directories: Directories, path: str, directory: str) -> Directory:
    """Return the real directory at a path, if maps and components may be written there."""
    return _below(directories, path, _real(directory, path))


def _below(directories: Directories, path: str, real: str) -> Directory:
    root = directories.top.path
    if real != root and not real.startswith(root.rstrip(os.sep) + os.sep):
        raise UnsafePathError(f"{path}: it leads outside the project; nothing was written")
    found = directories.at(os.path.relpath(real, root) if real != root else "")
    _refuse_ours(path, found.relative.split("/"))
    return found


def _real(full: str, path: str) -> str:
    """Return the `realpath` of a path that may not exist yet; raise if it cannot be read."""
    missing: list[str] = []  # innermost first
    while True:
        try:
            return os.path.join(os.path.realpath(full, strict=True), *reversed(missing))
        except FileNotFoundError:
            if os.path.islink(full):
                raise UnsafePathError(f"{path} goes through a broken link") from None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnsafePathError(f"{path} goes through a loop of links") from None
            if not isinstance(error, NotADirectoryError):
                raise
            raise UnsafePathError(f"{path} is below a file") from None
        full, name = os.path.split(full)
        missing.append(name)
