"""The intent: what a commit will do, on disk before it does it, so that a crash can be repaired.

One file, `.jit-guard/pending.json`, exists exactly as long as a commit is in progress, in two
phases. As a **plan** it lists every temporary file and directory that will be created: after a
crash, recovery rolls back. As an **intent** it holds every edit and every text: after a crash,
recovery rolls forward. A rename replaces it, so it is never a mixture of both (redo logging;
SQLite's rollback journal does the reverse).

It does not hold the maps' new bytes. The edits can be applied to the map as it is at recovery,
which is also necessary when another process has saved it in between.

`pending.py` has its file, `intent_json.py` its bytes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from jit_guard.commit.errors import TransactionError
from jit_guard.registry.edit import Edit
from jit_guard.text.names import PENDING, STATE_DIRECTORY

BROKEN = f"{STATE_DIRECTORY}/unreadable-pending.json"


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
