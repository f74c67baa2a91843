"""An inventory: what a snapshot has, entry by entry and component by component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from jit_guard.ledger.history import State

# The worst first. broken: it exists, but not as the entry needs it. unclear: no known entry names
# it, but not everything that the maps name is known. present: none of the others.
Status = Literal[
    "missing", "broken", "orphan", "unclear", "draft", "untracked", "generated", "present"
]
STATUSES: tuple[Status, ...] = (
    "missing", "broken", "orphan", "unclear", "draft", "untracked", "generated", "present",
)  # fmt: skip


class Provenance(NamedTuple):
    """How a component was generated, as the ledger remembers. Times are seconds since the epoch."""

    arrived: float
    seconds: float
    generator: str
    model: str
    description: str
    input_tokens: int | None
    output_tokens: int | None
    state: State


class Component(NamedTuple):
    """What an entry names, or a file that no entry names.

    Args:
        path: relative to the root, as entries name it; that of a directory ends with a slash.
        statuses: in the order of STATUSES, never empty.
        remarks: why it is broken, or why git does not have it.
        size: in bytes; None if that is not known.
        text: its start, or all of it; None if there is none to show.
        whole: `text` is all of it.
        files: of a directory, the names in it.
        text_of: of a directory, the file in it that `text` is from.
        provenance: the newest first.
    """

    path: str
    statuses: tuple[Status, ...]
    remarks: tuple[str, ...] = ()
    size: int | None = None
    text: str | None = None
    whole: bool = True
    files: tuple[str, ...] = ()
    text_of: str | None = None
    provenance: tuple[Provenance, ...] = ()


def with_statuses(component: Component, more: Iterable[Status]) -> Component:
    """Return a component with more statuses; "present" if it has no others."""
    known = {*component.statuses, *more} - {"present"}
    return component._replace(
        statuses=tuple(one for one in STATUSES if one in known) or ("present",)
    )


class ListedEntry(NamedTuple):
    """An entry of a map or registry, and the path of its component.

    `words` is its location in a registry without goals, as in `plugins[3].source`.
    """

    keys: tuple[str, ...]
    path: str
    goal: str | None = None
    component_type: str | None = None
    words: str | None = None


class Register(NamedTuple):
    """The entries of one map or registry; `size` counts those that are not listed, too."""

    path: str
    types: tuple[str, ...]  # in the order of the text; none in a registry without goals
    entries: tuple[ListedEntry, ...]
    size: int


class Inventory(NamedTuple):
    """Everything that a snapshot has.

    Args:
        registers: one for each map or registry that could be parsed.
        components: by their paths, in the order of the entries, then what no entry names.
        unnamed: the paths that no entry names -> the component type of their directory.
        unnamed_size: how many there are, listed or not.
        certain: all that the maps name is known, so that `unnamed` are orphans.
        notes: what is not shown, and why.
    """

    registers: Sequence[Register]
    components: Mapping[str, Component]
    unnamed: Mapping[str, str | None]
    unnamed_size: int = 0
    certain: bool = True
    notes: tuple[str, ...] = ()
