"""Where programs and modules are looked for: everywhere but in the working directory.

What lies there belongs to the repository that is checked, and a pull request must not get to run
a program of its own in the place of one that is installed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable


def is_here(entry: str) -> bool:
    """Is this entry of a search path the working directory, whatever it is called?"""
    if entry in ("", "."):
        return True
    try:
        return os.path.samefile(entry, ".")
    except (OSError, ValueError):
        return False


def without_here(entries: Iterable[str]) -> list[str]:
    """The entries of a search path that do not depend on the working directory."""
    return [entry for entry in entries if os.path.isabs(entry) and not is_here(entry)]


def executable(name: str) -> str:
    """The path of the program that a word means: an installed one, or the very path that it is.

    A relative entry of PATH, or an empty one, means the working directory to a shell, and Windows
    looks there first, whatever PATH says: neither is done here.

    Raises FileNotFoundError: there is none.
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
