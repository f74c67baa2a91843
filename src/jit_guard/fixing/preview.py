"""`--dry-run`: the plan in words and as a diff. Nothing is written, no generator is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import GeneratorSetup, Job
from jit_guard.fixing.orders import ExamplePools, prepare, read_past_descriptions
from jit_guard.fixing.steps import Generate, changes
from jit_guard.fixing.worktree_plan import plan_worktree
from jit_guard.ledger.history import replacements
from jit_guard.registry.diff import unified_diff
from jit_guard.registry.edit import splice

if TYPE_CHECKING:
    from jit_guard.comparison.result import Comparison
    from jit_guard.fixing.delivery import Order
    from jit_guard.report import Failed


def preview(job: Job, interaction: Interaction) -> Iterator[str]:
    """Yield the lines that describe what a fix would do; none if there is nothing to do."""
    source = job.source
    found = plan_worktree(source, job.scope, replaced=lambda: replacements(source.root))
    plan = found.plan
    chosen = job.set_up_generator() if plan.generates else None
    generates = plan.generated_by(better=chosen is not None and chosen.improves_drafts)
    for step in plan.free:
        why = getattr(step, "why", "it has the name that the component would get")
        yield f"relink    {step.component} -> {step.path}: {why}"
    ordered: list[Generate] = []
    if chosen is not None and generates:
        orders, failed, model = _ordered(job, chosen, interaction, generates, found.comparison)
        ordered = [generate for generate, _ in orders]
        for generate, order in orders:
            description = order.request.description
            yield f"generate  {generate.component} -> {generate.path}: {description}"
        yield from (f"leave     {one.goal}/{one.component_type}: {one.reason}" for one in failed)
        yield from _cost(chosen, model, [order for _, order in orders])
        if orders and chosen.generator.name != "scaffold":
            yield from (f"shows     {path}" for path in _sent(job, [order for _, order in orders]))
    for leave in plan.leaves:
        yield f"leave     {leave.component}: {leave.reason}"
    for change in changes((*plan.free, *ordered)):
        before = source.read(change.path) or b""
        yield ""
        yield from unified_diff(change.path, before, splice(before, change.edits))


def _ordered(
    job: Job,
    setup: GeneratorSetup,
    interaction: Interaction,
    generates: Sequence[Generate],
    comparison: Comparison,
) -> tuple[list[tuple[Generate, Order]], list[Failed], str]:
    settings, options = job.scope.settings, job.options
    writer = setup.generator.factory(setup.options)
    try:
        orders, failed = prepare(
            generates[: options.limit],
            options,
            settings,
            writer,
            setup.generator.name,
            ExamplePools(job.source, settings, comparison),
            interaction,
            read_past_descriptions(setup.options.root),
        )
    finally:
        writer.close()
    return orders, failed, writer.model


def _cost(setup: GeneratorSetup, model: str, orders: Sequence[Order]) -> Iterator[str]:
    generator = setup.generator
    by = f"{generator.name} {model}".strip()
    if not orders:
        return
    if not generator.paid:
        yield f"with      {by}"
        return
    from jit_guard.generators.prompt import about_tokens, system_prompt

    requests = [order.request for order in orders]
    tokens = about_tokens(requests, setup.options.prompt or system_prompt())
    yield f"with      {by}, about {tokens:,} tokens"


def _sent(job: Job, orders: Sequence[Order]) -> Iterator[str]:
    """Yield every file whose contents would be sent."""
    settings = job.scope.settings
    examples = (example.path for one in orders for example in one.request.examples)
    files = (settings.prompt, settings.descriptions, job.options.described_in, *examples)
    yield from filter(None, dict.fromkeys(files))
