"""The projects of one run, built on first use; existing ones are reused."""

from __future__ import annotations

from pathlib import Path

from benchmarks.trees import TYPES, build_apart, lay, put_in_git


class Projects:
    """Generated projects in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of(self, entries: int) -> Path:
        """A clean project with this many entries."""
        return self._built(f"{entries}", entries)

    def in_git(self, entries: int) -> Path:
        """The same, with all its files in git's index."""
        path = self._built(f"{entries}-in-git", entries)
        if not (path / ".git" / "index").exists():
            put_in_git(path)
        return path

    def _built(self, name: str, entries: int) -> Path:
        path = self._directory / name
        if not (path / "goal_map.json").exists():
            build_apart(path, entries // len(TYPES))
        lay(path, "clean")
        return path
