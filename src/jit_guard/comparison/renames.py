"""Which file a missing one may be: pairs of a missing component and a file that explains it.

Every way of pairing is a key that both sides are looked up by, so the work grows with what is
missing and what is left over, never with their product. A pair must be the only one of its
key; where two files would do, nothing is said. Likeness of names is asked last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import islice, repeat
from typing import NamedTuple

from jit_guard.comparison.near_names import near_pairs, same_numbers, slips
from jit_guard.comparison.rename_keys import KEYS, NameColumns, pairs, same_base, stem
from jit_guard.comparison.result import Comparison
from jit_guard.registry.goal_map import Entry
from jit_guard.text.names import MAX_NAME_BYTES, by_folder, join

# Missing files for which another one is sought: nobody reads more hints.
_MOST = 50_000
_MOST_LIKENESS = 1000  # by likeness of names
_BATCH = 5_000  # names whose keys are worked out together
_BATCH_OF_NEIGHBOURS = 50_000  # names that are sorted together: every missing one looks at each
_SHORTEST_SLIP = 4  # letters; of a shorter name, half is another name


class Candidate(NamedTuple):
    """A file that a missing component may be. `orphan`: no entry names it."""

    path: str
    why: str
    orphan: bool = True


class Renames:
    """What explains what, in one comparison; worked out when it is first asked for."""

    def __init__(self, comparison: Comparison, same_text: Mapping[str, str]) -> None:
        self._comparison = comparison
        self._same_text = same_text

    def of(self, missing: str) -> Candidate | None:
        """The best candidate for a missing path, if there is one."""
        return self._pairs.candidates.get(missing)

    def wanting(self, orphan: str) -> tuple[str, str] | None:
        """The missing path that a left-over file may be, and why."""
        return self._pairs.wanting.get(orphan)

    def folder_of(self, component_type: str) -> str | None:
        """A folder that no type claims and that holds what is missing of this type.

        `strategies` for the type `strategy`: a plural that has to be configured.
        """
        return self._folders.get(component_type)

    @cached_property
    def _pairs(self) -> _Pairs:
        return _pair(self._comparison, self._same_text)

    @cached_property
    def _folders(self) -> dict[str, str]:
        return _unclaimed_folders(self._comparison)


class _Pairs(NamedTuple):
    """Missing path -> candidate, and left-over path -> the missing one, and why."""

    candidates: dict[str, Candidate]
    wanting: dict[str, tuple[str, str]]

    def add(self, found: Iterable[tuple[str, str]], why: str) -> None:
        """Pair each missing path with its left-over one, unless something else has that."""
        for missing, orphan in found:
            if orphan not in self.wanting:
                self.candidates[missing] = Candidate(orphan, why)
                self.wanting[orphan] = missing, why


def _pair(comparison: Comparison, same_text: Mapping[str, str]) -> _Pairs:
    found = _Pairs({}, {})
    missing = _sought(comparison)
    sought = frozenset(missing.paths)
    found.add(
        [(path, same_text[path]) for path in missing.paths if path in same_text],
        "its last committed text",
    )
    common = _common_bases(comparison, {inner.rpartition("/")[2] for inner in missing.inners})
    for why, key in KEYS if comparison.orphans else ():
        missing = missing.without(set(found.candidates))
        telling = missing
        if key is same_base and common:
            named = zip(missing.paths, missing.inners, strict=True)
            telling = missing.without(
                {path for path, inner in named if inner.rpartition("/")[2] in common}
            )
        left_over = _left_over(comparison, set(found.wanting), _BATCH)
        found.add(pairs(key, telling, _rivals(comparison, sought), left_over), why)
    missing = missing.without(set(found.candidates))
    near = NameColumns(*(column[:_MOST_LIKENESS] for column in missing))
    left_over = _left_over(comparison, set(found.wanting), _BATCH_OF_NEIGHBOURS)
    found.add(near_pairs(near, left_over), "a near name")
    for path in near.paths:
        if path not in found.candidates and (mapped := _mapped(comparison, path)):
            found.candidates[path] = Candidate(mapped, "a near name", orphan=False)
    return found


def _sought(comparison: Comparison) -> NameColumns:
    """The missing files that a candidate is sought for: the first ones, each once."""
    first: dict[str, Entry] = {}
    for reference in comparison.missing:
        first.setdefault(reference.path, reference.entry)
        if len(first) == _MOST:
            break
    return _named(comparison, first.keys(), first.values())


def _rivals(comparison: Comparison, sought: AbstractSet[str]) -> Iterator[NameColumns]:
    """The other missing files, in batches."""
    others = (one for one in comparison.missing if one.path not in sought)
    while batch := list(islice(others, _BATCH)):
        yield _named(comparison, (one.path for one in batch), [one.entry for one in batch])


def _named(comparison: Comparison, paths: Iterable[str], entries: Collection[Entry]) -> NameColumns:
    folders = comparison.missing.folders
    return NameColumns(
        list(paths),
        [folders[one.component_type] for one in entries],
        [one.filename for one in entries],
        [one.goal for one in entries],
    )


def _left_over(comparison: Comparison, paired: set[str], size: int) -> Iterator[NameColumns]:
    """The left-over files that are in no pair, in batches of at least this size."""
    start = len(comparison.top) + 1 if comparison.top else 0
    batch = NameColumns([], [], [], [])
    for at, names in comparison.orphans.stretches:
        path = f"{at}/" if at else ""
        folder, _, inner = path[start:].partition("/")
        for first in range(0, len(names), size):
            some = names[first : first + size]
            batch.paths.extend([path + name for name in some])
            batch.folders.extend(repeat(folder, len(some)))
            batch.inners.extend([inner + name for name in some] if inner else some)
            batch.goals.extend(repeat("", len(some)))
            if len(batch.paths) >= size:
                yield batch.without(paired)
                batch = NameColumns([], [], [], [])
    yield batch.without(paired)


def _common_bases(comparison: Comparison, bases: set[str]) -> set[str]:
    """Base names that stand in several folders (`system.md`) and so tell nothing."""
    counts = Counter(
        base for folder in comparison.folders.values() for base in folder.files & bases
    )
    return {base for base, count in counts.items() if count > 2}


def _mapped(comparison: Comparison, missing: str) -> str | None:
    """A file that another entry names already, one slip of the fingers away."""
    head, _, base = missing.rpartition("/")
    if head not in comparison.folders or not _SHORTEST_SLIP <= len(stem(base)) <= MAX_NAME_BYTES:
        return None
    mapped = comparison.served.get(head, frozenset())
    found = (slip for slip in slips(base) if slip in mapped and same_numbers(slip, base))
    slip = next(found, None)
    return slip and f"{head}/{slip}"


def _unclaimed_folders(comparison: Comparison) -> dict[str, str]:
    top, missing = comparison.top, comparison.missing
    here = comparison.folders.get(top)
    if here is None:
        return {}
    claimed = set(missing.folders.values())
    claimed.update(path[len(top) :].strip("/").split("/")[0] for path in comparison.served)
    unclaimed = sorted(here.folders - claimed)
    found: dict[str, str] = {}
    for component_type, filenames in missing.absent.items():
        if not unclaimed or missing.folders[component_type] in here.folders:
            continue
        by_head = by_folder(filenames)
        held = [
            name
            for name in unclaimed
            if 2 * _held(comparison, join(top, name), by_head) >= len(filenames)
        ]
        if len(held) == 1:
            found[component_type] = held[0]
    return found


def _held(comparison: Comparison, folder: str, by_head: Mapping[str, set[str]]) -> int:
    """How many of these files stand below a folder."""
    there = ((comparison.folders.get(join(folder, head)), names) for head, names in by_head.items())
    return sum(len(found.files & names) for found, names in there if found is not None)
