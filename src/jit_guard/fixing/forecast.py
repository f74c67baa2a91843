"""What a fix would do, with the texts that the ledger has and the tokens that the others take.

Nothing is written, and no generator is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.errors import JitGuardError
from jit_guard.fixing.adopting import proposals
from jit_guard.fixing.adoption import NewEntry
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.examples import ExamplePools
from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import GeneratorSetup, Job
from jit_guard.fixing.orders import prepare
from jit_guard.fixing.outline import outline
from jit_guard.fixing.past import read_past
from jit_guard.fixing.steps import Generate
from jit_guard.fixing.worktree_plan import WorktreePlan, plan_worktree
from jit_guard.ledger.batches import pending
from jit_guard.ledger.history import replacements, stored
from jit_guard.report import Failed, PlannedFix


class Forecast(NamedTuple):
    """A plan, and the orders for its texts.

    Attributes:
        found: the plan, with what it is based on.
        setup: the chosen generator; None if there is nothing to generate.
        model: its model.
        pending: steps whose text is in a batch, each with its name.
        kept: steps whose text is in the ledger, with their orders.
        orders: the other steps with a description.
        failed: entries without one.
    """

    found: WorktreePlan
    setup: GeneratorSetup | None = None
    model: str = ""
    pending: Sequence[tuple[Generate, str]] = ()
    kept: Sequence[tuple[Generate, Order]] = ()
    orders: Sequence[tuple[Generate, Order]] = ()
    failed: Sequence[Failed] = ()

    def tokens(self, orders: Sequence[Order]) -> int:
        """Return about how many tokens these texts would take; 0 if the generator is free."""
        if self.setup is None or not self.setup.generator.paid:
            return 0
        from jit_guard.generators.prompt import about_tokens, system_prompt

        system = self.setup.options.prompt or system_prompt()
        return about_tokens([order.request for order in orders], system)


def forecast(job: Job, interaction: Interaction) -> Forecast:
    """Plan a fix, and look up which of its texts the ledger has."""
    found = _planned(job)
    if not found.plan.generates:
        return Forecast(found)
    setup = job.set_up_generator()
    generates = found.plan.generated_by(better=setup.improves_drafts)
    waiting = {} if job.options.generate_anyway else pending(job.source.root)
    in_batch = [
        (one, waiting[one.component].shown) for one in generates if one.component in waiting
    ]
    generates = tuple(one for one in generates if one.component not in waiting)
    writer = setup.generator.factory(setup.options)
    try:
        settings = job.scope.settings
        orders, failed = prepare(
            generates[: job.options.limit],
            job.options,
            settings,
            writer,
            setup.generator.name,
            ExamplePools(job.source, settings, found.explanation.comparison, found.maps.registries),
            interaction,
            read_past(job.source.root),
            job.contracts,
        )
        model = writer.model
    finally:
        writer.close()
    texts = {}
    if not job.options.fresh:
        texts = stored(job.source.root, [order.wanted for _, order in orders])
    kept = [one for one in orders if one[0].component in texts]
    rest = [one for one in orders if one[0].component not in texts]
    return Forecast(found, setup, model, in_batch, kept, rest, failed)


def planned_fixes(job: Job, interaction: Interaction) -> dict[str, PlannedFix]:
    """Return what a fix would do about each component, by its path.

    If no generator can be used, the costs of new texts are unknown.
    """
    try:
        ahead = forecast(job, interaction)
    except JitGuardError:
        ahead = Forecast(_planned(job))
    plan, setup = ahead.found.plan, ahead.setup
    # Without a generator that is known, a fix may improve drafts.
    found = outline(plan, better=setup is None or setup.improves_drafts)
    for step, order in ahead.orders:
        found[step.component] = found[step.component]._replace(cost=ahead.tokens([order]))
    for step, _ in ahead.pending:
        found[step.component] = PlannedFix("leave", None, 0)
    for step, _ in ahead.kept:
        found[step.component] = PlannedFix("stored", step.path, 0)
    for orphan in proposals(job)[1] if job.options.adopt else ():
        certain = isinstance(orphan, NewEntry)
        action, path = ("adopt", orphan.path) if certain else ("leave", None)
        found.setdefault(orphan.path, PlannedFix(action, path, 0))
    return found


def _planned(job: Job) -> WorktreePlan:
    root = job.source.root
    return plan_worktree(job.source, job.scope, replaced=lambda: replacements(root))
