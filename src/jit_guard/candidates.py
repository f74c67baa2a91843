"""Which file a missing one may be: pairs of a missing component and a file that explains it.

Every way of pairing is a key that both sides are looked up by, so the work grows with what is
missing and what is left over, never with their product. A pair must be the only one of its
key; where two files would do, nothing is said. Likeness of names is asked last, and only of
neighbours in sorted order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from jit_guard.comparison import Comparison, Reference
from jit_guard.config import Settings
from jit_guard.goal_map import Entry
from jit_guard.names import MAX_NAME_BYTES, fold
from jit_guard.pairing import KEYS, Names, pairs, same_base, stem
from jit_guard.snapshot import join

_LIKENESS = 0.84  # of difflib; below it pairs become silly
_MOST_LIKENESS = 1000  # missing files for which near names are sought: nobody reads more
_NEIGHBOURS = 6
_SHORTEST_SLIP = 4  # letters; of a shorter name, half is another name
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-."


class Candidate(NamedTuple):
    """A file that a missing component may be. `orphan`: no entry names it."""

    path: str
    why: str
    orphan: bool = True


class _Name(NamedTuple):
    """A path below the components folder, taken apart as in `Names`."""

    path: str
    folder: str
    inner: str

    @property
    def base(self) -> str:
        return self.inner.rpartition("/")[2]


class Candidates:
    """The pairs of one comparison, worked out when the first is asked for."""

    def __init__(
        self, comparison: Comparison, settings: Settings, same_text: Mapping[str, str]
    ) -> None:
        self._comparison = comparison
        self._settings = settings
        self._same_text = same_text
        self._pairs: dict[str, Candidate] | None = None
        self._wanted: dict[str, tuple[str, str]] = {}
        self._folders: dict[str, str] | None = None

    def of(self, missing: str) -> Candidate | None:
        """The best candidate for a missing path, if there is one."""
        if self._pairs is None:
            self._pair()
        assert self._pairs is not None
        return self._pairs.get(missing)

    def wanting(self, orphan: str) -> tuple[str, str] | None:
        """The missing path that a left-over file may be, and why."""
        if self._pairs is None:
            self._pair()
        return self._wanted.get(orphan)

    def folder_of(self, component_type: str) -> str | None:
        """A folder that no type claims and that holds what is missing of this type.

        `strategies` for the type `strategy`: a plural that has to be configured.
        """
        if self._folders is None:
            self._folders = self._unclaimed_folders()
        return self._folders.get(component_type)

    def _pair(self) -> None:
        self._pairs = {}
        missing, orphans = self._missing_names(), self._orphan_names()
        self._add(
            [(path, self._same_text[path]) for path in missing.paths if path in self._same_text],
            "its last committed text",
        )
        common = self._common_bases({inner.rpartition("/")[2] for inner in missing.inners})
        for why, key in KEYS:
            missing = missing.without(set(self._pairs))
            orphans = orphans.without(set(self._wanted))
            telling = missing
            if key is same_base and common:
                named = zip(missing.paths, missing.inners, strict=True)
                telling = missing.without(
                    {path for path, inner in named if inner.rpartition("/")[2] in common}
                )
            self._add(pairs(key, telling, orphans), why)
        near = Names(*(column[:_MOST_LIKENESS] for column in missing.without(set(self._pairs))))
        self._pair_by_likeness(near, orphans.without(set(self._wanted)))
        for name in map(_Name, *near[:3]):
            if name.path not in self._pairs:
                self._look_among_mapped(name)

    def _missing_names(self) -> Names:
        entries: dict[str, Entry] = {}
        for reference in self._comparison.missing:
            entries.setdefault(reference.path, reference.entry)
        types = [entry.component_type for entry in entries.values()]
        folders = {one: self._settings.directory(one) for one in types}
        return Names(
            list(entries),
            [folders[one] for one in types],
            [entry.filename for entry in entries.values()],
            [entry.goal for entry in entries.values()],
        )

    def _orphan_names(self) -> Names:
        paths = self._comparison.orphans
        start = len(self._comparison.top) + 1 if self._comparison.top else 0
        parted = [path[start:].partition("/") for path in paths]
        folders = [folder if slash else "" for folder, slash, _ in parted]
        inners = [inner if slash else folder for folder, slash, inner in parted]
        return Names(paths, folders, inners, [""] * len(paths))

    def _add(self, found: Iterable[tuple[str, str]], why: str) -> None:
        assert self._pairs is not None
        for missing, orphan in found:
            if orphan not in self._wanted:
                self._pairs[missing] = Candidate(orphan, why)
                self._wanted[orphan] = missing, why

    def _common_bases(self, bases: set[str]) -> set[str]:
        """Base names that stand in several folders (`system.md`) and so tell nothing."""
        counts = Counter(
            base for folder in self._comparison.folders.values() for base in folder.files & bases
        )
        return {base for base, count in counts.items() if count > 2}

    def _pair_by_likeness(self, missing: Names, orphans: Names) -> None:
        """Near names: neighbours in sorted order share a long start, or a long end."""
        if not missing.paths or not orphans.paths:
            return
        scored: set[tuple[float, _Name, _Name]] = set()
        for step in (1, -1):
            texts = [inner[::step] for inner in orphans.inners]
            order = sorted(range(len(texts)), key=texts.__getitem__)
            texts.sort()
            for name in map(_Name, *missing[:3]):
                at = bisect_left(texts, name.inner[::step])
                for number in order[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]:
                    other = _Name(*(column[number] for column in orphans[:3]))
                    score = _likeness(name, other)
                    if score >= _LIKENESS:
                        scored.add((score, name, other))
        rivals = Counter((score, one) for score, *pair in scored for one in pair)
        for score, name, other in sorted(scored, key=lambda found: (-found[0], found[1:])):
            alone = rivals[score, name] == rivals[score, other] == 1
            if alone and self._pairs is not None and name.path not in self._pairs:
                self._add([(name.path, other.path)], "a near name")

    def _look_among_mapped(self, name: _Name) -> None:
        """A file that another entry names already, one slip of the fingers away."""
        head, _, base = name.path.rpartition("/")
        folder = self._comparison.folders.get(head)
        if folder is None or not _SHORTEST_SLIP <= len(stem(base)) <= MAX_NAME_BYTES:
            return
        mapped = self._comparison.served.get(head, set())
        for slip in _slips(base):
            if slip in mapped and _numbers(slip) == _numbers(base):
                assert self._pairs is not None
                path = f"{head}/{slip}"
                self._pairs[name.path] = Candidate(path, "a near name", orphan=False)
                return

    def _unclaimed_folders(self) -> dict[str, str]:
        top = self._comparison.top
        types: dict[str, list[Reference]] = {}
        for reference in self._comparison.missing:
            types.setdefault(reference.entry.component_type, []).append(reference)
        claimed = {self._settings.directory(component_type) for component_type in types}
        claimed.update(
            path[len(top) :].strip("/").split("/")[0] for path in self._comparison.served
        )
        here = self._comparison.folders.get(top)
        found: dict[str, str] = {}
        for component_type, references in types.items():
            if here is None or self._settings.directory(component_type) in here.folders:
                continue
            held = [
                name
                for name in sorted(here.folders - claimed)
                if 2 * self._held(join(top, name), references) >= len(references)
            ]
            if len(held) == 1:
                found[component_type] = held[0]
        return found

    def _held(self, folder: str, references: list[Reference]) -> int:
        count = 0
        for reference in references:
            head, _, base = f"{folder}/{reference.entry.filename}".rpartition("/")
            there = self._comparison.folders.get(head)
            count += there is not None and base in there.files
        return count


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _likeness(one: _Name, other: _Name) -> float:
    if _numbers(one.inner) != _numbers(other.inner):
        return 0.0
    if one.folder != other.folder and one.base != other.base:
        return 0.0
    matcher = SequenceMatcher(None, fold(stem(one.inner)), fold(stem(other.inner)), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _LIKENESS else 0.0


def _slips(name: str) -> Iterator[str]:
    """Every name that one slip of the fingers turns into this one, the likely ones first."""
    for at in range(len(name) - 1):
        yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]
    for at in range(len(name) + 1):
        for letter in _LETTERS:
            yield name[:at] + letter + name[at:]
            yield name[:at] + letter + name[at + 1 :]
