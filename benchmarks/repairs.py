"""Costs for an orchestrator: `--fix` of 1,000 components, and a lookup among a million."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks import contenders
from benchmarks.projects import Projects
from benchmarks.table import Row, at_most
from benchmarks.trees import build, lay

FILES = 1_000
LOOKUPS = """
import statistics, sys, time
from jit_guard import Guard
guard = Guard(sys.argv[1])
goal = sys.argv[2]
guard.component(goal, "persona")
def once(goal):
    started = time.perf_counter()
    guard.component(goal, "persona")
    return time.perf_counter() - started
print(statistics.median(once(f"GOAL_{number:06}") for number in range(1000)) * 1e6)
"""


def rows(projects: Projects, entries: int) -> Iterator[Row]:
    """The fix and the lookups."""
    with tempfile.TemporaryDirectory() as directory:
        yield from _fix(Path(directory))
    project = projects.of(entries)
    lay(project, "clean")
    command = [sys.executable, "-c", LOOKUPS, str(project), "GOAL_000000"]
    took = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    what = f"Guard.component at {entries:,} entries, after the first call"
    yield at_most(what, took, 100, "µs")


def _fix(project: Path) -> Iterator[Row]:
    """Remove 1,000 files, and fix them in one call."""
    build(project, FILES // 5)
    for path in (project / "components").rglob("*.txt"):
        path.unlink()
    command = contenders.jit_guard("--fix", "--yes", "--generator", "scaffold", "-q")
    started = perf_counter()
    done = subprocess.run(command, cwd=project, capture_output=True, check=False)
    took = perf_counter() - started
    if done.returncode != 1:  # drafts are findings until they are edited
        raise RuntimeError(done.stderr.decode())
    what = f"--fix of {FILES:,} with scaffold, each"
    yield at_most(what, took / FILES * 1000, 5, "ms")
