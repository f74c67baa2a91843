"""Comparison of the index with the files that entries name, in one call of git.

Every clean check in a repository does this, so git is started without `subprocess`, whose import
takes longer than the answer. A listing of any length is read in pieces.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic, sleep
from typing import NamedTuple

from jit_guard.sources.git.environment import (
    PATIENCE,
    Standpoint,
    clean_environment,
    git_command,
    refuse_odd_files,
)

_PIECE = 1 << 20
_SIGKILL = 9  # the module `signal` takes longer to import than git to answer
_PAUSE = 0.0002  # seconds; to wait without polling, a module would have to be imported
EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
_MODULE = "160000"


class Scan(NamedTuple):
    """The result of one listing of the index. Paths are relative to the top."""

    absent: dict[str, set[str]]  # directory -> wanted names that are not in the index
    empty: tuple[str, ...]  # wanted paths without text: empty, or intent-to-add (add -N)
    modules: tuple[str, ...]  # every submodule in scope


def scan(top: str, scopes: Iterable[str], wanted: Mapping[str, Iterable[str]]) -> Scan:
    """Find out which of these files the index has.

    Args:
        top: the top of the work tree, as `repository.top` returns it.
        scopes: the directories to list, relative to the top.
        wanted: directory -> names in it.

    Raises:
        GitError: git fails.
    """
    absent = {directory: set(names) for directory, names in wanted.items()}
    empty: list[str] = []
    modules: list[str] = []
    for record, directory, name in _records(top, [scope or "." for scope in scopes]):
        names = absent.get(directory)
        if names is not None and name in names:
            names.remove(name)
            if record.startswith(EMPTY_BLOBS, 7):
                empty.append(f"{directory}/{name}" if directory else name)
        if record.startswith(_MODULE):
            modules.append(f"{directory}/{name}" if directory else name)
    return Scan({f: names for f, names in absent.items() if names}, tuple(empty), tuple(modules))


def _records(top: str, scopes: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each record (`mode id stage TAB path`) with its directory and name."""
    at = 0
    for text in _listing(top, ["ls-files", "-z", "--stage", "--", *scopes]):
        for record in text.split("\0"):
            at = at or record.index("\t") + 1  # modes and ids have a fixed width
            directory, _, name = record[at:].rpartition("/")
            yield record, directory, name


def _listing(top: str, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the answer as text, in pieces of complete records."""
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
    if not hasattr(os, "posix_spawn"):  # Windows
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
            words, environment = git_command(["-C", top, *arguments]), clean_environment()
            refuse_odd_files(Standpoint(top, "", environment))
            process = os.posix_spawn(words[0], words, environment, file_actions=actions)
        except OSError as error:
            from jit_guard.sources.git.call import not_started

            raise not_started(error) from None
        finally:
            os.close(there)
        status = -1
        try:
            os.set_blocking(here, False)
            while piece := _read(here, arguments[0]):
                yield piece
            status = 0
        finally:
            os.close(here)
            here = -1
            status = _ended(process, kill=status != 0)
    finally:
        if here >= 0:
            os.close(here)
    if status:
        _asked(top, arguments)  # again, to get the error message


def _read(pipe: int, what: str) -> bytes:
    """Read what git has written, or b"" at the end. Raises GitError if there is no answer."""
    end = 0.0
    while True:
        try:
            return os.read(pipe, _PIECE)
        except BlockingIOError:
            now = monotonic()
            end = end or now + PATIENCE
            if now > end:
                from jit_guard.sources.git.call import no_answer

                raise no_answer(what) from None
            sleep(_PAUSE)


def _ended(process: int, *, kill: bool) -> int:
    try:
        if kill:
            os.kill(process, _SIGKILL)
        return os.waitpid(process, 0)[1]
    except (ChildProcessError, ProcessLookupError):  # lost: the parent ignores SIGCHLD
        return 1


def _asked(top: str, arguments: Sequence[str]) -> bytes:
    from jit_guard.sources.git import call

    answer = call.ask(top, arguments)
    if answer.returncode:
        raise call.complaint(arguments[0], answer)
    return answer.stdout
