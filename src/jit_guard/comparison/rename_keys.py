"""Keys by which a missing file and a left-over one are paired, for a million names at a time.

A key is the same for two names that may be one file. Each is worked out for a whole column of
names: what is done to a text is done to all of them joined, at the speed of one call. Columns
come in batches, so that memory does not grow with what is left over.
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
    """Paths below the components folder, taken apart, in columns of one length.

    `folders` are those of component types, or first folders; `inners` what stands below them;
    `goals` those of missing files, and "" for left-over ones.
    """

    paths: list[str]
    folders: list[str]
    inners: list[str]
    goals: list[str]

    def without(self, paths: set[str]) -> NameColumns:
        """The names but for these paths."""
        if not paths or paths.isdisjoint(self.paths):
            return self
        kept = [path not in paths for path in self.paths]
        return NameColumns(*(list(compress(column, kept)) for column in self))


KeyFunction = Callable[[NameColumns], Iterable[object]]


def pairs(
    key: KeyFunction,
    missing: NameColumns,
    rivals: Iterable[NameColumns],
    left_over: Iterable[NameColumns],
) -> Iterator[tuple[str, str]]:
    """The paths of those that are alone on either side in having a key; None is no key.

    Args:
        key: what two names have in common that may be one file.
        missing: files that are looked for.
        rivals: more of them, in batches: none is looked for, but each may claim a file.
        left_over: what is there, in batches.
    """
    wanted = list(key(missing))
    claims = Counter(wanted)
    claims.pop(None, None)
    offers: dict[object, str | None] = {}  # None: there are several
    for batch in left_over:
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
    """A path without its suffix."""
    head, dot, _ = path.rpartition(".")
    return head if dot and not head.endswith("/") and head else path


def same_but_suffix(names: NameColumns) -> Iterable[object]:
    """The same folder and stem."""
    return zip(names.folders, _folded(map(stem, names.inners)), strict=True)


def same_words(names: NameColumns) -> Iterable[object]:
    """The same words, folder included."""
    pairs = zip(names.folders, names.inners, strict=True)
    return words([f"{folder}/{stem(inner)}" for folder, inner in pairs])


def same_in_other_folder(names: NameColumns) -> Iterable[object]:
    """The same path below the folder of any type."""
    return names.inners


def same_base(names: NameColumns) -> Iterable[object]:
    """The same base name."""
    return _folded(inner.rpartition("/")[2] for inner in names.inners)


def same_end(names: NameColumns) -> Iterable[object]:
    """The same base name in a sub-folder of the same name."""
    return [tuple(inner.rsplit("/", 2)[-2:]) if "/" in inner else None for inner in names.inners]


def goal_or_name(names: NameColumns) -> Iterable[object]:
    """A missing file is looked up by its goal, a left-over one by its own name."""
    texts = [goal or stem(inner) for goal, inner in zip(names.goals, names.inners, strict=True)]
    return zip(names.folders, words(texts), strict=True)


KEYS: tuple[tuple[str, KeyFunction], ...] = (
    ("the same name with another suffix", same_but_suffix),
    ("the same words", same_words),
    ("the same name in another folder", same_in_other_folder),
    ("the same end of the path", same_end),
    ("the same base name", same_base),
    ("the name of the goal", goal_or_name),
)


def words(texts: Sequence[str]) -> list[str]:
    """The words of each text, without punctuation, plurals, case, and repetition in a row."""
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
    return joined.lower().split("\0") if listed and joined.isascii() else list(map(fold, listed))
