"""The texts of a run: from the ledger or the generator, reviewed, and ready for a commit."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import NamedTuple

from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.fixing.session import Ready, Session
from jit_guard.fixing.steps import Generate
from jit_guard.generators.generator import Text
from jit_guard.generators.judgement import finished
from jit_guard.ledger.records import Arrival, Stored

_MANY = 64


class Claimed(NamedTuple):
    """A file that this run may generate; `stored` is its text if the ledger has one."""

    step: Generate
    order: Order
    stored: Stored | None


def ready_texts(session: Session, claimed: Sequence[Claimed]) -> Generator[Ready, None, None]:
    """Yield the accepted texts of claimed files, as they arrive.

    Once closed, no new text is begun; texts in progress still reach the ledger.

    Raises:
        GeneratorUnusableError: the generator cannot be used.
        LedgerError: a text cannot be stored.
        KeyboardInterrupt: on Ctrl-C, or if the user quits.
    """
    steps = {one.order.wanted.component: one.step for one in claimed}
    with closing(_deliveries(session, claimed)) as deliveries:
        for delivery in deliveries:
            ready = _reviewed(session, steps[delivery.order.wanted.component], delivery)
            if ready is not None:
                yield ready


def _deliveries(session: Session, claimed: Sequence[Claimed]) -> Generator[Delivery, None, None]:
    """Yield the texts that the ledger has, then those that are generated now."""
    check = session.job.check
    orders: list[Order] = []
    for _, order, stored in claimed:
        if stored is None:
            orders.append(order)
            continue
        reason = check(order.request, Text(stored.content))
        if reason is None:
            yield Delivery(order, stored)
        else:  # killed between its arrival and its check
            session.ledger.reject(stored.id, reason)
            orders.append(order)
    generator = session.generator
    # Local and free texts are generated in large groups, to share writes of the ledger.
    free = not generator.paid and not generator.network
    yield from deliver(
        orders,
        session.writer,
        session.ledger,
        _MANY if free else session.jobs,
        session.interaction.progress,
        check=check,
        tries=2 if generator.paid else 1,
    )


def _reviewed(session: Session, step: Generate, delivery: Delivery) -> Ready | None:
    """Show a text to the user; return None if it is not to be used."""
    while True:
        order, stored, reason = delivery
        if stored is None:
            session.tally.give_up(step, reason or "no text")
            return None
        content = finished(stored.content)
        review = session.interaction.review(step.path, content)
        if review.answer == "accept":
            if review.content != content:
                content = finished(review.content)
                stored = _keep_edited(session, order, content)
            return Ready(step, stored, content.encode())
        if review.answer == "quit":
            raise KeyboardInterrupt
        if review.answer == "skip":
            session.tally.give_up(step, "skipped")
            return None
        session.ledger.reject(stored.id, "another text was requested")
        request = order.request._replace(
            rejected=stored.content, objection="The reader wants another text."
        )
        (delivery,) = deliver(
            [order._replace(request=request)],
            session.writer,
            session.ledger,
            1,
            session.interaction.progress,
            check=session.job.check,
        )


def _keep_edited(session: Session, order: Order, content: str) -> Stored:
    """Store a text that the user edited in the ledger, so that the work is not lost."""
    text = Text(content, details={"edited": True})
    (stored,) = session.ledger.arrived([Arrival(order.wanted, order.request, text, time.time())])
    return stored
