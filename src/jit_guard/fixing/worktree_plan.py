"""The plan of a fix for the worktree, with the maps and the tree that it is based on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.baseline import identity
from jit_guard.comparison.compare import compare
from jit_guard.comparison.content import read
from jit_guard.comparison.result import Comparison, Reference
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.plan import make_plan
from jit_guard.fixing.steps import Plan
from jit_guard.report import Finding
from jit_guard.sources.read_maps import Maps, read_maps
from jit_guard.sources.tree import Tree

if TYPE_CHECKING:
    from jit_guard.baseline import Identity
    from jit_guard.sources.source import Source


class Scope(NamedTuple):
    """The findings that may be acted on: those that the check would report."""

    settings: Settings
    shown: tuple[str, ...]
    accepted: frozenset[Identity]
    only: str | None = None  # the path of one missing component

    def acts(self, code: str, reference: Reference) -> bool:
        """Return whether this finding may be acted on."""
        entry = reference.entry
        finding = Finding(
            code,
            "",
            "error",
            "",
            map=reference.map.path,
            path=reference.path,
            goal=entry.goal,
            component_type=entry.component_type,
        )
        return (
            self.settings.selects(code)
            and reference.map.path in self.shown
            and self.only in (None, reference.path)
            and identity(finding) not in self.accepted
        )


class WorktreePlan(NamedTuple):
    """The maps, the tree and the plan of one snapshot of the worktree."""

    maps: Maps
    tree: Tree
    comparison: Comparison
    plan: Plan
    unreadable: tuple[UnreadableError, ...] = ()  # and therefore left out of the plan


def plan_worktree(
    source: Source,
    scope: Scope,
    *,
    replaced: Callable[[], Mapping[str, str]],
) -> WorktreePlan:
    """Read maps and tree, and make a plan.

    Args:
        source: the worktree.
        scope: the findings that may be acted on.
        replaced: see `make_plan`.
    """
    settings = scope.settings
    maps = read_maps(source, dict.fromkeys((*scope.shown, *settings.maps)))
    tree = Tree(source)
    comparison = compare(maps.read, tree, settings)
    ignored = _ignored(source, comparison)
    comparison = comparison._replace(orphans=comparison.orphans.without(ignored))
    untouched: Collection[str] = ()
    unreadable = list(maps.unreadable)
    if settings.selects("JG501"):
        content = read(source, comparison, texts=False, drafts=True, sizes=False)
        untouched = content.drafts
        unreadable += content.unreadable
    plan = make_plan(
        maps.read,
        tree,
        settings,
        comparison,
        drafts=untouched,
        replaced=replaced,
        acts=scope.acts,
    )
    unreadable += (UnreadableError(path, why) for path, why in tree.unreadable.items())
    return WorktreePlan(maps, tree, comparison, plan, tuple(unreadable))


def _ignored(source: Source, comparison: Comparison) -> set[str]:
    named = [path for path in comparison.orphans if "autogen_" in path]
    return source.ignored(named) if named else set()
