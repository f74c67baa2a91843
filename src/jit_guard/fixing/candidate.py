"""A text under review: what the user asks for, and the edits, which are stored as they are made."""

from __future__ import annotations

import time

from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.fixing.interaction import Draft, Review, Turn
from jit_guard.fixing.session import Ready, Session
from jit_guard.fixing.steps import Generate
from jit_guard.generators.generator import Text
from jit_guard.generators.judgement import finished
from jit_guard.generators.screening import cleaned
from jit_guard.ledger.records import Arrival, Stored
from jit_guard.text.generated import unmarked


class Candidate:
    """A text that may become the component.

    Args:
        session: the run.
        step: the component.
        order: what was requested.
        stored: the text in the ledger.
        bought: whether it was generated in this run.
        turn: its position among the texts of the run.
    """

    def __init__(
        self,
        session: Session,
        step: Generate,
        order: Order,
        stored: Stored,
        *,
        bought: bool,
        turn: Turn,
    ) -> None:
        self._session = session
        self._step = step
        self._turn = turn
        self._take(order, stored, bought=bought)

    def _take(self, order: Order, stored: Stored, *, bought: bool) -> None:
        self._order, self._stored = order, stored
        component, fault = self._checked(stored.content)
        self.draft = Draft(
            self._step.path,
            finished(stored.content) if stored.edited else component,  # an edited text is whole
            self._turn,
            "generated" if bought else "edited" if stored.edited else "ledger",
            self._session.writer.model or self._session.generator.name,
            order.request.description,
            not self._session.generator.deterministic,
            fault,
        )

    def keep(self, content: str) -> Draft:
        """Store an edited text in the ledger, in place of an earlier edit; return the draft."""
        content = finished(unmarked(content))
        text = cleaned(Text(content, details={"edited": True}))
        arrival = Arrival(self._order.wanted, self._order.request, text, time.time())
        before = self._stored
        (self._stored,) = self._session.ledger.arrived([arrival])
        if before.edited:
            self._session.ledger.reject(before.id, "edited again")
        self.draft = self.draft._replace(
            content=content, origin="edited", fault=self._checked(content)[1]
        )
        return self.draft

    def replace(self, review: Review) -> None:
        """Request another text, as the user wants; on failure this one remains, with the reason."""
        delivery = self._described(review.description) if review.description else self._another()
        if delivery.stored is None:
            self.draft = self.draft._replace(remark=f"no other text: {delivery.reason}")
            return
        self._session.ledger.reject(
            self._stored.id,
            "the component was described again"
            if review.description
            else "another text was requested",
        )
        self._take(delivery.order, delivery.stored, bought=delivery.bought)

    def ready(self) -> Ready:
        """Return the text for a commit."""
        return Ready(self._step, self._stored, self.draft.content.encode(), self.draft.origin)

    def _another(self) -> Delivery:
        request = self._order.request._replace(
            rejected=self.draft.content, objection="The reader wants another text."
        )
        return self._delivered(self._order._replace(request=request))

    def _described(self, description: str) -> Delivery:
        wanted, request = self._order
        wanted = wanted._replace(key=wanted.key._replace(description=description), reusable=())
        request = request._replace(description=description, rejected="", objection="")
        order = Order(wanted, request)
        self._session.descriptions[self._step.path] = description
        stored = self._session.ledger.stored(wanted, after=self._session.after)
        if stored is not None and stored.id != self._stored.id:
            return Delivery(order, stored, bought=False)
        return self._delivered(order)

    def _delivered(self, order: Order) -> Delivery:
        session = self._session
        session.consent.another(order.request)
        (delivery,) = deliver(
            [order],
            session.writer,
            session.ledger,
            1,
            session.interaction.progress,
            check=session.job.check,
        )
        return delivery

    def _checked(self, content: str) -> tuple[str, str | None]:
        """Return the component in a text, and what is wrong with it."""
        checked = self._session.job.check(self._order.request, Text(content))
        return (checked, None) if isinstance(checked, str) else (finished(content), checked.reason)
