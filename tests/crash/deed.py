"""The program of the killed processes: one action on one project, with exit codes.

python -S -B deed.py SOURCES OPTIONS ROOT DEED

OPTIONS is a JSON list of options for strace, which is attached unless the list is empty.
"""

import errno
import json
import os
import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv.pop(1).split(":")

from commits import recover
from jit_guard.commit import durable, transaction
from jit_guard.commit.directories import Location
from jit_guard.commit.errors import TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.errors import JitGuardError
from jit_guard.registry.edit import Edit

NEW = "autogen_protocol_for_greet.txt"
EDIT = Edit(("GREET", "protocol"), "hello.txt", NEW)
MOVED = Edit(("GREET", "persona"), "host.txt", "of/guest.txt")
ADDED = (
    Edit(("GREET", "template"), None, "note.md"),
    Edit(("LEAVE", "persona"), None, "host.txt"),
)
TEXT = b"Say hello, then the name.\n" * 3


def commit(root: str) -> None:
    """Commit one entry and one component in a new directory, as in a usual fix."""
    changes = [MapChange("goal_map.json", (EDIT,))]
    transaction.commit(root, changes, [Placement(f"components/protocols/{NEW}", TEXT)])


def move(root: str) -> None:
    """Rename one component to a new directory, with its entry."""
    changes = [MapChange("goal_map.json", (MOVED,))]
    moves = [Move("components/personas/host.txt", f"components/personas/{MOVED.new}")]
    transaction.commit(root, changes, (), moves=moves)


def add(root: str) -> None:
    """Add an entry to a goal, and a goal."""
    transaction.commit(root, [MapChange("goal_map.json", ADDED)], ())


def refuse_links() -> None:
    """Make every hard link fail, as on Android, FAT and some FUSE file systems."""

    def link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    os.link = link


def refuse_places() -> None:
    """Refuse every component its name for good, with and without a hard link."""

    def place(temporary: Location, final: Location) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), final.path)

    durable.place = durable.place_without_link = place


def commit_undone(root: str) -> None:
    """Make a commit that is refused after its decision, and undoes itself."""
    try:
        commit(root)
    except UnfinishedCommitError:
        raise
    except TransactionError:
        return
    raise AssertionError("it was not refused")


def recover_undone(root: str) -> None:
    """Make a recovery that is refused, and undoes the commit."""
    assert recover(root).outcome in ("back", "nothing")


def main() -> int:
    """Return 0 if done, 2 after a clear message, 130 if interrupted; else a traceback."""
    given, root, deed = sys.argv[1:4]
    if options := json.loads(given):
        from crash.tracing import attach

        attach(options)
    try:
        if deed.endswith("without links"):
            refuse_links()
        if deed.endswith("undone"):
            refuse_places()
            (commit_undone if deed == "commit undone" else recover_undone)(root)
        elif deed.startswith("commit"):
            commit(root)
        elif deed.startswith("move"):
            move(root)
        elif deed == "add":
            add(root)
        else:
            recover(root, abandon=deed == "abandon")
    except JitGuardError as error:
        print(f"{type(error).__name__}: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
