"""The steps of a fix, as values: what will be done to which entries, and what will not, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from jit_guard.commit.intent import MapChange
from jit_guard.registry.edit import Edit


class Repoint(NamedTuple):
    """An entry's new value. `edit.keys` are goal and component type."""

    map: str
    edit: Edit

    @property
    def entry(self) -> tuple[str, str]:
        """Goal and component type."""
        goal, component_type = self.edit.keys
        return goal, component_type


class Relink(NamedTuple):
    """Entries are set to a file that is there, and is certainly the one they mean."""

    component: str  # the path that they name now
    path: str  # the path that they will name
    repoints: tuple[Repoint, ...]
    why: str

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that is set."""
        return [one.entry for one in self.repoints]


class Adopt(NamedTuple):
    """Entries are set to an orphan that has the very name which we would give."""

    component: str
    path: str
    repoints: tuple[Repoint, ...]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that is set."""
        return [one.entry for one in self.repoints]


class Generate(NamedTuple):
    """A file is written, once, and all entries that want it are set to it.

    `goal` and `component_type` are those of the first entry; `filename` is its new value. There
    is nothing to set where a file of ours is missing under its own name, or is a draft: then
    `replaces_draft` is True, and only a real generator has something to do.
    """

    component: str  # the missing file: what is claimed while the text is written
    path: str  # where the text will stand
    goal: str
    component_type: str
    filename: str
    repoints: tuple[Repoint, ...] = ()
    replaces_draft: bool = False

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that is set, or of the one that is served."""
        return [one.entry for one in self.repoints] or [(self.goal, self.component_type)]


class Leave(NamedTuple):
    """A missing component that cannot be mended here."""

    component: str
    goal: str
    component_type: str
    reason: str


Step = Relink | Adopt | Generate | Leave


class Plan(NamedTuple):
    """What a fix will do, in the order of the maps."""

    relinks: tuple[Relink, ...] = ()
    adopts: tuple[Adopt, ...] = ()
    generates: tuple[Generate, ...] = ()
    leaves: tuple[Leave, ...] = ()

    @property
    def free(self) -> tuple[Relink | Adopt, ...]:
        """The steps that need no text."""
        return (*self.relinks, *self.adopts)

    def generated_by(self, *, better: bool) -> tuple[Generate, ...]:
        """The files to generate; `better`: by a generator that improves on an untouched draft."""
        return tuple(one for one in self.generates if better or not one.replaces_draft)


def changes(steps: Iterable[Relink | Adopt | Generate]) -> tuple[MapChange, ...]:
    """The edits that steps make, map by map, as a commit takes them."""
    edits: dict[str, list[Edit]] = {}
    for step in steps:
        for repoint in step.repoints:
            edits.setdefault(repoint.map, []).append(repoint.edit)
    return tuple(MapChange(path, tuple(found)) for path, found in edits.items())
