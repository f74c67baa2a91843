"""Step 6: give the components their names, unless another process changed the entries."""

from __future__ import annotations

import os

from jit_guard.commit import durable
from jit_guard.commit.intent import ComponentIntent
from jit_guard.commit.location import Location, missing_folders, upwards
from jit_guard.commit.replay import TRIES, Left, Replay, is_ready, sha256_of, sync_folders


def place_components(work: Replay) -> None:
    """Give every component that an entry names its final name."""
    folders: dict[str, None] = {}
    for one in work.intent.components:
        location = work.component(one)
        if work.wanted(one):
            _place(work, one, location)
        else:
            _withdraw(work, one, location)
        folders[location.folder] = None
    sync_folders(folders, "a component is missing under its name, though the map names it")


def _place(work: Replay, one: ComponentIntent, location: Location) -> None:
    temporary = location.beside(one.temporary)
    for _ in range(TRIES):
        if not durable.exists(location.path):
            _prepare_component(work, one, location)
            try:
                durable.place(temporary, location.path)
            except FileExistsError:
                continue  # created between the two calls: look at it
            break
        found = durable.read_file(location.path) if durable.is_file(location.path) else None
        sha256 = sha256_of(found[0]) if found is not None else None
        if sha256 == one.sha256:
            durable.sync_file(location.path, without="a component that already existed is torn")
            break
        if found is not None and sha256 == one.replaces:
            _prepare_component(work, one, location, found[1])
            durable.replace(temporary, location.path)
            break
        if durable.exists(location.path):
            reason = "a different file exists there and is never overwritten"
            work.left.append(Left(one.path, (), reason))
            work.keep(one.path, one.data or b"", reason)
            return
    work.placed.append(one.path)


def _prepare_component(
    work: Replay, one: ComponentIntent, location: Location, like: os.stat_result | None = None
) -> None:
    """Write the temporary file again if it, or its directory, was removed."""
    temporary = location.beside(one.temporary)
    if is_ready(work, temporary, one.sha256):
        return
    missing = missing_folders(work.root, location.folder)
    if missing:
        make = [os.path.join(work.root, path) for path in missing]
        durable.make_folders(make, upwards(work.root, location.folder))
    durable.write_file(
        temporary,
        one.data or b"",
        without="a component that is written again is empty or torn",
        like=like,
        again=True,
    )


def _withdraw(work: Replay, one: ComponentIntent, location: Location) -> None:
    """Remove a component that no entry names any longer, if we placed it; keep its text."""
    made_by_us = not one.adopted and one.replaces is None
    found = durable.read_file(location.path) if durable.is_file(location.path) else None
    if found is not None and sha256_of(found[0]) == one.sha256:
        if not made_by_us or work.named(one.path):
            work.left.append(Left(one.path, (), "left in place"))
        else:
            durable.remove(location.path)
    reason = "the commit was abandoned" if work.back else "no entry names it any longer"
    work.keep(one.path, one.data or b"", reason)
