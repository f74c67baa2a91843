"""The steps of a fix for entries of registries, which may name any path of the project.

An entry is set by its own template, turned around; a file is restored or generated at the very
path that the entry names. Entries of goal maps that name the same path get the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jit_guard.commit.errors import UnsafePathError
from jit_guard.commit.location import refuse_unsafe
from jit_guard.comparison.explanation import Explanation, git_explains, is_removed
from jit_guard.comparison.renames import Candidate
from jit_guard.comparison.result import Misplaced, Reference
from jit_guard.config import Settings
from jit_guard.fixing.offers import offer, without_git
from jit_guard.fixing.steps import (
    Generate,
    Leave,
    Located,
    Offer,
    Relink,
    Repoint,
    Restore,
    Step,
    changes,
    left,
    name_of,
)
from jit_guard.fixing.target_directory import TargetDirectories
from jit_guard.registry.edit import Edit, EditError, splice
from jit_guard.registry.registry import Registry, read
from jit_guard.registry.renaming import CannotNameError, value_for
from jit_guard.registry.selection import SelectionError
from jit_guard.registry.target import MissingFieldError, Path
from jit_guard.sources.answers import GitState
from jit_guard.sources.tree import Tree
from jit_guard.text.names import fold, unsafe_filename
from jit_guard.text.shell import no_command

if TYPE_CHECKING:
    from jit_guard.commit.intent import MapChange
    from jit_guard.registry.registry import RegistryEntry

_LONGEST = 500  # characters of a description


class RegistrySteps:
    """The steps for registries in one plan.

    Args:
        registries: those that could be read.
        tree: the snapshot's directories.
        settings: the settings in force.
        explanation: of the comparison.
        obstacles: path -> why git has the file, but only git can restore it.
        targets: the directories that files are written to.
        decided: returns the step for an offer, and for what is done without it.
    """

    def __init__(
        self,
        registries: Sequence[Registry],
        tree: Tree,
        settings: Settings,
        explanation: Explanation,
        obstacles: Mapping[str, str],
        targets: TargetDirectories,
        decided: Callable[[Offer | None, Generate | Leave], Step],
    ) -> None:
        self._registries = registries
        self._tree = tree
        self._settings = settings
        self._explanation = explanation
        self._obstacles = obstacles
        self._targets = targets
        self._decided = decided
        self.repaired: set[str] = set()  # missing paths that a relink of another entry repairs
        self._files: set[str] = set()  # folded paths of the files that this plan generates
        self._directories: set[str] = set()  # and the directories around them

    def respell(self, misplaced: Misplaced) -> Relink | Leave:
        """Return the step for an entry whose path is spelled differently on disk (JG202)."""
        reference, place = misplaced
        repoints = self._repoints([reference], place.spelled)
        if isinstance(repoints, str):
            return left(reference, f"it exists as {no_command(place.spelled)}, but {repoints}")
        return Relink(reference.path, place.spelled, repoints, "its own spelling")

    def fix(self, path: str, references: list[Reference]) -> Step:
        """Return the first step that applies: relink, restore, offer, generate, or leave."""
        first, explanation = references[0], self._explanation
        candidate = explanation.candidates.of(path)
        relink = None if candidate is None else self._relink(path, references, candidate)
        if candidate is not None and candidate.certain and isinstance(relink, Relink):
            return relink
        new = self._generate(path, references)
        if explanation.untraced is not None:
            return self._decided(without_git(explanation, first, new, explanation.untraced), new)
        state = explanation.traces.get(path)
        restore = state and self._restore(path, references, state)
        if state and restore and git_explains(state, candidate) and not is_removed(state):
            return restore
        hindrance = relink if isinstance(relink, str) else ""
        accept = relink if isinstance(relink, Relink) else None
        return self._decided(offer(explanation, first, new, accept, restore, hindrance), new)

    def checked(self, relinks: Iterable[Relink]) -> Iterator[Relink | Leave]:
        """Yield the steps whose edits are exact and change no other entry; leave the others."""
        steps = list(relinks)
        if self._fault(changes(steps)) is None:
            yield from steps
            return
        for step in steps:
            fault = self._fault(changes([step]))
            yield step if fault is None else _left(step, fault)

    def drafts(self, left: set[str], acts: Callable[[str, Reference], bool]) -> Iterator[Generate]:
        """Yield a step for each draft (JG501), which the check reports at its first entry."""
        for registry in self._registries if left else ():
            for entry in registry.entries() if registry.table.text else ():
                for path in (target.path for target in entry.paths if target.path in left):
                    left.remove(path)
                    reference = Reference(registry, entry, path)
                    if acts("JG501", reference):
                        yield self._order(path, [reference])._replace(replaces_draft=True)

    def _relink(
        self, path: str, references: Sequence[Reference], candidate: Candidate
    ) -> Relink | str | None:
        """Set the entries to a candidate; return why it cannot be done, or None: by its type."""
        if candidate.component_type is not None:
            return None
        repoints = self._repoints(references, candidate.path)
        if isinstance(repoints, str):
            return repoints
        return Relink(path, candidate.path, repoints, candidate.why)

    def _repoints(self, references: Sequence[Reference], path: str) -> tuple[Repoint, ...] | str:
        """Return the new values of all entries, or why one of them cannot name a path."""
        if not self._exists(Path(path.rstrip("/"), path.endswith("/"))):
            return "it is reached through another spelling"
        if self._is_ambiguous(path.rstrip("/")):
            return "several names differ from it only in case"
        found: dict[Repoint, None] = {}
        for reference in references:
            of, entry = reference.map, reference.entry
            try:
                if isinstance(of, Registry):
                    registry_entry: RegistryEntry = entry  # type: ignore[assignment]
                    new = value_for(of, registry_entry, path, self._exists)
                    _refuse_odd(registry_entry, of.with_value(registry_entry, new))
                    old = of.context_of(entry.keys).value
                else:
                    old, new = entry.filename, self._filename(entry.component_type, path)
            except CannotNameError as error:
                name = name_of(reference)
                words = name.words if isinstance(name, Located) else "/".join(name)
                return f"the entry {no_command(words)} cannot be set to it: {error}"
            if new != old:
                syntax = of.syntax if isinstance(of, Registry) else "json"
                name = name_of(reference)
                located = name if isinstance(name, Located) else None
                found[Repoint(of.path, Edit(entry.keys, old, new), syntax, located)] = None
        return tuple(found)

    def _filename(self, component_type: str, path: str) -> str:
        base = self._settings.path(component_type)
        inner = path[len(base) + 1 :] if base else path
        if (base and not path.startswith(f"{base}/")) or unsafe_filename(inner) is not None:
            raise CannotNameError(f"it names files below {base} only")
        return inner

    def _exists(self, path: Path) -> bool:
        place = self._tree.resolve(path.path)
        kind = "directory" if path.directory else "file"
        return place.kind == kind and place.spelled == path.path

    def _is_ambiguous(self, path: str) -> bool:
        while path:
            path, _, name = path.rpartition("/")
            there = self._tree.directory(self._tree.resolve(path).real)
            if there is not None:
                names = (*there.files, *there.directories, *there.links, *there.others)
                if sum(fold(one) == fold(name) for one in names) > 1:
                    return True
        return False

    def _restore(
        self, path: str, references: Sequence[Reference], state: GitState
    ) -> Restore | Leave:
        why = self._obstacles.get(path)
        if state.blob is None or why is not None or path.endswith("/"):
            run = f"; run: `{state.command}`" if state.command else ""
            return left(references[0], f"{no_command(why or f'it {state.why}')}{run}")
        return Restore(path, state, tuple(dict.fromkeys(map(name_of, references))))

    def _generate(self, path: str, references: Sequence[Reference]) -> Generate | Leave:
        first = references[0]
        if path.endswith("/"):
            return left(first, "it is a directory, which cannot be generated")
        for of, entry, _ in references:
            if isinstance(of, Registry) and not of.table.text:
                return left(first, f"the files that {of.path} names are not text files")
            if not isinstance(of, Registry) and not self._settings.is_text(entry.component_type):
                kind = entry.component_type
                return left(first, f"components of the type {kind} are not text files")
        try:
            refuse_unsafe(path)
        except UnsafePathError as error:
            return left(first, str(error))
        parent, _, name = path.rpartition("/")
        target = self._targets.of(parent)
        if isinstance(target, str):
            return left(first, target)
        around = list(_around(fold(path)))
        crossed = fold(path) in self._directories or not self._files.isdisjoint(around)
        if crossed or fold(path) in self._files or fold(name) in target.folded:
            return left(first, "another file or directory has this name, perhaps in another case")
        self._files.add(fold(path))
        self._directories.update(around)
        return self._order(path, references)

    def _order(self, path: str, references: Sequence[Reference]) -> Generate:
        """Return the step that generates a file at the path that entries name."""
        names = tuple(dict.fromkeys(map(name_of, references)))
        of, entry, _ = references[0]
        if not isinstance(of, Registry):
            return Generate(path, path, *names[0], entry.filename, names=names)
        stem = of.path.rpartition("/")[2].partition(".")[0] or "registry"
        words = names[0][1]
        described = _description(of, entry.keys)
        return Generate(path, path, words, stem, path, names=names, described=described)

    def _fault(self, of: Iterable[MapChange]) -> str | None:
        """Return why edits of registries are not exact, or change more than they say.

        What other entries name that change with them, and then exists, is added to `repaired`.
        """
        repaired: set[str] = set()
        for change in of:
            registries = [one for one in self._registries if one.path == change.path]
            if not registries:  # a goal map
                continue
            edits = {edit.keys: edit for edit in change.edits}
            try:
                after = splice(registries[0].text.encode(), change.edits, change.syntax)
                for before in registries:
                    now = read(before.table, before.path, after)
                    if not isinstance(now, Registry) or not self._agree(
                        before, now, edits, repaired
                    ):
                        return "setting it would change another entry"
            except EditError as error:
                return str(error)
            except (SelectionError, TimeoutError) as error:
                return f"{change.path}: {error}"
        self.repaired |= repaired
        return None

    def _agree(
        self,
        before: Registry,
        now: Registry,
        edits: Mapping[tuple[str, ...], Edit],
        repaired: set[str],
    ) -> bool:
        """Check that what is set leads somewhere, and so do other entries that change with it."""
        if len(before.problems) != len(now.problems) or before.size != now.size:
            return False
        for old, new in zip(before.entries(), now.entries(), strict=True):
            if old.keys not in edits and old == new:
                continue
            there = next(filter(self._exists, new.paths), None)
            if new.keys != old.keys or there is None:
                return False
            if old.keys not in edits:
                then = next(filter(self._exists, old.paths), there)
                if then != there:
                    return False
                repaired.add(old.paths[0].shown)  # if missing: in a directory that was renamed
        return True


def _refuse_odd(*entries: RegistryEntry | None) -> None:
    """Raise CannotNameError for a path that a recovery would not set."""
    try:
        for target in (target for one in entries if one is not None for target in one.paths):
            refuse_unsafe(target.path)
    except UnsafePathError as error:
        raise CannotNameError(str(error)) from None


def _around(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _description(registry: Registry, keys: tuple[str, ...]) -> str:
    """Return the description that the registry has beside an entry; "" if it has none."""
    try:
        text = registry.context_of(keys).field("description")
    except MissingFieldError:
        return ""
    return " ".join(text.split())[:_LONGEST]


def _left(step: Relink, reason: str) -> Leave:
    name = step.entries[0]
    located = name if isinstance(name, Located) else None
    goal, component_type = ("", "") if located else name
    reason = f"{no_command(step.path)} is it ({no_command(step.why)}), but {reason}"
    return Leave(step.component, goal, component_type, reason, located)
