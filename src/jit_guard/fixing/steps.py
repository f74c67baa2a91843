"""The steps of a fix, as values: what is done to which entries, and what is left, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from jit_guard.commit.intent import MapChange
from jit_guard.registry.edit import Edit
from jit_guard.sources.answers import GitState


class Repoint(NamedTuple):
    """The new value of an entry. `edit.keys` are goal and component type."""

    map: str
    edit: Edit

    @property
    def entry(self) -> tuple[str, str]:
        """Goal and component type."""
        goal, component_type = self.edit.keys
        return goal, component_type


class Relink(NamedTuple):
    """Set entries to an existing file that is certainly the one they mean."""

    component: str  # the path that they name now
    path: str  # the path that they will name
    repoints: tuple[Repoint, ...]
    why: str

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that changes."""
        return [one.entry for one in self.repoints]


class Adopt(NamedTuple):
    """Set entries to an orphan with exactly the name that would be generated."""

    component: str
    path: str
    repoints: tuple[Repoint, ...]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that changes."""
        return [one.entry for one in self.repoints]


class Generate(NamedTuple):
    """Generate a file once, and set all entries that need it.

    `goal` and `component_type` are those of the first entry; `filename` is its new value.
    `repoints` is empty if a generated file is missing under its own name, or for a draft.
    `replaces_draft` marks a draft, which only a generator that improves drafts replaces.
    """

    component: str  # the missing file, which is claimed while the text is generated
    path: str  # where the text will be placed
    goal: str
    component_type: str
    filename: str
    repoints: tuple[Repoint, ...] = ()
    replaces_draft: bool = False

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Goal and component type of every entry that changes, or else of the first entry."""
        return [one.entry for one in self.repoints] or [(self.goal, self.component_type)]


class Leave(NamedTuple):
    """A missing component that cannot be fixed automatically."""

    component: str
    goal: str
    component_type: str
    reason: str


class Restore(NamedTuple):
    """Write a missing component as git has it, byte for byte."""

    component: str
    state: GitState  # with a blob
    entries: tuple[tuple[str, str], ...]  # goal and component type of those that name it
    repoints: tuple[Repoint, ...] = ()  # none: the entries already name it

    @property
    def path(self) -> str:
        """Where the file will be."""
        return self.component

    @property
    def staged(self) -> bool:
        """Whether the index has the file, so that it need not be added."""
        return self.state.blob is not None and self.state.blob.staged

    @property
    def executable(self) -> bool:
        """Whether it is executable in git."""
        return self.state.blob is not None and self.state.blob.executable


class Offer(NamedTuple):
    """A missing component that a file probably is, or that git can restore: the user decides.

    `accept` is None if the file is in a directory that the entry cannot name. `decline` is what
    happens if a new text is wanted. `reason`: why it is left without a decision.
    """

    goal: str
    component_type: str
    filename: str
    found: str  # the file that is offered
    why: str
    accept: Relink | Restore | None
    decline: Generate | Leave
    reason: str

    @property
    def component(self) -> str:
        """The missing file."""
        return self.decline.component

    @property
    def leave(self) -> Leave:
        """The step without a decision."""
        return Leave(self.component, self.goal, self.component_type, self.reason)


Step = Relink | Adopt | Restore | Offer | Generate | Leave


Free = Relink | Adopt | Restore


class Plan(NamedTuple):
    """What a fix will do, in the order of the maps."""

    relinks: tuple[Relink, ...] = ()
    adopts: tuple[Adopt, ...] = ()
    restores: tuple[Restore, ...] = ()
    offers: tuple[Offer, ...] = ()
    generates: tuple[Generate, ...] = ()
    leaves: tuple[Leave, ...] = ()

    @property
    def free(self) -> tuple[Free, ...]:
        """The steps that need neither a text nor a decision."""
        return (*self.relinks, *self.adopts, *self.restores)

    def generated_by(self, *, better: bool) -> tuple[Generate, ...]:
        """Return the files to generate; `better`: the generator improves untouched drafts."""
        return tuple(one for one in self.generates if better or not one.replaces_draft)


class WithEdits(Protocol):
    """A step that changes entries."""

    @property
    def repoints(self) -> tuple[Repoint, ...]:
        """The new values of entries."""


def changes(steps: Iterable[WithEdits]) -> tuple[MapChange, ...]:
    """Collect the edits of steps, map by map, for a commit."""
    edits: dict[str, list[Edit]] = {}
    for step in steps:
        for repoint in step.repoints:
            edits.setdefault(repoint.map, []).append(repoint.edit)
    return tuple(MapChange(path, tuple(found)) for path, found in edits.items())
