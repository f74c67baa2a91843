"""Step 5, the commit point: set the new values in the maps, entry by entry."""

from __future__ import annotations

import os
from typing import NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.directories import Location
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.file_status import is_unchanged
from jit_guard.commit.intent import MapIntent
from jit_guard.commit.location import refuse_hard_link
from jit_guard.commit.replay import TRIES, Left, Replay, is_ready, sha256_of
from jit_guard.registry.edit import Edit, EditError, splice, values
from jit_guard.text.printable import quote


class Decision(NamedTuple):
    """The edits of one map, compared with the map as it is now."""

    status: os.stat_result
    data: bytes
    todo: tuple[Edit, ...]
    done: tuple[Edit, ...]
    left: tuple[Left, ...]


def set_maps(work: Replay) -> None:
    """Set the new values in every map, where the old ones are still there."""
    maps = work.intent.maps
    if work.back:
        maps = tuple(one for one in maps if not work.untouched(one.path))
    if len(maps) > 1:
        for one in maps:  # if one cannot be read or replaced, none is changed
            _decide(work, one)
        work.left.clear()  # they are decided again
    directories = [work.map(one).directory for one in maps if _set_map(work, one)]
    for directory in dict.fromkeys(directories):
        durable.sync_directory(
            directory, without="the map is the old one again, and its components are orphans"
        )


def _set_map(work: Replay, one: MapIntent) -> bool:
    """Decide entry by entry, and replace the map; return False if there is none to replace."""
    for _ in range(TRIES):
        decision = _decide(work, one)
        if decision is None:
            return False
        if decision.todo:
            location = work.map(one)
            try:
                _prepare_map(work, one, location, decision)
            except EditError as error:
                raise TransactionError(f"{one.path}: {error}") from None
            work.trying(one.path)
            # Only between this check and the rename can another process's save be lost.
            if not is_unchanged(decision.status, location.call(os.lstat)):
                continue
            durable.replace(location.beside(one.temporary), location)
        else:
            durable.sync_file(
                work.map(one), without="a map that another process saved over ours is torn"
            )
        work.set_edits[one.path] = [*decision.done, *decision.todo]
        work.left += decision.left
        return True
    raise TransactionError(f"{one.path} keeps being saved by another process")


def _decide(work: Replay, one: MapIntent) -> Decision | None:
    found = durable.read_file(work.map(one))
    if found is None:
        work.left += (Left(one.path, edit.keys, "the map no longer exists") for edit in one.edits)
        return None
    data, status = found
    edits = one.edits
    if work.back:
        edits = tuple(Edit(edit.keys, edit.new, edit.old) for edit in edits)
    elif work.fresh and sha256_of(data) == one.old_sha256:  # unchanged, no parsing needed
        refuse_hard_link(one.path, status)
        return Decision(status, data, edits, (), ())
    todo: list[Edit] = []
    done: list[Edit] = []
    left: list[Left] = []
    try:
        now = values(data, [edit.keys for edit in edits], one.syntax)
    except EditError as error:
        if work.abandon:
            reason = f"left unchanged, because the map cannot be read: {error}"
            work.left += (Left(one.path, edit.keys, reason) for edit in edits)
            return None
        raise TransactionError(f"{one.path}: {error}") from None
    for edit, value in zip(edits, now, strict=True):
        if value == edit.new:
            done.append(edit)
        elif value == edit.old:
            todo.append(edit)
        else:
            change = "removed it" if value is None else f"set it to {quote(value)}"
            left.append(Left(one.path, edit.keys, f"another process {change}"))
    todo, unfit = _fitting(data, todo, one.syntax)
    left += (Left(one.path, edit.keys, why) for edit, why in unfit)
    if todo:
        refuse_hard_link(one.path, status)
    return Decision(status, data, tuple(todo), tuple(done), tuple(left))


def _fitting(
    data: bytes, edits: list[Edit], syntax: str
) -> tuple[list[Edit], list[tuple[Edit, str]]]:
    """Return the edits that fit the map; and entries that cannot be added or removed, and why."""
    fit = [edit for edit in edits if None not in edit]
    unfit: list[tuple[Edit, str]] = []
    for edit in edits:
        if None in edit:
            try:
                splice(data, [*fit, edit], syntax)
            except EditError as error:
                unfit.append((edit, str(error)))
            else:
                fit.append(edit)
    return fit, unfit


def _prepare_map(work: Replay, one: MapIntent, location: Location, decision: Decision) -> None:
    """Write the new map to the temporary file, if it does not contain it yet."""
    # If the intent was read from disk, only its edits count, not the result that it claims.
    usual = work.fresh and decision.todo == one.edits
    usual = usual and sha256_of(decision.data) == one.old_sha256
    data = None if usual else splice(decision.data, decision.todo, one.syntax)
    wanted = one.new_sha256 if data is None else sha256_of(data)
    temporary = location.beside(one.temporary)
    if is_ready(work, temporary, wanted):
        return
    if data is None:
        data = splice(decision.data, decision.todo, one.syntax)
    durable.write_file(
        temporary,
        data,
        without="the map is empty or torn",
        like=decision.status,
        attributes_of=location,
        again=True,
    )
