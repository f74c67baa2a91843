"""What a commit will write: prepared in memory, then written under temporary names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Directory, Location
from jit_guard.commit.errors import OccupiedError, TransactionError
from jit_guard.commit.intent import (
    ComponentIntent,
    Intent,
    MapChange,
    MapIntent,
    MoveIntent,
    probe,
)
from jit_guard.commit.location import (
    component_location,
    map_location,
    missing_directories,
    refuse_hard_link,
    upwards,
)
from jit_guard.commit.move_components import can_move, refuse_to_move
from jit_guard.commit.replay import sha256_of
from jit_guard.registry.edit import EditError, splice
from jit_guard.text.names import OURS


class Placement(NamedTuple):
    """A component to write. `path` is relative to the root, with `/`.

    An existing file is never overwritten, except one with the sha256 in `replaces`. A new file is
    executable if `executable` is set.
    """

    path: str
    data: bytes
    replaces: str | None = None
    executable: bool = False


class Move(NamedTuple):
    """A component to rename. Paths are relative to the root; nothing may exist at `new`."""

    old: str
    new: str


class NewMap(NamedTuple):
    """The new bytes of a map, and the file that they replace."""

    location: Location
    temporary: str
    data: bytes
    status: os.stat_result


class NewComponent(NamedTuple):
    """The text of a component, and its location."""

    location: Location
    temporary: str
    data: bytes
    mode: int
    like: os.stat_result | None  # the draft that it replaces


class New(NamedTuple):
    """Everything that a commit will write, in memory."""

    intent: Intent
    maps: tuple[NewMap, ...]
    components: tuple[NewComponent, ...]
    adopted: tuple[Location, ...]
    locations: dict[str, Location]  # of maps and components, by their paths

    @property
    def replaced(self) -> set[Location]:
        """The files that are replaced: maps, and drafts."""
        drafts = {one.location for one in self.components if one.like is not None}
        moved = {self.locations[one.old] for one in self.intent.moves}
        return drafts.union((one.location for one in self.maps), moved)


def prepare(
    directories: Directories,
    changes: Sequence[MapChange],
    placements: Sequence[Placement],
    moves: Sequence[Move] = (),
) -> New:
    """Do steps 1 to 4 in memory, so that refusals come before anything is written."""
    token = f"{OURS}{os.urandom(6).hex()}"
    locations: dict[str, Location] = {}
    new_maps: list[NewMap] = []
    maps: list[MapIntent] = []
    for number, change in enumerate(changes):
        location = map_location(directories, change.path)
        found = durable.read_file(location)
        if found is None:
            raise TransactionError(f"{change.path} does not exist; nothing was changed")
        data, status = found
        refuse_hard_link(change.path, status)
        try:
            spliced = splice(data, change.edits, change.syntax)
        except EditError as error:
            raise EditError(f"{change.path}: {error}; nothing was changed") from None
        temporary = f"{token}-map-{number}"
        new_maps.append(NewMap(location, temporary, spliced, status))
        hashes = sha256_of(data), sha256_of(spliced)
        locations[change.path] = location
        edits = tuple(change.edits)
        maps.append(MapIntent(change.path, temporary, *hashes, edits, change.syntax))
    new_components: list[NewComponent] = []
    adopted_locations: list[Location] = []
    components: list[ComponentIntent] = []
    missing: dict[Directory, None] = {}
    for number, placement in enumerate(placements):
        location = component_location(directories, placement.path)
        sha256 = sha256_of(placement.data)
        adopted, like = _look(placement, location, sha256)
        temporary = f"{token}-{number}"
        data, replaces, executable = placement[1:]
        components.append(
            ComponentIntent(placement.path, temporary, sha256, data, replaces, adopted, executable)
        )
        if adopted:
            adopted_locations.append(location)
        else:
            mode = components[-1].mode
            new_components.append(NewComponent(location, temporary, placement.data, mode, like))
        missing.update(dict.fromkeys(missing_directories(location.directory)))
        locations[placement.path] = location
    to_move: list[MoveIntent] = []
    for number, move in enumerate(moves, len(placements)):
        source, target = (component_location(directories, path) for path in move)
        refuse_to_move(move, source, target)
        to_move.append(MoveIntent(*move, f"{token}-{number}"))
        missing.update(dict.fromkeys(missing_directories(target.directory)))
        locations.update({move.old: source, move.new: target})
    if len(set(locations.values())) < len(changes) + len(placements) + 2 * len(moves):
        raise TransactionError("the commit changes the same file twice; nothing was changed")
    made = tuple(one.relative for one in missing)
    intent = Intent("commit", tuple(maps), tuple(components), made, moves=tuple(to_move))
    return New(intent, tuple(new_maps), tuple(new_components), tuple(adopted_locations), locations)


def _look(
    placement: Placement, location: Location, sha256: str
) -> tuple[bool, os.stat_result | None]:
    """Return whether the component already exists, and the status of a file to be replaced."""
    if not durable.exists(location):
        return False, None
    found = durable.read_file(location) if durable.is_file(location) else None
    if found is None:
        raise OccupiedError(placement.path)
    there = sha256_of(found[0])
    if there == sha256:
        return True, None
    if there != placement.replaces:
        raise OccupiedError(placement.path)
    return False, found[1]


def make(directories: Directories, new: New) -> None:
    """Write directories, components and maps under temporary names, and sync all of them."""
    parents = dict.fromkeys(location.directory for location in new.locations.values())
    above = dict.fromkeys(one for parent in parents for one in upwards(parent))
    durable.make_directories(list(map(directories.at, new.intent.directories)), list(above))
    for component in new.components:
        # A name that this file system cannot hold must fail now, before the commit point.
        durable.exists(component.location)
        durable.write_file(
            component.location.beside(component.temporary),
            component.data,
            without="the component is empty or torn",
            mode=component.mode,
            like=component.like,
        )
    for adopted in new.adopted:
        durable.sync_file(adopted, without="a component that another process wrote is torn")
    for one in new.maps:
        durable.write_file(
            one.location.beside(one.temporary),
            one.data,
            without="the map is empty or torn",
            like=one.status,
            attributes_of=one.location,
        )
    for parent in parents:
        durable.sync_directory(
            parent, without="a temporary file is lost, and recovery needs space to rewrite it"
        )


def refuses_links(new: New) -> bool:
    """Try a hard link and its removal in the directory of every new component."""
    refused = False
    tried: set[Directory] = set()
    for one in new.intent.components:
        location = new.locations[one.path]
        if not one.adopted and location.directory not in tried:
            tried.add(location.directory)
            temporary = location.beside(one.temporary)
            refused |= not durable.can_link(temporary, location.beside(probe(one.temporary)))
    for move in new.intent.moves:
        source, target = new.locations[move.old], new.locations[move.new]
        durable.sync_file(source, without="the component that was moved is empty or torn")
        refused |= not can_move(move, source, target)
    return refused
