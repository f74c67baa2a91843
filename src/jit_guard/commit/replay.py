"""One intent on its way to an end: what became of its maps and components."""

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
TRIES = 100  # somebody saves a file between two system calls: how often to look again


class Left(NamedTuple):
    """What was left as it is, because somebody else decided. `keys` is () for a component."""

    path: str
    keys: tuple[str, ...]
    reason: str


class Kept(NamedTuple):
    """A text that found no place. Whoever gets it must keep it: it may have been paid for."""

    path: str
    data: bytes
    reason: str


class Recovery(NamedTuple):
    """How a commit ended: `changes` and `placed` are what stands now, by it."""

    outcome: Literal["nothing", "forward", "back", "set aside"]
    changes: tuple[MapChange, ...] = ()
    placed: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    kept: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """What a user should be told, one line each."""
        told = [f"{one.path}{pointer(*one.keys)}: {one.reason}" for one in self.left]
        told += (f"{one.path}: the text is kept: {one.reason}" for one in self.kept)
        return (*self.notes, *told)


class Replay:
    """One intent on its way, and what became of its parts."""

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
        self._standing: set[tuple[str, Edit]] = set()
        self._strings: set[str] | None = None
        self.standing: dict[str, list[Edit]] = {}
        self.placed: list[str] = []
        self.left: list[Left] = []
        self.kept: list[Kept] = []

    def component(self, one: ComponentIntent) -> Location:
        """Where a component stands or shall stand."""
        key = "component", one.path
        if key not in self._locations:
            self._locations[key] = component_location(self.root, one.path)
        return self._locations[key]

    def map(self, one: MapIntent) -> Location:
        """Where a map's bytes are."""
        key = "map", one.path
        if key not in self._locations:
            self._locations[key] = map_location(self.root, one.path)
        return self._locations[key]

    def keep(self, path: str, data: bytes, reason: str) -> None:
        """A text finds no place: whoever asked gets it now, while the intent still has it."""
        if self._keep is not None:
            self._keep(path, data)
        self.kept.append(Kept(path, data, reason))

    def wanted(self, one: ComponentIntent) -> bool:
        """Is there still an entry that this component is for?

        To be asked when the maps are set. The entries of a component are those whose new
        value its path ends with. A component without any stands for itself.
        """
        if self.back:
            return False
        if self._served is None:
            self._served = {}
            for of in self.intent.maps:
                for edit in of.edits:
                    self._served.setdefault(edit.new, []).append((of.path, edit))
            self._standing = {(path, e) for path, edits in self.standing.items() for e in edits}
        served = [entry for end in _ends(one.path) for entry in self._served.get(end, ())]
        return not served or not self._standing.isdisjoint(served)

    def named(self, path: str) -> bool:
        """May an entry name this component? Where a map cannot be read, it may."""
        try:
            if self._strings is None:
                found = (durable.read_file(self.map(one).path) for one in self.intent.maps)
                self._strings = {text for one in found if one for text in strings(one[0])}
        except EditError:
            return True
        return not self._strings.isdisjoint(_ends(path))

    def result(self) -> Recovery:
        """All of it, for who asked."""
        return Recovery(
            "back" if self.back else "forward",
            tuple(MapChange(path, tuple(edits)) for path, edits in self.standing.items() if edits),
            tuple(self.placed),
            tuple(self.left),
            tuple(self.kept),
        )


def is_ready(work: Replay, temporary: str, sha256: str) -> bool:
    """Does the temporary file hold what it should, and is that on the disk?"""
    if not durable.is_file(temporary):
        return False
    found = durable.read_file(temporary)
    if found is None or sha256_of(found[0]) != sha256:
        return False
    if not work.fresh:
        durable.sync_file(temporary, without="a killed recovery's file is empty or torn")
    return True


def sync_folders(folders: Iterable[str], without: str) -> None:
    """Sync those of the folders that are there."""
    for folder in folders:
        try:
            durable.sync_folder(folder, without)
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed, or never made: its parent's sync tells


def sha256_of(data: bytes) -> str:
    """The hash by which texts are told apart."""
    return hashlib.sha256(data).hexdigest()


def _ends(path: str) -> list[str]:
    """Every stretch of a path that an entry could name it by: `c`, `b/c`, `a/b/c`."""
    names = path.split("/")
    return ["/".join(names[start:]) for start in range(len(names))]
