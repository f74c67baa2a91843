"""One run of the fix: relink, adopt, generate, commit in groups, until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from jit_guard.commit.transaction import commit
from jit_guard.errors import UsageError
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import Job
from jit_guard.fixing.orders import Shelves, prepare, remember
from jit_guard.fixing.placing import place
from jit_guard.fixing.session import Outcome, Ready, Session, Tally
from jit_guard.fixing.steps import changes
from jit_guard.fixing.texts import Claimed, ready_texts
from jit_guard.fixing.worktree_plan import WorktreePlan, plan_worktree
from jit_guard.generators.budget import usage_line
from jit_guard.generators.generator import GeneratorUnusableError
from jit_guard.ledger.history import replacements
from jit_guard.registry.edit import EditError
from jit_guard.report import Failed

_MOST_ROUNDS = 50
_GATHER = 0.2  # seconds: texts that come this close together share a commit
_LONGEST_TEXT = 3600.0  # seconds to wait for another process's text, beyond its own time-out


def run(job: Job, interaction: Interaction) -> Outcome:
    """Fix what the job says.

    Args:
        job: what is fixed, and with which options.
        interaction: who answers for the user.

    Raises:
        UsageError: no generator can be chosen, or the map changes faster than it can be fixed.
        TransactionError, LedgerError: the system refused; nothing is lost.
        KeyboardInterrupt: after what was whole has been committed.
    """
    tally = Tally(job.options.limit)
    found = _relink(job, tally)
    tally.fail(Failed(one.goal, one.component_type, one.reason) for one in found.plan.leaves)
    if found.plan.generates:
        _generate(job, interaction, tally, found)
    return tally.outcome


def _relink(job: Job, tally: Tally) -> WorktreePlan:
    """Plan, and commit what needs no text; the plan that is returned holds no such step."""
    for _ in range(_MOST_ROUNDS):
        found = _look(job, tally)
        if not found.plan.free:
            return found
        try:
            done = commit(job.source.root, changes(found.plan.free), ())
        except EditError:  # somebody saved the map meanwhile: look again
            continue
        tally.committed(done)
        for step in found.plan.free:
            tally.linked(step)
    raise UsageError("the map changes all the time; run jit-guard --fix again")


def _look(job: Job, tally: Tally) -> WorktreePlan:
    found = plan_worktree(job.source, job.scope, replaced=lambda: replacements(job.source.root))
    # Only the last look's: whatever an earlier one could not read, a later one has.
    tally.unreadable = tuple(map(str, found.unreadable))
    return found


def _generate(job: Job, interaction: Interaction, tally: Tally, found: WorktreePlan) -> None:
    workshop = job.workshop()
    if not found.plan.generated_by(better=workshop.improves_drafts):
        return
    remembered = remember(job.source.root)
    with Session(job, workshop, interaction, tally) as session:
        try:
            for _ in range(_MOST_ROUNDS):
                if not _round(session, found, remembered):
                    break
                found = _relink(job, tally)
        except GeneratorUnusableError as error:
            tally.trouble = str(error)
    budget = session.options.budget
    if budget is not None and budget.totals.calls:
        prices = job.scope.settings.prices
        tally.messages.append(usage_line(budget.totals, session.writer.model, prices))


def _round(session: Session, found: WorktreePlan, remembered: dict[str, str]) -> bool:
    """Claim, have written and commit what is missing; False when nothing is left to do."""
    job, tally = session.job, session.tally
    wanted = found.plan.generated_by(better=session.improves_drafts)
    steps = [one for one in wanted if one.component not in tally.given_up][: tally.left]
    if not steps:
        return False
    settings = job.scope.settings
    orders, failed = prepare(
        steps,
        job.options,
        settings,
        session.writer,
        session.generator.name,
        Shelves(job.source, settings, found.comparison),
        session.interaction,
        remembered,
    )
    remembered.update((step.path, order.request.description) for step, order in orders)
    tally.fail(failed)
    ordered = {step.component for step, _ in orders}
    tally.given_up.update(step.component for step in steps if step.component not in ordered)
    if not orders or not _may_spend(session, [order for _, order in orders]):
        return False
    claims = session.ledger.claim([order.wanted for _, order in orders], after=session.after)
    mine = [
        Claimed(step, order, claim.stored)
        for (step, order), claim in zip(orders, claims, strict=True)
        if claim is not None
    ]
    try:
        if mine:
            _write(session, _still_wanted(session, mine))
    finally:
        session.ledger.release([one.step.component for one in mine])
    if not mine:
        _wait(session, orders[0][1])
    return True


def _still_wanted(session: Session, mine: Sequence[Claimed]) -> list[Claimed]:
    """Those that nobody committed between our look and our claim."""
    plan = _look(session.job, session.tally).plan
    now = {one.component: one for one in plan.generated_by(better=session.improves_drafts)}
    return [one for one in mine if now.get(one.step.component) == one.step]


def _wait(session: Session, order: Order) -> None:
    """Wait for another process, or thread, that generates the same: its text will do."""
    component = order.wanted.component
    if not session.ledger.wait(component, session.options.timeout + _LONGEST_TEXT):
        raise UsageError(f"another jit-guard works on {component} all the time")


def _may_spend(session: Session, orders: Sequence[Order]) -> bool:
    """Ask once before the first text that may cost money."""
    missing = [
        order
        for order in orders
        if not session.agreed
        and session.ledger.stored(order.wanted.key, after=session.after) is None
    ]
    if not missing:
        return True
    from jit_guard.generators.prompt import about_tokens, system_prompt

    system = session.options.prompt or system_prompt()
    tokens = about_tokens([order.request for order in missing], system)
    texts = "1 text" if len(missing) == 1 else f"{len(missing):,} texts"
    model = session.writer.model or session.generator.name
    session.agreed = session.interaction.agree(f"{texts} with {model}, about {tokens:,} tokens.")
    if not session.agreed:
        reason = f"{texts} with {model} may cost money: --yes agrees to it"
        for order in orders:
            request = order.request
            session.tally.fail([Failed(request.goal, request.component_type, reason)])
            session.tally.given_up.add(order.wanted.component)
    return session.agreed


def _write(session: Session, claimed: Sequence[Claimed]) -> None:
    """Get the texts, and commit them in groups as they come."""
    ready: list[Ready] = []
    since = time.monotonic()
    with closing(ready_texts(session, claimed)) as texts:
        try:
            for one in texts:
                ready.append(one)
                if time.monotonic() - since >= _GATHER:
                    # Handed over first: an interrupted commit is `recover`'s, not ours to repeat.
                    group, ready, since = ready, [], time.monotonic()
                    place(session, group)
        finally:  # also after Ctrl-C, and when the generator gave up: what is whole is kept
            texts.close()
            if ready:
                place(session, ready)
