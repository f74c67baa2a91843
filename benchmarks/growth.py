"""What a check costs as a project grows: names and sizes, from a thousand entries to a million."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from benchmarks import contenders
from benchmarks.measure import Sample, exponent, in_turn, peak, ratio, seconds
from benchmarks.projects import Projects
from benchmarks.table import Row, at_most

NAMES = ("--ignore", "JG207,JG501")
_FIRST = 10_000  # below it start-up is most of it, and no growth can be seen
_MOST = 1_000_000  # entries: at this size the limits are
_LIMITS = {contenders.SHELL: 0.5, contenders.FLOOR: 1.8}
_MEMORY = 450  # MB


class Growth(NamedTuple):
    """Entries -> command -> its samples."""

    taken: Mapping[int, Mapping[str, list[Sample]]]

    def rows(self) -> Iterator[Row]:
        """Seconds, memory and ratios of every size, and how they grow."""
        for entries, taken in self.taken.items():
            ours = taken[contenders.OURS]
            for name, samples in taken.items():
                said = f"{seconds(samples):.2f} s, {peak(samples):.0f} MB"
                yield Row(f"{entries:,}: {name}", said)
            for other in (contenders.SHELL, contenders.FLOOR):
                yield against(f"{entries:,}: jit-guard", entries, ours, other, taken[other])
            yield memory(f"{entries:,}: jit-guard", entries, ours)
        cost = {size: seconds(taken[contenders.OURS]) for size, taken in self.taken.items()}
        far = {size: cost[size] for size in cost if size >= _FIRST}
        if len(far) > 1:
            what = f"growth from {min(far):,} to {max(far):,} entries: exponent"
            yield at_most(what, exponent(far), 1.05, "")


def measure(projects: Projects, sizes: tuple[int, ...], runs: int) -> Growth:
    """Run all of them in turn at every size."""
    commands = {
        contenders.OURS: contenders.jit_guard(*NAMES),
        contenders.SHELL: contenders.shell(contenders.NAMES_AND_SIZES),
        contenders.FLOOR: contenders.floor(),
    }
    return Growth({size: in_turn(commands, projects.of(size), runs) for size in sizes})


def against(what: str, entries: int, ours: list[Sample], other: str, theirs: list[Sample]) -> Row:
    """A ratio, and its limit at the size that has one."""
    row = at_most(f"{what} ÷ {other}", ratio(ours, theirs), _LIMITS[other], "x")
    return row.judged_if(entries >= _MOST)


def memory(what: str, entries: int, ours: list[Sample]) -> Row:
    """The peak of memory, and its limit at the size that has one."""
    return at_most(f"{what}, memory", peak(ours), _MEMORY, "MB").judged_if(entries >= _MOST)
