"""The token budget of a run: reserved before each call, and settled after it.

Two bounds hold at once: what `--max-tokens-total` allows, and what the user has agreed to.
"""

from __future__ import annotations

from threading import Condition
from typing import NamedTuple

from jit_guard.generators.usage_line import Totals

_FRAME = 256  # a generous bound for what a server's chat template adds to the messages


class Reservation(NamedTuple):
    """Tokens reserved for one call, whose answer may take at most `output`."""

    input: int
    output: int
    text: str = ""  # the path of the component that the call is for

    @property
    def tokens(self) -> int:
        """The worst-case usage of the call."""
        return self.input + self.output


class OverBudgetError(Exception):
    """The call does not fit into a bound, and no call in progress can make room for it."""


class Budget:
    """Bounds on the tokens of a run that are never exceeded, and the usage so far.

    Each call first reserves its worst case, so that concurrent calls cannot exceed a bound
    together; the unused part is released when the call is settled. A call whose usage is not known
    counts with its worst case. Safe to use from several threads.

    Args:
        limit: input and output tokens of all calls together; None: only what is agreed to.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._agreed: int | None = None
        self._refused: set[str] = set()
        self._reserved = self._promised = 0
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
        """Tokens counted against the bounds."""
        with self._change:
            return self._totals.spent + self._promised

    def agree(self, tokens: int) -> None:
        """Let the calls from now on use so many tokens, as the user has agreed."""
        with self._change:
            self._agreed = self._totals.spent + self._reserved + self._promised + tokens
            self._refused.clear()

    def agree_to_more(self, tokens: int) -> None:
        """Add tokens to those that the user has agreed to, if there is such a bound."""
        with self._change:
            if self._agreed is not None:
                self._agreed += tokens

    @property
    def refused(self) -> frozenset[str]:
        """The paths of the components that needed more tokens than were agreed to."""
        with self._change:
            return frozenset(self._refused)

    def reserve(self, input_tokens: int, *, most: int, least: int, text: str = "") -> Reservation:
        """Reserve the worst case of a call; wait while calls in progress may make room for it.

        Args:
            input_tokens: an upper bound of the tokens sent.
            most: the longest useful answer, in tokens.
            least: the shortest answer for which the call is worth making, in tokens.
            text: the path of the component that the call is for.

        Raises:
            OverBudgetError: a bound would be exceeded even with `least`.
        """
        with self._change:
            while True:
                room = self._room()
                output = most if room is None else min(room - input_tokens, most)
                if output == most or (output >= least and not self._reserved):
                    break
                if not self._reserved or self._closed:
                    raise self._exceeded(input_tokens + least, text)
                self._change.wait(0.5)  # without a timeout, Ctrl-C is ignored on some systems
            kept = Reservation(input_tokens, output, text)
            self._reserved += kept.tokens
            return kept

    def promise(self, input_tokens: int, *, most: int, least: int, text: str = "") -> Reservation:
        """Reserve the worst case of a request that is answered after this run, without waiting.

        Raises:
            OverBudgetError: as for `reserve`.
        """
        with self._change:
            room = self._room()
            output = most if room is None else min(room - input_tokens, most)
            if output < min(least, most):
                raise self._exceeded(input_tokens + least, text)
            self._promised += input_tokens + output
            return Reservation(input_tokens, output, text)

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
            self._count(retries=1, unreported=kept.tokens if unknown else 0)
            room = self._room()
            if room is not None and room < 0:
                self._reserved -= kept.tokens
                self._change.notify_all()
                raise self._exceeded(kept.tokens, kept.text)

    def settle(self, kept: Reservation, used: tuple[int, int] | None) -> None:
        """Settle the last call: count what it used, and release the rest of its reservation.

        Args:
            kept: what was reserved for it.
            used: input and output tokens; None if unknown, so that the whole reservation counts
                as spent.
        """
        with self._change:
            self._reserved -= kept.tokens
            if used is None:
                self._count(unreported=kept.tokens)
            else:
                self._count(*used)
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

    def _room(self) -> int | None:
        """Return the tokens left, which may be below 0; None if there is no bound."""
        bounds = [bound for bound in (self.limit, self._agreed) if bound is not None]
        if not bounds:
            return None
        return min(bounds) - self._totals.spent - self._reserved - self._promised

    def _exceeded(self, tokens: int, text: str) -> OverBudgetError:
        used = self._totals.input_tokens + self._totals.output_tokens
        state = [f"{used:,} used"]
        if self._totals.unreported:
            state.append(f"{self._totals.unreported:,} reserved for calls of unknown usage")
        if self._promised:
            state.append(f"{self._promised:,} reserved for batches")
        if self._reserved:
            state.append(f"{self._reserved:,} reserved for calls in progress")
        state.append(f"up to {tokens:,} needed")
        if self.limit is not None and (self._agreed is None or self.limit <= self._agreed):
            what = f"--max-tokens-total {self.limit:,} would be exceeded"
        else:
            self._refused.add(text)
            what = "more tokens are needed than were agreed to"
        return OverBudgetError(f"{what}: {', '.join(state)}")

    def _count(
        self,
        input_tokens: int = 0,
        output_tokens: int = 0,
        retries: int = 0,
        unreported: int = 0,
    ) -> None:
        more = (1, input_tokens, output_tokens, retries, unreported)
        self._totals = Totals(*map(sum, zip(self._totals, more, strict=True)))


def about(text: str) -> int:
    """Estimate the number of tokens in a text."""
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-ascii_only // 4) + len(text) - ascii_only


def at_most(*texts: str) -> int:
    """Return an upper bound of the tokens sent for these messages."""
    return _FRAME + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
