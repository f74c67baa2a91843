"""Findings in their order, of which there may be millions: what is many is made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from typing import overload

from jit_guard.named_tuple import NamedTuple
from jit_guard.report import Finding, order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.report import Severity

_MANY = 10_000  # findings; fewer are a plain tuple, which needs nothing of what they were made from


class Series(NamedTuple):
    """The findings of one rule in one map (None: in no map), in the order of `findings.order`.

    `make` can be called again and again, and makes the same ones.
    """

    map: str | None
    severity: Severity
    size: int
    make: Callable[[], Iterable[Finding]]


class Findings(Sequence[Finding]):
    """A sequence that is walked rather than kept: every walk makes its findings anew.

    To be read from its start; an index far from there costs what the way to it costs.
    """

    def __init__(self, series: Iterable[Series]) -> None:
        self._by_map: dict[str | None, list[Series]] = {}
        for one in sorted(series, key=lambda one: (one.map is None, one.map or "")):
            self._by_map.setdefault(one.map, []).append(one)

    def __len__(self) -> int:
        return sum(one.size for one in self._series())

    def __iter__(self) -> Iterator[Finding]:
        for alike in self._by_map.values():
            walks = [one.make() for one in alike]
            yield from walks[0] if len(walks) == 1 else merge(*walks, key=order)

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        positions = range(len(self))[index]
        if isinstance(positions, int):
            return next(islice(self, positions, None))
        if positions.step < 0:
            return tuple(self)[index]
        return tuple(islice(self, positions.start, positions.stop, positions.step))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, Findings)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[object, ...]:
        return tuple, (tuple(self),)

    def count_of(self, severity: Severity) -> int:
        """How many have this severity."""
        return sum(one.size for one in self._series() if one.severity == severity)

    def _series(self) -> Iterator[Series]:
        return chain.from_iterable(self._by_map.values())


def in_order(told: Iterable[Finding | Series]) -> tuple[Finding, ...] | Findings:
    """All of them in the order of every report; a tuple, unless they are many."""
    alone: list[Finding] = []
    series: list[Series] = []
    for one in told:
        if isinstance(one, Series):
            series.append(one)
        else:
            alone.append(one)
    if len(alone) + sum(one.size for one in series) <= _MANY or not series:
        return tuple(sorted(chain(alone, *(one.make() for one in series)), key=order))
    alike: dict[tuple[str | None, Severity], list[Finding]] = {}
    for finding in sorted(alone, key=order):
        alike.setdefault((finding.map, finding.severity), []).append(finding)
    for (path, severity), some in alike.items():
        series.append(Series(path, severity, len(some), some.copy))
    return Findings(series)
