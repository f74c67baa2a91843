"""Repositories for tests, created without user configuration."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from projects import SOUND, Content, git, lay_out

NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not on the PATH")


def repository(
    directory: Path, files: Mapping[str, Content] = SOUND, *, object_format: str = "sha1"
) -> Path:
    """A repository with these files, all committed."""
    lay_out(directory, files)
    git(directory, "init", "-q", "-b", "main", f"--object-format={object_format}")
    git(directory, "config", "user.name", "Test")
    git(directory, "config", "user.email", "test@example.invalid")
    save(directory, "All")
    return directory


def save(directory: Path, message: str = "More") -> None:
    """Commit all files."""
    git(directory, "add", "-A", ".")
    git(directory, "commit", "-q", "--allow-empty", "--no-verify", "-m", message)
