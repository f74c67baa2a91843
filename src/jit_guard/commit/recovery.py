"""Finish or undo the commit of an intent. A normal commit ends this way, too.

Steps 5 to 7 of a commit and recovery after a crash share one code path, so that every commit
exercises it. A step may already have been done, by the commit or by a recovery that was itself
killed: each one checks what is on disk and continues from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from jit_guard.commit import durable, intent
from jit_guard.commit.intent import Intent
from jit_guard.commit.place_components import place_components
from jit_guard.commit.replay import Keep, Recovery, Replay, sha256_of, sync_folders
from jit_guard.commit.set_maps import set_maps


def replay(
    root: str,
    pending: Intent,
    *,
    back: bool = False,
    fresh: bool = False,
    keep: Keep | None = None,
) -> Recovery:
    """Finish the commit of an intent, or undo it; the caller holds the commit lock.

    Args:
        root: the project's root, a real path.
        pending: the intent, in the phase "commit".
        back: undo the commit instead.
        fresh: this process has just written and synced the temporary files.
        keep: called with each text that was not placed, before the intent is removed.

    Raises:
        TransactionError: a map cannot be read or replaced. The intent remains.
        OSError: likewise.
    """
    work = Replay(root, pending, back, fresh, keep)
    for step in STEPS:
        step(work)
    return work.result()


def undo_plan(root: str, plan: Intent, *, keep: Keep | None = None) -> Recovery:
    """Remove everything that a plan lists; no map or component was changed yet.

    Raises:
        TransactionError, OSError: a file cannot be removed. The plan remains.
    """
    work = Replay(root, plan, back=True, fresh=False, keep=keep)
    for one in plan.components:
        found = durable.read_file(work.component(one).beside(one.temporary))
        # A text that was only partly written is of no use.
        if found is not None and sha256_of(found[0]) == one.sha256:
            work.keep(one.path, found[0], "the commit was interrupted before it was decided")
    _clear(work)
    intent.remove(root)
    return work.result()


def _clear(work: Replay) -> None:
    """Remove the temporary files, and the directories that are still empty."""
    folders: dict[str, None] = {}
    for component in work.intent.components:
        location = work.component(component)
        durable.remove(location.beside(component.temporary))
        folders[location.folder] = None
    for one in work.intent.maps:
        location = work.map(one)
        # Usually the rename moved it and was synced; a killed recovery may have removed it.
        if durable.remove(location.beside(one.temporary)) or not work.fresh:
            folders[location.folder] = None
    made = [os.path.join(work.root, path) for path in work.intent.folders]
    if durable.remove_folders(made) or not work.fresh:
        folders.update(dict.fromkeys(map(os.path.dirname, made)))
    sync_folders(folders, "a temporary file or an empty directory comes back")


def _forget(work: Replay) -> None:
    """Step 7: remove the intent, now that everything is on disk."""
    intent.remove(work.root)


# The order is the protocol: no step may begin before the one above it is on disk.
STEPS: tuple[Callable[[Replay], None], ...] = (set_maps, place_components, _clear, _forget)
