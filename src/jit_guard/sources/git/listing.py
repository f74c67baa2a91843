"""Parser for tree objects, a sequence of `MODE NAME NUL ID`.

A directory of a million files is one object of fifty megabytes. Runs of ordinary files are parsed
at once and other entries one by one; only the ids of the latter are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from jit_guard.errors import GitError
from jit_guard.sources.git.index import EMPTY_BLOBS

DIRECTORY, LINK, MODULE = b"40000", b"120000", b"160000"
_ODD = frozenset((DIRECTORY, LINK, MODULE))
_EMPTY = {len(id_): id_ for id_ in map(bytes.fromhex, EMPTY_BLOBS)}
_WINDOW = 1 << 17  # maximum bytes of a run; longer than any entry


class Listing(NamedTuple):
    """The contents of a tree object, without the ids of files."""

    files: set[str]
    empty: set[str]  # the files of 0 bytes
    odd: list[tuple[bytes, str, str]]  # the rest: mode, name, id


def listing(data: bytes, width: int) -> Listing:
    """Parse a tree object.

    Args:
        data: its bytes.
        width: the length of an id in bytes: 20 or 32.

    Raises:
        GitError: the data is not a tree object.
    """
    ordinary = rb"100644 ([^\0]+)\0(?!%s).{%d}" % (re.escape(_EMPTY[width]), width)
    file, run = (re.compile(one, re.DOTALL) for one in (ordinary, rb"(?:%s)*" % ordinary))
    any_entry = _entry(width)
    found = Listing(set(), set(), [])
    at = 0
    while at < len(data):
        match = run.match(data, at, at + _WINDOW)
        if match is not None and match.end() > at:
            names = b"\0".join(file.findall(data, at, match.end()))
            found.files.update(_decoded(names).split("\0"))
        else:
            match = any_entry.match(data, at)
            if match is None:
                raise GitError(f"the tree object is corrupt: no entry at byte {at}")
            mode, raw, id_ = match.groups()
            name = _decoded(raw)
            if mode in _ODD:
                found.odd.append((mode, name, id_.hex()))
            else:
                found.files.add(name)
                if id_ == _EMPTY[width]:
                    found.empty.add(name)
        at = match.end()
    return found


def entries(data: bytes, width: int) -> Iterator[tuple[bytes, str, str]]:
    """Yield mode, name and id of everything in a valid tree object."""
    for match in _entry(width).finditer(data):
        mode, name, id_ = match.groups()
        yield mode, _decoded(name), id_.hex()


def ids(data: bytes, width: int) -> dict[str, bytes]:
    """Return name -> id for everything in a valid tree object."""
    matches = (match.groups() for match in _entry(width).finditer(data))
    return {_decoded(name): id_ for _, name, id_ in matches}


def _entry(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"(\d+) ([^\0]+)\0(.{%d})" % width, re.DOTALL)


def _decoded(names: bytes) -> str:
    return names.decode("utf-8", "surrogateescape")
