"""What the whole suite gave on Windows: a line per file of tests in a file, and a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Result(NamedTuple):
    """What one file of tests gave."""

    file: str  # relative to the project
    commit: str  # as `git describe` names it
    passed: int
    skipped: int
    failed: list[str]  # the tests
    finished: bool  # whether the session that it was in came to its end
    seconds: float  # of all its tests

    @property
    def settled(self) -> bool:
        """Whether it need not be run again."""
        return self.finished and not self.failed


class Results:
    """The file of results; the last line of a file of tests counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        self._last = {one.file: one for one in (Result(**json.loads(line)) for line in lines)}

    def settled(self, file: str) -> bool:
        """Whether a file of tests has passed."""
        return file in self._last and self._last[file].settled

    def add(self, results: Iterable[Result]) -> None:
        """Keep results."""
        with self._file.open("a", encoding="utf-8") as kept:
            for one in results:
                self._last[one.file] = one
                kept.write(json.dumps(one._asdict()) + "\n")

    def of(self, files: Iterable[str]) -> list[Result]:
        """The results of files of tests; one that was never run is not finished."""
        return [
            self._last.get(file) or Result(file, "", 0, 0, [], finished=False, seconds=0)
            for file in files
        ]


def table(results: Iterable[Result]) -> str:
    """A row per directory of tests, and one of all."""
    by_directory: dict[str, list[Result]] = {}
    for one in results:
        by_directory.setdefault(one.file.rpartition("/")[0], []).append(one)
    rows = [_row(f"`{name}`", ones) for name, ones in by_directory.items()]
    everything = [one for ones in by_directory.values() for one in ones]
    head = "| tests | passed | skipped | failed | files not finished | minutes | commit |"
    return "\n".join([head, "| --- " * 7 + "|", *rows, _row("all", everything)])


def _row(name: str, results: list[Result]) -> str:
    cells = (
        name,
        sum(one.passed for one in results),
        sum(one.skipped for one in results),
        sum(len(one.failed) for one in results),
        sum(not one.finished for one in results),
        f"{sum(one.seconds for one in results) / 60:.1f}",
        ", ".join(sorted({one.commit for one in results if one.commit})),
    )
    return f"| {' | '.join(map(str, cells))} |"
