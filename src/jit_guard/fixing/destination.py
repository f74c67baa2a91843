"""The path at which the text for a missing component is placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from jit_guard.comparison.result import Reference
from jit_guard.config import Settings
from jit_guard.fixing.target_directory import TargetDirectory
from jit_guard.registry.goal_map import GoalMap
from jit_guard.text.generated import PREFIX, candidates, is_for, lossless, plain_name
from jit_guard.text.names import fold, join

_MOST_NAMES = 1000  # to try for one component


class Destination(NamedTuple):
    """Where the text for entries is placed; `exists`: an earlier one is there."""

    path: str
    exists: bool


class Destinations:
    """The paths of generated texts in one plan, each used once.

    Args:
        maps: the maps that could be read.
        settings: the settings in force.
    """

    def __init__(self, maps: Sequence[GoalMap], settings: Settings) -> None:
        self._settings = settings
        self._reserved: set[str] = set()  # folded paths that this plan already uses
        goals = dict.fromkeys(goal for one in maps for goal in one.goals)
        self._goal_counts = Counter(plain_name(goal) for goal in goals if lossless(goal))
        self._named: dict[str, frozenset[tuple[str, str]]] = {}  # folded path -> entries
        for goal_map in maps:
            for entry in goal_map.entries():
                if PREFIX in fold(entry.filename):
                    at = fold(settings.path(entry.component_type, entry.filename))
                    self._named[at] = self._named.get(at, frozenset()) | {entry.keys}

    def reserve(self, path: str) -> None:
        """Keep a path for a step of the plan."""
        self._reserved.add(fold(path))

    def find(
        self, path: str, references: Sequence[Reference], target: TargetDirectory
    ) -> Destination | str:
        """Return the destination for the entries of a missing component, or why there is none."""
        first = references[0].entry
        goal, component_type, filename = first.goal, first.component_type, first.filename
        if not self._settings.is_text(component_type):
            return f"components of the type {component_type} are not text files"
        inner = path[len(target.base) + 1 :] if target.base else path
        free = fold(inner) not in target.folded and fold(path) not in self._reserved
        if free and is_named_by_us(references):
            return Destination(path, exists=False)
        plain = lossless(goal) and self._goal_counts[plain_name(goal)] == 1
        own = {one.entry.keys for one in references}
        for name in islice(candidates(goal, component_type, filename, plain=plain), _MOST_NAMES):
            at = join(target.base, name)
            if fold(at) in self._reserved or self._named.get(fold(at), frozenset()) - own:
                continue
            if target.names is not None and name in target.names.files:
                return Destination(at, exists=True)
            if fold(name) not in target.folded:
                return Destination(at, exists=False)
        return f"the first {_MOST_NAMES} names for it are taken"


def is_named_by_us(references: Sequence[Reference]) -> bool:
    """Check whether an entry already names the file that we would generate."""
    return any(is_for(one.entry.filename, *one.entry.keys) for one in references)
