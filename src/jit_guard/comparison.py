"""In what maps and tree disagree, as facts: the rules put them into words."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from jit_guard.config import Settings
from jit_guard.goal_map import Entry, GoalMap
from jit_guard.named_tuple import NamedTuple
from jit_guard.snapshot import Folder, Place, join

Names = dict[str, AbstractSet[str]]  # real folder -> names in it


class Reference(NamedTuple):
    """An entry of a map, and the path that it names (relative to the root, as written)."""

    map: GoalMap
    entry: Entry
    path: str


class Unsafe(NamedTuple):
    """An entry whose path may not be followed, and why; `normal` is the path it may mean."""

    reference: Reference
    reason: str
    normal: str | None


class Misplaced(NamedTuple):
    """An entry whose path leads to something else: the place says to what."""

    reference: Reference
    place: Place


class Comparison(NamedTuple):
    """Everything in which maps and tree disagree; each list in the order of the map or sorted."""

    top: str  # the real path of the components folder
    folders: dict[str, Folder]
    served: Names
    opaque: Names
    through_links: dict[str, str]
    missing: list[Reference]
    misspelled: list[Misplaced]
    not_files: list[Misplaced]
    unsafe: list[Unsafe]
    unknown: list[Misplaced]
    orphans: list[str]
    temporaries: list[str]

    @classmethod
    def nothing(cls) -> Comparison:
        """The comparison with no tree at all."""
        return cls("", {}, {}, {}, {}, [], [], [], [], [], [], [])

    def serve(self, folder: str, names: AbstractSet[str], opaque: bool) -> None:
        """Note that entries name these files of a real folder; `opaque`: they are no text."""
        if not names:
            return
        for served in (self.served, self.opaque) if opaque else (self.served,):
            # Never changed in place: these sets are shared, not copied a million names at a time.
            served[folder] = served[folder] | names if folder in served else names

    @property
    def clean(self) -> bool:
        """True when maps and tree agree, as far as names go."""
        return not any(self[5:])


def entry_path(settings: Settings, entry: Entry) -> str:
    """The path that an entry names, relative to the root, as written."""
    base = join(settings.components, settings.directory(entry.component_type))
    return join(base, entry.filename)
