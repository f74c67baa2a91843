"""`--dry-run`: the plan in words and as a diff; nothing is written, nothing is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import Job, Workshop
from jit_guard.fixing.orders import Shelves, prepare, remember
from jit_guard.fixing.steps import Generate, changes
from jit_guard.fixing.worktree_plan import Sight, look
from jit_guard.registry.diff import unified_diff
from jit_guard.registry.edit import splice

if TYPE_CHECKING:
    from jit_guard.fixing.delivery import Order
    from jit_guard.report import Failed


def preview(job: Job, interaction: Interaction) -> Iterator[str]:
    """The lines that say what a fix would do; none when there is nothing to do."""
    source = job.source
    sight = look(source, job.scope, drafts=True)
    chosen = job.workshop() if sight.plan.generates else None
    if chosen is not None and chosen.generator.name == "scaffold":
        sight = look(source, job.scope)
    plan = sight.plan
    for step in plan.free:
        why = getattr(step, "why", "it has the name that the component would get")
        yield f"relink    {step.component} -> {step.path}: {why}"
    ordered: list[Generate] = []
    if chosen is not None and plan.generates:
        orders, failed, model = _ordered(job, chosen, interaction, sight)
        ordered = [generate for generate, _ in orders]
        for generate, order in orders:
            description = order.request.description
            yield f"generate  {generate.component} -> {generate.path}: {description}"
        yield from (f"leave     {one.goal}/{one.component_type}: {one.reason}" for one in failed)
        yield from _cost(chosen, model, [order for _, order in orders])
    for leave in plan.leaves:
        yield f"leave     {leave.component}: {leave.reason}"
    for change in changes((*plan.free, *ordered)):
        before = source.read(change.path) or b""
        yield ""
        yield from unified_diff(change.path, before, splice(before, change.edits))


def _ordered(
    job: Job, workshop: Workshop, interaction: Interaction, sight: Sight
) -> tuple[list[tuple[Generate, Order]], list[Failed], str]:
    settings, wishes = job.scope.settings, job.wishes
    writer = workshop.generator.factory(workshop.options)
    try:
        orders, failed = prepare(
            sight.plan.generates[: wishes.limit],
            wishes,
            settings,
            writer,
            workshop.generator.name,
            Shelves(job.source, settings, sight.comparison),
            interaction,
            remember(workshop.options.root),
        )
    finally:
        writer.close()
    return orders, failed, writer.model


def _cost(workshop: Workshop, model: str, orders: Sequence[Order]) -> Iterator[str]:
    generator = workshop.generator
    by = f"{generator.name} {model}".strip()
    if not orders:
        return
    if not generator.paid:
        yield f"with      {by}"
        return
    from jit_guard.generators.prompt import about_tokens, system_prompt

    requests = [order.request for order in orders]
    tokens = about_tokens(requests, workshop.options.prompt or system_prompt())
    yield f"with      {by}, about {tokens:,} tokens"
    shown = dict.fromkeys(example.path for one in requests for example in one.examples)
    for path in shown:
        yield f"shows     {path}"
