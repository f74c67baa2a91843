"""Findings in report order. Large groups of them are generated on each iteration."""

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

_MANY = 10_000  # findings; up to this many are a plain tuple, so that the facts can be freed


class Series(NamedTuple):
    """The findings of one rule in one map, in the order of `report.order`.

    Args:
        map: the path of the map; None: the findings are in no map.
        code: the code of all of them.
        severity: their severity.
        size: how many there are.
        make: generates them; can be called repeatedly, with the same result.
    """

    map: str | None
    code: str
    severity: Severity
    size: int
    make: Callable[[], Iterable[Finding]]


class Findings(Sequence[Finding]):
    """A sequence of findings that are generated anew on every iteration.

    Made for iteration: the cost of an index grows with the index.
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

    def first(self, most: int) -> Iterator[Finding]:
        """Yield at most so many findings of each code, in order; the others are not generated."""
        left = dict.fromkeys(self.numbers(), most)
        for alike in self._by_map.values():
            walks = [islice(one.make(), left[one.code]) for one in alike if left.get(one.code)]
            for finding in merge(*walks, key=order):
                if left[finding.code]:
                    left[finding.code] -= 1
                    yield finding

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
        """Return how many findings have this severity."""
        return sum(one.size for one in self._series() if one.severity == severity)

    def numbers(self) -> dict[str, int]:
        """Return how many findings there are of each code."""
        numbers: dict[str, int] = {}
        for one in self._series():
            numbers[one.code] = numbers.get(one.code, 0) + one.size
        return {code: number for code, number in numbers.items() if number}

    def _series(self) -> Iterator[Series]:
        return chain.from_iterable(self._by_map.values())


def in_order(reported: Iterable[Finding | Series]) -> tuple[Finding, ...] | Findings:
    """Sort findings and series into report order; a tuple, unless there are very many."""
    alone: list[Finding] = []
    series: list[Series] = []
    for one in reported:
        if isinstance(one, Series):
            series.append(one)
        else:
            alone.append(one)
    if len(alone) + sum(one.size for one in series) <= _MANY or not series:
        return tuple(sorted(chain(alone, *(one.make() for one in series)), key=order))
    alike: dict[tuple[str | None, str, Severity], list[Finding]] = {}
    for finding in sorted(alone, key=order):
        alike.setdefault((finding.map, finding.code, finding.severity), []).append(finding)
    for (path, code, severity), some in alike.items():
        series.append(Series(path, code, severity, len(some), some.copy))
    return Findings(series)
