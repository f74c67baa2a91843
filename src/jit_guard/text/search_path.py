"""Search paths of programs and modules, without the working directory.

The working directory belongs to the repository that is checked, and a pull request must not be
able to replace an installed program with its own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable


def is_here(entry: str) -> bool:
    """Check whether an entry of a search path is the working directory."""
    if entry in ("", "."):
        return True
    try:
        return os.path.samefile(entry, ".")
    except (OSError, ValueError):
        return False


def without_here(entries: Iterable[str]) -> list[str]:
    """Return the entries of a search path that do not depend on the working directory."""
    return [entry for entry in entries if os.path.isabs(entry) and not is_here(entry)]


def executable(name: str) -> str:
    """Find the program of a command: an installed one, or the path itself if it is a path.

    A relative or empty entry of PATH means the working directory to a shell, and Windows searches
    it first, whatever PATH says: neither is done here.

    Raises FileNotFoundError if there is none.
    """
    if os.path.dirname(name):
        return name
    suffixes = ("", ".exe", ".com") if os.name == "nt" else ("",)
    for entry in without_here(os.get_exec_path()):
        for suffix in suffixes:
            path = os.path.join(entry, name + suffix)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
