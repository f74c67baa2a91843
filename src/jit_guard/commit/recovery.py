"""From an intent to its end: forward, or back. The commit itself ends this way, too.

There is one code path for steps 5 to 7 of a commit and for what mends it after a crash, so it
is run by every commit and not only on the worst day. Each step may have been done before, by
us or by a recovery that was itself killed: it looks at what is there, and goes on from it.
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
    """Bring an intent to its end; the caller holds the commit lock.

    Args:
        root: the project's root, a real path.
        pending: the intent, in the phase "commit".
        back: undo what was done of it.
        fresh: this process has just made and synced the temporary files.
        keep: is given each text that found no place, before the intent is forgotten.

    Raises:
        TransactionError: a map cannot be read or replaced. The intent stands.
        OSError: likewise.
    """
    work = Replay(root, pending, back, fresh, keep)
    for step in STEPS:
        step(work)
    return work.result()


def undo_plan(root: str, plan: Intent, *, keep: Keep | None = None) -> Recovery:
    """Remove everything that a plan announces; no map and no component was touched yet.

    Raises:
        TransactionError, OSError: something is in the way. The plan stands.
    """
    work = Replay(root, plan, back=True, fresh=False, keep=keep)
    for one in plan.components:
        found = durable.read_file(work.component(one).beside(one.temporary))
        # A text that was cut short while it was written is of no use to anybody.
        if found is not None and sha256_of(found[0]) == one.sha256:
            work.keep(one.path, found[0], "the commit was given up before it was decided")
    _clear(work)
    intent.remove(root)
    return work.result()


def _clear(work: Replay) -> None:
    """Remove the temporary files, and the folders that were made for nothing."""
    folders: dict[str, None] = {}
    for component in work.intent.components:
        location = work.component(component)
        durable.remove(location.beside(component.temporary))
        folders[location.folder] = None
    for one in work.intent.maps:
        location = work.map(one)
        # As a rule the rename took it, and was synced; a killed recovery may have removed it.
        if durable.remove(location.beside(one.temporary)) or not work.fresh:
            folders[location.folder] = None
    made = [os.path.join(work.root, path) for path in work.intent.folders]
    if durable.remove_folders(made) or not work.fresh:
        folders.update(dict.fromkeys(map(os.path.dirname, made)))
    sync_folders(folders, "a temporary file or an empty folder comes back")


def _forget(work: Replay) -> None:
    """Step 7: only now that everything is on the disk, the intent goes."""
    intent.remove(work.root)


# The order is the protocol: no step may begin before the one above it is on the disk.
STEPS: tuple[Callable[[Replay], None], ...] = (set_maps, place_components, _clear, _forget)
