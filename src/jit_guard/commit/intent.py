"""The intent: what a commit will do, on disk before it does it, so that a crash can be mended.

One file, `.jit-guard/pending.json`, stands exactly as long as a commit is under way, in two
phases. As a **plan** it names every temporary file and folder that is about to be made: a
crash then rolls back. As an **intent** it holds every edit and every text: a crash then rolls
forward. It is always replaced by a rename, so it is one or the other and never a mixture
(redo logging; SQLite's rollback journal is the mirror image of it).

The design asked for the maps' new bytes as well. The edits are enough to make them again from
the map as it then is, which is also what somebody else's save in between requires.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any, Literal, NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.commit.location import refuse_unsafe
from jit_guard.registry.edit import Edit
from jit_guard.registry.positions import pointer
from jit_guard.text.names import OURS, PENDING, STATE_FOLDER

DRAFT = f"{PENDING}.tmp"
BROKEN = f"{STATE_FOLDER}/unreadable-pending.json"
VERSION = 1


class MapChange(NamedTuple):
    """Edits of one map. `path` is relative to the root, with `/`."""

    path: str
    edits: tuple[Edit, ...]


class MapIntent(NamedTuple):
    """A map to edit. The temporary file beside it holds its new bytes."""

    path: str
    temporary: str  # a name in the map's real folder
    old_sha256: str
    new_sha256: str
    edits: tuple[Edit, ...]


class ComponentIntent(NamedTuple):
    """A component to place. `data` is None in a plan; `adopted`: it stood there already."""

    path: str
    temporary: str  # a name in the component's folder
    sha256: str
    data: bytes | None
    replaces: str | None
    adopted: bool


class Intent(NamedTuple):
    """One commit. `folders` are those that it makes, outermost first, relative to the root."""

    phase: Literal["plan", "commit"]
    maps: tuple[MapIntent, ...]
    components: tuple[ComponentIntent, ...]
    folders: tuple[str, ...]

    def plan(self) -> Intent:
        """What must be on disk before the first temporary file is: names, no texts."""
        return self._replace(
            phase="plan",
            maps=tuple(one._replace(edits=()) for one in self.maps),
            components=tuple(one._replace(data=None) for one in self.components),
        )


class UnreadableIntentError(TransactionError):
    """`pending.json` is not what we wrote. Nothing can be decided from it."""


def stands(root: str) -> bool:
    """Is a commit under way, or was one interrupted?"""
    return durable.exists(os.path.join(root, PENDING))


def draft_stands(root: str) -> bool:
    """Did a process die while it wrote an intent?"""
    return durable.exists(os.path.join(root, DRAFT))


def read(root: str) -> Intent | None:
    """The intent that stands; None when there is none.

    Raises:
        UnreadableIntentError: it is damaged, or a newer jit-guard wrote it.
        OSError: it cannot be read.
    """
    found = durable.read_file(os.path.join(root, PENDING))
    return None if found is None else decode(found[0])


def write(root: str, intent: Intent) -> None:
    """Put an intent on the disk, in the place of the one before; when this returns it stays."""
    draft = os.path.join(root, DRAFT)
    durable.write_file(
        draft,
        encode(intent),
        without="the intent is empty or torn: nobody knows what was begun",
        again=True,
    )
    durable.replace(draft, os.path.join(root, PENDING))
    durable.sync_folder(
        os.path.join(root, STATE_FOLDER),
        without=f"the {intent.phase} is gone, while what it announces may already be there",
    )


def remove(root: str) -> None:
    """Forget an intent: everything that it says is done, and on the disk."""
    durable.remove(os.path.join(root, DRAFT))
    durable.remove(os.path.join(root, PENDING))
    durable.sync_folder(
        os.path.join(root, STATE_FOLDER),
        without="the intent comes back, and undoes what the user did since",
    )


def set_aside(root: str) -> None:
    """Move an unreadable intent out of the way, with every text that it may hold."""
    durable.remove(os.path.join(root, DRAFT))
    durable.replace(os.path.join(root, PENDING), os.path.join(root, BROKEN))
    durable.sync_folder(os.path.join(root, STATE_FOLDER), without="the broken intent comes back")


def encode(intent: Intent) -> bytes:
    """An intent as the bytes of its file."""
    body = {
        "version": VERSION,
        "phase": intent.phase,
        "folders": intent.folders,
        "maps": [
            {
                "path": one.path,
                "temporary": one.temporary,
                "old_sha256": one.old_sha256,
                "new_sha256": one.new_sha256,
                "edits": [
                    {"pointer": pointer(*edit.keys), "old": edit.old, "new": edit.new}
                    for edit in one.edits
                ],
            }
            for one in intent.maps
        ],
        "components": [
            {
                "path": one.path,
                "temporary": one.temporary,
                "sha256": one.sha256,
                "replaces": one.replaces,
                "adopted": one.adopted,
                **_encode_data(one.data),
            }
            for one in intent.components
        ],
    }
    return json.dumps({"sha256": _checksum(body), **body}, indent=1).encode() + b"\n"


def decode(data: bytes) -> Intent:
    """The intent in the bytes of its file.

    Raises:
        UnreadableIntentError: they are damaged, or a newer jit-guard wrote them.
    """
    try:
        body: Any = json.loads(data)
        checksum = body.pop("sha256")
        if body["version"] > VERSION:
            raise UnreadableIntentError(
                f"{PENDING} was written by a newer jit-guard; run that one's `jit-guard recover`"
            )
        if checksum == _checksum(body):
            found = Intent(
                phase=body["phase"],
                maps=tuple(map(_decode_map, body["maps"])),
                components=tuple(map(_decode_component, body["components"])),
                folders=tuple(body["folders"]),
            )
            _refuse_foreign(found)
            return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnsafePathError):
        pass
    raise UnreadableIntentError(
        f"{PENDING} is damaged, so the commit that it tells of can neither be finished nor undone; "
        f"`jit-guard recover --abandon` moves it to {BROKEN} and goes on without it"
    )


def _refuse_foreign(intent: Intent) -> None:
    """An intent that a repository brings along must not reach for anything else."""
    if intent.phase not in ("plan", "commit"):
        raise ValueError(intent.phase)
    temporaries = [one.temporary for one in intent.maps]
    temporaries += (one.temporary for one in intent.components)
    for name in temporaries:
        if not name.startswith(OURS) or "/" in name:
            raise ValueError(name)
    paths = [one.path for one in intent.maps]
    paths += (one.path for one in intent.components)
    for path in (*temporaries, *paths, *intent.folders):
        refuse_unsafe(path)


def _decode_map(one: dict[str, Any]) -> MapIntent:
    edits = tuple(
        Edit(_keys(edit["pointer"]), edit["old"], edit["new"])  # one line each
        for edit in one["edits"]
    )
    return MapIntent(one["path"], one["temporary"], one["old_sha256"], one["new_sha256"], edits)


def _decode_component(one: dict[str, Any]) -> ComponentIntent:
    return ComponentIntent(
        one["path"],
        one["temporary"],
        one["sha256"],
        _decode_data(one),
        one["replaces"],
        one["adopted"],
    )


def _encode_data(data: bytes | None) -> dict[str, str]:
    if data is None:
        return {}
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _decode_data(one: dict[str, Any]) -> bytes | None:
    if "text" in one:
        return str(one["text"]).encode()
    return base64.b64decode(one["base64"]) if "base64" in one else None


def _keys(of_pointer: str) -> tuple[str, ...]:
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in of_pointer.split("/")[1:])


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
