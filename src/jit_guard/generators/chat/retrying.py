"""The one retry policy: at most ten attempts, all of them inside the deadline of a text.

Ours instead of the SDK's, whose two retries are too few for a burst, wait exactly as long as
`Retry-After` says (so that all callers come back in the same instant), and are spent on an empty
account as well. tenacity and not stamina, though that is built on it and nicer: stamina logs
every retry, with the exception, into a program that only uses this package, unless its global
settings are changed.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from jit_guard.generators.chat.fault import CallFault, CallFaultError

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState


ATTEMPTS = 10
_FIRST, _LONGEST = 0.5, 8.0  # seconds between attempts when the server says nothing
_APART = 0.03  # seconds between callers that come back, so that the first refusal stops the rest


def policy(timeout: float, pause: Pause) -> AsyncRetrying:
    """Calls a coroutine function until it returns, or raises what cannot be retried.

    Faults that concern all callers prolong the pause, which each attempt has to wait for itself.
    An attempt that would begin after the deadline is not waited for.

    Args:
        timeout: seconds from the first attempt to the deadline.
        pause: the endpoint's.
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
        return spread(seconds, timeout - (state.seconds_since_start or 0.0))

    return AsyncRetrying(
        retry=retry_if_exception(lambda error: (_fault(error) or CallFault("")).again),
        wait=wait,
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(timeout),
        reraise=True,
    )


def delay(fault: CallFault, attempt: int) -> float:
    """Seconds to the next attempt: what the server asks for, else twice as long each time."""
    if fault.wait is not None:
        return fault.wait
    return float(min(_FIRST * 2 ** (attempt - 1), _LONGEST))


def spread(seconds: float, left: float) -> float:
    """Up to a quarter longer, so that callers come back apart, but not past the deadline for it."""
    longer = seconds + random.uniform(0, seconds / 4 + 0.05)  # noqa: S311 - no secret
    return max(seconds, min(longer, left * 0.95))


def _fault(error: BaseException | None) -> CallFault | None:
    return error.fault if isinstance(error, CallFaultError) else None


class Pause:
    """Until when nobody may call. To be used from one event loop."""

    def __init__(self) -> None:
        self._until = 0.0
        self._waiting = 0

    def extend(self, seconds: float) -> None:
        """Nobody calls for so long from now; a longer pause that runs already stays."""
        self._until = max(self._until, _now() + seconds)

    def left(self) -> float:
        """How many seconds the pause still lasts; 0 when there is none."""
        return max(0.0, self._until - _now())

    async def over(self, deadline: float) -> bool:
        """Wait until callers may call; False, at once, when that is not before the deadline.

        Callers come back one after the other, in random order. If one of them is refused, the
        others find the pause prolonged before they call, and have lost no attempt.
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
