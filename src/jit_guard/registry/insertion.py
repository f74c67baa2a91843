"""Entries that are added to a map or removed from it; every other byte stays as it is.

A new entry is formatted like its neighbour: a member after the last one of its goal, or a goal
after the last one, with the white space of that one. Removing it restores the bytes from before.
"""

from __future__ import annotations

import json

from jit_guard.registry.positions import Member, Positions, Span


class InsertionError(ValueError):
    """An entry cannot be added or removed here; the message completes "the map"."""


def insert(text: str, keys: tuple[str, str], value: str, *, ascii_only: bool) -> str:
    """Return the text of a map with one more entry.

    Raises InsertionError: the map has no neighbour to copy the format from, or the entry exists.
    """
    goal, component_type = keys
    positions = Positions(text)
    top = _object(positions, positions.top(), "has no object at its top")
    existing = positions.find((goal,))

    def quoted(word: str) -> str:
        return json.dumps(word, ensure_ascii=ascii_only)

    if existing is not None:
        members = _object(positions, existing.value_span, f"has no goal {goal!r} with entries")
        if any(one.key == component_type for one in members):
            raise InsertionError(f"already has an entry {goal}/{component_type}")
        last = members[-1]
        white, colon = _before(text, existing.start, members), text[last.key_end : last.start]
        added = f",{white}{quoted(component_type)}{colon}{quoted(value)}"
        return text[: last.end] + added + text[last.end :]
    for like in reversed(top):
        inner = positions.members(like.value_span) if text[like.start] == "{" else ()
        if inner:
            break
    else:
        raise InsertionError("has no goal yet whose format a new one could have")
    first, colon = inner[0], text[like.key_end : like.start]
    added = (
        f",{_before(text, positions.top().start, top)}{quoted(goal)}{colon}"
        f"{{{text[like.start + 1 : first.key_start]}{quoted(component_type)}"
        f"{text[first.key_end : first.start]}{quoted(value)}{text[inner[-1].end : like.end]}"
    )
    return text[: top[-1].end] + added + text[top[-1].end :]


def remove(text: str, keys: tuple[str, str]) -> str:
    """Return the text of a map without an entry; a goal is removed with its last entry.

    Raises InsertionError: there is no such entry, or it is the only one of the map.
    """
    goal, component_type = keys
    positions = Positions(text)
    top = _object(positions, positions.top(), "has no object at its top")
    existing = positions.find((goal,))
    if existing is None:
        raise InsertionError(f"has no goal {goal!r}")
    members = _object(positions, existing.value_span, f"has no goal {goal!r} with entries")
    if [one.key for one in members] == [component_type]:
        members, wanted = top, goal
    else:
        wanted = component_type
    at = max((n for n, one in enumerate(members) if one.key == wanted), default=-1)
    if at < 0 or len(members) == 1:
        raise InsertionError(f"has no entry {goal}/{component_type} beside another one")
    if at:
        return text[: members[at - 1].end] + text[members[at].end :]
    return text[: members[0].key_start] + text[members[1].key_start :]


def _object(positions: Positions, span: Span, why: str) -> tuple[Member, ...]:
    """Return the members of an object that has some."""
    members = positions.members(span) if positions.text[span.start] == "{" else ()
    if not members:
        raise InsertionError(why)
    return members


def _before(text: str, start: int, members: tuple[Member, ...]) -> str:
    """Return the white space before the last member: after its comma, or the opening brace."""
    only = members[0]
    if len(members) == 1:
        spaced = text[only.key_end : only.start].endswith(" ")
        return text[start + 1 : only.key_start] or (" " if spaced else "")
    between = text[members[-2].end : members[-1].key_start]
    return between[between.index(",") + 1 :]
