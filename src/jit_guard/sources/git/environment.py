"""The environment variables for calls of git.

git exports to its hooks which index is being committed and where the repository is. These are
used to read what is being committed, and removed for everything else: with them, a question about
another repository or about the worktree would get the wrong answer.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from jit_guard.errors import GitError
from jit_guard.sources import repository

_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH", "GIT_TRACE", "GIT_CEILING_DIRECTORIES")
_WHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")
# English messages, no prompts, no lock files, no magic in paths.
_QUIET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}


class Standpoint(NamedTuple):
    """Where git runs: directory, the project's path below it, environment variables."""

    folder: str  # the top of the work tree
    prefix: str  # the project's root below it, with `/`; "" if it is the top
    environment: dict[str, str]


def clean_environment() -> dict[str, str]:
    """Return the environment without the variables that git exports to hooks."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key.startswith(_KEPT)
    }
    return {**kept, **_QUIET}


def commit_standpoint(root: str) -> Standpoint:
    """Return where to run git to read what is being committed.

    Raises GitError if the root is not in a repository.
    """
    real = os.path.realpath(root)
    top = repository.top(real)
    if top is None:
        return _without_dot_git(root, real)
    if not _speaks_of(top):
        return Standpoint(top, repository.below(top, real), clean_environment())
    # At the top git finds the repository by itself; GIT_DIR would hide the work tree.
    given = {key: value for key, value in os.environ.items() if key not in _WHERE}
    return Standpoint(top, repository.below(top, real), {**given, **_QUIET})


def _speaks_of(top: str) -> bool:
    """Check whether the variables that git exported are about this repository."""
    given = os.environ.get("GIT_DIR")
    if given is not None:
        return os.path.realpath(given) == repository.git_folder(top)
    return repository.top(os.getcwd()) in (top, None)


def _without_dot_git(root: str, real: str) -> Standpoint:
    """A work tree whose repository only GIT_DIR names (`git --git-dir=... --work-tree=...`)."""
    folder = os.path.realpath(os.environ.get("GIT_WORK_TREE") or os.getcwd())
    prefix = repository.below(folder, real)
    if "GIT_DIR" not in os.environ or prefix == ".." or prefix.startswith("../"):
        raise GitError(f"{root} is not in a git repository; use --source worktree")
    given = {
        **os.environ,
        "GIT_DIR": os.path.realpath(os.environ["GIT_DIR"]),
        "GIT_WORK_TREE": folder,
    }
    return Standpoint(folder, prefix, {**given, **_QUIET})
