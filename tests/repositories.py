"""Repositories for tests, created without user configuration."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from projects import SOUND, Content, git, lay_out

NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not on the PATH")


def repository(
    folder: Path, files: Mapping[str, Content] = SOUND, *, object_format: str = "sha1"
) -> Path:
    """A repository with these files, all committed."""
    lay_out(folder, files)
    git(folder, "init", "-q", "-b", "main", f"--object-format={object_format}")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@example.invalid")
    save(folder, "All")
    return folder


def save(folder: Path, message: str = "More") -> None:
    """Commit all files."""
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "--allow-empty", "--no-verify", "-m", message)
