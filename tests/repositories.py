"""Repositories for tests, created without user configuration."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from projects import SOUND, Content, git, lay_out

Kind = Literal["worktree", "index", "head", "revision"]
SNAPSHOTS: dict[Kind, str] = {  # of a repository, with their names in messages
    "worktree": "the worktree",
    "index": "the index",
    "head": "HEAD",
    "revision": "v1",
}
NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not on the PATH")


def repository(
    directory: Path, files: Mapping[str, Content] = SOUND, *, object_format: str = "sha1"
) -> Path:
    """A repository with these files, all committed."""
    lay_out(directory, files)
    shutil.copytree(_empty(object_format), directory / ".git")
    save(directory, "All")
    return directory


@functools.cache
def _empty(object_format: str) -> Path:
    """The `.git` of a repository without commits, which takes three processes."""
    directory = Path(tempfile.mkdtemp(prefix="jit-guard-repository-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    git(directory, "init", "-q", "-b", "main", "--template=", f"--object-format={object_format}")
    (directory / ".git/info").mkdir()
    git(directory, "config", "user.name", "Test")
    git(directory, "config", "user.email", "test@example.invalid")
    return directory / ".git"


def save(directory: Path, message: str = "More") -> None:
    """Commit all files."""
    git(directory, "add", "-A", ".")
    git(directory, "commit", "-q", "--allow-empty", "--no-verify", "-m", message)
