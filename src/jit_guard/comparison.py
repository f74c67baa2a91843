"""In what maps and tree disagree, as facts: the rules put them into words."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from jit_guard.config import Settings
from jit_guard.left_over import LeftOver
from jit_guard.missing import Missing
from jit_guard.named_tuple import NamedTuple
from jit_guard.reference import Reference
from jit_guard.sources.answers import Folder
from jit_guard.sources.tree import Place

Names = dict[str, AbstractSet[str]]  # real folder -> names in it


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
    missing: Missing
    misspelled: list[Misplaced]
    not_files: list[Misplaced]
    unsafe: list[Unsafe]
    unknown: list[Misplaced]
    orphans: LeftOver
    temporaries: list[str]

    @classmethod
    def nothing(cls) -> Comparison:
        """The comparison with no tree at all."""
        nothing = Missing((), Settings(), {})
        return cls("", {}, {}, {}, {}, nothing, [], [], [], [], LeftOver(), [])

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
