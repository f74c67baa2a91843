"""The original algorithm's one function, for orchestrators that call it by its name."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any

from jit_guard.fixing.descriptions import suggestion
from jit_guard.guard import Guard
from jit_guard.project import Path
from jit_guard.registry.goal_map import Entry


def handle_just_in_time_generation(
    goal: str,
    component_type: str,
    filename: str | None = None,  # noqa: ARG001 - the map is asked, which may know better
    *,
    root: Path = ".",
    describe: Callable[[Entry], str | None] | str | None = None,
    **options: Any,
) -> pathlib.Path:
    """The component for a goal and type, generated just in time if it is missing.

    On a terminal, and without `describe`, the user is asked for a one-line description, as in
    the original algorithm; elsewhere the names suggest one. See `Guard.ensure`, which this is
    but for the question.

    Args:
        goal: a goal of the map.
        component_type: a component type that it has.
        filename: what the caller read in the map. Another process may have set the entry to a
            generated component since; then that one is returned.
        root: where to look for the project.
        describe: the description, or a function that gives one.
        options: as for `Guard.ensure`.

    Raises:
        MissingComponent: no map has the entry, or no text could be had.
    """
    if describe is None and sys.stdin is not None and sys.stdin.isatty():
        describe = _ask
    return Guard(root).ensure(goal, component_type, describe=describe, **options)


def _ask(entry: Entry) -> str | None:
    from jit_guard.fixing.interaction import Terminal

    return Terminal(color=False).describe(entry, entry.filename, suggestion(entry))
