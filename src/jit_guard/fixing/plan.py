"""The plan of a fix: from the differences between maps and tree to the steps that fix them.

Planning is pure and deterministic: the same snapshot gives the same plan. So `--dry-run` shows
what `--fix` does, and a run that lost a race can plan again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from jit_guard.comparison.result import Comparison, Misplaced, Reference
from jit_guard.config import Settings
from jit_guard.fixing.steps import Adopt, Generate, Leave, Plan, Relink, Repoint, Step
from jit_guard.fixing.target_directory import TargetDirectories, TargetDirectory, names_in
from jit_guard.registry.edit import Edit
from jit_guard.registry.goal_map import Entry, GoalMap
from jit_guard.sources.tree import Tree
from jit_guard.text.generated import PREFIX, candidates, is_for, lossless, plain_name
from jit_guard.text.names import fold, join

_MOST_NAMES = 1000  # to try for one component
Acts = Callable[[str, Reference], bool]


def make_plan(
    maps: Sequence[GoalMap],
    tree: Tree,
    settings: Settings,
    comparison: Comparison,
    *,
    drafts: Collection[str] = (),
    replaced: Callable[[], Mapping[str, str]] = dict,
    acts: Acts = lambda _code, _reference: True,
) -> Plan:
    """Plan the fix of one snapshot.

    Args:
        maps: the maps that could be read.
        tree: the snapshot's directories.
        settings: the settings in force.
        comparison: of these maps with this tree.
        drafts: paths of untouched drafts that a generator may improve.
        replaced: returns where the text of each missing component was placed before (see
            `history.replacements`); called only if a component is missing.
        acts: returns whether a finding, given its code and entry, may be acted on; False for
            findings excluded by selection, baseline or `--map`.
    """
    return _Planner(maps, tree, settings, comparison, replaced).plan(acts, drafts)


class _Planner:
    def __init__(
        self,
        maps: Sequence[GoalMap],
        tree: Tree,
        settings: Settings,
        comparison: Comparison,
        replaced: Callable[[], Mapping[str, str]],
    ) -> None:
        self._maps = maps
        self._tree = tree
        self._settings = settings
        self._comparison = comparison
        self._ask_replaced = replaced
        self._orphans = frozenset(comparison.orphans)
        self._targets = TargetDirectories(tree, comparison)
        self._reserved: set[str] = set()  # folded paths that this plan already uses
        goals = dict.fromkeys(goal for one in maps for goal in one.goals)
        self._goal_counts = Counter(plain_name(goal) for goal in goals if lossless(goal))
        self._wanted = self._wanted_names()

    @cached_property
    def _replaced(self) -> Mapping[str, str]:
        return self._ask_replaced()

    def plan(self, acts: Acts, drafts: Collection[str]) -> Plan:
        found: list[Step] = [
            self._respell(misplaced)
            for misplaced in self._comparison.misspelled
            if acts("JG202", misplaced.reference)
        ]
        groups: dict[str, list[Reference]] = {}
        for reference in self._comparison.missing:
            if acts("JG201", reference):
                groups.setdefault(reference.path, []).append(reference)
        # Generated files come first, so that no other component takes their names.
        for ours in (True, False):
            found += (
                self._fix(path, references)
                for path, references in groups.items()
                if _named_by_us(references) is ours
            )
        generates = [step for step in found if isinstance(step, Generate)]
        generates += self._better(acts, frozenset(drafts))
        return Plan(
            relinks=tuple(step for step in found if isinstance(step, Relink)),
            adopts=tuple(step for step in found if isinstance(step, Adopt)),
            generates=tuple(generates),
            leaves=tuple(step for step in found if isinstance(step, Leave)),
        )

    # JG202

    def _respell(self, misplaced: Misplaced) -> Relink | Leave:
        reference, place = misplaced
        base = self._base(reference.entry)
        if not place.spelled.startswith(f"{base}/" if base else ""):
            reason = (
                f"its directory is spelled differently in {place.spelled}; rename the directory"
            )
            return _leave(reference, reason)
        if self._is_ambiguous(place.spelled):
            return _leave(reference, f"several files differ from {place.spelled} only in case")
        repoints = self._repoints([reference], place.spelled)
        return Relink(reference.path, place.spelled, repoints, "the file's own spelling")

    def _is_ambiguous(self, path: str) -> bool:
        directory, _, name = path.rpartition("/")
        while name:
            there = self._tree.directory(self._tree.resolve(directory).real)
            if there is not None and sum(fold(one) == fold(name) for one in names_in(there)) > 1:
                return True
            directory, _, name = directory.rpartition("/")
        return False

    # JG201

    def _fix(self, path: str, references: list[Reference]) -> Step:
        first = references[0]
        goal, component_type, filename = first.entry
        # Types may share a directory, or nest theirs: the innermost one serves all.
        base = max((self._base(one.entry) for one in references), key=len)
        target = self._targets.of(base)
        if isinstance(target, str):
            return _leave(first, target)
        moved = self._replaced.get(path)
        if moved is not None and moved != path and self._is_there(moved, target):
            repoints = self._repoints(references, moved)
            return Relink(path, moved, repoints, "its text was placed there before")
        if not self._settings.is_text(component_type):
            return _leave(first, f"components of the type {component_type} are not text files")
        free = fold(_below(base, path)) not in target.folded and fold(path) not in self._reserved
        if free and _named_by_us(references):
            return self._generate(path, path, references)
        plain = lossless(goal) and self._goal_counts[plain_name(goal)] == 1
        names = candidates(goal, component_type, filename, plain=plain)
        for name in islice(names, _MOST_NAMES):
            at = join(base, name)
            if fold(at) in self._reserved:
                continue
            others = self._wanted.get(fold(at), frozenset()) - {
                one.entry.keys for one in references
            }
            if others:
                continue
            if target.names is not None and name in target.names.files:
                repoints = self._repoints(references, at)
                if join(target.real, name) in self._orphans:
                    self._reserved.add(fold(at))
                    return Adopt(path, at, repoints)
                return Relink(path, at, repoints, "it was generated for this goal before")
            if fold(name) not in target.folded:
                return self._generate(path, at, references)
        return _leave(first, f"the first {_MOST_NAMES} names for it are taken")

    def _generate(self, component: str, path: str, references: list[Reference]) -> Generate:
        self._reserved.add(fold(path))
        goal, component_type, _ = references[0].entry
        filename = _below(self._base(references[0].entry), path)
        repoints = self._repoints(references, path)
        return Generate(component, path, goal, component_type, filename, repoints)

    def _is_there(self, path: str, target: TargetDirectory) -> bool:
        name = _below(target.base, path)
        there = target.names is not None and name in target.names.files
        return there and join(target.base, name) == path

    # JG501

    def _better(self, acts: Acts, drafts: frozenset[str]) -> Iterator[Generate]:
        """Yield a step for each draft that entries name."""
        done: set[str] = set()
        for goal_map in self._maps if drafts else ():
            for entry in goal_map.entries():
                path = join(self._base(entry), entry.filename)
                if path in drafts and path not in done:
                    reference = Reference(goal_map, entry, path)
                    if acts("JG501", reference):
                        done.add(path)
                        yield Generate(path, path, *entry, replaces_draft=True)

    # Helpers

    def _base(self, entry: Entry) -> str:
        return self._settings.path(entry.component_type)

    def _wanted_names(self) -> dict[str, frozenset[tuple[str, str]]]:
        """Map folded paths of generated files to the goals and types that name them."""
        found: dict[str, frozenset[tuple[str, str]]] = {}
        for goal_map in self._maps:
            for entry in goal_map.entries():
                if PREFIX in fold(entry.filename):
                    at = fold(join(self._base(entry), entry.filename))
                    found[at] = found.get(at, frozenset()) | {entry.keys}
        return found

    def _repoints(self, references: list[Reference], path: str) -> tuple[Repoint, ...]:
        found: list[Repoint] = []
        for one in references:
            new = _below(self._base(one.entry), path)
            if new != one.entry.filename:
                found.append(Repoint(one.map.path, Edit(one.entry.keys, one.entry.filename, new)))
        return tuple(found)


def _named_by_us(references: list[Reference]) -> bool:
    """Check whether an entry already names the file that we would generate."""
    return any(is_for(one.entry.filename, *one.entry.keys) for one in references)


def _below(base: str, path: str) -> str:
    return path[len(base) + 1 :] if base else path


def _leave(reference: Reference, reason: str) -> Leave:
    return Leave(reference.path, *reference.entry.keys, reason)
