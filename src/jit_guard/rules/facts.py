"""The facts that rules turn into findings: everything that one check observed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.renames import Renames
from jit_guard.comparison.result import Reference
from jit_guard.sources.answers import GitState
from jit_guard.text.shell import between_backticks, no_command

_ON_DISK = ("worktree", "memory")


class Facts:
    """Everything that one check observed. Rules are pure functions of it and do no I/O.

    Args:
        evidence: maps, tree, contents and their comparison.
        candidates: the files that missing components probably are.
        traces: missing path -> what git (or the disk, if a git tree is checked) has instead.
        shown: the maps to report on.
        source: the name of the snapshot that was checked, such as `worktree` or `index`.
    """

    def __init__(
        self,
        evidence: Evidence,
        candidates: Renames,
        traces: Mapping[str, GitState],
        shown: Collection[str],
        source: str,
    ) -> None:
        maps = evidence.maps
        self.shown = tuple(one for one in maps.every if one.path in shown)
        self.settings = evidence.settings
        self.maps = maps.read
        self.registries = maps.registries
        self.empty = maps.empty
        self.faults = maps.faults
        self.absent = maps.absent
        self.violations = evidence.violations
        self.comparison = evidence.comparison
        self.content = evidence.content
        self.names = evidence.names
        self.interrupted = evidence.interrupted
        self.untracked = evidence.untracked
        self.traces = traces
        self.candidates = candidates
        self._absence = "does not exist" if source in _ON_DISK else f"is not in {_name(source)}"
        self._first: dict[str, Reference] | None = None

    def absence(self, path: str) -> str:
        """Return the message for a path that the snapshot does not have."""
        return f"{path} {self._absence}"

    def first(self, path: str) -> Reference | None:
        """Return the first entry, in the order of the maps, that names a file."""
        if self._first is None:
            self._first = {}
            for goal_map in self.maps:
                for entry in goal_map.entries():
                    named = self.settings.path(entry.component_type, entry.filename)
                    self._first.setdefault(named, Reference(goal_map, entry, named))
            for registry in self.registries:
                for one in registry.entries():
                    for target in one.paths:
                        reference = Reference(registry, one, target.shown)
                        self._first.setdefault(target.path, reference)
            for misspelled in self.comparison.misspelled:
                self._first.setdefault(misspelled.place.spelled, misspelled.reference)
                self._first.setdefault(misspelled.place.real, misspelled.reference)
            for real, named in self.comparison.through_links.items():
                self._first.setdefault(real, self._first[named])
        return self._first.get(path)

    def trace(self, missing: str, *, held: bool) -> str | None:
        """Return where else a missing file was found, as a hint with the command to get it.

        Args:
            missing: its path.
            held: True for files that git has and the disk does not; False for the reverse.
        """
        state = self.traces.get(missing)
        if state is None or state.held is not held:
            return None
        run = f"; run: `{state.command}`" if state.command else ""
        return f"{no_command(state.why)}{run}"

    def move(self, orphan: str, missing: str) -> str:
        """Return what to do if an orphan is a missing component: the end of a hint."""
        if missing.rstrip("/").rpartition("/")[0] not in self.comparison.directories:
            what = "directory" if missing.endswith("/") else "file"
            return f"Change the entry, or move the {what} to {no_command(missing)}"
        move = between_backticks("mv", "--", orphan, missing)
        return f"Change the entry, or run {move}"


def _name(source: str) -> str:
    return f"the {source}" if source in ("index", "commit") else source
