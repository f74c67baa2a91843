"""The state of one text: its attempts, what has arrived, and their effect on the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jit_guard.generators.budget import Budget, Reservation
from jit_guard.generators.chat.call_fault import CallFault
from jit_guard.generators.chat.receiving import Arriving
from jit_guard.generators.generator import Usage
from jit_guard.generators.prompt import Message


class Call:
    """The state of one text. The reservation `kept` is settled once, by `settle`.

    Args:
        path: the path of the component, which identifies the text.
        chat: the messages.
        budget: the budget of the run.
        kept: the reservation for one request with these messages.
    """

    def __init__(
        self, path: str, chat: Sequence[Message], budget: Budget, kept: Reservation
    ) -> None:
        self.path = path
        self.chat = chat
        self.kept = kept
        self.output = kept.output  # the longest answer, in tokens
        self.attempts = 0
        self.last: CallFault | None = None  # of the last attempt that failed
        self.partials: list[dict[str, Any]] = []  # of attempts that were cut off, as completions
        self._arriving: Arriving | None = None
        self._budget = budget
        self._used: tuple[int, int] | None = None
        self._is_open = True

    @property
    def retries(self) -> int:
        """Attempts after the first."""
        return max(0, self.attempts - 1)

    def begin(self, arriving: Arriving) -> None:
        """Begin another attempt, whose answer goes to `arriving`.

        Raises:
            OverBudgetError: the worst case of another attempt does not fit.
        """
        if self.attempts:
            self._is_open = False  # already settled if this raises
            unknown = self.last is None or self.last.perhaps_paid
            self._budget.again(self.kept, unknown=unknown)
            self._is_open = True
        self.attempts += 1
        self._arriving = arriving
        self._used = None  # unknown until the attempt ends

    def failed(self, fault: CallFault) -> None:
        """Record an attempt without an answer, and keep what has arrived of it."""
        self.last = fault
        self.stopped()
        self._used = None if fault.perhaps_paid else (0, 0)

    def received(self) -> None:
        """Record that an answer is complete."""
        self._arriving = None

    def answered(self, usage: Usage) -> None:
        """Record the usage of an answer, if known."""
        if usage.input_tokens is not None and usage.output_tokens is not None:
            self._used = (usage.input_tokens, usage.output_tokens)

    def stopped(self) -> None:
        """Keep what has arrived of an attempt that ended without an answer."""
        partial = self._arriving.partial() if self._arriving else None
        if partial is not None:
            self.partials.append(partial)
        self._arriving = None

    def settle(self) -> None:
        """Settle the reservation after the last attempt."""
        if not self._is_open:
            return
        self._is_open = False
        if self.attempts:
            self._budget.settle(self.kept, self._used)
        else:
            self._budget.give_back(self.kept)
