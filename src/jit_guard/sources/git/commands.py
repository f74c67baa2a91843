"""git commands for hints, quoted so that they can be pasted into a shell."""

from __future__ import annotations

import os
from collections.abc import Iterable

from jit_guard.sources import repository
from jit_guard.text.shell import quoted


def add_command(root: str, paths: Iterable[str]) -> str:
    """Return the `git add` for these files, to be run in the working directory.

    Args:
        root: the project's root.
        paths: relative to the root, with `/`.
    """
    return command_below(root, ["add"], paths)


def command_below(root: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """Return `git WORDS -- PATHS` for paths relative to the project's root."""
    real = os.path.realpath(root)
    top = repository.top(real) or real
    return command(top, words, [repository.below(top, os.path.join(real, one)) for one in paths])


def command(top: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """Return `git WORDS -- PATHS` for paths relative to the top of a repository.

    If the working directory is outside that repository, the command has a `-C`.
    """
    git, prefix = _git_at(top)
    if prefix is not None:
        paths = [repository.below(prefix, os.path.join(top, path)) for path in paths]
    # git takes a colon at the start for pathspec magic.
    named = (f"./{path}" if path.startswith(":") else path for path in paths)
    return " ".join([git, *words, "--", *map(quoted, named)])


def git_in(top: str, path: str) -> tuple[str, str]:
    """Return how git is run in a repository, and a path outside it for an option of git.

    Args:
        top: the top of the repository.
        path: the absolute real path of a file.
    """
    git, prefix = _git_at(top)
    return git, repository.below(prefix or top, path)


def _git_at(top: str) -> tuple[str, str | None]:
    """Return `git`, if needed with `-C`, and the directory that its paths are relative to."""
    here = os.path.realpath(os.getcwd())
    if repository.top(here) == top:
        return "git", here
    return f"git -C {quoted(_short(top, here))}", None


def _short(path: str, here: str) -> str:
    try:
        relative = os.path.relpath(path, here)
    except ValueError:  # another drive on Windows
        return path
    return min(relative, path, key=len)
