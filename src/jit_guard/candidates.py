"""Which file a missing one may be: pairs of a missing component and a file that explains it.

Every way of pairing is a key that both sides are looked up by, so the work grows with what is
missing and what is left over, never with their product. A pair must be the only one of its
key; where two files would do, nothing is said. Likeness of names is asked last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, repeat
from typing import NamedTuple

from jit_guard.comparison import Comparison
from jit_guard.config import Settings
from jit_guard.goal_map import Entry
from jit_guard.names import MAX_NAME_BYTES
from jit_guard.near_names import near_pairs, same_numbers, slips
from jit_guard.pairing import KEYS, Names, pairs, same_base, stem
from jit_guard.snapshot import join

# Missing files for which another one is sought: nobody reads more hints.
_MOST = 50_000
_MOST_LIKENESS = 1000  # by likeness of names
_BATCH = 5_000  # names whose keys are worked out together
_SHORTEST_SLIP = 4  # letters; of a shorter name, half is another name


class Candidate(NamedTuple):
    """A file that a missing component may be. `orphan`: no entry names it."""

    path: str
    why: str
    orphan: bool = True


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
        missing = next(self._missing())
        self._add(
            [(path, self._same_text[path]) for path in missing.paths if path in self._same_text],
            "its last committed text",
        )
        common = self._common_bases({inner.rpartition("/")[2] for inner in missing.inners})
        for why, key in KEYS:
            missing = missing.without(set(self._pairs))
            telling = missing
            if key is same_base and common:
                named = zip(missing.paths, missing.inners, strict=True)
                telling = missing.without(
                    {path for path, inner in named if inner.rpartition("/")[2] in common}
                )
            rivals = islice(self._missing(), 1, None)
            self._add(pairs(key, telling, rivals, self._left_over()), why)
        missing = missing.without(set(self._pairs))
        near = Names(*(column[:_MOST_LIKENESS] for column in missing))
        self._add(near_pairs(near, self._left_over()), "a near name")
        for path in near.paths:
            if path not in self._pairs:
                self._look_among_mapped(path)

    def _missing(self) -> Iterator[Names]:
        """The missing files in batches. For those of the first, each path once, one is sought."""
        rest = iter(self._comparison.missing)
        first: dict[str, Entry] = {}
        for reference in rest:
            first.setdefault(reference.path, reference.entry)
            if len(first) == _MOST:
                break
        yield self._named(list(first), list(first.values()))
        while batch := list(islice(rest, _BATCH)):
            others = [one for one in batch if one.path not in first]
            yield self._named([one.path for one in others], [one.entry for one in others])

    def _named(self, paths: list[str], entries: list[Entry]) -> Names:
        folders = self._comparison.missing.folders
        return Names(
            paths,
            [folders[one.component_type] for one in entries],
            [one.filename for one in entries],
            [one.goal for one in entries],
        )

    def _left_over(self) -> Iterator[Names]:
        """The left-over files that are in no pair, in batches."""
        paired = set(self._wanted)
        top = self._comparison.top
        start = len(top) + 1 if top else 0
        batch = Names([], [], [], [])
        for at, names in self._comparison.orphans.stretches:
            path = f"{at}/" if at else ""
            folder, _, inner = path[start:].partition("/")
            for first in range(0, len(names), _BATCH):
                some = names[first : first + _BATCH]
                batch.paths.extend([path + name for name in some])
                batch.folders.extend(repeat(folder, len(some)))
                batch.inners.extend([inner + name for name in some] if inner else some)
                batch.goals.extend(repeat("", len(some)))
                if len(batch.paths) >= _BATCH:
                    yield batch.without(paired)
                    batch = Names([], [], [], [])
        yield batch.without(paired)

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

    def _look_among_mapped(self, path: str) -> None:
        """A file that another entry names already, one slip of the fingers away."""
        head, _, base = path.rpartition("/")
        folder = self._comparison.folders.get(head)
        if folder is None or not _SHORTEST_SLIP <= len(stem(base)) <= MAX_NAME_BYTES:
            return
        mapped = self._comparison.served.get(head, frozenset())
        for slip in slips(base):
            if slip in mapped and same_numbers(slip, base):
                assert self._pairs is not None
                self._pairs[path] = Candidate(f"{head}/{slip}", "a near name", orphan=False)
                return

    def _unclaimed_folders(self) -> dict[str, str]:
        top, missing = self._comparison.top, self._comparison.missing
        here = self._comparison.folders.get(top)
        if here is None:
            return {}
        claimed = set(missing.folders.values())
        claimed.update(
            path[len(top) :].strip("/").split("/")[0] for path in self._comparison.served
        )
        unclaimed = sorted(here.folders - claimed)
        found: dict[str, str] = {}
        for component_type, filenames in missing.absent.items():
            if not unclaimed or missing.folders[component_type] in here.folders:
                continue
            by_head: dict[str, set[str]] = {}
            for filename in filenames:
                head, _, base = filename.rpartition("/")
                by_head.setdefault(head, set()).add(base)
            held = [
                name
                for name in unclaimed
                if 2 * self._held(join(top, name), by_head) >= len(filenames)
            ]
            if len(held) == 1:
                found[component_type] = held[0]
        return found

    def _held(self, folder: str, by_head: Mapping[str, set[str]]) -> int:
        """How many of these files stand below a folder."""
        folders = self._comparison.folders
        there = ((folders.get(join(folder, head)), names) for head, names in by_head.items())
        return sum(len(found.files & names) for found, names in there if found is not None)
