"""The shape that the components of one type share: their headings, in order."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MOST = 40  # headings; more are too many to follow

Kind = Literal["prose", "list", "steps", "code", "table"]


class Section(NamedTuple):
    """A heading, with its `#`s, and the main kind of content below it."""

    heading: str
    kind: Kind = "prose"


def shape(texts: Iterable[str], suffix: str = ".txt") -> tuple[str, ...]:
    """Return the headings that most of the texts have, in order, each with its `#`s.

    The most common sequence wins. Ties are broken by the most common headings, then the longest
    sequence, then alphabetical order. A title (a single first-level heading before all others)
    is specific to its text and left out. For `.json`, the keys of the objects.

    Args:
        texts: the type's components.
        suffix: the suffix of the component to write, with the dot, in lower case.
    """
    read = _keys if suffix == ".json" else _untitled
    sequences = Counter(found for text in texts if (found := read(text)))
    if not sequences:
        return ()
    headings = Counter(heading for found in sequences.elements() for heading in set(found))

    def rank(found: tuple[str, ...]) -> tuple[object, ...]:
        common = sum(headings[heading] for heading in found) / len(found)
        return -sequences[found], -common, -len(found), found

    return min(sequences, key=rank)[:_MOST]


@lru_cache(maxsize=256)
def sections(text: str) -> tuple[Section, ...]:
    """Return the sections of a text; lines inside a fence are not headings."""
    found: list[Section] = []
    for heading, body in _split(text):
        if heading:
            found.append(Section(heading, _kind(body)))
    return tuple(found)


def _untitled(text: str) -> tuple[str, ...]:
    headings = tuple(section.heading for section in sections(text))
    first_level = [heading for heading in headings if heading.startswith("# ")]
    titled = len(headings) > 1 and first_level == [headings[0]]
    return headings[1:] if titled else headings


def _keys(text: str) -> tuple[str, ...]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(value, dict):
        return ()
    return tuple(key for key in value if key not in ("$comment", "$schema"))


def _split(text: str) -> Iterator[tuple[str, list[str]]]:
    heading, body, fence = "", list[str](), ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        elif found := _HEADING.fullmatch(line):
            yield heading, body
            heading, body = f"{found[1]} {found[2]}", []
            continue
        body.append(line)
    yield heading, body


def _kind(body: list[str]) -> Kind:
    starts = Counter(_line_kind(line) for line in body if line.strip() and line[:1] != " ")
    if not starts:
        return "prose"
    # A list often follows a sentence, so the most frequent kind decides.
    return min(starts, key=lambda kind: (-starts[kind], kind))


def _line_kind(line: str) -> Kind:
    if _FENCE.match(line):
        return "code"
    if re.match(r"[-*+] ", line):
        return "list"
    if re.match(r"\d+[.)] ", line):
        return "steps"
    return "table" if line.startswith("|") else "prose"
