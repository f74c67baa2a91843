"""Rows of a Markdown table, each with its limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: what was measured, the formatted value, and whether it is within its limit."""

    what: str
    figure: str
    limit: str = ""
    within: bool | None = None

    def limited_if(self, limited: bool) -> Row:
        """The same row, without its limit unless `limited`."""
        return self if limited else Row(self.what, self.figure)


def at_most(what: str, figure: float, limit: float, unit: str) -> Row:
    """A row whose figure must not exceed its limit."""
    return Row(what, f"{figure:.2f} {unit}", f"{limit:g} {unit}", figure <= limit)


def lines(title: str, rows: Iterable[Row]) -> Iterable[str]:
    """The rows as Markdown."""
    yield f"| {title} | measured | limit | |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        result = "" if row.within is None else "within" if row.within else "**over**"
        yield f"| {row.what} | {row.figure} | {row.limit} | {result} |"
