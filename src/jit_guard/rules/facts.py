"""The facts that rules are checked against: everything that one check saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.renames import Renames
from jit_guard.comparison.result import Reference
from jit_guard.sources.answers import GitState
from jit_guard.text.shell import between_backticks, no_command


class Facts:
    """Everything that one check saw. Rules turn it into findings, and do no I/O of their own.

    `shown` are the maps that are reported on, of those that were read.
    """

    def __init__(
        self,
        evidence: Evidence,
        same_text: Mapping[str, str],
        traces: Mapping[str, GitState],
        shown: Collection[str],
    ) -> None:
        self.shown = tuple(one for one in evidence.maps.read if one.path in shown)
        self.settings = evidence.settings
        self.maps = evidence.maps.read
        self.faults = evidence.maps.faults
        self.absent = evidence.maps.absent
        self.violations = evidence.violations
        self.comparison = evidence.comparison
        self.content = evidence.content
        self.names = evidence.names
        self.interrupted = evidence.interrupted
        self.untracked = evidence.untracked
        self.traces = traces
        self.candidates = Renames(evidence.comparison, same_text)
        self._first: dict[str, Reference] | None = None

    def first(self, path: str) -> Reference | None:
        """The first entry, in the order of the maps, that names a file."""
        if self._first is None:
            self._first = {}
            for goal_map in self.maps:
                for entry in goal_map.entries():
                    named = self.settings.path(entry.component_type, entry.filename)
                    self._first.setdefault(named, Reference(goal_map, entry, named))
            for misspelled in self.comparison.misspelled:
                self._first.setdefault(misspelled.place.spelled, misspelled.reference)
                self._first.setdefault(misspelled.place.real, misspelled.reference)
            for real, named in self.comparison.through_links.items():
                self._first.setdefault(real, self._first[named])
        return self._first.get(path)

    def trace(self, missing: str, *, held: bool) -> str | None:
        """What git, or the disk where git is judged, says of a missing file: a hint.

        Args:
            missing: its path.
            held: ask for what git has and the disk has not; False: the other way round.
        """
        state = self.traces.get(missing)
        if state is None or state.held is not held:
            return None
        mend = f": `{state.command}`" if state.command else ""
        return f"{no_command(state.why)}{mend}"

    def move(self, left_over: str, missing: str) -> str:
        """What to do when a left-over file is a missing one: the end of a hint."""
        if missing.rpartition("/")[0] not in self.comparison.folders:
            return f"Then name it in the entry, or move it to {no_command(missing)}"
        move = between_backticks("mv", "--", left_over, missing)
        return f"Then name it in the entry, or {move}"
