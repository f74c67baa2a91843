"""The user's consent to the cost of texts: it covers what was named, and more is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.fixing.delivery import Order
from jit_guard.fixing.interaction import Interaction
from jit_guard.generators.generator import Options, Request, Writer

_CALLS = 2  # for one text: the first may be rejected, or lost after the server charged for it


class Refusal(NamedTuple):
    """The texts that the user has not agreed to, and why they are not generated."""

    orders: Sequence[Order]
    reason: str


class Consent:
    """The number of texts and of tokens that a run may buy.

    Args:
        needed: a text may cost money, and nothing implies consent.
        given: the user has agreed beforehand to what the first question names.
        writer: the generator in use.
        name: of the generator, if its model has none.
        options: the options of the generator.
        interaction: the source of the user's answers.
    """

    def __init__(
        self,
        *,
        needed: bool,
        given: bool,
        writer: Writer,
        name: str,
        options: Options,
        interaction: Interaction,
    ) -> None:
        self._needed = needed
        self._given = given
        self._writer = writer
        self._model = writer.model or name
        self._options = options
        self._interaction = interaction
        self._asked = False
        self._left = 0  # texts
        self._begun: set[str] = set()  # components, whose number was counted once

    def ask(self, orders: Sequence[Order]) -> Refusal | None:
        """Ask for the texts that are not covered yet; return those that may not be generated.

        Args:
            orders: the texts that would be requested.
        """
        new = [one for one in orders if one.wanted.component not in self._begun]
        more = [*new[max(0, self._left) :], *(one for one in orders if self.is_short(one))]
        if not self._needed or not more:
            return None
        question, tokens = self._question([one.request for one in more])
        again, self._asked = self._asked, True
        if (again or not self._given) and not self._interaction.agree(question, again=again):
            if again:
                return Refusal(more, "it would cost more than was agreed to; run --fix again")
            texts = _counted(len(more))
            reason = f"generating {texts} with {self._model} may cost money; pass --yes to agree"
            return Refusal(more, reason)
        self._left = len(new)
        if tokens is not None and self._options.budget is not None:
            self._options.budget.agree(tokens)
        return None

    def is_short(self, order: Order) -> bool:
        """Return whether a text needed more tokens than were agreed to."""
        budget = self._options.budget
        return budget is not None and order.request.path in budget.refused

    def begin(self, order: Order) -> None:
        """Record that a text is requested."""
        if order.wanted.component not in self._begun:
            self._begun.add(order.wanted.component)
            self._left -= 1

    def another(self, request: Request) -> None:
        """Record that the user asks for another text."""
        tokens = self._most([request])
        if tokens is not None and self._options.budget is not None:
            self._options.budget.agree_to_more(tokens)

    def _question(self, requests: Sequence[Request]) -> tuple[str, int | None]:
        from jit_guard.generators.prompt import about_tokens, system_prompt

        about = about_tokens(requests, self._options.prompt or system_prompt())
        most = self._most(requests)
        budget = self._options.budget
        limits = [most, budget.limit - budget.spent if budget and budget.limit else None]
        bounds = [bound for bound in limits if bound is not None]
        at_most = f", at most {min(bounds):,}" if bounds else ""
        texts = f"{_counted(len(requests))}{' more' if self._asked else ''}"
        return f"Generating {texts} with {self._model} takes about {about:,} tokens{at_most}.", most

    def _most(self, requests: Sequence[Request]) -> int | None:
        most = self._writer.most_tokens
        return None if most is None else _CALLS * sum(map(most, requests))


def _counted(texts: int) -> str:
    return "1 text" if texts == 1 else f"{texts:,} texts"
