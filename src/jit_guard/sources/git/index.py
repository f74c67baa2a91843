"""The files that the index has, held against the files that entries name: one call of git.

This is what a clean check in a repository pays, so git is started without `subprocess` (its
import costs more than git's answer), and a listing of any length is read piece by piece.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from jit_guard.sources.git.environment import clean_environment

_PIECE = 1 << 20
EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
_MODULE = "160000"


class Scan(NamedTuple):
    """What one look at the index showed. Paths are relative to the top of the repository."""

    absent: dict[str, set[str]]  # folder -> the names in it that were asked for and are not there
    empty: tuple[str, ...]  # asked for and without text: empty, or only announced (add -N)
    modules: tuple[str, ...]  # every submodule in scope


def scan(top: str, scopes: Iterable[str], wanted: Mapping[str, Iterable[str]]) -> Scan:
    """Which of these files does the index have?

    Args:
        top: the top of the work tree, as `repository.top` tells it.
        scopes: the folders to list, relative to the top.
        wanted: folder -> names in it.

    Raises:
        GitError: git cannot tell, in its own words.
    """
    absent = {folder: set(names) for folder, names in wanted.items()}
    empty: list[str] = []
    modules: list[str] = []
    for record, folder, name in _records(top, [scope or "." for scope in scopes]):
        names = absent.get(folder)
        if names is not None and name in names:
            names.remove(name)
            if record.startswith(EMPTY_BLOBS, 7):
                empty.append(f"{folder}/{name}" if folder else name)
        if record.startswith(_MODULE):
            modules.append(f"{folder}/{name}" if folder else name)
    return Scan({f: names for f, names in absent.items() if names}, tuple(empty), tuple(modules))


def _records(top: str, scopes: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each record of the listing (`mode id stage TAB path`), and its path in two."""
    at = 0
    for text in _listing(top, ["ls-files", "-z", "--stage", "--", *scopes]):
        for record in text.split("\0"):
            at = at or record.index("\t") + 1  # modes and ids are of one width
            folder, _, name = record[at:].rpartition("/")
            yield record, folder, name


def _listing(top: str, arguments: Sequence[str]) -> Iterator[str]:
    """The answer as text in pieces of whole records, without the NUL of the last one."""
    rest = b""
    for piece in _pieces(top, arguments):
        data = rest + piece
        end = data.rfind(b"\0")
        if end < 0:
            rest = data
            continue
        yield data[:end].decode("utf-8", "surrogateescape")
        rest = data[end + 1 :]


def _pieces(top: str, arguments: Sequence[str]) -> Iterator[bytes]:
    if not hasattr(os, "posix_spawnp"):  # Windows
        yield _asked(top, arguments)
        return
    here, there = os.pipe()
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, there, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            process = os.posix_spawnp(
                "git", ["git", "-C", top, *arguments], clean_environment(), file_actions=actions
            )
        except FileNotFoundError:
            from jit_guard.sources.git.call import no_program

            raise no_program() from None
        finally:
            os.close(there)
        try:
            while piece := os.read(here, _PIECE):
                yield piece
        finally:
            os.close(here)
            here = -1
            status = _ended(process)
    finally:
        if here >= 0:
            os.close(here)
    if status:
        _asked(top, arguments)  # once more, to hear why


def _ended(process: int) -> int:
    try:
        return os.waitpid(process, 0)[1]
    except ChildProcessError:  # somebody ignores SIGCHLD, and the exit code is lost
        return 1


def _asked(top: str, arguments: Sequence[str]) -> bytes:
    from jit_guard.sources.git import call

    answer = call.ask(top, arguments)
    if answer.returncode:
        raise call.complaint(arguments[0], answer)
    return answer.stdout
