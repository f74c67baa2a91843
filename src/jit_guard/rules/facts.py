"""The facts that rules turn into findings: everything that one check observed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.renames import Renames
from jit_guard.comparison.result import Reference
from jit_guard.config import toml_key
from jit_guard.registry.goal_map import GoalMap
from jit_guard.rules.hint import COMMIT, STAGE
from jit_guard.sources.answers import GitState, Origin
from jit_guard.text.names import join
from jit_guard.text.shell import Shell, no_command

if TYPE_CHECKING:
    from jit_guard.comparison.contracts import Broken
    from jit_guard.contracts.contract import Contract
    from jit_guard.registry.registry import Registry


class Surroundings(NamedTuple):
    """What hints say beyond the evidence.

    Args:
        origin: the state of the project that was checked.
        candidates: the files that missing components probably are.
        traces: missing path -> what git (or the disk, if a git tree is checked) has instead.
        tracked: the paths that git has, of orphans and misspelled files.
        on_disk: the maps on disk if the index is checked, since `git add` would take these.
        shell: how to write commands.
        examined: how many orphans git was asked about.
    """

    origin: Origin
    candidates: Renames
    traces: Mapping[str, GitState]
    tracked: Collection[str]
    on_disk: tuple[GoalMap, ...]
    shell: Shell
    examined: int


class Facts:
    """Everything that one check observed. Rules are pure functions of it and do no I/O.

    Args:
        evidence: maps, tree, contents and their comparison.
        surroundings: what hints say beyond that.
        shown: the maps to report on.
    """

    def __init__(
        self, evidence: Evidence, surroundings: Surroundings, shown: Collection[str]
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
        self._broken = evidence.contracted.broken if evidence.contracted is not None else []
        self.origin, self.candidates, self.traces, self.tracked, *_ = surroundings
        self.shell, self.examined = surroundings.shell, surroundings.examined
        self._on_disk = surroundings.on_disk
        self._named_on_disk: dict[str, str] | None = None
        self._first: dict[str, Reference] | None = None

    def absence(self, path: str) -> str:
        """Return the message for a path that the snapshot does not have."""
        if self.origin.kind == "worktree":
            return f"{path} does not exist"
        return f"{path} is not in {self.origin.name}"

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

    def broken(self, code: str) -> Iterator[Broken]:
        """Yield the violations of contracts with a code."""
        return (one for one in self._broken if one.violation.code == code)

    def contract(self, reference: Reference) -> Contract:
        """Return the contract of the component that an entry names, which has one."""
        if isinstance(reference.map, GoalMap):
            found = self.settings.contract(reference.entry.component_type)
        else:
            found = reference.map.table.contract
        contract: Contract = found
        return contract

    def contract_name(self, reference: Reference) -> str:
        """Return the name of that contract in the configuration."""
        if isinstance(reference.map, GoalMap):
            return f"types.{toml_key(reference.entry.component_type)}.contract"
        return f"registry[{reference.map.table.number}].contract"

    def on_disk(self, reference: Reference) -> bool:
        """Return whether the map on disk has this entry, too; True unless the index is checked."""
        entry = reference.entry
        for one in self._on_disk:
            if one.path == reference.map.path:
                return one.goals.get(entry.goal, {}).get(entry.component_type) == entry.filename
        return True

    def naming_on_disk(self, path: str) -> str | None:
        """Return a map that names a file on disk, but not yet in the index that is checked."""
        if self._named_on_disk is None:
            self._named_on_disk = {
                self.settings.path(entry.component_type, entry.filename): one.path
                for one in self._on_disk
                for entry in one.entries()
            }
        return self._named_on_disk.get(path)

    def fix(self, goal_map: GoalMap | Registry | None, *words: str) -> str:
        """Return the call of `jit-guard --fix` that fixes a map."""
        more = []
        if isinstance(goal_map, GoalMap) and goal_map.path not in self.settings.maps:
            more = ["--map", self.shell.path(goal_map.path)]
        return self.shell.jit_guard("--fix", *words, more=more)

    def spelled(self, path: str) -> str:
        """Return the path of a file as entries spell it, if the components directory is a link."""
        top, components = self.comparison.top, self.settings.components
        return join(components, path[len(top) + 1 :]) if path.startswith(f"{top}/") else path

    def then(self, *paths: str) -> str:
        """Return what must follow an edit of these files: the end of an alternative."""
        if self.origin.kind == "index":
            return f", then run `{self.shell.git(['add'], dict.fromkeys(paths))}`"
        if self.origin.kind == "head":
            return COMMIT
        return f" in {no_command(self.origin.name)}" if self.origin.kind == "revision" else ""

    def then_stage(self) -> str:
        """Return what must follow an edit of the configuration, or of several files."""
        return STAGE if self.origin.kind == "index" else self.then()
