"""Calls of the Batch API, with retries, pauses and faults as for a single text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from jit_guard.generators.batch import BatchError
from jit_guard.generators.chat.background import Background, ClosedError
from jit_guard.generators.chat.batch_lines import parsed
from jit_guard.generators.chat.body import pieces
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.client import Client
from jit_guard.generators.chat.error_body import one_line, read_error
from jit_guard.generators.chat.fault import fault_of
from jit_guard.generators.chat.retrying import Pause, policy
from jit_guard.generators.chat.route import Route
from jit_guard.generators.generator import GeneratorUnusableError
from jit_guard.text.credentials import scrub

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_Result = TypeVar("_Result")


class BatchCalls:
    """Calls of one server. Safe to use from several threads.

    Args:
        route: the route to the server.
        timeout: seconds for one call, all attempts included.
        client: the client.
        background: runs the calls.
    """

    def __init__(
        self, route: Route, timeout: float, client: Client, background: Background
    ) -> None:
        self._route = route
        self._timeout = timeout
        self._client = client
        self._background = background
        self._pause = Pause()
        self._reached = False
        self._paused = ""  # why all calls wait

    @property
    def sdk(self) -> AsyncOpenAI:
        """The SDK's client, for the function that makes a call."""
        return self._client.sdk

    def run(
        self,
        send: Callable[[], Coroutine[Any, Any, _Result]],
        *,
        seconds: float | None = None,
        once: bool = False,
        api: bool = False,
        until: str = "",
    ) -> _Result | None:
        """Return the result of a call, after retries and pauses; None for a 404.

        Args:
            send: makes the call once.
            seconds: the deadline of all attempts; default: the timeout.
            once: do not retry if the server may have done it.
            api: a 404 means that the server has no such API.
            until: the name of what must exist; a refusal that contains it is retried.

        Raises:
            BatchError: the call failed.
            GeneratorUnusableError: every other call would fail, too.
        """
        self._client.prepare()
        limit = seconds or self._timeout
        try:
            return self._background.run(
                self._retried(partial(self._attempt, send, once, api, until), limit, once=once)
            )
        except ClosedError:
            raise BatchError("interrupted", perhaps=once) from None

    async def _retried(
        self,
        attempt: Callable[[float], Coroutine[Any, Any, _Result | None]],
        limit: float,
        *,
        once: bool,
    ) -> _Result | None:
        deadline = asyncio.get_running_loop().time() + limit
        retrying = policy(limit, self._pause, lambda *_: None)
        fault = CallFault(f"no answer within {limit:g} s", perhaps_paid=True)
        try:
            return await asyncio.wait_for(retrying(attempt, deadline), limit)
        except CallFaultError as error:
            fault = error.fault
        except asyncio.TimeoutError:
            pass
        # Raised outside the except blocks, to drop their exceptions.
        reason = scrub(fault.reason)
        if fault.fatal or not (fault.reached or self._reached):
            raise GeneratorUnusableError(reason)
        raise BatchError(
            reason,
            perhaps=once and fault.perhaps_paid,
            refusal=scrub(fault.refusal),
            wait=fault.wait or 0,
        )

    async def _attempt(
        self,
        send: Callable[[], Coroutine[Any, Any, _Result]],
        once: bool,
        api: bool,
        until: str,
        deadline: float,
    ) -> _Result | None:
        from openai import APIStatusError

        if not await self._pause.over(deadline):
            raise CallFaultError(CallFault(self._paused, wait=self._pause.left()))
        try:
            result = await send()
        except GeneratorUnusableError:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises what its parts raise
            refused = error if isinstance(error, APIStatusError) else None
            status = None if refused is None else refused.status_code
            if status == 404 and not api:
                return None
            fault = fault_of(error, self._route, reached=self._reached, worked=False)
            fault = fault or CallFault(f"the answer cannot be read ({type(error).__name__})")
            if refused is not None and status in (404, 405) and not self._reached:
                words = read_error(refused.response.content).words
                fault = CallFault(
                    f"{self._route.shown} has no Batch API ({status}: {words}); "
                    "run --fix without --batch",
                    fatal=True,
                )
            lost = fault.reached if status is None else status >= 500
            if until and until in fault.refusal:
                fault = fault._replace(again=True, fatal=False)
            if once and lost:
                fault = fault._replace(again=False, perhaps_paid=True)
        else:
            self._reached = True
            return result
        self._reached = self._reached or fault.reached
        if fault.everybody:
            self._paused = fault.reason
        raise CallFaultError(fault)


async def json_of(call: Any) -> Any:
    """Return the JSON object that a call answers. Raises CallFaultError."""
    async with call as response:
        body = b"".join([piece async for piece in pieces(response.http_response)])
    try:
        found = parsed(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    shown = one_line(body[:120].decode("utf-8", "replace"))
    raise CallFaultError(CallFault(f"the answer is not a JSON object: {shown}"))
