"""Finish or undo the commit of an intent. A normal commit ends this way, too.

Steps 5 to 7 of a commit and recovery after a crash share one code path, so that every commit
exercises it. A step may already have been done, by the commit or by a recovery that was itself
killed: each one checks what is on disk and continues from there.
"""

from __future__ import annotations

from collections.abc import Callable

from jit_guard.commit import durable, intent, pending
from jit_guard.commit.directories import Directory
from jit_guard.commit.place_components import place_components
from jit_guard.commit.replay import Recovery, Replay, read_text, sha256_of, sync_directories
from jit_guard.commit.set_maps import set_maps


def replay(work: Replay) -> Recovery:
    """Finish the commit of an intent, or undo it; the caller holds the commit lock.

    Raises:
        TransactionError: a map cannot be read or replaced. The intent remains.
        OSError: likewise.
    """
    for step in STEPS:
        step(work)
    return work.result()


def undo_plan(work: Replay) -> Recovery:
    """Remove everything that a plan lists; no map or component was changed yet.

    Raises:
        TransactionError, OSError: a file cannot be removed. The plan remains.
    """
    for one in work.intent.components:
        found = read_text(work.component(one).beside(one.temporary))
        # A text that was only partly written is of no use.
        if found is not None and sha256_of(found[0]) == one.sha256:
            work.keep(one.path, found[0], "the commit was interrupted before it was decided")
    remove_temporaries(work)
    pending.remove(work.directories, work.head)
    return work.result()


def remove_temporaries(work: Replay) -> None:
    """Remove the temporary files, and the directories that are still empty."""
    directories: dict[Directory, None] = {}
    probed: set[Directory] = set()
    for component in work.intent.components:
        location = work.component(component)
        temporary = location.beside(component.temporary)
        if durable.remove(temporary) and component.path not in work.placed:
            work.removed.append(temporary.relative)
        if not (work.fresh or component.adopted or location.directory in probed):
            probed.add(location.directory)
            durable.remove(location.beside(intent.probe(component.temporary)))
        directories[location.directory] = None
    for move in work.intent.moves if not work.fresh else ():
        for location in work.ends(move):
            directories[location.directory] = None
        durable.remove(location.beside(intent.probe(move.temporary)))
    for one in work.intent.maps:
        location = work.map(one)
        # Usually the rename moved it and was synced; a killed recovery may have removed it.
        temporary = location.beside(one.temporary)
        removed = durable.remove(temporary)
        if removed:
            work.removed.append(temporary.relative)
        if removed or not work.fresh:
            directories[location.directory] = None
    for directory in map(work.directories.at, reversed(work.intent.directories)):  # innermost first
        removed = durable.remove_directory(directory)
        if removed:
            work.removed.append(directory.relative)
        if removed or not work.fresh:
            directories[directory.place.directory] = None
    sync_directories(directories, "a temporary file or an empty directory comes back")


def _remove_intent(work: Replay) -> None:
    """Step 7: remove the intent, now that everything is on disk."""
    work.directories.verify()
    work.in_effect = True
    pending.remove(work.directories, work.head)


# The order is the protocol: no step may begin before the one above it is on disk.
STEPS: tuple[Callable[[Replay], None], ...] = (
    set_maps,
    place_components,
    remove_temporaries,
    _remove_intent,
)
