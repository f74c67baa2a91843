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
import re
import stat
from typing import Any, Literal, NamedTuple, NoReturn, TypeVar

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.commit.location import refuse_unsafe
from jit_guard.registry.edit import Edit
from jit_guard.registry.positions import pointer
from jit_guard.registry.syntax.syntax import NAMES
from jit_guard.text.names import OURS, PENDING, STATE_DIRECTORY

DRAFT = f"{PENDING}.tmp"
BROKEN = f"{STATE_DIRECTORY}/unreadable-pending.json"
VERSION = 3
_OLDEST = 1  # readers of this version can finish everything but what `_version` names
# The size limit of an intent, and of everything in it outside strings (200,000 edits).
MOST_BYTES = 64 << 20
_MOST_STRUCTURE = 8 << 20
_ESCAPE, _STRING = re.compile(rb"\\.", re.DOTALL), re.compile(rb'"[^"]*"')
_TEMPORARY = re.compile(rf"{re.escape(OURS)}[0-9a-f]{{12}}-(?:map-)?[0-9a-f]+")
_HEAD = 100  # bytes, with the checksum, so different for every intent
_T = TypeVar("_T")


class MapChange(NamedTuple):
    """The edits of one map. `path` is relative to the root, with `/`.

    `syntax` is that of the map: a name of `registry.syntax`.
    """

    path: str
    edits: tuple[Edit, ...]
    syntax: str = "json"


class MapIntent(NamedTuple):
    """A map to edit. A temporary file in its directory holds the new bytes."""

    path: str
    temporary: str  # a name in the map's real directory
    old_sha256: str
    new_sha256: str
    edits: tuple[Edit, ...]
    syntax: str = "json"


class ComponentIntent(NamedTuple):
    """A component to place. `data` is None in a plan; `adopted`: the file already existed."""

    path: str
    temporary: str  # a name in the component's directory
    sha256: str
    data: bytes | None
    replaces: str | None
    adopted: bool
    executable: bool = False

    @property
    def mode(self) -> int:
        """The mode of the new file, before the umask."""
        return 0o777 if self.executable else 0o666


class MoveIntent(NamedTuple):
    """A component to rename. Its text stays in its file, which is never copied."""

    old: str
    new: str
    temporary: str  # a name in the directory of `new`


class Intent(NamedTuple):
    """One commit. `directories` are to be created, outermost first, relative to the root.

    `reserves`: hard links are refused, so an empty file may hold the place of a component.
    """

    phase: Literal["plan", "commit"]
    maps: tuple[MapIntent, ...]
    components: tuple[ComponentIntent, ...]
    directories: tuple[str, ...]
    reserves: bool = False
    moves: tuple[MoveIntent, ...] = ()

    def plan(self) -> Intent:
        """Return what must be on disk before the first temporary file: names without texts."""
        return self._replace(
            phase="plan",
            maps=tuple(one._replace(edits=()) for one in self.maps),
            components=tuple(one._replace(data=None) for one in self.components),
        )


class RefusedIntentError(TransactionError):
    """`pending.json` is corrupted, or asks for more than is allowed. Nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{PENDING} is refused: {reason}; run `jit-guard recover --abandon` to move it to "
            f"{BROKEN}"
        )
        self.reason = reason


def probe(temporary: str) -> str:
    """Return the name under which a hard link to a temporary file is tried."""
    return f"{temporary}f"


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


def encode(intent: Intent) -> bytes:
    """Encode an intent as the bytes of its file.

    Raises:
        TransactionError: it is too large: `read` would refuse it.
    """
    body: dict[str, Any] = {
        "version": _version(intent),
        "phase": intent.phase,
        "folders": intent.directories,
        "maps": [
            {
                "path": one.path,
                "temporary": one.temporary,
                "old_sha256": one.old_sha256,
                "new_sha256": one.new_sha256,
                **({} if one.syntax == "json" else {"syntax": one.syntax}),
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
                **({"executable": True} if one.executable else {}),
                **_encode_data(one.data),
            }
            for one in intent.components
        ],
    }
    if intent.reserves:
        body["reserves"] = True
    if intent.moves:
        body["moves"] = [one._asdict() for one in intent.moves]
    data = json.dumps({"sha256": _checksum(body), **body}, indent=1).encode() + b"\n"
    if _is_bulky(data):
        raise TransactionError("the commit is too large; nothing was changed")
    return data


def _version(intent: Intent) -> int:
    """Return the version that a reader needs: 2 for moves and added entries, 3 for a syntax."""
    if any(one.syntax != "json" for one in intent.maps):
        return 3
    adds = any(edit.old is None for one in intent.maps for edit in one.edits)
    return 2 if intent.moves or adds else _OLDEST


def decode(data: bytes) -> Intent:
    """Decode an intent from the bytes of its file.

    Raises:
        RefusedIntentError: they are corrupted, or a newer jit-guard wrote them.
    """
    try:
        if _is_bulky(data):
            raise RefusedIntentError("it contains more than any commit")
        text = data.decode()  # `loads` would also accept UTF-16
        body: Any = json.loads(text, parse_int=_digit, parse_float=_none, parse_constant=_none)
        checksum = body.pop("sha256")
        if _of(int, body["version"]) > VERSION:
            raise RefusedIntentError("it was written by a newer jit-guard, so upgrade first")
        if checksum == _checksum(body):
            found = Intent(
                phase=body["phase"],
                maps=tuple(map(_decode_map, _of(list, body["maps"]))),
                components=tuple(map(_decode_component, _of(list, body["components"]))),
                directories=tuple(_of(list, body["folders"])),
                reserves=_of(bool, body.get("reserves", False)),
                moves=tuple(map(_decode_move, _of(list, body.get("moves", [])))),
            )
            _refuse_odd(found)
            return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnsafePathError):
        pass
    raise RefusedIntentError("it is corrupted, so its commit can be neither finished nor undone")


def _is_bulky(data: bytes) -> bool:
    """Check whether it is too large. An empty list has two bytes, but takes sixty in memory."""
    # Two passes, since one pattern for strings with escapes can take quadratic time.
    outside = (
        len(data) if len(data) <= _MOST_STRUCTURE else len(_STRING.sub(b"", _ESCAPE.sub(b"", data)))
    )
    return len(data) > MOST_BYTES or outside > _MOST_STRUCTURE


def _refuse_odd(intent: Intent) -> None:
    """Raise ValueError, TypeError or UnsafePathError if jit-guard would not write this intent."""
    if intent.phase not in ("plan", "commit"):
        raise ValueError(intent.phase)
    parts: list[MapIntent | ComponentIntent] = [*intent.maps, *intent.components]
    for one in parts:
        refuse_unsafe(one.path)
        if not _TEMPORARY.fullmatch(one.temporary):
            raise ValueError(one.temporary)
    for move in intent.moves:
        refuse_unsafe(move.old)
        refuse_unsafe(move.new)
        if not _TEMPORARY.fullmatch(move.temporary):
            raise ValueError(move.temporary)
    for path in intent.directories:
        refuse_unsafe(_of(str, path))
    for component in intent.components:
        data = component.data
        if (data is None) is (intent.phase == "commit"):
            raise ValueError(component.path)
        if data is not None and hashlib.sha256(data).hexdigest() != component.sha256:
            raise ValueError(component.sha256)


def _decode_map(one: dict[str, Any]) -> MapIntent:
    edits = tuple(
        Edit(_keys(_of(str, edit["pointer"])), _old(edit["old"]), _of(str, edit["new"]))
        for edit in _of(list, one["edits"])
    )
    return MapIntent(
        _of(str, one["path"]),
        _of(str, one["temporary"]),
        _of(str, one["old_sha256"]),
        _of(str, one["new_sha256"]),
        edits,
        _syntax(one.get("syntax", "json")),
    )


def _syntax(value: Any) -> str:
    if _of(str, value) not in NAMES:
        raise ValueError(value)
    return str(value)


def _old(value: Any) -> str | None:
    """Return the old value of an edit; None for an entry that is added."""
    return None if value is None else _of(str, value)


def _decode_component(one: dict[str, Any]) -> ComponentIntent:
    replaces = one["replaces"]
    return ComponentIntent(
        _of(str, one["path"]),
        _of(str, one["temporary"]),
        _of(str, one["sha256"]),
        _decode_data(one),
        None if replaces is None else _of(str, replaces),
        _of(bool, one["adopted"]),
        _of(bool, one.get("executable", False)),
    )


def _decode_move(one: dict[str, Any]) -> MoveIntent:
    return MoveIntent(*(_of(str, one[name]) for name in MoveIntent._fields))


def _of(kind: type[_T], value: Any) -> _T:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def _digit(digits: str) -> int:
    if len(digits) > 9:  # the only number is the version
        raise ValueError
    return int(digits)


def _none(text: str) -> NoReturn:
    raise ValueError(text)


def _encode_data(data: bytes | None) -> dict[str, str]:
    if data is None:
        return {}
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _decode_data(one: dict[str, Any]) -> bytes | None:
    if "text" in one:
        return _of(str, one["text"]).encode()
    return base64.b64decode(_of(str, one["base64"]), validate=True) if "base64" in one else None


def _keys(of_pointer: str) -> tuple[str, ...]:
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in of_pointer.split("/")[1:])


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
