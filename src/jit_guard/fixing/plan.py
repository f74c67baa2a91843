"""The plan of a fix: from the differences between maps and tree to the steps that fix them.

Planning is pure and deterministic: the same snapshot gives the same plan. So `--dry-run` shows
what `--fix` does, and a run that lost a race can plan again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from jit_guard.comparison.explanation import Explanation, git_explains, is_removed
from jit_guard.comparison.renames import Candidate
from jit_guard.comparison.result import Misplaced, Reference
from jit_guard.config import Settings
from jit_guard.fixing.destination import Destination, Destinations, is_named_by_us
from jit_guard.fixing.offers import offer, without_git
from jit_guard.fixing.steps import (
    Adopt,
    Generate,
    Leave,
    Offer,
    Plan,
    Relink,
    Repoint,
    Restore,
    Step,
)
from jit_guard.fixing.target_directory import TargetDirectories, TargetDirectory, names_in
from jit_guard.registry.edit import Edit
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.answers import GitState
from jit_guard.sources.tree import Tree
from jit_guard.text.names import fold, join, unsafe_filename
from jit_guard.text.shell import no_command

if TYPE_CHECKING:
    from jit_guard.comparison.result import AnyEntry
    from jit_guard.fixing.registry_steps import RegistrySteps
    from jit_guard.registry.registry import Registry

Acts = Callable[[str, Reference], bool]
Decision = Literal["accept", "generate"]
Decide = Callable[[Offer], "Decision | None"]


def make_plan(
    maps: Sequence[GoalMap],
    tree: Tree,
    settings: Settings,
    explanation: Explanation,
    *,
    drafts: Collection[str] = (),
    replaced: Callable[[], Mapping[str, str]] = dict,
    acts: Acts = lambda _code, _reference: True,
    obstacles: Mapping[str, str] = MappingProxyType({}),
    decide: Decide = lambda _offer: None,
    registries: Sequence[Registry] = (),
) -> Plan:
    """Plan the fix of one snapshot.

    Args:
        maps: the maps that could be read.
        tree: the snapshot's directories.
        settings: the settings in force.
        explanation: of the comparison of these maps with this tree, as the check reports it.
        drafts: paths of untouched drafts that a generator may improve.
        replaced: returns where the text of each missing component was placed before (see
            `history.replacements`); called only if a component is missing.
        acts: returns whether a finding, given its code and entry, may be acted on; False for
            findings excluded by selection, baseline or `--map`.
        obstacles: path -> why git has the file, but only git can restore it.
        decide: returns the decision about an offer; None if there is none yet.
        registries: the registries of other shapes that could be read.
    """
    planner = _Planner(maps, tree, settings, explanation, obstacles, replaced, decide, registries)
    return planner.plan(acts, drafts)


class _Planner:
    def __init__(
        self,
        maps: Sequence[GoalMap],
        tree: Tree,
        settings: Settings,
        explanation: Explanation,
        obstacles: Mapping[str, str],
        replaced: Callable[[], Mapping[str, str]],
        decide: Decide,
        registries: Sequence[Registry],
    ) -> None:
        self._maps = maps
        self._tree = tree
        self._settings = settings
        self._explanation = explanation
        self._comparison = explanation.comparison
        self._obstacles = obstacles
        self._ask_replaced = replaced
        self._decide = decide
        self._orphans = frozenset(self._comparison.orphans)
        self._targets = TargetDirectories(tree, self._comparison)
        self._destinations = Destinations(maps, settings)
        self._of_registries: RegistrySteps | None = None
        if registries:
            from jit_guard.fixing.registry_steps import RegistrySteps

            self._of_registries = RegistrySteps(
                *(registries, tree, settings, explanation, obstacles, self._targets, self._decided)
            )

    @cached_property
    def _replaced(self) -> Mapping[str, str]:
        return self._ask_replaced()

    def plan(self, acts: Acts, drafts: Collection[str]) -> Plan:
        found: list[Step] = [
            self._respell(misplaced)
            for misplaced in self._comparison.misspelled
            if acts("JG202", misplaced.reference)
        ]
        others: dict[str, list[Reference]] = {}  # that entries of registries name
        groups: dict[str, list[Reference]] = {}
        for reference in self._comparison.missing:
            if acts("JG201", reference):
                groups.setdefault(reference.path, []).append(reference)
                if not isinstance(reference.map, GoalMap):
                    others[reference.path] = groups[reference.path]
        # Generated files come first, so that no other component takes their names.
        for ours in (True, False):
            found += (
                self._fix(path, references)
                for path, references in groups.items()
                if path not in others and is_named_by_us(references) is ours
            )
        if self._of_registries is not None:
            found += (self._of_registries.fix(*one) for one in others.items())
            found = _checked(self._of_registries, found)
        generates = [step for step in found if isinstance(step, Generate)]
        generates += self._better(acts, set(drafts))
        return Plan(
            relinks=tuple(step for step in found if isinstance(step, Relink)),
            adopts=tuple(step for step in found if isinstance(step, Adopt)),
            restores=tuple(step for step in found if isinstance(step, Restore)),
            offers=tuple(step for step in found if isinstance(step, Offer)),
            generates=tuple(generates),
            leaves=tuple(step for step in found if isinstance(step, Leave)),
        )

    # JG202

    def _respell(self, misplaced: Misplaced) -> Relink | Leave:
        reference, place = misplaced
        if self._of_registries is not None and not isinstance(reference.map, GoalMap):
            return self._of_registries.respell(misplaced)
        base = self._base(reference.entry)
        if not place.spelled.startswith(f"{base}/" if base else ""):
            return _leave(reference, f"its directory is spelled differently in {place.spelled}")
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
        """Return the first step that applies: relink, restore, offer, generate, or leave."""
        first = references[0]
        # Types may share a directory, or nest theirs: the innermost one serves all.
        base = max((self._base(one.entry) for one in references), key=len)
        target = self._targets.of(base)
        if isinstance(target, str):
            return _leave(first, target)
        destination = self._destinations.find(path, references, target)
        earlier = self._earlier(path, references, target, destination)
        if earlier is not None:
            return earlier
        candidate = self._explanation.candidates.of(path)
        relink = candidate and self._relink(path, references, target, candidate)
        if candidate is not None and candidate.certain and relink is not None:
            return relink
        if self._explanation.untraced is not None:
            new = self._generate(path, references, destination)
            return self._decided(
                without_git(self._explanation, first, new, self._explanation.untraced), new
            )
        state = self._explanation.traces.get(path)
        restore = state and self._restore(path, references, state)
        if state and restore and git_explains(state, candidate) and not is_removed(state):
            return restore
        new = self._generate(path, references, destination)
        return self._decided(offer(self._explanation, first, new, relink, restore), new)

    def _decided(self, offered: Offer | None, new: Generate | Leave) -> Step:
        if offered is None:
            return new
        decision = self._decide(offered)
        if decision == "accept" and offered.accept is not None:
            return offered.accept
        return new if decision == "generate" else offered

    def _earlier(
        self,
        path: str,
        references: list[Reference],
        target: TargetDirectory,
        destination: Destination | str,
    ) -> Relink | Adopt | None:
        """Set the entries to a file that was generated for them before."""
        moved = self._replaced.get(path)
        if moved is not None and moved != path and self._is_there(moved, target):
            repoints = self._repoints(references, moved)
            return Relink(path, moved, repoints, "its text was placed there before")
        if isinstance(destination, str) or not destination.exists:
            return None
        at = destination.path
        repoints = self._repoints(references, at)
        if join(target.real, _below(target.base, at)) in self._orphans:
            self._destinations.reserve(at)
            return Adopt(path, at, repoints)
        return Relink(path, at, repoints, "it was generated for this goal before")

    def _relink(
        self,
        path: str,
        references: list[Reference],
        target: TargetDirectory,
        candidate: Candidate,
    ) -> Relink | None:
        """Set the entries to a candidate; None if they cannot name it."""
        start = f"{target.real}/" if target.real else ""
        inner = candidate.path[len(start) :]
        at = join(target.base, inner)
        if not candidate.path.startswith(start) or unsafe_filename(inner) is not None:
            return None
        place = self._tree.resolve(at)
        if place.kind != "file" or place.spelled != at:
            return None
        return Relink(path, at, self._repoints(references, at), candidate.why)

    def _restore(self, path: str, references: list[Reference], state: GitState) -> Restore | Leave:
        why = self._obstacles.get(path)
        if state.blob is None or why is not None:
            run = f"; run: `{state.command}`" if state.command else ""
            return _leave(references[0], f"{no_command(why or f'it {state.why}')}{run}")
        named = (one.entry for one in references)
        entries = tuple(dict.fromkeys((one.goal, one.component_type) for one in named))
        return Restore(path, state, entries)

    def _generate(
        self, component: str, references: list[Reference], destination: Destination | str
    ) -> Generate | Leave:
        if isinstance(destination, str):
            return _leave(references[0], destination)
        path = destination.path
        self._destinations.reserve(path)
        entry = references[0].entry
        filename = _below(self._base(entry), path)
        repoints = self._repoints(references, path)
        return Generate(component, path, entry.goal, entry.component_type, filename, repoints)

    def _is_there(self, path: str, target: TargetDirectory) -> bool:
        name = _below(target.base, path)
        there = target.names is not None and name in target.names.files
        return there and join(target.base, name) == path

    # JG501

    def _better(self, acts: Acts, left: set[str]) -> Iterator[Generate]:
        """Yield a step for each draft; the check reports one at the first entry that names it."""
        for goal_map in self._maps if left else ():
            for entry in goal_map.entries():
                path = join(self._base(entry), entry.filename)
                if path in left:
                    left.remove(path)
                    if acts("JG501", Reference(goal_map, entry, path)):
                        yield Generate(path, path, *entry, replaces_draft=True)
        if self._of_registries is not None:
            yield from self._of_registries.drafts(left, acts)

    # Helpers

    def _base(self, entry: AnyEntry) -> str:
        return self._settings.path(entry.component_type)

    def _repoints(self, references: list[Reference], path: str) -> tuple[Repoint, ...]:
        found: list[Repoint] = []
        for one in references:
            new = _below(self._base(one.entry), path)
            if new != one.entry.filename:
                found.append(Repoint(one.map.path, Edit(one.entry.keys, one.entry.filename, new)))
        return tuple(found)


def _below(base: str, path: str) -> str:
    return path[len(base) + 1 :] if base else path


def _checked(of_registries: RegistrySteps, steps: Iterable[Step]) -> list[Step]:
    """Leave the relinks whose edits of a registry are not exact; drop what others repair."""
    found = list(steps)
    relinks = [one for one in found if isinstance(one, Relink)]
    concerned = [one for one in relinks if any(each.located for each in one.repoints)]
    others = [one for one in found if one not in concerned]
    if not concerned:
        return found
    checked = list(of_registries.checked(concerned))
    return [*(one for one in others if one.component not in of_registries.repaired), *checked]


def _leave(reference: Reference, reason: str) -> Leave:
    entry = reference.entry
    return Leave(reference.path, entry.goal, entry.component_type, reason)
