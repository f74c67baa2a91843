"""Projects to measure: a map and a tree that agree, and maps that disagree with the tree.

`python -m benchmarks.trees DIRECTORY ENTRIES` builds one in a process of its own: a child process
inherits the peak memory of its parent, so the process that measures must stay small.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TYPES = ("protocol", "persona", "checklist", "template", "tool")
TEXT = b"# Purpose\nServe one goal.\n"
MAP = "goal_map.json"
Goals = dict[str, dict[str, str]]


def build(directory: Path, goals: int, types: tuple[str, ...] = TYPES) -> int:
    """Write a clean project with this many goals of these types; return its number of entries.

    It also writes the maps of `CASES`, for `lay`.
    """
    goal_map = {
        f"GOAL_{goal:06}": {one: f"{one}_for_goal_{goal:06}.txt" for one in types}
        for goal in range(goals)
    }
    for one in types:
        at = directory / "components" / f"{one}s"
        os.makedirs(at, exist_ok=True)
        place = os.open(at, os.O_RDONLY)
        for goal in range(goals):
            file = os.open(f"{one}_for_goal_{goal:06}.txt", os.O_WRONLY | os.O_CREAT, dir_fd=place)
            os.write(file, TEXT)
            os.close(file)
        os.close(place)
    for name, change in CASES.items():
        (directory / f"{name}.json").write_text(
            json.dumps(change(goal_map), indent=2) + "\n", encoding="utf-8"
        )
    lay(directory, "clean")
    return goals * len(types)


def build_apart(directory: Path, goals: int, types: tuple[str, ...] = TYPES) -> int:
    """`build` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.trees", str(directory), str(goals), *types]
    subprocess.run(command, check=True)
    return goals * len(types)


def lay(directory: Path, case: str) -> None:
    """Make a map of `CASES` the project's map."""
    shutil.copyfile(directory / f"{case}.json", directory / MAP)


def put_in_git(directory: Path) -> None:
    """Add the tree to git's index; all components have the same text, and so the same blob."""
    git = ["git", "-C", str(directory)]
    subprocess.run([*git, "init", "-q"], check=True)
    blob = subprocess.run(
        [*git, "hash-object", "-w", "--stdin"], input=TEXT, capture_output=True, check=True
    ).stdout.decode()
    index = subprocess.Popen(
        [*git, "update-index", "--index-info"], stdin=subprocess.PIPE, text=True
    )
    assert index.stdin is not None
    for place, _, names in os.walk(directory / "components"):
        at = os.path.relpath(place, directory)
        # Sorted, because git inserts each name and moves all that follow it.
        index.stdin.writelines(f"100644 {blob.strip()}\t{at}/{name}\n" for name in sorted(names))
    index.stdin.close()
    if index.wait():
        raise RuntimeError("git update-index failed")


def put_map_in_git(directory: Path) -> None:
    """Add the project's map to git's index."""
    subprocess.run(["git", "-C", str(directory), "add", "-f", MAP], check=True)


def _broken(goals: Goals) -> Goals:
    """A typing error in one filename of a thousand, so that one file of a thousand is an orphan."""
    changed = {goal: dict(parts) for goal, parts in goals.items()}
    for number, (goal, parts) in enumerate(goals.items()):
        for at, (component_type, filename) in enumerate(parts.items()):
            if (number * len(parts) + at) % 1000 == 7:
                slip = filename.replace("_for_goal_", "_fro_goal_")
                changed[goal][component_type] = slip
    return changed


def _strange(goals: Goals) -> Goals:
    """No entry names an existing file, and no file has an entry."""
    return {
        goal: {component_type: f"v2/{filename}" for component_type, filename in parts.items()}
        for goal, parts in goals.items()
    }


CASES: dict[str, Callable[[Goals], Goals]] = {
    "clean": lambda goals: goals,
    "broken": _broken,
    "missing": _strange,
}


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]), tuple(sys.argv[3:]) or TYPES)
