"""One-line descriptions of components, read from a file or suggested from the names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from jit_guard.errors import ConfigError
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import Entry, GoalMap, MapFault
from jit_guard.text.names import GENERATED
from jit_guard.text.printable import did_you_mean, quote

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry

_MOST_MESSAGES = 20

Descriptions = Mapping[tuple[str, str], str]  # (goal, component type) -> one line


def parse(path: str, data: bytes) -> Descriptions:
    """Read descriptions from a file shaped like the map: `{"GOAL": {"type": "text"}}`.

    Raises ConfigError: the file is not valid JSON, or has another shape.
    """
    read = goal_map.parse(path, data)
    if isinstance(read, MapFault):
        raise ConfigError([f"{path}:{read.line}:{read.column}: {read.reason}"])
    if not read.conforms:
        raise ConfigError(
            [f'{path}: descriptions must be shaped like {{"GOAL": {{"type": "one line"}}}}']
        )
    return {
        (one.goal, one.component_type): " ".join(one.filename.split()) for one in read.entries()
    }


def unknown(
    descriptions: Descriptions, maps: Sequence[GoalMap], registries: Sequence[Registry] = ()
) -> list[str]:
    """Return a message for each goal or component type that is described but not in a map.

    An entry of a registry without goals is described under the path of the registry and its
    location in words.
    """
    types: dict[str, dict[str, None]] = {}
    for one in maps:
        for entry in one.entries():
            types.setdefault(entry.goal, {})[entry.component_type] = None
    described = {goal for goal, _ in descriptions}
    for registry in registries:
        for other in registry.entries() if registry.path in described else ():
            words, _ = registry.described(other.keys)
            types.setdefault(registry.path, {})[words] = None
    odd = dict.fromkeys(
        (goal, component_type if goal in types else None)
        for goal, component_type in descriptions
        if component_type not in types.get(goal, ())
    )
    messages: list[str] = []
    for goal, kind in islice(odd, _MOST_MESSAGES):
        if kind is None:
            messages.append(f"no map has the goal {quote(goal)}{did_you_mean(goal, types)}")
        else:
            near = did_you_mean(kind, types[goal])
            messages.append(f"the goal {quote(goal)} has no component type {quote(kind)}{near}")
    if len(odd) > _MOST_MESSAGES:
        messages.append(f"… and {len(odd) - _MOST_MESSAGES:,} more")
    return messages


def suggestion(entry: Entry) -> str:
    """Derive a description from the names, to be accepted with Enter or `--yes`."""
    kind = _words(entry.component_type)
    about = f"{'An' if kind[0] in 'aeiou' else 'A'} {kind} to {_words(entry.goal)}"
    stem = entry.filename.rpartition("/")[2].rpartition(".")[0] or entry.filename
    detail = _words(stem)
    if stem.startswith(GENERATED) or detail in about:
        return about
    return f"{about}: {detail}"


def _words(name: str) -> str:
    """Split a name into words: `DIAGNOSE_ROOT_CAUSE` -> `diagnose root cause`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"\w+", apart.replace("_", " "))).lower() or name
