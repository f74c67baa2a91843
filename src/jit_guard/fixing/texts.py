"""The texts of a run: from the ledger or the generator, reviewed, and ready for a commit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import NamedTuple

from jit_guard.fixing.candidate import Candidate
from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.fixing.interaction import Turn
from jit_guard.fixing.session import Ready, Session
from jit_guard.fixing.steps import Generate
from jit_guard.generators.generator import Text
from jit_guard.ledger.records import Stored

_MANY = 64


class Claimed(NamedTuple):
    """A file that this run may generate; `stored` is its text if the ledger has one."""

    step: Generate
    order: Order
    stored: Stored | None


def ready_texts(
    session: Session, claimed: Sequence[Claimed], idle: Callable[[], None]
) -> Generator[Ready, None, None]:
    """Yield the accepted texts of claimed files, as they arrive.

    `idle` is called when no text has arrived for a moment, so that others need not wait for it.
    Once closed, no new text is begun; texts in progress still reach the ledger.

    Raises:
        GeneratorUnusableError: the generator cannot be used.
        LedgerError: a text cannot be stored.
        KeyboardInterrupt: on Ctrl-C, or if the user quits.
    """
    steps = {one.order.wanted.component: one.step for one in claimed}
    with closing(_deliveries(session, claimed, idle)) as deliveries:
        for number, delivery in enumerate(deliveries, 1):
            step = steps[delivery.order.wanted.component]
            ready = _reviewed(session, step, delivery, Turn(number, len(claimed)))
            if ready is not None:
                yield ready


def has_text(session: Session, order: Order) -> bool:
    """Return whether the ledger has a text for an order, so that none is requested."""
    stored = session.ledger.stored(order.wanted, after=session.after)
    return stored is not None and _is_usable(session, order, stored)


def _is_usable(session: Session, order: Order, stored: Stored) -> bool:
    """Check a text of the ledger, and reject it if it can be used in no way."""
    checked = session.job.check(order.request, Text(stored.content))
    if isinstance(checked, str) or stored.edited:
        return True
    session.ledger.reject(stored.id, checked.reason)  # killed between its arrival and its check
    return False


def _deliveries(
    session: Session, claimed: Sequence[Claimed], idle: Callable[[], None]
) -> Generator[Delivery, None, None]:
    """Yield the texts that the ledger has, then those that are generated now."""
    check = session.job.check
    orders: list[Order] = []
    found: list[Delivery] = []
    for step, order, stored in claimed:
        session.tally.begin(step)
        if stored is not None and _is_usable(session, order, stored):
            bought = step.component in session.collected
            found.append(Delivery(order, stored, bought=bought))
            continue
        session.consent.begin(order)
        orders.append(order)
    generator = session.generator
    progress = session.interaction.progress
    progress.expect(len(claimed), len(orders), session.writer.model or generator.name)
    yield from found
    # Local and free texts are generated in large groups, to share writes of the ledger.
    free = not generator.paid and not generator.network
    yield from deliver(
        orders,
        session.writer,
        session.ledger,
        _MANY if free else session.jobs,
        progress,
        check=check,
        tries=2 if generator.paid else 1,
        idle=idle,
    )


def _reviewed(session: Session, step: Generate, delivery: Delivery, turn: Turn) -> Ready | None:
    """Show a text to the user; return None if it is not to be used."""
    order, stored, reason, bought = delivery
    if stored is None:
        session.tally.give_up(step, reason or "no text")
        return None
    candidate = Candidate(session, step, order, stored, bought=bought, turn=turn)
    while True:
        review = session.interaction.review(candidate.draft, candidate.keep)
        if review.answer == "accept":
            return candidate.ready()
        if review.answer == "skip":
            fault = candidate.draft.fault
            session.tally.give_up(
                step, f"the edited text cannot be used: {fault}" if fault else "skipped"
            )
            return None
        candidate.replace(review)
