"""The entries of a tree object, `MODE NAME NUL ID` again and again (git-mktree's binary form).

A folder of a million files is one object of fifty megabytes. It is read a window at a time, and
of the ids only those are kept that lead on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from jit_guard.errors import GitError

FOLDER, LINK, MODULE = b"40000", b"120000", b"160000"
_ODD = frozenset((FOLDER, LINK, MODULE))
_EMPTY = (
    bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
    bytes.fromhex("473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"),
)
_WINDOW = 1 << 17  # bytes; more than any entry has


class Listing(NamedTuple):
    """What one tree object holds; the ids of files are left where they are."""

    files: set[str]
    hollow: set[str]  # of the files, those without text
    odd: list[tuple[bytes, str, str]]  # the rest: mode, name, id


def listing(data: bytes, width: int) -> Listing:
    """Read a whole tree object.

    Args:
        data: its bytes.
        width: how many bytes an id has.

    Raises:
        GitError: it is none.
    """
    found = Listing(set(), set(), [])
    for modes, names, ids in _columns(data, width):
        if not _ODD.isdisjoint(modes):
            odd = [mode in _ODD for mode in modes]
            rows = list(zip(odd, modes, names, ids, strict=True))
            found.odd.extend((mode, name, id_.hex()) for is_odd, mode, name, id_ in rows if is_odd)
            files = [(name, id_) for is_odd, _, name, id_ in rows if not is_odd]
            if not files:
                continue
            names, ids = zip(*files, strict=True)
        found.files.update(names)
        if not set(_EMPTY).isdisjoint(ids):
            found.hollow.update(name for name, id_ in zip(names, ids, strict=True) if id_ in _EMPTY)
    return found


def ids(data: bytes, width: int) -> dict[str, bytes]:
    """The id of everything in a tree object, by its name."""
    found: dict[str, bytes] = {}
    for _, names, some in _columns(data, width):
        found.update(zip(names, some, strict=True))
    return found


_Columns = tuple[Sequence[bytes], Sequence[str], Sequence[bytes]]


def _columns(data: bytes, width: int) -> Iterator[_Columns]:
    """Modes, names and ids, a window at a time."""
    # What a window cuts off fits nowhere in its rest: no NUL is followed by a whole id there.
    entry = re.compile(rb"(\d+) ([^\0]+)\0(.{%d})" % width, re.DOTALL)
    at = 0
    while rows := entry.findall(data, at, at + _WINDOW):
        at += sum(map(len, chain.from_iterable(rows))) + 2 * len(rows)
        modes, names, some = zip(*rows, strict=True)
        yield modes, b"\0".join(names).decode("utf-8", "surrogateescape").split("\0"), some
    if at != len(data):
        raise GitError(f"the tree object is damaged: there is no entry at byte {at}")
