"""The headings of a Markdown text: ATX headings (`# Title`) outside code blocks and comments.

A line is what CommonMark calls an ATX heading: at most three spaces, one to six `#`, and white
space or the end of the line. Headings with a line of `=` or `-` below are not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# https://spec.commonmark.org/0.31.2/#atx-headings
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?", re.DOTALL)
_CLOSING = re.compile(r"(?:^|[ \t])#+$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
_ITEM_FENCE = re.compile(r" {0,3}(?:(?:[-*+]|\d{1,9}[.)]) {1,4})+(`{3,}|~{3,})([^`]*)", re.DOTALL)
_COMMENT = re.compile(r" {0,3}<!--(.*)", re.DOTALL)


class Heading(NamedTuple):
    """A heading, and its line in the text, from 1."""

    level: int
    title: str
    line: int = 1

    @property
    def text(self) -> str:
        """The heading as a line."""
        return f"{'#' * self.level} {self.title}".rstrip()

    @property
    def words(self) -> tuple[int, str]:
        """What must be the same in two equal headings."""
        return self.level, self.title


def heading(line: str) -> Heading | None:
    """Return the heading that a line is; None if it is none."""
    found = _HEADING.fullmatch(line)
    if found is None or "\n" in line:
        return None
    title = (found[2] or "").strip(" \t")
    return Heading(len(found[1]), _CLOSING.sub("", title).rstrip(" \t"))


def headings_in(text: str, start: int = 0) -> Iterator[Heading]:
    """Yield the headings of a text from an offset on, which is the start of a line."""
    fence, indent = "", 0  # of code in a list item, at least the indentation of its lines
    in_comment = False
    for number, line in enumerate(text[start:].split("\n"), text.count("\n", 0, start) + 1):
        line = line.rstrip("\r")
        if in_comment:
            in_comment = "-->" not in line
            continue
        if fence and line.strip() and len(line) - len(line.lstrip(" ")) < indent:
            fence = ""  # the list item ends, and its code with it
        if fence:
            closing = _FENCE.fullmatch(line[indent:])
            if closing and closing[1].startswith(fence) and not closing[2].strip():
                fence = ""
        elif opening := _FENCE.fullmatch(line):
            if opening[1][0] == "~" or "`" not in opening[2]:
                fence, indent = opening[1], 0
        elif opening := _ITEM_FENCE.fullmatch(line):
            fence, indent = opening[1], opening.start(1)
        elif comment := _COMMENT.fullmatch(line):
            in_comment = "-->" not in comment[1]
        else:
            found = heading(line)
            if found is not None:
                yield found._replace(line=number)


class Missing(NamedTuple):
    """A heading that is not where it must be.

    Args:
        wanted: the heading.
        after: the last heading that is in place; None: there is none.
        elsewhere: where the text has it, too early; None: nowhere.
    """

    wanted: Heading
    after: Heading | None
    elsewhere: Heading | None


def missing(wanted: Iterator[Heading] | list[Heading], found: list[Heading]) -> Iterator[Missing]:
    """Yield the headings that a text does not have in this order; others may be between them."""
    at = 0
    after: Heading | None = None
    for one in wanted:
        here = next((n for n in range(at, len(found)) if found[n].words == one.words), None)
        if here is None:
            elsewhere = next((other for other in found[:at] if other.words == one.words), None)
            yield Missing(one, after, elsewhere)
        else:
            at, after = here + 1, found[here]
