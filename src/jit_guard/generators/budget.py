"""The tokens of a run: reserved before each call, settled after it, counted to its end."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Condition
from typing import NamedTuple

from jit_guard.config import Price

_FRAME = 256  # what a server's chat template may put around the messages, generously


class Totals(NamedTuple):
    """What a run has used so far. `calls` counts requests that were sent, retries included."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    retries: int = 0


class Reservation(NamedTuple):
    """Tokens set aside for one call, which may answer with at most `output`."""

    input: int
    output: int

    @property
    def tokens(self) -> int:
        """The worst case of the call."""
        return self.input + self.output


class OverBudgetError(Exception):
    """The call does not fit into the limit, and no call in flight could make room for it."""


class Budget:
    """A limit on the tokens of a run that is never passed, and the count of what was used.

    Each call reserves its worst case first, so that calls in flight at once cannot pass the
    limit together; what it did not use is given back when it is settled. Safe to use from
    several threads.

    Args:
        limit: tokens in and out of all calls together; None only counts.
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
        """What was used so far."""
        with self._change:
            return self._totals

    @property
    def spent(self) -> int:
        """What counts against the limit: calls of unknown cost count with their worst case."""
        with self._change:
            return self._spent

    def reserve(self, input_tokens: int, *, most: int, least: int) -> Reservation:
        """Set the worst case of a call aside; wait while calls in flight may make room for it.

        Args:
            input_tokens: an upper bound of what is sent.
            most: the longest answer that is useful.
            least: the shortest for which the call is worth making, when the end is near.

        Raises:
            OverBudgetError: even with `least` the limit would be passed; the message says by
                what.
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
                        f"--max-tokens-total {self.limit} would be passed: {self._spent} spent, "
                        f"up to {input_tokens + least} needed"
                    )
                self._change.wait(0.5)  # a wait without end cannot be interrupted everywhere
            kept = Reservation(input_tokens, output)
            self._reserved += kept.tokens
            return kept

    def again(self, kept: Reservation, *, unknown: bool) -> None:
        """A call failed and is about to be made again, with the same reservation.

        Args:
            kept: what was reserved for it.
            unknown: the failed call may have been charged; its worst case is spent.

        Raises:
            OverBudgetError: the worst case of another call does not fit; the reservation is
                settled, and there is nothing more to settle.
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
                    f"--max-tokens-total {self.limit} would be passed: {self._spent} may be spent, "
                    f"calls without an answer included, up to {kept.tokens} needed"
                )

    def settle(self, kept: Reservation, used: tuple[int, int] | None) -> None:
        """The last call is over: what it used is spent, the rest of its reservation is free.

        Args:
            kept: what was reserved for it.
            used: tokens in and out; None when nobody told, so that the whole reservation must
                be taken as spent.
        """
        with self._change:
            self._reserved -= kept.tokens
            self._spent += kept.tokens if used is None else sum(used)
            self._count(*(used or (0, 0)))
            self._change.notify_all()

    def give_back(self, kept: Reservation) -> None:
        """The call was never made."""
        with self._change:
            self._reserved -= kept.tokens
            self._change.notify_all()

    def close(self) -> None:
        """The run is over: nobody waits for room any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _count(self, input_tokens: int = 0, output_tokens: int = 0, retries: int = 0) -> None:
        more = (1, input_tokens, output_tokens, retries)
        self._totals = Totals(*map(sum, zip(self._totals, more, strict=True)))


def about(text: str) -> int:
    """About how many tokens the text is."""
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-ascii_only // 4) + len(text) - ascii_only


def at_most(*texts: str) -> int:
    """No more tokens than this are sent for these messages."""
    return _FRAME + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def cost(totals: Totals, price: Price) -> float:
    """What so many tokens cost."""
    return (totals.input_tokens * price.input + totals.output_tokens * price.output) / 1_000_000


def usage_line(totals: Totals, model: str, prices: Mapping[str, Price]) -> str:
    """The last line of a run that called a model: calls, tokens, retries, and the cost.

    The cost is told when the model has a price, and to two digits that are not zero.
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
