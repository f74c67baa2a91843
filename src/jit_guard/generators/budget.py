"""The token budget of a run: reserved before each call, and settled after it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Condition
from typing import NamedTuple

from jit_guard.config import Price

_FRAME = 256  # a generous bound for what a server's chat template adds to the messages


class Totals(NamedTuple):
    """The usage of a run so far. `calls` counts requests sent, including retries."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    retries: int = 0


class Reservation(NamedTuple):
    """Tokens reserved for one call, whose answer may take at most `output`."""

    input: int
    output: int

    @property
    def tokens(self) -> int:
        """The worst-case usage of the call."""
        return self.input + self.output


class OverBudgetError(Exception):
    """The call does not fit into the limit, and no call in progress can make room for it."""


class Budget:
    """A limit on the tokens of a run that is never exceeded, and the usage so far.

    Each call first reserves its worst case, so that concurrent calls cannot exceed the limit
    together; the unused part is released when the call is settled. Safe to use from several
    threads.

    Args:
        limit: input and output tokens of all calls together; None only counts.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._spent = 0
        self._reserved = 0
        self._totals = Totals()
        self._change = Condition()
        self._closed = False

    @property
    def totals(self) -> Totals:
        """The usage so far."""
        with self._change:
            return self._totals

    @property
    def spent(self) -> int:
        """Tokens counted against the limit; calls of unknown usage count with their worst case."""
        with self._change:
            return self._spent

    def reserve(self, input_tokens: int, *, most: int, least: int) -> Reservation:
        """Reserve the worst case of a call; wait while calls in progress may make room for it.

        Args:
            input_tokens: an upper bound of the tokens sent.
            most: the longest useful answer, in tokens.
            least: the shortest answer for which the call is worth making, in tokens.

        Raises:
            OverBudgetError: the limit would be exceeded even with `least`.
        """
        with self._change:
            while True:
                if self.limit is None:
                    output = most
                    break
                room = self.limit - self._spent - self._reserved - input_tokens
                if room >= most or (room >= least and not self._reserved):
                    output = min(room, most)
                    break
                if not self._reserved or self._closed:
                    raise OverBudgetError(
                        f"--max-tokens-total {self.limit} would be exceeded: {self._spent} spent, "
                        f"up to {input_tokens + least} needed"
                    )
                self._change.wait(0.5)  # without a timeout, Ctrl-C is ignored on some systems
            kept = Reservation(input_tokens, output)
            self._reserved += kept.tokens
            return kept

    def again(self, kept: Reservation, *, unknown: bool) -> None:
        """Account for a retry of a failed call, with the same reservation.

        Args:
            kept: what was reserved for it.
            unknown: the failed call may have been charged, so its worst case counts as spent.

        Raises:
            OverBudgetError: the worst case of another call does not fit. The reservation is
                then already settled.
        """
        with self._change:
            self._count(retries=1)
            if not unknown:
                return
            self._spent += kept.tokens
            if self.limit is not None and self._spent + self._reserved > self.limit:
                self._reserved -= kept.tokens
                self._change.notify_all()
                raise OverBudgetError(
                    f"--max-tokens-total {self.limit} would be exceeded: {self._spent} spent, "
                    f"including calls without an answer, up to {kept.tokens} needed"
                )

    def settle(self, kept: Reservation, used: tuple[int, int] | None) -> None:
        """Settle the last call: count what it used, and release the rest of its reservation.

        Args:
            kept: what was reserved for it.
            used: input and output tokens; None if unknown, so that the whole reservation counts
                as spent.
        """
        with self._change:
            self._reserved -= kept.tokens
            self._spent += kept.tokens if used is None else sum(used)
            self._count(*(used or (0, 0)))
            self._change.notify_all()

    def give_back(self, kept: Reservation) -> None:
        """Release the reservation of a call that was never made."""
        with self._change:
            self._reserved -= kept.tokens
            self._change.notify_all()

    def close(self) -> None:
        """End the run: calls no longer wait for room."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _count(self, input_tokens: int = 0, output_tokens: int = 0, retries: int = 0) -> None:
        more = (1, input_tokens, output_tokens, retries)
        self._totals = Totals(*map(sum, zip(self._totals, more, strict=True)))


def about(text: str) -> int:
    """Estimate the number of tokens in a text."""
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-ascii_only // 4) + len(text) - ascii_only


def at_most(*texts: str) -> int:
    """Return an upper bound of the tokens sent for these messages."""
    return _FRAME + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def cost(totals: Totals, price: Price) -> float:
    """Return the cost of the tokens used."""
    return (totals.input_tokens * price.input + totals.output_tokens * price.output) / 1_000_000


def usage_line(totals: Totals, model: str, prices: Mapping[str, Price]) -> str:
    """Format the usage of a run that called a model: calls, tokens, retries and cost.

    The cost is shown if the model has a price, to two significant digits.
    """
    parts = [
        _counted(totals.calls, "call"),
        f"{totals.input_tokens:,} tokens in",
        f"{totals.output_tokens:,} out",
        _counted(totals.retries, "retry", "retries"),
    ]
    if model in prices:
        parts.append(f"cost {_money(cost(totals, prices[model]))}")
    return ", ".join(parts)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _money(amount: float) -> str:
    if amount >= 1 or amount == 0:
        return f"{amount:,.2f}"
    digits = 2
    while digits < 8 and round(amount, digits) < 10 ** (1 - digits):
        digits += 1
    return f"{amount:.{digits}f}"
