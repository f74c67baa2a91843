"""Commands of git as somebody would type them: exact, also for names that a shell would spoil."""

from __future__ import annotations

import os
from collections.abc import Iterable

from jit_guard.sources import repository
from jit_guard.text.shell import quoted


def add_command(root: str, paths: Iterable[str]) -> str:
    """The `git add` that hands files to git, for whoever stands in the working directory.

    Args:
        root: the project's root.
        paths: relative to the root, with `/`.
    """
    return command_below(root, ["add"], paths)


def command_below(root: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """`git WORDS -- PATHS`, for paths relative to the project's root."""
    real = os.path.realpath(root)
    top = repository.top(real) or real
    return command(top, words, [repository.below(top, os.path.join(real, one)) for one in paths])


def command(top: str, words: Iterable[str], paths: Iterable[str]) -> str:
    """`git WORDS -- PATHS`, for paths relative to the top of a repository.

    From elsewhere than inside that repository git has to be led there with `-C`.
    """
    here = os.path.realpath(os.getcwd())
    told = ["git"]
    if repository.top(here) == top:
        paths = [repository.below(here, os.path.join(top, path)) for path in paths]
    else:
        told += ["-C", quoted(_short(top, here))]
    # A colon at the start would be taken for the magic of a pathspec.
    named = (f"./{path}" if path.startswith(":") else path for path in paths)
    return " ".join([*told, *words, "--", *map(quoted, named)])


def _short(path: str, here: str) -> str:
    try:
        relative = os.path.relpath(path, here)
    except ValueError:  # another drive on Windows
        return path
    return min(relative, path, key=len)
