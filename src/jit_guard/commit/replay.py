"""The replay of one intent, and what became of its maps and components."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.intent import ComponentIntent, Intent, MapChange, MapIntent
from jit_guard.commit.location import Location, component_location, map_location
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
    """How a commit ended. `changes` and `placed` are in effect now."""

    outcome: Literal["nothing", "forward", "back", "set aside"]
    changes: tuple[MapChange, ...] = ()
    placed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """The messages for the user, one line each."""
        messages = [f"{one.path}{pointer(*one.keys)}: {one.reason}" for one in self.left]
        messages += (f"{one.path}: text kept, because {one.reason}" for one in self.kept)
        return (*self.notes, *messages)


class Replay:
    """One intent being replayed, and what became of its parts."""

    def __init__(
        self,
        root: str,
        pending: Intent,
        back: bool,
        fresh: bool,
        keep: Keep | None,
    ) -> None:
        self.root, self.intent, self.back, self.fresh = root, pending, back, fresh
        self._keep = keep
        self._locations: dict[tuple[str, str], Location] = {}
        self._served: dict[str, list[tuple[str, Edit]]] | None = None
        self._in_place: set[tuple[str, Edit]] = set()
        self._strings: set[str] | None = None
        self.standing: dict[str, list[Edit]] = {}
        self.placed: list[str] = []
        self.left: list[Left] = []
        self.kept: list[Kept] = []

    def component(self, one: ComponentIntent) -> Location:
        """Locate a component."""
        key = "component", one.path
        if key not in self._locations:
            self._locations[key] = component_location(self.root, one.path)
        return self._locations[key]

    def map(self, one: MapIntent) -> Location:
        """Locate the bytes of a map."""
        key = "map", one.path
        if key not in self._locations:
            self._locations[key] = map_location(self.root, one.path)
        return self._locations[key]

    def keep(self, path: str, data: bytes, reason: str) -> None:
        """Keep a text that is not placed; the caller gets it while the intent still has it."""
        if self._keep is not None:
            self._keep(path, data)
        self.kept.append(Kept(path, data, reason))

    def wanted(self, one: ComponentIntent) -> bool:
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
                    self._served.setdefault(edit.new, []).append((of.path, edit))
            self._in_place = {(path, e) for path, edits in self.standing.items() for e in edits}
        served = [entry for end in _ends(one.path) for entry in self._served.get(end, ())]
        return not served or not self._in_place.isdisjoint(served)

    def named(self, path: str) -> bool:
        """Check whether an entry may name this component; True if a map cannot be parsed."""
        try:
            if self._strings is None:
                found = (durable.read_file(self.map(one).path) for one in self.intent.maps)
                self._strings = {text for one in found if one for text in strings(one[0])}
        except EditError:
            return True
        return not self._strings.isdisjoint(_ends(path))

    def result(self) -> Recovery:
        """Return the result as a value."""
        return Recovery(
            "back" if self.back else "forward",
            tuple(MapChange(path, tuple(edits)) for path, edits in self.standing.items() if edits),
            tuple(self.placed),
            tuple(self.left),
            tuple(self.kept),
        )


def is_ready(work: Replay, temporary: str, sha256: str) -> bool:
    """Check that the temporary file has the expected contents, and sync it."""
    if not durable.is_file(temporary):
        return False
    found = durable.read_file(temporary)
    if found is None or sha256_of(found[0]) != sha256:
        return False
    if not work.fresh:
        durable.sync_file(temporary, without="a killed recovery's file is empty or torn")
    return True


def sync_folders(folders: Iterable[str], without: str) -> None:
    """Sync the directories that exist."""
    for folder in folders:
        try:
            durable.sync_folder(folder, without)
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed or never created: its parent is synced


def sha256_of(data: bytes) -> str:
    """Return the hash that identifies a text."""
    return hashlib.sha256(data).hexdigest()


def _ends(path: str) -> list[str]:
    """List every suffix of a path that an entry could use: `c`, `b/c`, `a/b/c`."""
    names = path.split("/")
    return ["/".join(names[start:]) for start in range(len(names))]
