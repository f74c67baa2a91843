"""The projects of one run, built when first asked for; those that were built before are used."""

from __future__ import annotations

from pathlib import Path

from benchmarks.trees import TYPES, build_apart, lay, put_in_git


class Projects:
    """Generated projects below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, entries: int) -> Path:
        """A clean project with so many entries."""
        return self._built(f"{entries}", entries)

    def in_git(self, entries: int) -> Path:
        """The same, and git's index holds it all."""
        path = self._built(f"{entries}-in-git", entries)
        if not (path / ".git" / "index").exists():
            put_in_git(path)
        return path

    def _built(self, name: str, entries: int) -> Path:
        path = self._folder / name
        if not (path / "goal_map.json").exists():
            build_apart(path, entries // len(TYPES))
        lay(path, "clean")
        return path
