"""Location of a git repository, found without running git."""

import os

from jit_guard.errors import UnreadableError
from jit_guard.sources.disk import read_file

_POINTER = b"gitdir: "


def top(directory: str) -> str | None:
    """Return the nearest directory at or above this one with a `.git`; None outside git.

    Links are resolved first, as git does.
    """
    here = os.path.realpath(directory)
    while not os.path.lexists(os.path.join(here, ".git")):
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent
    return here


def git_directory(repository: str) -> str:
    """Return the real git directory of a repository: `.git`, or what a `.git` file points to.

    Linked worktrees and submodules have such a file (gitrepository-layout(5)).
    """
    path = os.path.join(repository, ".git")
    try:
        data = read_file(path, ".git")
    except UnreadableError:  # a directory, as in most repositories; or a FIFO
        data = None
    if data is None or not data.startswith(_POINTER) or b"\0" in data:
        return os.path.realpath(path)
    pointer = os.fsdecode(data[len(_POINTER) :].rstrip(b"\r\n"))
    return os.path.realpath(os.path.join(repository, pointer))


def below(directory: str, path: str) -> str:
    """Return a real path relative to a directory above it, with `/`; "" for itself.

    One that is not below it begins with `..`.
    """
    start = os.path.join(directory, "")
    if path.startswith(start):  # `relpath` would take `nul.txt` for a device of Windows
        return path[len(start) :].replace(os.sep, "/").rstrip("/")
    try:
        relative = os.path.relpath(path, directory).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return ".."
    return "" if relative == "." else relative
