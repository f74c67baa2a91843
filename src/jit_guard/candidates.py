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
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from jit_guard.comparison import Comparison, Reference
from jit_guard.config import Settings
from jit_guard.names import MAX_NAME_BYTES, fold
from jit_guard.snapshot import join

_LIKENESS = 0.84  # of difflib; below it pairs become silly
_MOST_LIKENESS = 1000  # missing files for which near names are sought: nobody reads more
_NEIGHBOURS = 6
_SHORTEST_SLIP = 4  # letters; of a shorter name, half is another name
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-."
_WORD = re.compile(r"[^\W_]+")


class Candidate(NamedTuple):
    """A file that a missing component may be. `orphan`: no entry names it."""

    path: str
    why: str
    orphan: bool = True


class _Name(NamedTuple):
    """A path below the components folder, taken apart."""

    path: str
    folder: str  # of its component type, or the first folder
    inner: str  # below that folder
    goal: str = ""

    @property
    def base(self) -> str:
        return self.inner.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return _stem(self.inner)


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
        missing = self._missing_names()
        orphans = [self._name(path) for path in self._comparison.orphans]
        for name in missing:
            if name.path in self._same_text:
                self._add(name, self._same_text[name.path], "its last committed text")
        missing = [name for name in missing if name.path not in self._pairs]
        orphans = [name for name in orphans if name.path not in self._wanted]
        common = self._common_bases({name.base for name in missing})
        for why, key in _KEYS:
            telling = [name for name in missing if key is not _same_base or name.base not in common]
            self._pair_by(key, why, telling, orphans)
            missing = [name for name in missing if name.path not in self._pairs]
            orphans = [name for name in orphans if name.path not in self._wanted]
            if not missing:
                return
        self._pair_by_likeness(missing[:_MOST_LIKENESS], orphans)
        for name in missing[:_MOST_LIKENESS]:
            if name.path not in self._pairs:
                self._look_among_mapped(name)

    def _missing_names(self) -> list[_Name]:
        names: dict[str, _Name] = {}
        for reference in self._comparison.missing:
            if reference.path not in names:
                entry = reference.entry
                folder = self._settings.directory(entry.component_type)
                names[reference.path] = _Name(reference.path, folder, entry.filename, entry.goal)
        return list(names.values())

    def _name(self, path: str) -> _Name:
        below = path[len(self._comparison.top) :].lstrip("/")
        folder, _, inner = below.partition("/")
        return _Name(path, folder, inner) if inner else _Name(path, "", folder)

    def _add(self, missing: _Name, found: str, why: str) -> None:
        assert self._pairs is not None
        self._pairs[missing.path] = Candidate(found, why)
        self._wanted[found] = missing.path, why

    def _pair_by(
        self,
        key: Callable[[_Name], Iterable[object]],
        why: str,
        missing: list[_Name],
        orphans: list[_Name],
    ) -> None:
        wanted: dict[object, list[_Name]] = {}
        for name in missing:
            for value in key(name):
                wanted.setdefault(value, []).append(name)
        index: dict[object, list[_Name]] = {}
        for name in orphans:
            for value in key(name):
                if value in wanted:
                    index.setdefault(value, []).append(name)
        for value, names in wanted.items():
            found = index.get(value, ())
            if len(names) == len(found) == 1 and found[0].path not in self._wanted:
                self._add(names[0], found[0].path, why)

    def _common_bases(self, bases: set[str]) -> set[str]:
        """Base names that stand in several folders (`system.md`) and so tell nothing."""
        counts = Counter(
            base for folder in self._comparison.folders.values() for base in folder.files & bases
        )
        return {base for base, count in counts.items() if count > 2}

    def _pair_by_likeness(self, missing: list[_Name], orphans: list[_Name]) -> None:
        """Near names: neighbours in sorted order share a long start, or a long end."""
        if not orphans:
            return
        forward = sorted((name.inner, name) for name in orphans)
        backward = sorted((name.inner[::-1], name) for name in orphans)
        scored: set[tuple[float, _Name, _Name]] = set()
        for name in missing:
            for order, text in ((forward, name.inner), (backward, name.inner[::-1])):
                at = bisect_left(order, (text,))
                for _, other in order[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]:
                    score = _likeness(name, other)
                    if score >= _LIKENESS:
                        scored.add((score, name, other))
        assert self._pairs is not None
        rivals = Counter((score, one) for score, *pair in scored for one in pair)
        for score, name, other in sorted(scored, key=lambda found: (-found[0], found[1:])):
            alone = rivals[score, name] == rivals[score, other] == 1
            if alone and name.path not in self._pairs and other.path not in self._wanted:
                self._add(name, other.path, "a near name")

    def _look_among_mapped(self, name: _Name) -> None:
        """A file that another entry names already, one slip of the fingers away."""
        head, _, base = name.path.rpartition("/")
        folder = self._comparison.folders.get(head)
        if folder is None or not _SHORTEST_SLIP <= len(_stem(base)) <= MAX_NAME_BYTES:
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


def _stem(path: str) -> str:
    head, dot, _ = path.rpartition(".")
    return head if dot and not head.endswith("/") and head else path


def _words(text: str) -> tuple[str, ...]:
    """The words of a name, without punctuation, plurals, case, and repetition in a row."""
    words: list[str] = []
    for word in _WORD.findall(fold(text)):
        singular = word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")
        if not words or words[-1] != singular:
            words.append(singular)
    return tuple(words)


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _same_but_suffix(name: _Name) -> Iterator[object]:
    yield name.folder, fold(name.stem)


def _same_in_other_folder(name: _Name) -> Iterator[object]:
    yield name.inner


def _same_words(name: _Name) -> Iterator[object]:
    yield _words(f"{name.folder}/{name.stem}")


def _same_base(name: _Name) -> Iterator[object]:
    yield fold(name.base)


def _same_end(name: _Name) -> Iterator[object]:
    parent, _, base = name.inner.rpartition("/")
    if parent:
        yield parent.rpartition("/")[2], base


def _goal_or_name(name: _Name) -> Iterator[object]:
    # A missing file is looked up by its goal, a left-over one by its own name.
    yield name.folder, _words(name.goal or name.stem)


_KEYS: tuple[tuple[str, Callable[[_Name], Iterable[object]]], ...] = (
    ("the same name with another suffix", _same_but_suffix),
    ("the same words", _same_words),
    ("the same name in another folder", _same_in_other_folder),
    ("the same end of the path", _same_end),
    ("the same base name", _same_base),
    ("the name of the goal", _goal_or_name),
)


def _likeness(one: _Name, other: _Name) -> float:
    if _numbers(one.inner) != _numbers(other.inner):
        return 0.0
    if one.folder != other.folder and one.base != other.base:
        return 0.0
    matcher = SequenceMatcher(None, fold(one.stem), fold(other.stem), autojunk=False)
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
