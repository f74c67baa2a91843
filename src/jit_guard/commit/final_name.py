"""The final name of a component: a hard link, or a rename over a reserved name."""

from __future__ import annotations

from jit_guard.commit import durable, pending
from jit_guard.commit.directories import Location
from jit_guard.commit.replay import Replay


def give_name(work: Replay, path: str, source: Location, target: Location) -> None:
    """Give a file its name, and never overwrite another file.

    Args:
        work: the replay, which notes that this process has tried it.
        path: of the component.
        source: the file, under its temporary or its old name.
        target: its new name.

    Raises:
        FileExistsError: another file has the name.
        FileNotFoundError: the file, or its directory, was removed.
        OSError: that is refused.
    """
    first = work.untouched(path)
    work.trying(path)
    try:
        if not work.intent.reserves:
            durable.place(source, target)
            return
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError as refused:
        # Before the first empty file exists, or a recovery would take it for another process's.
        reserving = work.intent._replace(reserves=True)
        try:
            work.head = pending.rewrite(work.directories, reserving, work.head)
        except OSError:
            raise refused from None
        work.intent = reserving
    try:
        durable.place_without_link(source, target)
    except FileExistsError:
        if first:
            work.forget(path)  # undoing the commit would take an empty file there for ours
        raise
