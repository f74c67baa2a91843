"""The parts of a map that are tested: its schema, each of its goals or entries, and the orphans."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from jit_guard.registry.goal_map import SCHEMA_KEY, GoalMap
from jit_guard.sources.read_maps import Maps

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry

_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_KEPT = frozenset("_-.")
_LONGEST = 120  # so that a failure's line fits on a screen
_HASH_DIGITS = 8


class Key(NamedTuple):
    """Identifies a part of a map. `goal` is the location of the entry where there are no goals."""

    map: str
    kind: Literal["schema", "goal", "orphans"]
    goal: str | None = None


class Part(NamedTuple):
    """One test: its name, its line in the map, and the reason if it cannot be checked."""

    key: Key
    name: str
    line: int = 1
    unusable: str | None = None

    @property
    def title(self) -> str:
        """The title of the test in pytest's reports."""
        if self.key.goal is not None:
            return f"{self.key.map}: {self.key.goal}"
        return f"{self.key.map}: {'the map' if self.key.kind == 'schema' else 'orphans'}"


def parts(maps: Maps, path: str, *, first: bool) -> Iterator[Part]:
    """The parts of one map, in the order of its text.

    All maps share the components directory, so its orphans are tested once, with the first map.
    """
    fault = maps.faults.get(path)
    yield Part(Key(path, "schema"), SCHEMA, fault.line if fault else 1)
    for goal_map in maps.read:
        if goal_map.path == path:
            yield from _goals(goal_map)
    yield from _entries([one for one in maps.registries if one.path == path])
    if first:
        yield Part(Key(path, "orphans"), ORPHANS)


def _goals(goal_map: GoalMap) -> Iterator[Part]:
    value, positions = goal_map.value, goal_map.positions
    if not isinstance(value, dict):
        return
    top = positions.top()
    goals = [goal for goal in value if goal != SCHEMA_KEY]
    for goal, slug in zip(goals, slugs(goals), strict=True):
        member = positions.member(top, goal)
        line = positions.line_column(member.key_span.start)[0] if member else 1
        unusable = None if isinstance(value[goal], dict) else "its value is not an object (JG101)"
        yield Part(Key(goal_map.path, "goal", goal), slug, line, unusable)


def _entries(registries: Sequence[Registry]) -> Iterator[Part]:
    """Yield a part for each entry of one file, whatever tables select them."""
    lines: dict[str, int] = {}
    for registry in registries:
        for entry in registry.entries():
            lasting = registry.described(entry.keys)[1]
            lines.setdefault(lasting, registry.position(entry.keys)[0])
    for (lasting, line), slug in zip(lines.items(), slugs(lines), strict=True):
        yield Part(Key(registries[0].path, "goal", lasting), slug, line)


SCHEMA, ORPHANS = "schema", "orphans"


def slugs(goals: Iterable[str]) -> list[str]:
    """A unique test name for every goal of a map, in order.

    A goal without special characters is its own name. Goals whose names became equal when
    characters were replaced, or equal to another goal's, get a hash of the goal at the end, so
    that names never depend on the order of the map.
    """
    wanted = {goal: _slug(goal) for goal in goals}
    taken = {SCHEMA, ORPHANS, *(goal for goal, slug in wanted.items() if slug == goal)}
    asked_for = Counter(wanted.values())
    found: list[str] = []
    for goal, slug in wanted.items():
        whole = slug == goal and goal not in {SCHEMA, ORPHANS}
        if not whole and (slug in taken or asked_for[slug] > 1):
            slug = _own(goal, slug, taken)
            taken.add(slug)
        found.append(slug)
    return found


def _slug(goal: str) -> str:
    if _PLAIN.fullmatch(goal) and len(goal) <= _LONGEST:
        return goal
    from unicodedata import category, normalize

    # Keep combining marks: Hindi is unreadable without its vowel signs.
    letters = (
        letter if letter in _KEPT or category(letter)[0] in "LNM" else " "
        for letter in normalize("NFC", goal)
    )
    return "-".join("".join(letters).split())[:_LONGEST] or "goal"


def _own(goal: str, slug: str, taken: set[str]) -> str:
    from hashlib import sha256

    digits = sha256(goal.encode("utf-8", "surrogatepass")).hexdigest()
    length = _HASH_DIGITS
    while f"{slug}-{digits[:length]}" in taken:  # another goal may have exactly this name
        length += 1
    return f"{slug}-{digits[:length]}"
