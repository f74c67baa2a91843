"""Keys that pair missing files with orphans, fast enough for a million names.

Two names that may belong to the same file have the same key. Keys are computed for a whole column
of names: the names are joined, and transformed by one call. Columns come in batches, so memory
does not grow with the number of orphans.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, groupby
from typing import NamedTuple

from jit_guard.text.names import fold

_SEPARATOR = re.compile(r"[^\w\n]|_")
_ASCII_SEPARATORS = {
    code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "\n"
}
_PLURALS = ((re.compile(r"ies(?=[ \n]|\Z)"), "y"), (re.compile(r"s(?=[ \n]|\Z)"), ""))


class NameColumns(NamedTuple):
    """Paths below the components directory, split into columns of equal length.

    Attributes:
        paths: relative to the root.
        directories: the directory of the component type, or the first directory.
        inners: the rest of the path below that directory.
        goals: the goal of a missing file; "" for an orphan.
    """

    paths: list[str]
    directories: list[str]
    inners: list[str]
    goals: list[str]

    def without(self, paths: set[str]) -> NameColumns:
        """Return the names without those of these paths."""
        if not paths or paths.isdisjoint(self.paths):
            return self
        kept = [path not in paths for path in self.paths]
        return NameColumns(*(list(compress(column, kept)) for column in self))


KeyFunction = Callable[[NameColumns], Iterable[object]]


def pairs(
    key: KeyFunction,
    missing: NameColumns,
    rivals: Iterable[NameColumns],
    orphans: Iterable[NameColumns],
) -> Iterator[tuple[str, str]]:
    """Yield pairs of paths whose key is unique on both sides.

    Args:
        key: computes the keys of names; None: this name has no key.
        missing: the missing files to pair.
        rivals: other missing files, in batches; they are not paired, but make keys ambiguous.
        orphans: the orphans, in batches.
    """
    wanted = list(key(missing))
    claims = Counter(wanted)
    claims.pop(None, None)
    offers: dict[object, str | None] = {}  # None: ambiguous
    for batch in orphans:
        for one, path in zip(key(batch), batch.paths, strict=True):
            if one in claims:
                offers[one] = None if one in offers else path
    if not any(offers.values()):
        return
    for batch in rivals:
        claims.update(one for one in key(batch) if one in claims)
    for one, path in zip(wanted, missing.paths, strict=True):
        offer = offers.get(one)
        if offer is not None and claims[one] == 1:
            yield path, offer


def stem(path: str) -> str:
    """Return a path without its suffix."""
    head, dot, _ = path.rpartition(".")
    return head if dot and not head.endswith("/") and head else path


def same_but_suffix(names: NameColumns) -> Iterable[object]:
    """Key: directory and stem."""
    return zip(names.directories, _folded(map(stem, names.inners)), strict=True)


def same_words(names: NameColumns) -> Iterable[object]:
    """Key: the words of the path, including the directory."""
    pairs = zip(names.directories, names.inners, strict=True)
    return words([f"{directory}/{stem(inner)}" for directory, inner in pairs])


def same_in_other_directory(names: NameColumns) -> Iterable[object]:
    """Key: the path below the directory of any type."""
    return names.inners


def same_base(names: NameColumns) -> Iterable[object]:
    """Key: the base name."""
    return _folded(inner.rpartition("/")[2] for inner in names.inners)


def same_end(names: NameColumns) -> Iterable[object]:
    """Key: the base name and the name of its subdirectory."""
    return [tuple(inner.rsplit("/", 2)[-2:]) if "/" in inner else None for inner in names.inners]


def goal_or_name(names: NameColumns) -> Iterable[object]:
    """Key: the goal of a missing file, the stem of an orphan."""
    texts = [goal or stem(inner) for goal, inner in zip(names.goals, names.inners, strict=True)]
    return zip(names.directories, words(texts), strict=True)


KEYS: tuple[tuple[str, KeyFunction], ...] = (
    ("same name, different suffix", same_but_suffix),
    ("same words", same_words),
    ("same name in another directory", same_in_other_directory),
    ("same end of the path", same_end),
    ("same base name", same_base),
    ("named after the goal", goal_or_name),
)


def words(texts: Sequence[str]) -> list[str]:
    """Return the words of each text, without punctuation, plurals, case and repetition."""
    joined = "\n".join(_folded(text.replace("\n", " ") for text in texts))
    if joined.isascii():
        joined = joined.translate(_ASCII_SEPARATORS)
    else:
        joined = _SEPARATOR.sub(" ", joined)
    for plural, singular in _PLURALS:
        joined = plural.sub(singular, joined)
    return [_once(line) for line in joined.split("\n")] if texts else []


def _once(line: str) -> str:
    found = line.split()
    if len(set(found)) < len(found):
        found = [word for word, _ in groupby(found)]
    return " ".join(found)


def _folded(texts: Iterable[str]) -> list[str]:
    listed = list(texts)
    joined = "\0".join(listed)
    together = joined.isascii() and joined.count("\0") == len(listed) - 1  # a goal may hold NUL
    return joined.lower().split("\0") if together else list(map(fold, listed))
