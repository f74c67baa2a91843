"""All other cases at one size: broken maps, git's index, formats, contents, a schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import contenders
from benchmarks.growth import NAMES, against, memory
from benchmarks.measure import in_turn, ratio, seconds
from benchmarks.projects import Projects
from benchmarks.table import Row, at_most
from benchmarks.trees import lay, put_map_in_git

_SCHEMA_FROM = 500_000  # entries: 100,000 goals of five types
# What a team might require beyond the built-in schema: patterns for names, a required type.
SCHEMA = """{
  "type": "object",
  "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
  "additionalProperties": {
    "type": "object",
    "required": ["protocol"],
    "propertyNames": {"pattern": "^[a-z]+$"},
    "additionalProperties": {"type": "string", "pattern": "^[a-z0-9_]+\\\\.txt$"}
  }
}
"""


def rows(projects: Projects, entries: int, runs: int) -> Iterator[Row]:
    """Every case, compared with its limits."""
    project = projects.of(entries)
    for case in ("clean", "broken", "missing"):
        lay(project, case)
        yield from _worktree(project, entries, case, runs)
    lay(project, "clean")
    yield from _contents(project, entries, runs)
    yield from _schema(project, entries, runs)
    project = projects.in_git(entries)
    for case in ("clean", "broken", "missing"):
        lay(project, case)
        put_map_in_git(project)
        yield from _index(project, entries, case, runs)


def _worktree(project: Path, entries: int, case: str, runs: int) -> Iterator[Row]:
    taken = in_turn(
        {
            "text": contenders.jit_guard(*NAMES),
            "JSON": contenders.jit_guard(*NAMES, "--format", "json"),
            contenders.SHELL: contenders.shell(contenders.NAMES_AND_SIZES),
            contenders.FLOOR: contenders.floor(),
        },
        project,
        runs,
    )
    for name in ("text", "JSON"):
        what = f"{entries:,}, {case}, {name}"
        yield Row(what, f"{seconds(taken[name]):.2f} s")
        for other in (contenders.SHELL, contenders.FLOOR):
            yield against(what, entries, taken[name], other, taken[other])
        yield memory(what, entries, taken[name])


def _contents(project: Path, entries: int, runs: int) -> Iterator[Row]:
    where = f"{entries:,}"
    taken = in_turn(
        {
            "all rules": contenders.jit_guard(),
            "names and sizes": contenders.jit_guard(*NAMES),
            contenders.READING: contenders.reading(),
        },
        project,
        runs,
    )
    whole = seconds(taken["all rules"])
    parts = seconds(taken["names and sizes"]) + seconds(taken[contenders.READING])
    yield Row(f"{where}, contents too", f"{whole:.2f} s")
    yield Row(f"{where}, {contenders.READING}", f"{seconds(taken[contenders.READING]):.2f} s")
    what = f"{where}, contents too ÷ (names and sizes + {contenders.READING})"
    yield at_most(what, whole / parts, 1.3, "x")
    yield memory(f"{where}, contents too", entries, taken["all rules"])


def _schema(project: Path, entries: int, runs: int) -> Iterator[Row]:
    where = f"{entries:,}"
    (project / "team.schema.json").write_text(SCHEMA, encoding="utf-8")
    taken = in_turn(
        {
            "with": contenders.jit_guard(*NAMES, "--schemafile", "team.schema.json"),
            "without": contenders.jit_guard(*NAMES),
        },
        project,
        runs,
    )
    yield Row(f"{where}, a team's own schema", f"{seconds(taken['with']):.2f} s")
    what = f"{where}, a team's own schema ÷ without it"
    row = at_most(what, ratio(taken["with"], taken["without"]), 2.0, "x")
    # For smaller maps, most of the time goes into importing `jsonschema`.
    yield row.limited_if(entries >= _SCHEMA_FROM)


def _index(project: Path, entries: int, case: str, runs: int) -> Iterator[Row]:
    taken = in_turn(
        {
            "ours": contenders.jit_guard(*NAMES, "--source", "index"),
            contenders.SHELL: contenders.shell(contenders.INDEX),
        },
        project,
        runs,
    )
    what = f"{entries:,}, {case}, git index"
    yield Row(what, f"{seconds(taken['ours']):.2f} s")
    yield against(what, entries, taken["ours"], contenders.SHELL, taken[contenders.SHELL])
    yield memory(what, entries, taken["ours"])
