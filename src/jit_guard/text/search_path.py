"""Search paths for programs and modules, without the working directory.

The working directory belongs to the repository that is checked, and a pull request must not be
able to replace an installed program with its own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

_SUFFIXES = (".exe", ".com", ".bat", ".cmd")  # what Windows itself starts


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


def not_here() -> dict[str, str]:
    """Return the variable that lets a program search as `executable` does (a `.cmd`, for example).

    Without it, `cmd.exe` and CreateProcess of Windows take the working directory first.
    """
    return {"NoDefaultCurrentDirectoryInExePath": "1"} if os.name == "nt" else {}


def executable(name: str) -> str:
    """Find an installed program by its name; return a path unchanged.

    Shells take an empty or relative entry of PATH relative to the working directory, and Windows
    searches that first, whatever PATH says. Neither is done here. On Windows, the suffix of a
    program can be omitted, as in a shell there (an installed `NAME.cmd` is often accompanied by a
    `NAME`, which is for POSIX shells).

    Raises:
        FileNotFoundError: there is no such program.
    """
    if os.path.dirname(name):
        return name
    suffixes = _SUFFIXES if os.name == "nt" and not name.lower().endswith(_SUFFIXES) else ("",)
    for entry in without_here(os.get_exec_path()):
        for suffix in suffixes:
            path = os.path.join(entry, name + suffix)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
