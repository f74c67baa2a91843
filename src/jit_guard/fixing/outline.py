"""What a fix would do about each component, in short: enough for every check to say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jit_guard.config import Settings
from jit_guard.fixing.steps import Adopt, Leave, Offer, Plan, Relink, Restore
from jit_guard.fixing.worktree_plan import Scope, plan_worktree
from jit_guard.report import PlannedFix
from jit_guard.sources.git.state import refuse_tracked_state
from jit_guard.sources.worktree import Worktree

if TYPE_CHECKING:
    from jit_guard.baseline import Identity

_ACTIONS = {Relink: "relink", Adopt: "adopt", Restore: "restore", Offer: "offer", Leave: "leave"}


def outline(plan: Plan, *, better: bool = False) -> dict[str, PlannedFix]:
    """Return what a plan does about each component, by its path.

    Args:
        plan: the plan.
        better: the generator improves untouched drafts.
    """
    found = {
        step.component: PlannedFix("generate", step.path, None)
        for step in plan.generated_by(better=better)
    }
    for free in plan.free:
        found[free.component] = PlannedFix(_ACTIONS[type(free)], free.path, 0)
    for offer in plan.offers:
        found[offer.component] = PlannedFix("offer", offer.found, 0)
    for leave in plan.leaves:
        found[leave.component] = PlannedFix("leave", None, 0)
    return found


def certain_fixes(
    source: Worktree,
    settings: Settings,
    accepted: frozenset[Identity],
    maps: Sequence[str] | None,
) -> dict[str, PlannedFix] | None:
    """Return what a fix would do, whatever generator it uses; None if that depends on it.

    Args:
        source: the worktree.
        settings: the configuration.
        accepted: the findings that a baseline accepts.
        maps: the maps to fix; None: all.

    Raises:
        StateError: a fix would refuse to run.
        GitError: git fails to say what it has.
    """

    def replaced() -> Mapping[str, str]:
        from jit_guard.ledger.history import replacements

        return replacements(source.root)

    refuse_tracked_state(source.root)
    scope = Scope.of(settings, accepted, maps)
    plan = plan_worktree(source, scope, replaced=replaced).plan
    return None if any(step.replaces_draft for step in plan.generates) else outline(plan)
