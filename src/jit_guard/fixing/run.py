"""One run of the fix: relink, adopt, generate and commit, until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from functools import partial

from jit_guard.errors import JitGuardError, UsageError
from jit_guard.fixing.adopting import adopt_orphans
from jit_guard.fixing.batches import Collected
from jit_guard.fixing.collecting import collect, wait_for_batches
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.examples import ExamplePools
from jit_guard.fixing.interaction import Interaction, Turn
from jit_guard.fixing.job import Job
from jit_guard.fixing.offers import question
from jit_guard.fixing.orders import prepare
from jit_guard.fixing.past import read_past
from jit_guard.fixing.placing import place, place_free
from jit_guard.fixing.session import InterruptedRun, Outcome, Ready, Session, Tally
from jit_guard.fixing.steps import Generate, Offer, failed
from jit_guard.fixing.submission import submit
from jit_guard.fixing.texts import Claimed, has_text, ready_texts
from jit_guard.fixing.worktree_plan import WorktreePlan, plan_worktree
from jit_guard.generators.generator import GeneratorUnusableError
from jit_guard.generators.usage_line import usage_line
from jit_guard.ledger.history import replacements

_MOST_ROUNDS = 50
_GATHER = 0.2  # seconds; texts that arrive this close together share a commit
_PAGE = 30.0  # seconds; the texts of a page of a batch share a commit
_LONGEST_TEXT = 3600.0  # seconds to wait for another process's text, beyond its timeout


def run(job: Job, interaction: Interaction) -> Outcome:
    """Run a fix.

    Args:
        job: what to fix, and with which options.
        interaction: the source of the user's answers.

    Raises:
        UsageError: no generator can be chosen, or the map keeps changing.
        TransactionError, LedgerError: an operation failed; nothing is lost.
        InterruptedRun: Ctrl-C or `q`; accepted texts have been committed.
    """
    tally = Tally(job.options.limit)
    if job.options.batch:
        job.set_up_generator().refuse_batch()
    try:
        found = _place_free(job, tally)
        if _ask(interaction, tally, found.plan.offers):
            found = _place_free(job, tally)
        left = (*found.plan.leaves, *(one.leave for one in found.plan.offers))
        tally.fail(failed(one.entry, one.reason) for one in left)
        tally.given_up.update(one.component for one in left)
        if found.plan.generates or job.options.batch:
            _generate(job, interaction, tally, found)
        if job.options.adopt:
            adopt_orphans(job, tally)
    except KeyboardInterrupt:
        raise InterruptedRun(tally.outcome) from None
    finally:
        interaction.progress.close()
    return tally.outcome


def _place_free(job: Job, tally: Tally) -> WorktreePlan:
    """Plan, and commit the steps that need no text; return a plan without such steps."""
    for _ in range(_MOST_ROUNDS):
        found = _plan(job, tally)
        if not found.plan.free:
            return found
        place_free(job.source, tally, found.plan.free)
    raise UsageError("the map keeps changing; run jit-guard --fix again")


def _ask(interaction: Interaction, tally: Tally, offers: Sequence[Offer]) -> bool:
    """Ask the user about offers; return whether one of them was decided."""
    for number, one in enumerate(offers, 1):
        choice = interaction.offer(question(one, Turn(number, len(offers))))
        if choice is not None and choice != "skip":
            tally.decisions[one.component] = "generate" if choice == "generate" else "accept"
    return any(one.component in tally.decisions for one in offers)


def _plan(job: Job, tally: Tally) -> WorktreePlan:
    found = plan_worktree(
        job.source,
        job.scope,
        replaced=lambda: replacements(job.source.root),
        decide=lambda offer: tally.decisions.get(offer.component),
    )
    # Only of the last plan: a later one may have read what an earlier one could not.
    tally.unreadable = tuple(map(str, found.unreadable))
    tally.maps = found.maps.every
    return found


def _generate(job: Job, interaction: Interaction, tally: Tally, found: WorktreePlan) -> None:
    setup = job.set_up_generator()
    wanted = found.plan.generated_by(better=setup.improves_drafts)
    if not wanted and not job.options.batch:
        return
    tally.planned.update((one.path, None) for one in tally.allowed(wanted))
    with Session(job, setup, interaction, tally) as session:
        session.past = read_past(job.source.root)
        batches = Collected(session)
        try:
            found = collect(session, batches, found, _rounds)
            found = _rounds(session, found)
            if job.options.wait:
                again = partial(_place_free, job, tally)
                wait_for_batches(session, batches, found, _rounds, again)
        except GeneratorUnusableError as error:
            tally.trouble = str(error)
        finally:
            with suppress(JitGuardError):  # which is raised already, if it matters
                batches.report(found.plan.generated_by(better=setup.improves_drafts))
    budget = session.options.budget
    if budget is not None and budget.totals.calls:
        prices = job.scope.settings.prices
        tally.messages.append(usage_line(budget.totals, session.writer.model, prices))


def _rounds(
    session: Session, found: WorktreePlan, only: Collection[str] | None = None
) -> WorktreePlan:
    for _ in range(_MOST_ROUNDS):
        if not _round(session, found, only):
            return found
        found = _place_free(session.job, session.tally)
    return found


def _round(session: Session, found: WorktreePlan, only: Collection[str] | None) -> bool:
    """Claim, generate and commit missing components; return False if nothing is left to do.

    Args:
        session: the run.
        found: the plan.
        only: the components whose texts the ledger has, if no others are to be generated.
    """
    job, tally = session.job, session.tally
    wanted = found.plan.generated_by(better=session.improves_drafts)
    if only is not None:
        wanted = tuple(one for one in wanted if one.component in only)
    pending = session.pending()
    steps = tally.allowed(one for one in wanted if one.component not in pending)
    settings = job.scope.settings
    orders, undescribed = prepare(
        steps,
        job.options,
        settings,
        session.writer,
        session.generator.name,
        ExamplePools(job.source, settings, found.explanation.comparison, found.maps.registries),
        session.interaction,
        session.past,
        job.contracts,
    )
    session.descriptions.update((step.path, order.request.description) for step, order in orders)
    tally.fail(undescribed)
    ordered = {step.component for step, _ in orders}
    tally.given_up.update(step.component for step in steps if step.component not in ordered)
    new = [one for one in orders if not has_text(session, one[1])]
    without = (
        {order.wanted.component for _, order in new} if only is not None else _refused(session, new)
    )
    if session.writer.batches is not None and job.options.batch and only is None:
        new = [one for one in new if one[1].wanted.component not in without]
        submit(session, session.writer.batches, new, _still_wanted)
        without |= {order.wanted.component for _, order in new}
    orders = [one for one in orders if one[1].wanted.component not in without]
    if not orders:
        return False
    claims = session.ledger.claim([order.wanted for _, order in orders], after=session.after)
    mine = [
        Claimed(step, order, claim.stored)
        for (step, order), claim in zip(orders, claims, strict=True)
        if claim is not None
    ]
    try:
        if mine:
            pending = session.pending()  # another process may have submitted a batch meanwhile
            free = [one for one in mine if one.step.component not in pending]
            still = _still_wanted(session, free)
            _write(session, still, _GATHER if only is None else _PAGE)
            # More tokens can be agreed to.
            short = {one.step.component for one in mine if session.consent.is_short(one.order)}
            tally.given_up -= short
    finally:
        session.ledger.release([one.step.component for one in mine])
    if not mine and only is None:
        _wait(session, orders[0][1])
    return bool(mine) or only is None


def _still_wanted(session: Session, mine: Sequence[Claimed]) -> list[Claimed]:
    """Drop the claims that another process committed between our plan and our claim."""
    plan = _plan(session.job, session.tally).plan
    now = {one.component: one for one in plan.generated_by(better=session.improves_drafts)}
    return [one for one in mine if now.get(one.step.component) == one.step]


def _wait(session: Session, order: Order) -> None:
    """Wait for another process or thread that generates the same component."""
    component = order.wanted.component
    with session.interaction.progress.blocked(component):
        free = session.ledger.wait(component, session.options.timeout + _LONGEST_TEXT)
    if not free:
        raise UsageError(
            f"another jit-guard process is still generating {component}; try again later"
        )


def _refused(session: Session, orders: Sequence[tuple[Generate, Order]]) -> set[str]:
    """Ask for consent to texts that may cost money; return the components without it."""
    refusal = session.consent.ask([one for _, one in orders])
    if refusal is None:
        return set()
    refused = {one.wanted.component for one in refusal.orders}
    for step, _ in orders:
        if step.component in refused:
            session.tally.give_up(step, refusal.reason)
    return refused


def _write(session: Session, claimed: Sequence[Claimed], gather: float) -> None:
    """Generate the texts, and commit those together that arrive within so many seconds."""
    ready: list[Ready] = []
    since = time.monotonic()

    def place_ready() -> None:
        nonlocal ready, since
        # Reset first: `recover` finishes an interrupted commit, this does not retry it.
        group, ready, since = ready, [], time.monotonic()
        if group:
            place(session, group)

    with closing(ready_texts(session, claimed, place_ready)) as texts:
        try:
            for one in texts:
                ready.append(one)
                if time.monotonic() - since >= gather:
                    place_ready()
        finally:  # also after Ctrl-C or a failed generator: commit complete texts
            texts.close()
            place_ready()
