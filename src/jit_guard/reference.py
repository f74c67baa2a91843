"""An entry of a map as a reference to a file, and how its path is made."""

from __future__ import annotations

from jit_guard.config import Settings
from jit_guard.named_tuple import NamedTuple
from jit_guard.registry.goal_map import Entry, GoalMap
from jit_guard.text.names import join


class Reference(NamedTuple):
    """An entry of a map, and the path that it names (relative to the root, as written)."""

    map: GoalMap
    entry: Entry
    path: str


def type_folder(settings: Settings, component_type: str) -> str:
    """The path of the folder of a component type, relative to the root."""
    return join(settings.components, settings.directory(component_type))


def entry_path(settings: Settings, entry: Entry) -> str:
    """The path that an entry names, relative to the root, as written."""
    return join(type_folder(settings, entry.component_type), entry.filename)
