"""git commands for hints, quoted so that they can be pasted into a shell."""

from __future__ import annotations

import os
from collections.abc import Iterable

from jit_guard.sources import repository
from jit_guard.text.shell import git_command


def add_command(root: str, paths: Iterable[str]) -> str:
    """Return the `git add` for these files, to be run in the working directory.

    Args:
        root: the project's root.
        paths: relative to the root, with `/`.
    """
    return command_below(root, ["add"], paths)


def command_below(root: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """Return `git WORDS -- PATHS` for paths relative to the project's root."""
    return git_command(shown(os.path.realpath(root)), words, paths)


def command(root: str, top: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """Return `git WORDS -- PATHS`, to be run in the working directory.

    In the command, paths are relative to the root, or in a repository inside the project to the
    top of that; unless that is the working directory, the command has a `-C`.

    Args:
        root: the project's root, with links resolved.
        top: the top of a repository.
        words: the subcommand and its options.
        paths: relative to the top.
    """
    at = root if f"{root}{os.sep}".startswith(f"{top.rstrip(os.sep)}{os.sep}") else top
    named = [repository.below(at, os.path.join(top, path)) for path in paths]
    return git_command(shown(at), words, named)


def shown(directory: str) -> str:
    """Return a directory relative to the working directory, if that is shorter, with `/`."""
    here = os.path.realpath(os.getcwd())
    try:
        relative = os.path.relpath(directory, here)
    except ValueError:  # another drive on Windows
        relative = directory
    return min(relative, directory, key=len).replace(os.sep, "/")
