"""The replay of one intent, and what became of its maps and components."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.allowed import Allowed
from jit_guard.commit.directories import Directories, Directory, Location
from jit_guard.commit.errors import unfinished
from jit_guard.commit.intent import (
    ComponentIntent,
    Intent,
    MapChange,
    MapIntent,
    MoveIntent,
)
from jit_guard.commit.intent_json import MOST_BYTES
from jit_guard.commit.location import component_location, map_location, upwards
from jit_guard.registry.edit import Edit, EditError, strings
from jit_guard.registry.positions import pointer

Keep = Callable[[str, bytes], None]
TRIES = 100  # when another process saves a file between two system calls


class Left(NamedTuple):
    """A change that was not made, because another process interfered. A component has no keys."""

    path: str
    keys: tuple[str, ...]
    reason: str


class Kept(NamedTuple):
    """A text that was not placed. The caller must keep it: it may have been paid for."""

    path: str
    data: bytes
    reason: str


class Recovery(NamedTuple):
    """The result of a commit. `changes` and `placed` are in effect.

    `removed` contains temporary files, empty directories, and components that no entry names any
    more.
    """

    outcome: Literal["nothing", "forward", "back", "set aside"]
    changes: tuple[MapChange, ...] = ()
    placed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()  # from, to

    @property
    def actions(self) -> tuple[str, ...]:
        """All actions, one line each."""
        done = [
            f"set {change.path}{pointer(*edit.keys)} to {edit.new!r}"
            if edit.new is not None
            else f"removed {change.path}{pointer(*edit.keys)}"
            for change in self.changes
            for edit in change.edits
        ]
        done += (f"placed {path}" for path in self.placed)
        done += (f"moved {old} to {new}" for old, new in self.moved)
        done += (f"removed {path}" for path in self.removed)
        return tuple(done)

    @property
    def messages(self) -> tuple[str, ...]:
        """The messages for the user, one line each."""
        messages = [f"{one.path}{pointer(*one.keys)}: {one.reason}" for one in self.left]
        messages += (f"{one.path}: text kept, because {one.reason}" for one in self.kept)
        return (*self.notes, *messages)


class Replay:
    """One intent being replayed, and what became of its parts.

    Args:
        directories: the project's.
        pending: the intent.
        back: undo it.
        abandon: undo it because the user wants that, so that what cannot be undone stays.
        fresh: this process has prepared everything, and nothing has failed yet.
        keep: called with each text that is not placed.
        allowed: what the intent may do; None: everything, since this process wrote it.
        locations: where its maps and components are; None: not looked up yet.
        head: the head of the intent on disk; None: unknown.
        tried: the paths of the maps and components that were, or may have been, changed so far;
            None: unknown, since another process may have begun.
    """

    def __init__(
        self,
        directories: Directories,
        pending: Intent,
        *,
        back: bool = False,
        abandon: bool = False,
        fresh: bool = False,
        keep: Keep | None = None,
        allowed: Allowed | None = None,
        locations: Mapping[str, Location] | None = None,
        head: bytes | None = None,
        tried: set[str] | None = None,
    ) -> None:
        self.directories, self.intent, self.fresh = directories, pending, fresh
        self.back = back or abandon
        self.abandon = abandon
        self.head = head
        self.tried = tried
        self.in_effect = False  # everything is done, and only the intent remains
        self._keep = keep
        self._allowed = allowed
        # All of them before the first step: one unsafe path refuses the whole intent.
        self._locations = locations or {
            **{one.path: map_location(directories, one.path) for one in pending.maps},
            **{one.path: component_location(directories, one.path) for one in pending.components},
            **{
                path: component_location(directories, path)
                for one in pending.moves
                for path in (one.old, one.new)
            },
        }
        self._served: dict[str, list[tuple[str, Edit]]] | None = None
        self._in_place: set[tuple[str, Edit]] = set()
        self._strings: set[str] | None = None
        self.set_edits: dict[str, list[Edit]] = {}
        self.placed: set[str] = set()
        self.moved: list[tuple[str, str]] = []
        self.removed: list[str] = []
        self.left: list[Left] = []
        self.kept: list[Kept] = []

    def again(self, *, back: bool = False) -> Replay:
        """Return a replay that continues this one, or undoes it, from what is on disk."""
        self.directories.close()  # look again: one may have been removed or moved
        return Replay(
            self.directories,
            self.intent,
            back=back,
            keep=self._keep,
            allowed=self._allowed,
            locations=self._locations,
            head=self.head,
            tried=self.tried,
        )

    def trying(self, path: str) -> None:
        """Note that a map or component is about to be changed."""
        if self.tried is not None:
            self.tried.add(path)

    def forget(self, path: str) -> None:
        """Note that a component was not changed after all, since another process was faster."""
        if self.tried is not None:
            self.tried.discard(path)

    def untouched(self, path: str) -> bool:
        """Check that this process, and no other, could have changed it, and has not."""
        return self.tried is not None and path not in self.tried

    def component(self, one: ComponentIntent) -> Location:
        """Locate a component."""
        return self._locations[one.path]

    def map(self, one: MapIntent) -> Location:
        """Locate the bytes of a map."""
        return self._locations[one.path]

    def ends(self, one: MoveIntent) -> tuple[Location, Location]:
        """Locate the old and the new name of a component."""
        return self._locations[one.old], self._locations[one.new]

    def parents(self) -> set[str]:
        """Return the directories above the components, relative to the root."""
        directories = {self.component(one).directory for one in self.intent.components}
        directories.update(self.ends(one)[1].directory for one in self.intent.moves)
        return {one.relative for directory in directories for one in upwards(directory)}

    def existing(self) -> dict[str, bytes]:
        """Return the contents of the existing files that components are to replace, by path."""
        found: dict[str, bytes] = {}
        for one in self.intent.components:
            if one.replaces is not None:
                there = read_text(self.component(one))
                if there is not None and sha256_of(there[0]) == one.replaces != one.sha256:
                    found[one.path] = there[0]
        return found

    def may_replace(self, data: bytes) -> bool:
        """Check whether a component with this text may be replaced, whatever the intent says."""
        return self._allowed is None or self._allowed.is_draft(data)

    def keep(self, path: str, data: bytes, reason: str) -> None:
        """Keep a text that is not placed; the caller gets it while the intent still has it.

        Raises:
            UnfinishedCommitError: the caller could not keep it. The intent stays, with the text.
        """
        if self._keep is not None:
            try:
                self._keep(path, data)
            except Exception as error:
                raise unfinished(f"the text of {path} could not be kept: {error}") from error
        self.kept.append(Kept(path, data, reason))

    def wanted(self, one: ComponentIntent | MoveIntent) -> bool:
        """Check whether an entry for this component is still in effect.

        To be called after the maps are set. The entries of a component are those whose new
        value its path ends with. A component without entries is always wanted.
        """
        if self.back:
            return False
        if self._served is None:
            self._served = {}
            for of in self.intent.maps:
                for edit in of.edits:
                    self._served.setdefault(edit.new or "", []).append((of.path, edit))
            self._in_place = {(path, e) for path, edits in self.set_edits.items() for e in edits}
        path = one.new if isinstance(one, MoveIntent) else one.path
        served = [entry for end in _ends(path) for entry in self._served.get(end, ())]
        return not served or not self._in_place.isdisjoint(served)

    def named(self, path: str) -> bool:
        """Check whether an entry may name this component; True if a map cannot be parsed."""
        if self._allowed is not None and self._allowed.named(path) is not False:
            return True
        try:
            if self._strings is None:
                found = ((durable.read_file(self.map(one)), one.syntax) for one in self.intent.maps)
                self._strings = {
                    text for one, syntax in found if one for text in strings(one[0], syntax)
                }
        except EditError:
            return True
        return not self._strings.isdisjoint(_ends(path))

    def result(self) -> Recovery:
        """Return the result as a value."""
        return Recovery(
            "back" if self.back else "forward",
            tuple(
                MapChange(one.path, tuple(self.set_edits[one.path]), one.syntax)
                for one in self.intent.maps
                if self.set_edits.get(one.path)
            ),
            tuple(one.path for one in self.intent.components if one.path in self.placed),
            tuple(self.removed),
            tuple(self.left),
            tuple(self.kept),
            moved=tuple(self.moved),
        )


def read_text(location: Location) -> tuple[bytes, os.stat_result] | None:
    """Return the bytes and status of a file; None if it cannot be a text of ours."""
    status = location.status()
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
        return None
    return durable.read_file(location)


def is_ready(work: Replay, temporary: Location, sha256: str, size: int | None = None) -> bool:
    """Check that the temporary file has the expected contents, and sync it."""
    status = temporary.status()
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    if size is not None and status.st_size != size:
        return False
    found = durable.read_file(temporary)
    if found is None or sha256_of(found[0]) != sha256:
        return False
    if not work.fresh:
        durable.sync_file(temporary, without="a killed recovery's file is empty or torn")
    return True


def sync_directories(directories: Iterable[Directory], without: str) -> None:
    """Sync the directories that exist."""
    for directory in directories:
        try:
            durable.sync_directory(directory, without)
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed or never created: its parent is synced


def sha256_of(data: bytes) -> str:
    """Return the hash that identifies a text."""
    return hashlib.sha256(data).hexdigest()


def _ends(path: str) -> list[str]:
    """List every suffix of a path that an entry could use: `c`, `b/c`, `a/b/c`."""
    names = path.split("/")
    return ["/".join(names[start:]) for start in range(len(names))]
