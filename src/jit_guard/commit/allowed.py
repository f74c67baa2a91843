"""What an intent may do: no more than a pull request that changes the maps could.

An intent is a file in the project, and its checksum is not a secret: it may come with a clone.
So a recovery compares what it finds with these values before the first step, and refuses the
whole intent if it asks for anything else. A commit that this process has just prepared needs no
such check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from jit_guard.commit.intent import ComponentIntent, Intent, MapIntent, MoveIntent
from jit_guard.registry.positions import pointer
from jit_guard.text.names import STATE_DIRECTORY


class Allowed(NamedTuple):
    """What the project that an intent was found in allows. All paths are relative to its root.

    Attributes:
        maps: the maps whose entries may be set.
        components: the directory that every component is below; "" for the root.
        path_of: the component that an entry names if it has a value, by its map and its keys;
            None if there cannot be such an entry, or the value is not a safe path.
        named: whether an entry of a map currently names this component; None if a map cannot be
            read.
        is_draft: whether this text is an unedited draft, which may be replaced.
        tracked: whether git tracks something in `.jit-guard/`, which then came with the clone.
        directories: components may be placed below these ("" is the root) without an entry, and
            nowhere else; none: only where an entry names them.
        may_move: files below `directories` may be renamed.
        anywhere: whether an entry that may name any file of the project, not only one below
            `components`, currently names this file.
        syntaxes: the syntax of each map of another shape: there, entries are only set.
    """

    maps: Collection[str]
    components: str
    path_of: Callable[[str, tuple[str, ...], str], str | None]
    named: Callable[[str], bool | None]
    is_draft: Callable[[bytes], bool]
    tracked: bool
    directories: Collection[str] = ()
    may_move: bool = False
    anywhere: Callable[[str], bool] = lambda _path: False
    syntaxes: Mapping[str, str] = MappingProxyType({})

    def is_within(self, path: str) -> bool:
        """Check whether a path is below one of `directories`."""
        return any(not top or path.startswith(f"{top}/") for top in self.directories)


def refusal(
    intent: Intent, allowed: Allowed, parents: Collection[str], existing: Mapping[str, bytes]
) -> str | None:
    """Return why an intent is refused; None if it is allowed.

    Args:
        intent: as it was found.
        allowed: what it may do.
        parents: the real directories around its components, relative to the root.
        existing: the files that exist where it wants to replace one.
    """
    if allowed.tracked:
        return f"git tracks {STATE_DIRECTORY}, so the intent may have come with a clone"
    paths = [one.path for one in intent.maps] + [one.path for one in intent.components]
    paths += (path for one in intent.moves for path in (one.old, one.new))
    if len(set(paths)) < len(paths):
        return "it changes a file twice"
    set_now: set[str | None] = set()
    within = allowed.directories
    for one in intent.maps:
        if why := _refusal_of_map(one, allowed):
            return why
        set_now.update(_path(allowed, one.path, edit.keys, edit.new) for edit in one.edits)
    for component in intent.components:
        # A plan has no edits, and places nothing.
        known = component.path in set_now and not within
        known = known or allowed.is_within(component.path)
        if intent.phase == "commit" and not known:
            named = allowed.named(component.path)
            if named is None:
                return f"a map cannot be read, so an entry for {component.path} cannot be found"
            if not named:
                return f"it writes {component.path}, which no entry names"
        if why := _refusal_of_component(component, allowed, existing):
            return why
    moves = (_refusal_of_move(move, intent, allowed) for move in intent.moves)
    odd = (path for path in intent.directories if path not in parents)
    removes = (
        f"it removes the directory {path}, which is not a parent of its components" for path in odd
    )
    return next((why for why in (*moves, *removes) if why is not None), None)


def _path(allowed: Allowed, of: str, keys: tuple[str, ...], value: str | None) -> str | None:
    return None if value is None else allowed.path_of(of, keys, value)


def _refusal_of_map(one: MapIntent, allowed: Allowed) -> str | None:
    if one.path not in allowed.maps:
        return f"it edits {one.path}, which is not a configured map, nor named by --map"
    if len({edit.keys for edit in one.edits}) < len(one.edits):
        return f"it edits an entry of {one.path} twice"
    if one.syntax != allowed.syntaxes.get(one.path, "json"):
        return f"it reads {one.path} as {one.syntax}, which the project does not"
    if one.path in allowed.syntaxes and any(edit.old is None for edit in one.edits):
        return f"it adds an entry to {one.path}, which is not a goal map"
    for edit in one.edits:
        for value in (edit.new, edit.old):  # abandoning it sets the old value
            # None: the entry is added, and abandoning that removes it.
            if value is not None and allowed.path_of(one.path, edit.keys, value) is None:
                at = f"{one.path}{pointer(*edit.keys)}"
                return f"it sets {at} to {value[:60]!r}, which is not a safe component path"
    return None


def _refusal_of_move(one: MoveIntent, intent: Intent, allowed: Allowed) -> str | None:
    """A file may be renamed only together with an entry that named it, as its new name."""
    for path in (one.old, one.new):
        if allowed.components and not path.startswith(f"{allowed.components}/"):
            return f"{path} is not below {allowed.components}"
        if allowed.may_move and not allowed.is_within(path):
            return f"it moves {path}, which is not below {', '.join(allowed.directories)}"
    if allowed.may_move:
        return None
    # A plan has no edits, and moves nothing.
    named = intent.phase == "plan" or any(
        tuple(_path(allowed, change.path, edit.keys, value) for value in (edit.old, edit.new))
        == (one.old, one.new)
        for change in intent.maps
        for edit in change.edits
    )
    if named and not allowed.directories:
        return None
    return f"it moves {one.old} to {one.new}, but no entry with it"


def _refusal_of_component(
    one: ComponentIntent, allowed: Allowed, existing: Mapping[str, bytes]
) -> str | None:
    below = not allowed.components or one.path.startswith(f"{allowed.components}/")
    if not below and not allowed.anywhere(one.path):
        return f"{one.path} is not below {allowed.components}"
    if one.path in existing and not allowed.is_draft(existing[one.path]):
        return f"it replaces {one.path}, which is not an unedited draft"
    return None
