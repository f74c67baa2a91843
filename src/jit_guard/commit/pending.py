"""The file of an intent, `.jit-guard/pending.json`: written, read and removed durably."""

from __future__ import annotations

import os
import stat

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.intent import BROKEN, Intent, RefusedIntentError
from jit_guard.commit.intent_json import MOST_BYTES, decode, encode
from jit_guard.text.names import PENDING

DRAFT = f"{PENDING}.tmp"
_HEAD = 100  # bytes, with the checksum, so different for every intent


def exists(directories: Directories) -> bool:
    """Check whether a commit is in progress or was interrupted."""
    return durable.exists(directories.pending)


def draft_exists(directories: Directories) -> bool:
    """Check whether a process died while writing an intent."""
    return durable.exists(_draft(directories))


def read(directories: Directories) -> Intent | None:
    """Read the intent on disk; None if there is none.

    Raises:
        RefusedIntentError: it is corrupted, a newer jit-guard wrote it, or it is not a file.
        OSError: it cannot be read.
    """
    location = directories.pending
    status = location.status()
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise RefusedIntentError("it is a link, or not a regular file")
    if status is not None and status.st_size > MOST_BYTES:
        raise RefusedIntentError(f"it is larger than {MOST_BYTES >> 20} MB")
    found = durable.read_file(location, MOST_BYTES)
    return None if found is None else decode(found[0])


def write(directories: Directories, intent: Intent) -> bytes:
    """Write an intent durably, replacing the previous one; return its head."""
    draft = _draft(directories)
    data = encode(intent)
    durable.write_file(
        draft,
        data,
        without="the intent is empty or torn, so recovery does not know what was begun",
        mode=0o600,
        again=True,
    )
    durable.replace(draft, directories.pending)
    durable.sync_directory(
        directories.state,
        without=f"the {intent.phase} is lost, while what it announces may already exist",
    )
    return data[:_HEAD]


def rewrite(directories: Directories, intent: Intent, old: bytes | None) -> bytes | None:
    """Replace the intent that has this head; return the new head.

    Any other intent stays, since `.jit-guard` may have been removed, and the next commit begun.
    """
    return write(directories, intent) if head(directories) == old else old


def head(directories: Directories) -> bytes | None:
    """Return the first bytes of the intent on disk, which include its checksum; None: no intent."""
    try:
        handle = durable.open_to_read(directories.pending)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return os.read(handle, _HEAD)
    except OSError as error:  # it is a directory, for example
        raise OSError(error.errno, error.strerror, directories.pending.path) from None
    finally:
        os.close(handle)


def remove_draft(directories: Directories) -> None:
    """Remove the file of an interrupted writer; it is never read."""
    durable.remove(_draft(directories))


def remove(directories: Directories, own: bytes | None = None) -> None:
    """Remove an intent, once everything in it is done and on disk.

    Args:
        directories: the project's.
        own: its head, if another intent is to stay: `.jit-guard` may have been removed, and the
            next commit begun. None: whatever is there.
    """
    if own is not None and head(directories) != own:
        return
    remove_draft(directories)
    durable.remove(directories.pending)
    sync_removal(directories)


def sync_removal(directories: Directories) -> None:
    """Make the removal of an intent durable, whichever process removed it."""
    durable.sync_directory(
        directories.state,
        without="the intent comes back and undoes what the user did since",
    )


def set_aside(directories: Directories) -> str:
    """Move a refused intent aside, with any texts that it contains; return its new path."""
    remove_draft(directories)
    to = _free(directories.pending.beside(os.path.basename(BROKEN)))
    durable.replace(directories.pending, to)
    durable.sync_directory(directories.state, without="the refused intent comes back")
    return to.relative


def _free(location: Location) -> Location:
    """Return this name, or a similar one that does not exist."""
    stem, suffix = os.path.splitext(location.name)
    number = 1
    while durable.exists(location):
        number += 1
        location = location.beside(f"{stem}-{number}{suffix}")
    return location


def _draft(directories: Directories) -> Location:
    return directories.pending.beside(os.path.basename(DRAFT))
