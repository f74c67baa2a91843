"""The steps of a fix, as values: what is done to which entries, and what is left, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from jit_guard.commit.intent import MapChange
from jit_guard.comparison.result import Reference
from jit_guard.registry.edit import Edit
from jit_guard.report import Failed, Fixed
from jit_guard.sources.answers import GitState


class Located(NamedTuple):
    """The name of an entry without a goal: its registry, and its location there in words."""

    map: str
    words: str


EntryName = tuple[str, str]  # goal and component type; a `Located` is one, too


class Repoint(NamedTuple):
    """The new value of an entry. `edit.keys` are goal and component type.

    In a registry of another shape, they are a location, and `located` is the entry's name.
    """

    map: str
    edit: Edit
    syntax: str = "json"
    located: Located | None = None

    @property
    def entry(self) -> EntryName:
        """The name of the entry."""
        if self.located is not None:
            return self.located
        goal, component_type = self.edit.keys
        return goal, component_type


class Relink(NamedTuple):
    """Set entries to an existing file that is certainly the one they mean."""

    component: str  # the path that they name now
    path: str  # the path that they will name
    repoints: tuple[Repoint, ...]
    why: str

    @property
    def entries(self) -> list[EntryName]:
        """The names of every entry that changes."""
        return [one.entry for one in self.repoints]


class Adopt(NamedTuple):
    """Set entries to an orphan with exactly the name that would be generated."""

    component: str
    path: str
    repoints: tuple[Repoint, ...]

    @property
    def entries(self) -> list[EntryName]:
        """The names of every entry that changes."""
        return [one.entry for one in self.repoints]


class Generate(NamedTuple):
    """Generate a file once, and set all entries that need it.

    `goal` and `component_type` are those of the first entry; `filename` is its new value.
    `repoints` is empty if a generated file is missing under its own name, or for a draft.
    `replaces_draft` marks a draft, which only a generator that improves drafts replaces.
    For entries of registries, `goal` is the location of the first in words, `component_type` says
    which registry it is, `names` are those of all, and `described` is what the registry says.
    """

    component: str  # the missing file, which is claimed while the text is generated
    path: str  # where the text will be placed
    goal: str
    component_type: str
    filename: str
    repoints: tuple[Repoint, ...] = ()
    replaces_draft: bool = False
    names: tuple[EntryName, ...] = ()
    described: str = ""

    @property
    def entries(self) -> list[EntryName]:
        """The names of every entry that changes, or else of those that need the file."""
        changed = [one.entry for one in self.repoints]
        return changed or list(self.names) or [(self.goal, self.component_type)]


class Leave(NamedTuple):
    """A missing component that cannot be fixed automatically."""

    component: str
    goal: str
    component_type: str
    reason: str
    located: Located | None = None  # in a registry without goals

    @property
    def entry(self) -> EntryName:
        """The name of the entry."""
        return self.located or (self.goal, self.component_type)


class Restore(NamedTuple):
    """Write a missing component as git has it, byte for byte."""

    component: str
    state: GitState  # with a blob
    entries: tuple[EntryName, ...]  # of those that name it
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
    located: Located | None = None  # in a registry without goals

    @property
    def component(self) -> str:
        """The missing file."""
        return self.decline.component

    @property
    def leave(self) -> Leave:
        """The step without a decision."""
        return Leave(self.component, self.goal, self.component_type, self.reason, self.located)


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
    edits: dict[tuple[str, str], dict[Edit, None]] = {}
    for step in steps:
        for repoint in step.repoints:
            edits.setdefault((repoint.map, repoint.syntax), {})[repoint.edit] = None
    return tuple(MapChange(path, tuple(found), syntax) for (path, syntax), found in edits.items())


def name_of(reference: Reference) -> EntryName:
    """Return the name of an entry."""
    words, _ = reference.map.described(reference.entry.keys)
    if words is not None:
        return Located(reference.map.path, words)
    return reference.entry.goal, reference.entry.component_type


def left(reference: Reference, reason: str) -> Leave:
    """Return the step that leaves an entry, with the reason."""
    name, entry = name_of(reference), reference.entry
    located = name if isinstance(name, Located) else None
    return Leave(reference.path, entry.goal, entry.component_type, reason, located)


def fixed(
    name: EntryName,
    action: str,
    path: str,
    generator: str | None = None,
    origin: str | None = None,
) -> Fixed:
    """Return the report on an entry that was fixed."""
    done = Fixed(action, None, None, path, generator, origin)
    if isinstance(name, Located):
        return done._replace(map=name.map, entry=name.words)
    return done._replace(goal=name[0], component_type=name[1])


def failed(name: EntryName, reason: str) -> Failed:
    """Return the report on an entry that could not be fixed."""
    if isinstance(name, Located):
        return Failed(None, None, reason, name.map, name.words)
    return Failed(*name, reason)
