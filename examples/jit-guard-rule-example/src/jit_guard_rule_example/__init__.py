"""House rules for a goal map: a naming convention for goals, and no TODO in a component."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jit_guard.hookspecs import PluginRule, Problem, Project, hookimpl

_CAPITALS = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)*")
_TODO = re.compile(r"^\W*TODO\b", re.MULTILINE)


def capitals(project: Project) -> Iterator[Problem]:
    """Report each goal once, at its first entry."""
    reported = set()
    for entry in project.entries:
        goal = entry.map, entry.goal
        if goal not in reported and not _CAPITALS.fullmatch(entry.goal):
            reported.add(goal)
            better = re.sub(r"\W+", "_", entry.goal).strip("_").upper()
            yield Problem(
                f"the goal {entry.goal!r} is not in capitals",
                entry=entry,
                hint=f"rename it to {better}" if better else None,
            )


def todo_left(project: Project) -> Iterator[Problem]:
    """Read the texts from the snapshot, so that the rule also works on a commit."""
    for path in sorted({entry.path for entry in project.entries if entry.found}):
        text = project.text(path)
        found = _TODO.search(text) if text is not None else None
        if text is not None and found is not None:
            line = text.count("\n", 0, found.start()) + 1
            yield Problem(f"{path} has a TODO in line {line}", path=path)


@hookimpl
def jit_guard_rules() -> list[PluginRule]:
    """The rules of this plugin."""
    return [
        PluginRule(
            code="HOUSE101",
            name="goal-not-in-capitals",
            severity="warning",
            summary="a goal is not written like HAND_OVER_SHIFT",
            judge=capitals,
            why="Goals are looked up by their exact text, so one spelling avoids mistakes.",
            fix="Rename the goal in the map, and wherever it is used.",
            bad={
                "goal_map.json": '{"hand over": {"persona": "host.txt"}}\n',
                "components/personas/host.txt": "You welcome people.\n",
            },
            good={
                "goal_map.json": '{"HAND_OVER": {"persona": "host.txt"}}\n',
                "components/personas/host.txt": "You welcome people.\n",
            },
        ),
        PluginRule(
            code="HOUSE201",
            name="todo-left",
            severity="error",
            summary="a component that a goal uses has a line that starts with TODO",
            judge=todo_left,
            why="A model reads the TODO as part of its instructions.",
            fix="Finish the component.",
            bad={
                "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
                "components/personas/host.txt": "You welcome people.\nTODO: how?\n",
            },
            good={
                "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
                "components/personas/host.txt": "You welcome people.\n",
            },
        ),
    ]
