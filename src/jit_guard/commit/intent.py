"""The intent: what a commit will do, on disk before it does it, so that a crash can be repaired.

One file, `.jit-guard/pending.json`, exists exactly as long as a commit is in progress, in two
phases. As a **plan** it lists every temporary file and directory that will be created: after a
crash, recovery rolls back. As an **intent** it holds every edit and every text: after a crash,
recovery rolls forward. A rename replaces it, so it is never a mixture of both (redo logging;
SQLite's rollback journal does the reverse).

It does not hold the maps' new bytes. The edits can be applied to the map as it is at recovery,
which is also necessary when another process has saved it in between.
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
    """The edits of one map. `path` is relative to the root, with `/`."""

    path: str
    edits: tuple[Edit, ...]


class MapIntent(NamedTuple):
    """A map to edit. A temporary file in its directory holds the new bytes."""

    path: str
    temporary: str  # a name in the map's real directory
    old_sha256: str
    new_sha256: str
    edits: tuple[Edit, ...]


class ComponentIntent(NamedTuple):
    """A component to place. `data` is None in a plan; `adopted`: the file already existed."""

    path: str
    temporary: str  # a name in the component's directory
    sha256: str
    data: bytes | None
    replaces: str | None
    adopted: bool


class Intent(NamedTuple):
    """One commit. `folders`: the directories to create, outermost first, relative to the root."""

    phase: Literal["plan", "commit"]
    maps: tuple[MapIntent, ...]
    components: tuple[ComponentIntent, ...]
    folders: tuple[str, ...]

    def plan(self) -> Intent:
        """Return what must be on disk before the first temporary file: names without texts."""
        return self._replace(
            phase="plan",
            maps=tuple(one._replace(edits=()) for one in self.maps),
            components=tuple(one._replace(data=None) for one in self.components),
        )


class UnreadableIntentError(TransactionError):
    """`pending.json` is not as it was written, so recovery cannot use it."""


def stands(root: str) -> bool:
    """Check whether a commit is in progress or was interrupted."""
    return durable.exists(os.path.join(root, PENDING))


def draft_stands(root: str) -> bool:
    """Check whether a process died while writing an intent."""
    return durable.exists(os.path.join(root, DRAFT))


def read(root: str) -> Intent | None:
    """Read the intent on disk; None if there is none.

    Raises:
        UnreadableIntentError: it is corrupted, or a newer jit-guard wrote it.
        OSError: it cannot be read.
    """
    found = durable.read_file(os.path.join(root, PENDING))
    return None if found is None else decode(found[0])


def write(root: str, intent: Intent) -> None:
    """Write an intent durably, replacing the previous one."""
    draft = os.path.join(root, DRAFT)
    durable.write_file(
        draft,
        encode(intent),
        without="the intent is empty or torn, so recovery does not know what was begun",
        again=True,
    )
    durable.replace(draft, os.path.join(root, PENDING))
    durable.sync_folder(
        os.path.join(root, STATE_FOLDER),
        without=f"the {intent.phase} is lost, while what it announces may already exist",
    )


def remove(root: str) -> None:
    """Remove an intent, once everything in it is done and on disk."""
    durable.remove(os.path.join(root, DRAFT))
    durable.remove(os.path.join(root, PENDING))
    durable.sync_folder(
        os.path.join(root, STATE_FOLDER),
        without="the intent comes back and undoes what the user did since",
    )


def set_aside(root: str) -> None:
    """Move an unreadable intent aside, with any texts that it holds."""
    durable.remove(os.path.join(root, DRAFT))
    durable.replace(os.path.join(root, PENDING), os.path.join(root, BROKEN))
    durable.sync_folder(os.path.join(root, STATE_FOLDER), without="the broken intent comes back")


def encode(intent: Intent) -> bytes:
    """Encode an intent as the bytes of its file."""
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
    """Decode an intent from the bytes of its file.

    Raises:
        UnreadableIntentError: they are corrupted, or a newer jit-guard wrote them.
    """
    try:
        body: Any = json.loads(data)
        checksum = body.pop("sha256")
        if body["version"] > VERSION:
            raise UnreadableIntentError(
                f"{PENDING} was written by a newer jit-guard; run `jit-guard recover` with that one"
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
        f"{PENDING} is corrupted, so its commit can be neither finished nor undone; "
        f"run `jit-guard recover --abandon` to move it to {BROKEN}"
    )


def _refuse_foreign(intent: Intent) -> None:
    """Refuse an intent, e.g. from a repository, with paths that jit-guard never writes."""
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
