"""The usage of a run, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jit_guard.config import Price


class Totals(NamedTuple):
    """The usage of a run so far. `calls` counts requests sent, including retries.

    `unreported` is the worst case of the calls whose usage the server did not report.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    retries: int = 0
    unreported: int = 0

    @property
    def spent(self) -> int:
        """The tokens that count against a bound."""
        return self.input_tokens + self.output_tokens + self.unreported


def cost(totals: Totals, price: Price) -> float:
    """Return the cost of the tokens used."""
    return (totals.input_tokens * price.input + totals.output_tokens * price.output) / 1_000_000


def usage_line(totals: Totals, model: str, prices: Mapping[str, Price]) -> str:
    """Format the usage of a run that called a model: calls, tokens, retries and cost.

    Tokens of unknown usage are shown apart. The cost is shown if the model has a price, to two
    significant digits; it is that of the reported tokens.
    """
    parts = [
        _counted(totals.calls, "call"),
        f"{totals.input_tokens:,} tokens in",
        f"{totals.output_tokens:,} out",
        _counted(totals.retries, "retry", "retries"),
    ]
    if totals.unreported:
        parts.append(f"up to {totals.unreported:,} more in calls of unknown usage")
    if model in prices:
        least = "at least " if totals.unreported else ""
        parts.append(f"cost {least}{_money(cost(totals, prices[model]))}")
    return ", ".join(parts)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _money(amount: float) -> str:
    digits = 2
    while amount and digits < 8 and round(amount, digits) < 10 ** (1 - digits):
        digits += 1
    return f"{amount:,.{digits}f}"
