"""Rename components whose entries have been set: the last part of step 6.

A file gets its new name as a hard link, the directory is synced, and only then the old name is
removed. So at every instant the text has a name, and it is never copied: mode, owner and unsaved
state of git stay. Undoing is the same in the other direction.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Literal

from jit_guard.commit import durable, intent
from jit_guard.commit.directories import Directory, Location
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.file_status import is_same_file
from jit_guard.commit.final_name import give_name
from jit_guard.commit.intent import MoveIntent
from jit_guard.commit.location import missing_directories, upwards
from jit_guard.commit.replay import TRIES, Left, Replay, read_text, sync_directories
from jit_guard.text.names import fold


def move_components(work: Replay) -> None:
    """Rename every component that an entry names by its new name; give the others back."""
    linked: dict[Directory, None] = {}
    removable: list[tuple[MoveIntent, Location, Location]] = []
    for one in work.intent.moves:
        source, target = work.ends(one)
        if not work.wanted(one):
            if work.untouched(one.new):
                continue
            source, target = target, source
        if _link(work, one, source, target):
            removable.append((one, source, target))
        linked[target.directory] = None
    sync_directories(linked, "a component is lost, since its old name is removed next")
    removed: dict[Directory, None] = {}
    for one, source, target in removable:
        if not is_same_entry(source, target):
            durable.remove(source)
        removed[source.directory] = None
        if target == work.ends(one)[1]:
            work.moved.append((one.old, one.new))
    sync_directories(removed, "a component has its old name as well, which no entry has")


def _link(work: Replay, one: MoveIntent, source: Location, target: Location) -> bool:
    """Give a file its other name; return whether the name that it had is to be removed."""
    temporary = work.ends(one)[1].beside(one.temporary)
    path = target.relative
    for _ in range(TRIES):
        if is_same_entry(source, target):
            if target.name in _names(target.directory):
                return True
            # The system ignores case, so the name changes by way of another one.
            work.trying(one.new)
            durable.replace(source, temporary)
        start = temporary if durable.is_file(temporary) else source
        if not durable.exists(target):
            if not durable.is_file(start):
                return _leave(work, Left(path, (), f"{source.relative} no longer exists"))
            missing = missing_directories(target.directory)
            if missing:
                durable.make_directories(missing, upwards(target.directory))
            try:
                give_name(work, one.new, start, target)
            except FileExistsError:
                continue  # created between the two calls: look at it
            except FileNotFoundError:
                work.directories.close()  # a directory was removed: look again
                work.fresh = False
                continue
        elif durable.exists(start) and not _is_same_text(start, target):
            if _is_reserved(work, target):
                durable.replace(start, target)
            elif source != work.ends(one)[1] or not _is_reserved(work, source):
                return _leave(work, Left(path, (), "a different file exists there"))
        if start == temporary:
            durable.remove(temporary)
        return True
    raise TransactionError(f"{path} keeps being changed by another process")


def _is_reserved(work: Replay, location: Location) -> bool:
    """Check for the empty file of a process that was killed before it renamed ours over it."""
    there = location.status()
    empty = there is not None and stat.S_ISREG(there.st_mode) and not there.st_size
    return empty and not work.fresh and work.intent.reserves


def _leave(work: Replay, left: Left) -> Literal[False]:
    """Leave a file where it is. The commit itself is undone; a recovery goes on and reports it."""
    if work.tried is not None and not work.back:
        raise TransactionError(f"{left.path} was not moved: {left.reason}")
    work.left.append(left)
    return False


def _is_same_text(one: Location, other: Location) -> bool:
    mine, there = one.status(), other.status()
    if mine is not None and there is not None and is_same_file(mine, there):
        return True
    text, other_text = read_text(one), read_text(other)
    return text is not None and other_text is not None and text[0] == other_text[0]


def is_same_entry(one: Location, other: Location) -> bool:
    """Check whether a system that ignores case takes two names for one."""
    if one.directory != other.directory or fold(one.name) != fold(other.name):
        return False
    mine, there = one.status(), other.status()
    if mine is None or there is None or not is_same_file(mine, there):
        return False
    return not {one.name, other.name} <= _names(one.directory)


def _names(directory: Directory) -> set[str]:
    handle = directory.handle
    return set(os.listdir(directory.path if handle is None else handle))


def refuse_to_move(move: tuple[str, str], source: Location, target: Location) -> None:
    """Raise TransactionError if a file cannot be renamed, or its new name is taken."""
    old, new = move
    if not durable.is_file(source):
        what = "is not a regular file" if durable.exists(source) else "does not exist"
        raise TransactionError(f"{old} {what}; nothing was changed")
    if durable.exists(target) and not is_same_entry(source, target):
        raise TransactionError(f"{new} already exists and is never overwritten")


def _device(directory: Directory) -> int:
    handle = directory.handle
    return (os.lstat(directory.path) if handle is None else os.fstat(handle)).st_dev


def can_move(move: MoveIntent, source: Location, target: Location) -> bool:
    """Try a hard link under a temporary name, and its removal; return whether links work here.

    Raises TransactionError if the file would have to be copied.
    """
    probe = target.beside(intent.probe(move.temporary))
    # Of the directories: in an overlay, a file may have another device than its directory.
    apart = _device(source.directory) != _device(target.directory)
    can = True
    try:
        durable.place(source, probe)
    except OSError as error:
        can = False
        apart = apart or error.errno == errno.EXDEV
    durable.remove(probe)
    if apart:
        raise TransactionError(
            f"{move.old} and {move.new} are on different file systems; nothing was changed"
        )
    return can
