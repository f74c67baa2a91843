"""Rename a component together with every entry that names it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jit_guard.commit.directories import Directories
from jit_guard.commit.durable import remove_directory
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move
from jit_guard.commit.transaction import commit
from jit_guard.config import Settings
from jit_guard.errors import UsageError
from jit_guard.ledger.ledger import record_moves
from jit_guard.registry.edit import Edit, EditError
from jit_guard.registry.goal_map import Entry, GoalMap
from jit_guard.sources.read_maps import read_maps
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.generated import untouched
from jit_guard.text.names import (
    GENERATED,
    join,
    unportable,
    unsafe_filename,
    unsafe_path,
)
from jit_guard.text.printable import did_you_mean

_MOST_TRIES = 5  # while another process saves a map


class Moved(NamedTuple):
    """What a move did, or would do. Paths are relative to the root.

    Attributes:
        moves: each file, with its old and its new path.
        changes: the edits of the maps.
        left: files in a moved directory that no entry names, and that stay.
        notes: what the user should know.
    """

    moves: tuple[Move, ...]
    changes: tuple[MapChange, ...]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def to_stage(self) -> list[str]:
        """The paths that changed: where the files were, where they are, and the maps."""
        return [*(path for one in self.moves for path in one), *(one.path for one in self.changes)]


def move(root: str, settings: Settings, old: str, new: str, *, dry_run: bool) -> Moved:
    """Rename a component, or every component in a directory, with its entries.

    Args:
        root: the project's root.
        settings: the settings in force.
        old: the path of a component, or of a directory of components.
        new: its new path; an existing directory, or a path that ends with `/`: the same name there.
        dry_run: change nothing.

    Raises:
        UsageError: no entry names it, an entry could not name it there, or the name is taken.
        TransactionError: the system refused; nothing was changed.
    """
    for attempt in range(_MOST_TRIES):
        planned = _plan(root, settings, old, new)
        if dry_run:
            return planned
        try:
            done = commit(root, planned.changes, (), moves=planned.moves)
        except EditError:
            if attempt == _MOST_TRIES - 1:
                raise
            continue  # another process saved a map: read it again
        planned = planned._replace(notes=(*planned.notes, *done.notes))
        break
    _remove_empty(root, settings, planned.moves)
    record_moves(root, planned.moves)
    return planned


def _plan(root: str, settings: Settings, old: str, new: str) -> Moved:
    source = Worktree(root)
    maps = _maps(source, settings, old)
    tree = Tree(source)
    entries: dict[str, list[tuple[GoalMap, Entry]]] = {}
    for goal_map in maps:
        for entry in goal_map.entries():
            path = settings.path(entry.component_type, entry.filename)
            entries.setdefault(path, []).append((goal_map, entry))
    old = old.rstrip("/")
    files = _files(tree, old, entries)
    new = _target(tree, settings, old, new)
    moves = [Move(path, new + path[len(old) :]) for path in files if path in entries]
    left = tuple(path for path in files if path not in entries)
    if not moves:
        near = did_you_mean(old, entries)
        raise UsageError(f"no entry names {old}; to rename it alone, use mv or git mv{near}")
    edits: dict[str, list[Edit]] = {}
    for one in moves:
        for goal_map, entry in entries[one.old]:
            value = _value(settings, entry, one)
            edits.setdefault(goal_map.path, []).append(Edit(entry.keys, entry.filename, value))
    return Moved(
        tuple(moves),
        tuple(MapChange(path, tuple(found)) for path, found in edits.items()),
        left,
        tuple(_notes(source, moves)),
    )


def _maps(source: Worktree, settings: Settings, old: str) -> Sequence[GoalMap]:
    found = read_maps(source, settings.maps)
    for path, fault in found.faults.items():
        raise UsageError(
            f"{path}:{fault.line}:{fault.column}: {fault.reason}; fix it first, since an entry in "
            f"it may name {old}"
        )
    for error in found.unreadable:
        raise error
    return found.read


def _files(tree: Tree, old: str, entries: dict[str, list[tuple[GoalMap, Entry]]]) -> list[str]:
    """Return the file at a path, or the files below it. Raises UsageError if there is none."""
    place = tree.resolve(old)
    if place.kind in ("absent", "broken", "unknown"):
        if old in entries:
            raise UsageError(f"{old} does not exist, so run jit-guard --fix, or edit its entries")
        raise UsageError(f"{old} does not exist{did_you_mean(old, entries)}")
    if place.spelled != old:
        raise UsageError(f"{old} is spelled {place.spelled} on disk; did you mean that?")
    if old in place.links:
        raise UsageError(f"{old} is a link; to rename it, use mv and edit its entries")
    if place.kind == "file":
        return [old]
    if place.kind != "directory":
        raise UsageError(f"{old} is not a file or directory of the project")
    found: list[str] = []
    for directory, listing in tree.walk(place.real).items():
        below = join(old, directory[len(place.real) :].strip("/"))
        found += (join(below, name) for name in sorted({*listing.files, *listing.links}))
    return found


def _target(tree: Tree, settings: Settings, old: str, new: str) -> str:
    """Return the new path. Raises UsageError if nothing can be moved there."""
    name = old.rpartition("/")[2]
    whole = join(new.rstrip("/"), name) if new.endswith("/") else new
    place = tree.resolve(whole)
    if place.kind == "directory" and place.spelled != old and whole == new:
        whole = join(new, name)
        place = tree.resolve(whole)
    if why := unsafe_path(whole):
        raise UsageError(f"{whole} cannot be the name of a component: {why}")
    if not f"{whole}/".startswith(f"{settings.components}/"):
        raise UsageError(f"{whole} is not below {settings.components}")
    if f"{whole}/".startswith(f"{old}/"):
        what = "is its present name" if whole == old else "is inside it"
        raise UsageError(f"{old} cannot be moved to {whole}, which {what}")
    if place.kind == "unknown":
        raise UsageError(f"{whole}: {place.what}")
    if place.kind == "outside":
        raise UsageError(f"{whole} leads out of the project")
    if place.kind != "absent" and place.spelled != old:
        case = f" as {place.spelled}" if place.spelled != whole else ""
        raise UsageError(f"{whole} already exists{case}; nothing was moved")
    above = whole.rpartition("/")[0]
    around = tree.resolve(above)
    if around.kind == "directory" and around.spelled != above:
        raise UsageError(f"the directory {above} is spelled {around.spelled} on disk")
    return whole


def _value(settings: Settings, entry: Entry, one: Move) -> str:
    """Return the value of an entry that names the new path. Raises UsageError if there is none."""
    base = settings.path(entry.component_type)
    if not one.new.startswith(f"{base}/"):
        raise UsageError(
            f"{entry.goal}/{entry.component_type} cannot name {one.new}: the components of this "
            f"type are in {base}"
        )
    value = one.new[len(base) + 1 :]
    if unsafe := unsafe_filename(value):
        raise UsageError(f"{one.new} cannot be the name of a component: {unsafe[0]}")
    return value


def _notes(source: Worktree, moves: Sequence[Move]) -> Iterator[str]:
    for one in moves:
        name = one.new.rpartition("/")[2]
        if why := unportable(name):
            yield f"the name of {one.new} {why}"
        if one.old.rpartition("/")[2].startswith(GENERATED) and not name.startswith(GENERATED):
            data = source.read(one.old)
            if data is not None and untouched(data):
                yield f"{one.new} is still the generated draft, and JG501 no longer reports it"


def _remove_empty(root: str, settings: Settings, moves: Sequence[Move]) -> None:
    """Remove the directories that the moves left empty, but not the components directory."""
    with Directories(root) as directories:
        top = os.path.realpath(os.path.join(directories.top.path, settings.components))
        for one in moves:
            real = os.path.realpath(os.path.join(directories.top.path, os.path.dirname(one.old)))
            if not real.startswith(top + os.sep):
                continue
            directory = directories.at(os.path.relpath(real, directories.top.path))
            while directory.path.startswith(top + os.sep) and remove_directory(directory):
                directory = directory.place.directory
