"""Step 6: give the components their names, unless another process changed the entries."""

from __future__ import annotations

import os

from jit_guard.commit import durable
from jit_guard.commit.directories import Directory, Location
from jit_guard.commit.errors import OccupiedError, TransactionError
from jit_guard.commit.final_name import give_name
from jit_guard.commit.intent import ComponentIntent
from jit_guard.commit.location import missing_directories, upwards
from jit_guard.commit.move_components import move_components
from jit_guard.commit.replay import (
    TRIES,
    Left,
    Replay,
    is_ready,
    read_text,
    sha256_of,
    sync_directories,
)


def place_components(work: Replay) -> None:
    """Give every component that an entry names its final name, and rename moved ones.

    Raises:
        OccupiedError: in the commit itself, another file has this name by now. A recovery keeps
            both, since another process may have decided on it.
    """
    directories: dict[Directory, None] = {}
    # Drafts last, since their old text cannot be restored if another component is refused.
    for one in sorted(work.intent.components, key=lambda one: one.replaces is not None):
        location = work.component(one)
        if work.wanted(one):
            _place(work, one, location)
        else:
            _withdraw(work, one, location)
        directories[location.directory] = None
    sync_directories(directories, "a component is missing under its name, though the map names it")
    move_components(work)


def _place(work: Replay, one: ComponentIntent, location: Location) -> None:
    temporary = location.beside(one.temporary)
    for _ in range(TRIES):
        if not durable.exists(location):
            _prepare_component(work, one, location)
            try:
                give_name(work, one.path, temporary, location)
            except FileExistsError:
                continue  # created between the two calls: look at it
            except FileNotFoundError:
                work.directories.close()  # its directory was removed: make it again
                work.fresh = False  # if only the text was, our own empty file may be there
                continue
            break
        found = read_text(location)
        sha256 = sha256_of(found[0]) if found is not None else None
        if sha256 == one.sha256:
            durable.sync_file(location, without="a component that already existed is torn")
            break
        replaced = sha256 == one.replaces and found is not None and work.may_replace(found[0])
        if found is not None and (replaced or _is_reserved(work, found[0])):
            _prepare_component(work, one, location, found[1] if replaced else None)
            work.trying(one.path)
            durable.replace(temporary, location)
            break
        if durable.exists(location):
            if work.tried is not None:
                raise OccupiedError(one.path)
            reason = "a different file exists there and is never overwritten"
            work.left.append(Left(one.path, (), reason))
            work.keep(one.path, one.data or b"", reason)
            return
    else:
        raise TransactionError(f"{one.path} keeps being changed by another process")
    work.placed.add(one.path)


def _is_reserved(work: Replay, data: bytes) -> bool:
    """Check for the empty file of a process that was killed before it renamed ours over it."""
    return not data and not work.fresh and work.intent.reserves


def _prepare_component(
    work: Replay, one: ComponentIntent, location: Location, like: os.stat_result | None = None
) -> None:
    """Write the temporary file again if it, or its directory, was removed."""
    temporary = location.beside(one.temporary)
    if is_ready(work, temporary, one.sha256, len(one.data or b"")):
        return
    work.directories.close()
    missing = missing_directories(location.directory)
    if missing:
        durable.make_directories(missing, upwards(location.directory))
    durable.write_file(
        temporary,
        one.data or b"",
        without="a component that is written again is empty or torn",
        mode=one.mode,
        like=like,
        again=True,
    )


def _withdraw(work: Replay, one: ComponentIntent, location: Location) -> None:
    """Remove a component that no entry names any longer, if we placed it; keep its text."""
    found = None if one.adopted or work.untouched(one.path) else read_text(location)
    if found is not None and (sha256_of(found[0]) == one.sha256 or _is_reserved(work, found[0])):
        if one.replaces is not None:
            work.left.append(Left(one.path, (), "the draft was replaced already"))
        elif work.named(one.path):
            work.left.append(Left(one.path, (), "left in place, because a map names it"))
        else:
            durable.remove(location)
            work.removed.append(one.path)
    reason = "the commit was abandoned" if work.back else "no entry names it any longer"
    work.keep(one.path, one.data or b"", reason)
