"""Probable renames: pairs of a missing component and the file that it probably is.

Both sides are looked up by several keys in turn, so the work grows with the number of missing
files plus orphans, not with their product. A pair must be the only one with its key; ambiguous
pairs are dropped. The similarity of names is tried last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from functools import cached_property
from itertools import islice, repeat
from typing import NamedTuple

from jit_guard.comparison.near_names import near_pairs, same_numbers, typos
from jit_guard.comparison.rename_keys import KEYS, NameColumns, pairs, same_base, stem
from jit_guard.comparison.result import Comparison, Reference
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.answers import Twin
from jit_guard.text.names import MAX_NAME_BYTES, by_directory, join

_MOST = 50_000  # missing files that get a candidate; more hints than anyone reads
_MOST_SIMILAR = 1000  # of them, by similarity of names
_BATCH = 5_000  # names whose keys are computed together
_BATCH_OF_NEIGHBOURS = (
    50_000  # names that are sorted together; every missing one is compared with each batch
)
_FEW = 1000  # names that are compared one by one faster than all typing errors are looked up
_SIMILAR_TYPES = 0.8  # ratio of difflib, of a misspelled component type and the one it means
_MOST_STRANGE, _MOST_TYPES, _LONGEST_TYPE = 50, 200, 64  # bounds of that comparison
_SHORTEST_TYPO = 4  # characters; a shorter name has too many neighbours


class Candidate(NamedTuple):
    """A file that a missing component probably is.

    Args:
        path: relative to the root.
        why: the evidence, in words.
        orphan: no entry names it.
        certain: it has the last committed contents of the component.
        component_type: the type that the entry probably means, if its own is misspelled.
    """

    path: str
    why: str
    orphan: bool = True
    certain: bool = False
    component_type: str | None = None


class Renames:
    """Probable renames in one comparison, computed when first needed."""

    def __init__(self, comparison: Comparison, same_text: Mapping[str, Twin]) -> None:
        self._comparison = comparison
        self._same_text = same_text

    def of(self, missing: str) -> Candidate | None:
        """Return the best candidate for a missing path; None if there is none."""
        return self._pairs.candidates.get(missing)

    def wanting(self, orphan: str) -> tuple[str, str] | None:
        """Return the missing path that an orphan probably is, and why; None if there is none."""
        return self._pairs.wanting.get(orphan)

    def directory_of(self, component_type: str) -> str | None:
        """Return a directory that no type uses and that has the missing files of this type.

        For example `strategies` for the type `strategy`: a plural that has to be configured.
        """
        return self._directories.get(component_type)

    @cached_property
    def _pairs(self) -> _Pairs:
        return _pair(self._comparison, self._same_text)

    @cached_property
    def _directories(self) -> dict[str, str]:
        return _unclaimed_directories(self._comparison)


class _Pairs(NamedTuple):
    """Missing path -> candidate, and orphan -> missing path and reason."""

    candidates: dict[str, Candidate]
    wanting: dict[str, tuple[str, str]]

    def add(self, found: Iterable[tuple[str, str]], why: str, *, certain: bool = False) -> None:
        """Add pairs of missing path and orphan, unless the orphan is already paired."""
        for missing, orphan in found:
            alike = missing.endswith("/") == orphan.endswith("/")  # both files, or directories
            if alike and orphan not in self.wanting:
                self.candidates[missing] = Candidate(orphan, why, certain=certain)
                self.wanting[orphan] = missing, why


def _pair(comparison: Comparison, same_text: Mapping[str, Twin]) -> _Pairs:
    found = _Pairs({}, {})
    missing = _sought(comparison)
    sought = frozenset(missing.paths)
    _add_twins(found, same_text, missing.paths)
    _add_misspelled_types(found, comparison, missing)
    common = _common_bases(comparison, {inner.rpartition("/")[2] for inner in missing.inners})
    for why, key in KEYS if comparison.orphans else ():
        missing = missing.without(set(found.candidates))
        keyed = missing
        if key is same_base and common:
            named = zip(missing.paths, missing.inners, strict=True)
            keyed = missing.without(
                {path for path, inner in named if inner.rpartition("/")[2] in common}
            )
        orphans = _orphans(comparison, set(found.wanting), _BATCH)
        found.add(pairs(key, keyed, _rivals(comparison, sought), orphans), why)
    missing = missing.without(set(found.candidates))
    near = NameColumns(*(column[:_MOST_SIMILAR] for column in missing))
    orphans = _orphans(comparison, set(found.wanting), _BATCH_OF_NEIGHBOURS)
    found.add(near_pairs(near, orphans), "similar name")
    for path in near.paths:
        if path not in found.candidates and (mapped := _mapped(comparison, path)):
            found.candidates[path] = Candidate(mapped, "similar name", orphan=False)
    return found


def _add_twins(found: _Pairs, same_text: Mapping[str, Twin], missing: Iterable[str]) -> None:
    """Add the files and directories with the last committed contents of missing ones."""
    twins = [(path, same_text[path]) for path in missing if path in same_text]
    whole = [(path, twin.path) for path, twin in twins if twin.whole]
    for what in ("text", "contents"):
        some = [pair for pair in whole if pair[0].endswith("/") is (what == "contents")]
        found.add(some, f"same {what} as last committed", certain=True)
    most = [(path, twin.path) for path, twin in twins if not twin.whole]
    found.add(most, "most files as last committed")


def _add_misspelled_types(found: _Pairs, comparison: Comparison, missing: NameColumns) -> None:
    """Add the files that entries with a misspelled component type mean.

    Such a type has no directory, is similar to a type that has the file, and its goal has no entry
    of that type.
    """
    bases = comparison.missing.type_bases()
    there = {one: base for one, base in bases.items() if base in comparison.directories}
    strange = (one for one in comparison.missing.absent if bases[one] not in comparison.directories)
    short = [one for one in there if len(one) <= _LONGEST_TYPE][:_MOST_TYPES]
    similar = {
        one: get_close_matches(one, short, cutoff=_SIMILAR_TYPES)
        for one in islice(strange, _MOST_STRANGE)
        if len(one) <= _LONGEST_TYPE
    }
    if not any(similar.values()):
        return
    orphans = frozenset(comparison.orphans)
    wanted = set(missing.paths)
    for goal_map, entry, path in comparison.missing:
        component_type = entry.component_type
        if path not in wanted or path in found.candidates or not isinstance(goal_map, GoalMap):
            continue
        for near in similar.get(component_type, ()):
            file = join(there[near], entry.filename)
            head, _, name = file.rpartition("/")
            listing = comparison.directories.get(head)
            free = file not in found.wanting and near not in goal_map.goals[entry.goal]
            if listing is not None and name in listing.files and free:
                why = f"{component_type} is similar to the component type {near}"
                is_orphan = file in orphans
                found.candidates[path] = Candidate(file, why, is_orphan, component_type=near)
                if is_orphan:
                    found.wanting[file] = path, why
                break


def _sought(comparison: Comparison) -> NameColumns:
    """Return the missing files to find candidates for: the first ones, each once."""
    first: dict[str, Reference] = {}
    for reference in comparison.missing:
        first.setdefault(reference.path, reference)
        if len(first) == _MOST:
            break
    return _named(comparison, first.values())


def _rivals(comparison: Comparison, sought: AbstractSet[str]) -> Iterator[NameColumns]:
    """Yield the other missing files, in batches."""
    others = (one for one in comparison.missing if one.path not in sought)
    while batch := list(islice(others, _BATCH)):
        yield _named(comparison, batch)


def _named(comparison: Comparison, references: Collection[Reference]) -> NameColumns:
    """Split the paths of missing files as those of the orphans are split."""
    directories = comparison.missing.directories
    start = len(comparison.top) + 1 if comparison.top else 0
    names = NameColumns([], [], [], [])
    for _, entry, path in references:
        if entry.component_type:
            directory, inner = directories[entry.component_type], entry.filename
        else:  # of a registry without types
            directory, _, inner = path[start:].rstrip("/").partition("/")
        for column, value in zip(names, (path, directory, inner, entry.goal), strict=True):
            column.append(value)
    return names


def _orphans(comparison: Comparison, paired: set[str], size: int) -> Iterator[NameColumns]:
    """Yield the orphans that are not paired, in batches of at least this size."""
    start = len(comparison.top) + 1 if comparison.top else 0
    batch = NameColumns([], [], [], [])
    for at, names in comparison.orphans.stretches:
        path = f"{at}/" if at else ""
        directory, _, inner = path[start:].partition("/")
        for first in range(0, len(names), size):
            some = names[first : first + size]
            batch.paths.extend([path + name for name in some])
            if some[0].endswith("/"):  # a directory, alone in its stretch
                some = [some[0].rstrip("/")]
            batch.directories.extend(repeat(directory, len(some)))
            batch.inners.extend([inner + name for name in some] if inner else some)
            batch.goals.extend(repeat("", len(some)))
            if len(batch.paths) >= size:
                yield batch.without(paired)
                batch = NameColumns([], [], [], [])
    yield batch.without(paired)


def _common_bases(comparison: Comparison, bases: set[str]) -> set[str]:
    """Return base names that occur in several directories (`system.md`), so say little."""
    counts = Counter(
        base for directory in comparison.directories.values() for base in directory.files & bases
    )
    return {base for base, count in counts.items() if count > 2}


def _mapped(comparison: Comparison, missing: str) -> str | None:
    """Return a file that another entry names and that is one typing error away."""
    head, _, base = missing.rpartition("/")
    if (
        head not in comparison.directories
        or not _SHORTEST_TYPO <= len(stem(base)) <= MAX_NAME_BYTES
    ):
        return None
    mapped = comparison.served.get(head, frozenset())
    if len(mapped) < _FEW and not any(_share_a_half(base, one) for one in mapped):
        return None
    found = (typo for typo in typos(base) if typo in mapped and same_numbers(typo, base))
    typo = next(found, None)
    return typo and f"{head}/{typo}"


def _share_a_half(name: str, other: str) -> bool:
    """Check whether one typing error may be between two names: it leaves one half as it is."""
    half = len(name) // 2 - 1
    return (
        abs(len(name) - len(other)) <= 1
        and name != other
        and (name[:half] == other[:half] or name[len(name) - half :] == other[len(other) - half :])
    )


def _unclaimed_directories(comparison: Comparison) -> dict[str, str]:
    top, missing = comparison.top, comparison.missing
    here = comparison.directories.get(top)
    if here is None:
        return {}
    claimed = set(missing.directories.values())
    claimed.update(path[len(top) :].strip("/").split("/")[0] for path in comparison.served)
    unclaimed = sorted(here.directories - claimed)
    found: dict[str, str] = {}
    for component_type, filenames in missing.absent.items():
        if not unclaimed or missing.directories[component_type] in here.directories:
            continue
        by_head = by_directory(filenames)
        held = [
            name
            for name in unclaimed
            if 2 * _held(comparison, join(top, name), by_head) >= len(filenames)
        ]
        if len(held) == 1:
            found[component_type] = held[0]
    return found


def _held(comparison: Comparison, directory: str, by_head: Mapping[str, set[str]]) -> int:
    """Count these files below a directory."""
    there = (
        (comparison.directories.get(join(directory, head)), names)
        for head, names in by_head.items()
    )
    return sum(len(found.files & names) for found, names in there if found is not None)
