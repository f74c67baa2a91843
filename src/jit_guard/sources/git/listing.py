"""The entries of a tree object, `MODE NAME NUL ID` again and again (git-mktree's binary form).

A folder of a million files is one object of fifty megabytes. Runs of ordinary files are read at
once, what stands between them one by one, and of the ids only those are kept that lead on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jit_guard.errors import GitError
from jit_guard.sources.git.index import EMPTY_BLOBS

FOLDER, LINK, MODULE = b"40000", b"120000", b"160000"
_ODD = frozenset((FOLDER, LINK, MODULE))
_EMPTY = {len(id_): id_ for id_ in map(bytes.fromhex, EMPTY_BLOBS)}
_WINDOW = 1 << 17  # bytes of a run; more than any entry has


class Listing(NamedTuple):
    """What one tree object holds; the ids of files are left where they are."""

    files: set[str]
    empty: set[str]  # of the files, those without text
    odd: list[tuple[bytes, str, str]]  # the rest: mode, name, id


def listing(data: bytes, width: int) -> Listing:
    """Read a whole tree object.

    Args:
        data: its bytes.
        width: how many bytes an id has: 20 or 32.

    Raises:
        GitError: it is none.
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
                raise GitError(f"the tree object is damaged: there is no entry at byte {at}")
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


def ids(data: bytes, width: int) -> dict[str, bytes]:
    """The id of everything in a tree object that was listed before, by its name."""
    matches = (match.groups() for match in _entry(width).finditer(data))
    return {_decoded(name): id_ for _, name, id_ in matches}


def _entry(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"(\d+) ([^\0]+)\0(.{%d})" % width, re.DOTALL)


def _decoded(names: bytes) -> str:
    return names.decode("utf-8", "surrogateescape")
