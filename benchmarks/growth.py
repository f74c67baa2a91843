"""The cost of a check as a project grows: names and sizes, from 1,000 to 1,000,000 entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from benchmarks import contenders
from benchmarks.measure import Sample, exponent, in_turn, peak, ratio, seconds
from benchmarks.projects import Projects
from benchmarks.table import Row, at_most

NAMES = ("--ignore", "JG207,JG501")
_FIRST = 10_000  # entries; for smaller maps, start-up hides the growth
_MOST = 1_000_000  # entries; the limits are for this size
_LIMITS = {contenders.SHELL: 1.0, contenders.FLOOR: 1.8}
_MEMORY = 450  # MB


class Growth(NamedTuple):
    """Entries -> command -> its samples."""

    taken: Mapping[int, Mapping[str, list[Sample]]]

    def rows(self) -> Iterator[Row]:
        """Seconds, memory and ratios of every size, and how they grow."""
        for entries, taken in self.taken.items():
            ours = taken[contenders.OURS]
            for name, samples in taken.items():
                figure = f"{seconds(samples):.2f} s, {peak(samples):.0f} MB"
                yield Row(f"{entries:,}: {name}", figure)
            for other in (contenders.SHELL, contenders.FLOOR):
                yield against(f"{entries:,}: jit-guard", entries, ours, other, taken[other])
            yield memory(f"{entries:,}: jit-guard", entries, ours)
        cost = {size: seconds(taken[contenders.OURS]) for size, taken in self.taken.items()}
        large = {size: cost[size] for size in cost if size >= _FIRST}
        if len(large) > 1:
            what = f"growth from {min(large):,} to {max(large):,} entries: exponent"
            yield at_most(what, exponent(large), 1.05, "")


def measure(projects: Projects, sizes: tuple[int, ...], runs: int) -> Growth:
    """Run all commands alternately at every size."""
    commands = {
        contenders.OURS: contenders.jit_guard(*NAMES),
        contenders.SHELL: contenders.shell(contenders.NAMES_AND_SIZES),
        contenders.FLOOR: contenders.floor(),
    }
    return Growth({size: in_turn(commands, projects.of(size), runs) for size in sizes})


def against(what: str, entries: int, ours: list[Sample], other: str, theirs: list[Sample]) -> Row:
    """A ratio, with its limit if the size has one."""
    row = at_most(f"{what} ÷ {other}", ratio(ours, theirs), _LIMITS[other], "x")
    return row.limited_if(entries >= _MOST)


def memory(what: str, entries: int, ours: list[Sample]) -> Row:
    """The peak of memory, with its limit if the size has one."""
    return at_most(f"{what}, memory", peak(ours), _MEMORY, "MB").limited_if(entries >= _MOST)
