"""Location of a git repository, found without running git."""

import os


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
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            pointer = file.read().rstrip("\n")
    except OSError:  # a directory, as in most repositories
        return os.path.realpath(path)
    return os.path.realpath(os.path.join(repository, pointer.removeprefix("gitdir: ")))


def below(directory: str, path: str) -> str:
    """Return a real path relative to a directory above it, with `/`; "" for itself."""
    relative = os.path.relpath(path, directory).replace(os.sep, "/")
    return "" if relative == "." else relative
