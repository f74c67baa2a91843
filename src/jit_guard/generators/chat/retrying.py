"""The retry policy: at most ten attempts, all before the deadline of a text.

It replaces the SDK's two retries, which are too few for a burst, wait exactly as long as
`Retry-After` says (so that all callers retry at the same instant), and retry even when the account
is empty. It uses tenacity and not the nicer stamina, which logs every retry with its exception
into the host program unless its global settings are changed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from jit_guard.generators.chat.call_fault import CallFault, CallFaultError

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState


ATTEMPTS = 10
_FIRST, _LONGEST = 0.5, 8.0  # seconds between attempts, if the server does not say
_APART = 0.03  # seconds between retrying callers, so that the first refusal stops the others


def policy(
    timeout: float, pause: Pause, waits: Callable[[float, CallFault], None]
) -> AsyncRetrying:
    """Make a policy that retries a coroutine function until it succeeds or fails for good.

    Faults that concern all callers extend the pause, which each attempt waits for by itself. An
    attempt that would begin after the deadline is not made.

    Args:
        timeout: seconds from the first attempt to the deadline.
        pause: the pause shared by all calls to the endpoint.
        waits: called with the seconds that this call alone waits, and why.
    """
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay

    def wait(state: RetryCallState) -> float:
        fault = _fault(state.outcome.exception() if state.outcome else None)
        if fault is None:
            return 0.0
        seconds = delay(fault, state.attempt_number)
        if fault.everybody:
            pause.extend(seconds)
            return 0.0
        seconds = spread(seconds, timeout - (state.seconds_since_start or 0.0))
        waits(seconds, fault)
        return seconds

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: (_fault(error) or CallFault("")).again),
        wait=wait,
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(timeout),
        reraise=True,
    )


def delay(fault: CallFault, attempt: int) -> float:
    """Return the seconds to the next attempt: as the server asked, else exponential."""
    if fault.wait is not None:
        return fault.wait
    return float(min(_FIRST * 2 ** (attempt - 1), _LONGEST))


def spread(seconds: float, left: float) -> float:
    """Add up to a quarter, so that callers retry at different times, but before the deadline."""
    longer = seconds + random.uniform(0, seconds / 4 + 0.05)  # noqa: S311 - no secret
    return max(seconds, min(longer, left * 0.95))


def _fault(error: BaseException | None) -> CallFault | None:
    return error.fault if isinstance(error, CallFaultError) else None


class Pause:
    """A pause for all calls to an endpoint. To be used from one event loop."""

    def __init__(self) -> None:
        self._until = 0.0
        self._waiting = 0

    def extend(self, seconds: float) -> None:
        """Pause all calls for this long from now, unless a longer pause is in effect."""
        self._until = max(self._until, _now() + seconds)

    def left(self) -> float:
        """Return the remaining seconds of the pause; 0 if there is none."""
        return max(0.0, self._until - _now())

    async def over(self, deadline: float) -> bool:
        """Wait for the end of the pause; return False at once if it is not before the deadline.

        Callers resume one after the other, in random order. If one of them is refused, the
        others see the extended pause before they call, and lose no attempt.
        """
        self._waiting += 1
        try:
            while left := self.left():
                if _now() + left >= deadline:
                    return False
                apart = random.uniform(0, _APART * self._waiting + left / 4)  # noqa: S311
                await asyncio.sleep(min(left + apart, deadline - _now()))
        finally:
            self._waiting -= 1
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
