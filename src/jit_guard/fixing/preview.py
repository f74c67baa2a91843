"""`--dry-run`: the plan in words and as a diff. Nothing is written, no generator is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jit_guard.fixing.adopting import preview_lines, proposals
from jit_guard.fixing.adoption import NewEntry
from jit_guard.fixing.forecast import Forecast, forecast
from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import GeneratorSetup, Job
from jit_guard.fixing.steps import Restore, changes
from jit_guard.registry.diff import unified_diff
from jit_guard.registry.edit import splice

if TYPE_CHECKING:
    from jit_guard.fixing.delivery import Order


def preview(job: Job, interaction: Interaction) -> Iterator[str]:
    """Yield the lines that describe what a fix would do; none if there is nothing to do."""
    ahead = forecast(job, interaction)
    plan = ahead.found.plan
    for step in plan.free:
        if isinstance(step, Restore):
            yield f"restore   {step.path}: it {step.state.why}"
        else:
            why = getattr(step, "why", "it has the name that the component would get")
            yield f"relink    {step.component} -> {step.path}: {why}"
    for offer in plan.offers:
        yield f"offer     {offer.component}: {offer.reason}"
    for generate, batch in ahead.pending:
        yield f"leave     {generate.component}: it is pending in batch {batch}"
    for generate, _ in ahead.kept:
        yield f"stored    {generate.component} -> {generate.path}: from the ledger, free"
    for generate, order in ahead.orders:
        yield f"generate  {generate.component} -> {generate.path}: {order.request.description}"
    yield from _contracts([order for _, order in ahead.orders])
    yield from (f"leave     {one.name}: {one.reason}" for one in ahead.failed)
    if ahead.setup is not None and ahead.orders:
        yield from _generator(job, ahead, ahead.setup, [order for _, order in ahead.orders])
    for leave in plan.leaves:
        yield f"leave     {leave.component}: {leave.reason}"
    adopted = proposals(job)[1] if job.options.adopt else []
    yield from preview_lines(adopted)
    added = [one for one in adopted if isinstance(one, NewEntry)]
    placed = [generate for generate, _ in (*ahead.kept, *ahead.orders)]
    for change in changes((*plan.free, *placed, *added)):
        before = job.source.read(change.path) or b""
        yield ""
        yield from unified_diff(change.path, before, splice(before, change.edits, change.syntax))


def _generator(
    job: Job, ahead: Forecast, setup: GeneratorSetup, orders: Sequence[Order]
) -> Iterator[str]:
    """Yield which generator is used, its cost, and the files that would be sent to it."""
    generator = setup.generator
    by = f"{generator.name} {ahead.model}".strip()
    cost = f", about {ahead.tokens(orders):,} tokens" if generator.paid else ""
    yield f"with      {by}{cost}"
    if generator.name != "scaffold":
        yield from (f"shows     {path}" for path in _sent(job, orders))


def _contracts(orders: Sequence[Order]) -> Iterator[str]:
    """Yield what the texts must be that are generated."""
    for order in orders:
        contract = order.request.contract
        for words in () if contract is None else contract.words:
            yield f"demands   {order.request.path}: {words}"


def _sent(job: Job, orders: Sequence[Order]) -> Iterator[str]:
    """Yield every file whose contents would be sent."""
    settings = job.scope.settings
    examples = (example.path for one in orders for example in one.request.examples)
    files = (settings.prompt, settings.descriptions, job.options.described_in, *examples)
    yield from filter(None, dict.fromkeys(files))
