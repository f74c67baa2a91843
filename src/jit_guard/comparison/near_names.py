"""Similar names: pairs of a missing file and an orphan that differ by a typing error.

Similar names share a long start or a long end. So only neighbours in sorted order are compared,
once for the names and once for the reversed names.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from operator import itemgetter
from typing import NamedTuple

from jit_guard.comparison.rename_keys import NameColumns, stem
from jit_guard.text.names import fold

_SIMILARITY = 0.84  # ratio of difflib; pairs below it are rarely right
_NEIGHBOURS = 6
_SHORTEST_EXCHANGED = 4  # letters
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-."


class Name(NamedTuple):
    """A path below the components directory, split as in `NameColumns`."""

    path: str
    directory: str
    inner: str

    @property
    def base(self) -> str:
        """The base name."""
        return self.inner.rpartition("/")[2]


def near_pairs(missing: NameColumns, orphans: Iterable[NameColumns]) -> list[tuple[str, str]]:
    """Return pairs of paths that are more similar to each other than to any other; best first.

    Args:
        missing: the missing files; the work grows with their number.
        orphans: the orphans, in batches.
    """
    scored: set[tuple[float, Name, Name]] = set()  # by unlikeness, so that the best come first
    for name, other in set(_neighbours(missing, orphans)):
        score = _similarity(name, other)
        if score >= _SIMILARITY:
            scored.add((-score, name, other))
    rivals = Counter((score, one) for score, *pair in scored for one in pair)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for score, name, other in sorted(scored):
        alone = rivals[score, name] == rivals[score, other] == 1
        if alone and name.path not in found and other.path not in taken:
            found[name.path] = other.path
            taken.add(other.path)
    return list(found.items())


def typos(name: str) -> Iterator[str]:
    """Yield every name that one typing error turns into this one, the likely ones first."""
    for at in range(len(name) - 1):
        yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]
    for at in range(len(name) + 1):
        for letter in _LETTERS:
            yield name[:at] + letter + name[at:]
            yield name[:at] + letter + name[at + 1 :]


def same_numbers(one: str, other: str) -> bool:
    """Check for equal numbers: `step_1` is never a typo of `step_2`."""
    return re.findall(r"\d+", one) == re.findall(r"\d+", other)


def _neighbours(
    missing: NameColumns, orphans: Iterable[NameColumns]
) -> Iterator[tuple[Name, Name]]:
    """Yield each missing name with its neighbours in sorted order, in both directions."""
    names = [
        Name(*row) for row in zip(missing.paths, missing.directories, missing.inners, strict=True)
    ]
    if not names:
        return
    near: dict[int, list[list[tuple[str, Name]]]] = {step: [[] for _ in names] for step in (1, -1)}
    for batch in orphans:
        for step, found in near.items():
            texts = [inner[::step] for inner in batch.inners]
            order = sorted(range(len(texts)), key=texts.__getitem__)
            texts.sort()
            for number, name in enumerate(names):
                text = name.inner[::step]
                at = bisect_left(texts, text)
                around = range(max(0, at - _NEIGHBOURS), min(len(texts), at + _NEIGHBOURS))
                found[number] += ((texts[one], _name(batch, order[one])) for one in around)
                found[number] = _nearest(sorted(found[number]), text)
    for found in near.values():
        for name, others in zip(names, found, strict=True):
            yield from ((name, other) for _, other in others)


def _name(names: NameColumns, row: int) -> Name:
    return Name(names.paths[row], names.directories[row], names.inners[row])


def _nearest(rows: list[tuple[str, Name]], text: str) -> list[tuple[str, Name]]:
    at = bisect_left(rows, text, key=itemgetter(0))
    return rows[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]


def _similarity(name: Name, other: Name) -> float:
    if not same_numbers(name.inner, other.inner):
        return 0.0
    if name.directory != other.directory and name.base != other.base:
        return 0.0
    one, two = fold(stem(name.inner)), fold(stem(other.inner))
    if _have_letters_exchanged(one, two):  # in a short name, the ratio falls too far for that
        return _SIMILARITY
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio)  # of the ratio, from above
    return matcher.ratio() if all(one() >= _SIMILARITY for one in bounds) else 0.0


def _have_letters_exchanged(one: str, two: str) -> bool:
    """Check whether two neighbouring letters are all that differs, as in `host` and `hots`."""
    if len(one) != len(two) or len(one) < _SHORTEST_EXCHANGED:
        return False
    odd = [at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    if len(odd) != 2 or odd[1] != odd[0] + 1:
        return False
    return one[odd[0]] == two[odd[1]] and one[odd[1]] == two[odd[0]]
