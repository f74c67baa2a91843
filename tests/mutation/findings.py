"""What became of the mutants: kept in a file, and as a row of docs/testing.md."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from .mutant import Mutant
from .workplace import Run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EQUIVALENT = Path(__file__).with_name("equivalent")  # a file per package


class Findings:
    """The file of what was found in a package, a line per mutant; the last line of one counts.

    The runs of a module of the package share it with those of the whole package.
    """

    def __init__(self, directory: Path, package: str) -> None:
        self._file = directory / f"{package.split('/', maxsplit=1)[0]}.jsonl"
        self._killed: dict[tuple[Any, ...], bool] = {}
        lines = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        for entry in map(json.loads, lines):
            self._killed[tuple(entry["mutant"])] = entry["killed"]

    def forget(self, mutants: list[Mutant]) -> None:
        """Forget what earlier runs have found about these, until something is found again."""
        for one in mutants:
            self._killed.pop(one.key, None)

    def killed(self, mutant: Mutant) -> bool:
        """Whether a test has failed for this mutant."""
        return self._killed.get(mutant.key, False)

    def add(self, mutant: Mutant, run: Run) -> None:
        """Keep what was found about a mutant."""
        self._killed[mutant.key] = run.killed
        self._file.parent.mkdir(parents=True, exist_ok=True)
        entry = {"mutant": mutant.key, "killed": run.killed, "by": run.by, "seconds": run.seconds}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


@cache
def entries(package: str) -> list[dict[str, Any]]:
    """The mutants of a package that no test can notice, as its file in `equivalent/` lists them.

    `file` is relative to src/jit_guard, `function` the innermost function or class, `old` and `new`
    the line before and after, as the command prints them; without `new`, every mutant of the line.
    `occurrence` counts from 0 where the function has several such lines.
    """
    file = EQUIVALENT / f"{package}.toml"
    read = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    return list(read.get("equivalent", []))


def equivalent(mutant: Mutant) -> bool:
    """Whether a file in `equivalent/` says why no test can notice this mutant."""
    package = mutant.file.split("/")[0].removesuffix(".py")
    return any(
        (entry["file"], entry["function"], entry["old"]) == mutant.key[:3]
        and entry.get("new", mutant.new) == mutant.new
        and entry.get("occurrence", mutant.occurrence) == mutant.occurrence
        for entry in entries(package)
    )


def row(package: str, chosen: int, total: int, equivalents: int, survivors: int) -> str:
    """The row of a package in the table of docs/testing.md."""
    counted = chosen - equivalents
    score = f"{100 * (counted - survivors) // counted} %" if counted else "-"
    of = f"{chosen} of about {total}" if chosen < total else f"all {total}"
    return f"| `{package}` | {score} | {of} | {equivalents} | {survivors} |"


def record(page: Path, written: str) -> None:
    """Put a row in place of the row of the same package."""
    name = written.split("|")[1]
    lines = page.read_text("utf-8").split("\n")
    rows = [at for at, line in enumerate(lines) if line.startswith(f"|{name}|")]
    if not rows:
        raise SystemExit(f"{page} has no row of{name}")
    lines[rows[0]] = written
    page.write_text("\n".join(lines), "utf-8")
