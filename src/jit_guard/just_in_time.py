"""The single function of the original algorithm, for orchestrators that call it by name."""

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
    filename: str | None = None,  # noqa: ARG001 - the map may have a newer value
    *,
    root: Path = ".",
    describe: Callable[[Entry], str | None] | str | None = None,
    **options: Any,
) -> pathlib.Path:
    """Return the component for a goal and type, and generate it first if it is missing.

    On a terminal, and without `describe`, the user is asked for a one-line description, as in
    the original algorithm. Elsewhere a description is derived from the names. Apart from the
    question, this is `Guard.ensure`.

    Args:
        goal: a goal of the map.
        component_type: a component type of that goal.
        filename: the value that the caller read in the map. If another process has set the entry
            to a generated component since, that component is returned.
        root: the directory in which to look for the project.
        describe: the description, or a function that returns one.
        options: as for `Guard.ensure`.

    Raises:
        MissingComponent: no map has the entry, or no text could be generated.
    """
    if describe is None and sys.stdin is not None and sys.stdin.isatty():
        describe = _ask
    return Guard(root).ensure(goal, component_type, describe=describe, **options)


def _ask(entry: Entry) -> str | None:
    from jit_guard.fixing.dialogue import Dialogue
    from jit_guard.fixing.interaction import QuitError

    try:
        return Dialogue(color=False).describe(entry, entry.filename, suggestion(entry))
    except QuitError:  # only Ctrl-C ends the program that called
        return None
