"""Entries for orphans, with `--fix --adopt`: which entry is certain, and which the user must name.

The component type is certain if exactly one known type uses the innermost directory around the
file. The goal is certain if the file's name spells exactly one goal that has no component of this
type yet, or was generated for it; or, for a new goal, if every goal of this type (at least two) is
spelled as its file: then the new one is spelled in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from jit_guard.config import Settings
from jit_guard.fixing.steps import Repoint
from jit_guard.registry.edit import Edit
from jit_guard.registry.goal_map import GoalMap
from jit_guard.text.derived import goal_name, goal_words, singular, words_of
from jit_guard.text.generated import is_for
from jit_guard.text.names import GENERATED, unsafe_filename

_LEAST = 2  # goals of a type that are spelled as their files, before a new one is
_STYLES: tuple[Callable[[Sequence[str]], str], ...] = (
    lambda words: "_".join(words).upper(),
    "_".join,
    "-".join,
    " ".join,
    lambda words: " ".join(words).capitalize(),
    lambda words: " ".join(word.capitalize() for word in words),
    lambda words: "".join(word.capitalize() for word in words),
)


class NewEntry(NamedTuple):
    """An entry to add for an orphan; `why` it is this one."""

    path: str
    repoints: tuple[Repoint, ...]
    why: str

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of the entry."""
        return [one.entry for one in self.repoints]


class Unclear(NamedTuple):
    """An orphan without a certain entry, and why; what the user may mean ("" if unknown)."""

    path: str
    reason: str
    goal: str = ""
    component_type: str = ""


class Adoption:
    """What the maps say about names, and the entries to add.

    Args:
        maps: every map that could be read.
        shown: the paths of the maps that may be edited.
        settings: the settings in force.
    """

    def __init__(self, maps: Sequence[GoalMap], shown: Sequence[str], settings: Settings) -> None:
        self._settings = settings
        # An entry is added beside another one, whose format it gets.
        self._editable = [one.path for one in maps if one.path in shown and any(one.goals.values())]
        self._maps_of: dict[str, list[str]] = {}  # goal -> maps
        self._goals: dict[tuple[str, ...], list[str]] = {}  # words -> goals
        self._named: dict[tuple[str, str], str] = {}  # goal and type -> filename
        self._types: dict[str, list[str]] = {}  # directory -> component types
        for one in maps:
            for goal in one.goals:
                self._maps_of.setdefault(goal, []).append(one.path)
            for entry in one.entries():
                self._named.setdefault(entry.keys, entry.filename)
        self._bare = set(self._maps_of).difference(goal for goal, _ in self._named)
        for goal in self._maps_of:
            self._goals.setdefault(words_of(goal), []).append(goal)
        for name in dict.fromkeys((*settings.types, *(kind for _, kind in self._named))):
            self._types.setdefault(settings.path(name), []).append(name)

    def propose(self, path: str) -> NewEntry | Unclear:
        """Return the entry for an orphan if it is certain, or else why it is not."""
        base = max((one for one in self._types if path.startswith(f"{one}/")), key=len, default="")
        types = self._types.get(base, [])
        if len(types) != 1:
            return self._without_type(path, types)
        (component_type,) = types
        filename = path[len(base) + 1 :]
        words = goal_words(filename)
        goals = self._goals.get(words, [])
        for goal in self._maps_of if filename.startswith(GENERATED) else ():
            if is_for(filename, goal, component_type):
                goals, words = [goal], words_of(goal)
        free = [goal for goal in goals if (goal, component_type) not in self._named]
        if len(goals) == 1 and free:
            return self.entry(path, goals[0], component_type, "its name spells the goal")
        guess = free[0] if free else ""
        if len(goals) > 1:
            why = f"its name fits several goals: {', '.join(goals[:3])}"
            return Unclear(path, why, guess, component_type)
        if goals:
            there = self._named[goals[0], component_type]
            why = f"{goals[0]}/{component_type} already names {there}"
            return Unclear(path, why, "", component_type)
        spell = self._style(component_type)
        if spell is None or not words:
            why = f"its name fits no goal, and goals with a {component_type} have other names"
            return Unclear(path, why, goal_name(filename), component_type)
        why = f"every {component_type} is named after its goal"
        return self.entry(path, spell(words), component_type, why)

    def entry(self, path: str, goal: str, component_type: str, why: str) -> NewEntry | Unclear:
        """Return the entry with this goal and type, or why there cannot be one."""
        base = self._settings.path(component_type)
        filename = path[len(base) + 1 :]
        reason = None
        if not path.startswith(f"{base}/"):
            reason = f"the components of the type {component_type} are in {base}"
        elif unsafe := unsafe_filename(filename):
            reason = unsafe[0]
        elif not goal or goal == "$schema":
            reason = f"no goal can be called {goal!r}"
        elif goal in self._bare:
            reason = f"the goal {goal} has no entries yet; add this one by hand"
        elif (goal, component_type) in self._named:
            there = self._named[goal, component_type]
            reason = f"{goal}/{component_type} already names {there}"
        maps = [one for one in self._maps_of.get(goal, self._editable) if one in self._editable]
        if goal not in self._maps_of and len(maps) > 1:
            with_type = {
                one
                for (name, kind) in self._named
                if kind == component_type
                for one in self._maps_of[name]
            }
            maps = [one for one in maps if one in with_type]
        if reason is None and len(maps) != 1:
            reason = "it is not clear which map the entry belongs in"
        if reason is not None:
            return Unclear(path, reason, goal, component_type)
        edit = Edit((goal, component_type), None, filename)
        return NewEntry(path, (Repoint(maps[0], edit),), why)

    def take(self, added: NewEntry) -> None:
        """Remember an entry that will be added, so that no other orphan gets it."""
        for one in added.repoints:
            goal, _ = one.entry
            self._named[one.entry] = one.edit.new or ""
            if goal not in self._maps_of:
                self._maps_of[goal] = [one.map]

    def _without_type(self, path: str, types: Sequence[str]) -> Unclear:
        below = path[len(self._settings.components) :].strip("/")
        directory, _, rest = below.partition("/")
        if types:
            why = f"several component types use its directory: {', '.join(types)}"
            return Unclear(path, why, goal_name(rest))
        if not rest:
            return Unclear(
                path, f"no component type uses the directory {self._settings.components}"
            )
        guess = singular(directory)
        known = self._settings.path(guess, rest) == path
        why = f"no component type uses the directory {self._settings.components}/{directory}"
        return Unclear(path, why, goal_name(rest), guess if known else "")

    def _style(self, component_type: str) -> Callable[[Sequence[str]], str] | None:
        """Return how the goals of a type are spelled, if all of them are spelled as their files."""
        pairs = [
            (goal, goal_words(filename))
            for (goal, kind), filename in self._named.items()
            if kind == component_type
        ]
        if len(pairs) < _LEAST:
            return None
        fitting = (one for one in _STYLES if all(one(words) == goal for goal, words in pairs))
        return next(fitting, None)


def propose_all(
    orphans: Sequence[tuple[str, Sequence[str]]], adoption: Adoption
) -> Iterator[NewEntry | Unclear]:
    """Yield what is proposed for each orphan. An entry that two of them could have is unclear.

    Args:
        orphans: each with the paths of missing components that it may be.
        adoption: what the maps say.
    """
    found: list[NewEntry | Unclear] = []
    for path, related in orphans:
        if related:
            found.append(Unclear(path, f"it may be {related[0]}"))
        else:
            found.append(adoption.propose(path))
    keys = Counter(one.entries[0] for one in found if isinstance(one, NewEntry))
    for one in found:
        if isinstance(one, NewEntry) and keys[one.entries[0]] > 1:
            goal, component_type = one.entries[0]
            yield Unclear(
                one.path,
                f"several files could be {goal}/{component_type}",
                goal,
                component_type,
            )
        else:
            yield one
