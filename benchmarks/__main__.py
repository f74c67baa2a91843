"""`python -m benchmarks [--quick]`: the cost of jit-guard as ratios, each with its limit."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks import (
    cases,
    contenders,
    contracts,
    growth,
    marketplace,
    plot,
    repairs,
    small,
    table,
)
from benchmarks.projects import Projects

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK = (1_000, 10_000)


def main() -> None:
    """Measure, and print Markdown tables; exit with 1 if something is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, less than a minute")
    parser.add_argument("--runs", type=int, help="how often to run each command")
    parser.add_argument(
        "--only", nargs="+", choices=_PARTS, default=_PARTS, help="print only these tables"
    )
    parser.add_argument("--size", type=int, help="number of entries of the cases")
    parser.add_argument("--trees", type=Path, help="keep the generated projects in this directory")
    parser.add_argument("--plot", type=Path, help="draw the growth into this SVG file")
    options = parser.parse_args()
    if missing := contenders.missing():
        parser.error(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as scratch:
        options.trees = options.trees or Path(scratch)
        within = [_show(name, _PARTS[name](options)) for name in options.only]
    sys.exit(not all(within))


def _show(title: str, rows: Iterable[table.Row]) -> bool:
    """Print a table; return True if nothing in it is over its limit."""
    shown = list(rows)
    print(*table.lines(title, shown), "", sep="\n", flush=True)
    return all(row.within is not False for row in shown)


def _small(options: argparse.Namespace) -> Iterable[table.Row]:
    return small.rows(options.runs or (10 if options.quick else 40))


def _growth(options: argparse.Namespace) -> Iterable[table.Row]:
    sizes = QUICK if options.quick else SIZES
    measured = growth.measure(Projects(options.trees), sizes, options.runs or 3)
    if options.plot is not None:
        plot.draw(measured, options.plot)
    return measured.rows()


def _cases(options: argparse.Namespace) -> Iterable[table.Row]:
    size = options.size or (QUICK if options.quick else SIZES)[-1]
    return cases.rows(Projects(options.trees), size, options.runs or (1 if options.quick else 3))


def _repairs(options: argparse.Namespace) -> Iterable[table.Row]:
    return repairs.rows(Projects(options.trees), (QUICK if options.quick else SIZES)[-1])


def _marketplace(options: argparse.Namespace) -> Iterable[table.Row]:
    return marketplace.rows(options.runs or (3 if options.quick else 20))


def _contracts(options: argparse.Namespace) -> Iterable[table.Row]:
    return contracts.rows(options.runs or (3 if options.quick else 20))


_PARTS = {
    "small": _small,
    "growth": _growth,
    "cases": _cases,
    "repairs": _repairs,
    "marketplace": _marketplace,
    "contracts": _contracts,
}


if __name__ == "__main__":
    main()
