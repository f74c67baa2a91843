"""The plan of a fix for the worktree, with the maps and the tree that it is based on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.baseline import identity
from jit_guard.comparison.compare import compare
from jit_guard.comparison.content import read
from jit_guard.comparison.explanation import Explanation, explain
from jit_guard.comparison.result import Comparison, Reference
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.plan import Decide, Decision, make_plan
from jit_guard.fixing.steps import Plan
from jit_guard.report import Finding
from jit_guard.sources.read_maps import Maps, read_all
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.shell import Shell

if TYPE_CHECKING:
    from jit_guard.baseline import Identity


class Scope(NamedTuple):
    """The findings that may be acted on: those that the check would report."""

    settings: Settings
    shown: tuple[str, ...]
    accepted: frozenset[Identity]
    only: str | None  # the path of one missing component
    decision: Decision | None  # about offers that the user is not asked about
    every: bool  # of registries all are shown
    shell: Shell  # how commands are written for the working directory

    @classmethod
    def of(
        cls,
        settings: Settings,
        accepted: frozenset[Identity],
        maps: Sequence[str] | None,
        only: str | None = None,
        decision: Decision | None = None,
        shell: Shell | None = None,
    ) -> Scope:
        """Return the scope of a fix of some maps; None: of all of them."""
        shown = settings.maps if maps is None else tuple(dict.fromkeys(maps))
        every, shell = maps is None, shell or Shell()
        return cls(settings, shown, accepted, only, decision, every, shell)

    def acts(self, code: str, reference: Reference) -> bool:
        """Return whether this finding may be acted on."""
        entry = reference.entry
        words, lasting = reference.map.described(entry.keys)
        finding = Finding(
            code,
            "",
            "error",
            "",
            map=reference.map.path,
            path=reference.path,
            goal=entry.goal if words is None else None,
            component_type=entry.component_type if words is None else None,
            identity=lasting,
        )
        return (
            self.settings.selects(code)
            and (reference.map.path in self.shown or (self.every and words is not None))
            and self.only in (None, reference.path)
            and identity(finding) not in self.accepted
        )


class WorktreePlan(NamedTuple):
    """The maps, the tree and the plan of one snapshot of the worktree."""

    maps: Maps
    tree: Tree
    explanation: Explanation
    plan: Plan
    unreadable: tuple[UnreadableError, ...] = ()  # and therefore left out of the plan


def plan_worktree(
    source: Worktree,
    scope: Scope,
    *,
    replaced: Callable[[], Mapping[str, str]],
    decide: Decide = lambda _: None,
) -> WorktreePlan:
    """Read maps and tree, and make a plan.

    Args:
        source: the worktree.
        scope: the findings that may be acted on.
        replaced: see `make_plan`.
        decide: see `make_plan`; offers that it does not decide are decided as the scope says.

    Raises:
        GitError: git has missing files, but fails to say how they are restored.
    """
    settings = scope.settings
    tree = Tree(source)
    maps = read_all(source, settings, tree, scope.shown)
    unreadable = list(maps.unreadable)
    try:
        comparison = compare(maps, tree, settings)
    except UnreadableError as error:
        unreadable.append(error)
        comparison = Comparison.nothing()
    explained = explain(source, maps, tree, settings, comparison, most=None)
    explanation = explained._replace(shell=scope.shell)
    untouched: Collection[str] = ()
    if settings.selects("JG501"):
        content = read(source, comparison, texts=False, drafts=True, sizes=False)
        untouched = content.drafts
        unreadable += content.unreadable
    plan = make_plan(
        maps.read,
        tree,
        settings,
        explanation,
        drafts=untouched,
        replaced=replaced,
        acts=scope.acts,
        obstacles=_obstacles(source, explanation),
        decide=lambda offer: decide(offer) or scope.decision,
        registries=maps.registries,
    )
    unreadable += (UnreadableError(path, why) for path, why in tree.unreadable.items())
    return WorktreePlan(maps, tree, explanation, plan, tuple(unreadable))


def _obstacles(source: Worktree, explanation: Explanation) -> dict[str, str]:
    """Return why files that git has can be restored by git only, by their paths in the maps."""
    held = {state.path: path for path, state in explanation.traces.items() if state.blob}
    if not held:
        return {}
    from jit_guard.sources.git.restoration import obstacles

    found = obstacles(source.root, [explanation.traces[path] for path in held.values()])
    return {held[path]: why for path, why in found.items()}
