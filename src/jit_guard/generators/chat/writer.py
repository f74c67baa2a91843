"""The generator `openai`: prompt, budget, attempts, deadline and validation combined."""

from __future__ import annotations

import asyncio
import os
import weakref
from importlib.util import find_spec
from math import ceil
from typing import Any

from jit_guard.generators import budget, prompt
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.chat.background import Background, ClosedError
from jit_guard.generators.chat.call import Call
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.client import Client
from jit_guard.generators.chat.connection import expects_tls, speaks_tls
from jit_guard.generators.chat.endpoint import Endpoint, endpoint
from jit_guard.generators.chat.fault import fault_of
from jit_guard.generators.chat.reading import read
from jit_guard.generators.chat.retrying import Pause, policy
from jit_guard.generators.chat.route import Route, route_to
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Writer,
)
from jit_guard.text.credentials import scrub

_SHORTEST_ANSWER = 512  # tokens; with less budget left, a call is not worth making


def writer(options: Options) -> Writer:
    """Make the writer. Nothing is imported or sent before the first text is requested.

    Raises:
        UsageError: the address or the model is invalid.
        GeneratorUnusableError: there is no key, the extra is not installed, or the proxy in the
            environment cannot be used.
    """
    where = endpoint(options, os.environ)
    route = route_to(where.base_url)
    for module in ("openai", "tenacity"):
        if find_spec(module) is None:
            raise GeneratorUnusableError(
                "the generator 'openai' is not installed; run: pip install 'jit-guard[openai]'"
            )
    system = prompt.system_prompt() if options.prompt is None else options.prompt
    chat = Chat(where, route, system, options.timeout, options.budget or Budget())
    return Writer(chat.write, where.model, prompt.version(system), chat.close)


class Chat:
    """A model that writes components. Safe to use from several threads.

    Args:
        where: the endpoint of the model.
        route: the route to its server.
        system: the system prompt.
        timeout: seconds for one text, including waiting and all attempts.
        budget: the token budget of the run.
    """

    def __init__(
        self, where: Endpoint, route: Route, system: str, timeout: float, budget: Budget
    ) -> None:
        self._where = where
        self._route = route
        self._system = system
        self._timeout = timeout
        self._budget = budget
        self._pause = Pause()
        self._client = Client(where, route, timeout)
        self._background = Background(self._client.close)
        self._reached = self._worked = False
        self._hopeless: str | None = None
        # OpenAI's newer models refuse the old parameter name, other servers ignore the new one.
        self._limit_names = ["max_tokens", "max_completion_tokens"]
        if where.is_openai:
            self._limit_names.reverse()
        weakref.finalize(self, self._background.close)

    def close(self) -> None:
        """End the run: cancel calls in progress, whose callers get an error."""
        self._budget.close()
        self._background.close()

    def write(self, request: Request) -> Text:
        """Write the text of a component.

        Raises:
            GenerationError: this component could not be written.
            GeneratorUnusableError: no component can be written.
        """
        if self._hopeless is not None:
            raise GeneratorUnusableError(self._hopeless)
        self._client.prepare()
        call = self._call(request)
        try:
            response = self._background.run(self._response(call))
            text = read(response, self._where.model)
            call.answered(text.usage)
        except ClosedError:
            raise GenerationError("interrupted") from None
        except GenerationError as error:
            if error.text is not None:
                call.answered(error.text.usage)
                error.text = _with_retries(error.text, call)
            raise
        finally:
            call.settle()
        return _with_retries(text, call)

    def _call(self, request: Request) -> Call:
        chat = prompt.messages(request, self._system)
        sent = budget.at_most(*(message.content for message in chat))
        try:
            kept = self._budget.reserve(
                sent, most=self._where.longest_answer, least=_SHORTEST_ANSWER
            )
        except OverBudgetError as error:
            raise GenerationError(str(error)) from None
        return Call(chat, self._budget, kept)

    async def _response(self, call: Call) -> Any:
        """Return the server's answer, after retries and pauses, before the deadline."""
        started = asyncio.get_running_loop().time()
        deadline = started + self._timeout
        retrying = policy(self._timeout, self._pause)
        fault: CallFault | None = None
        try:
            return await asyncio.wait_for(
                retrying(self._attempt, call, deadline),
                self._timeout,
            )
        except CallFaultError as error:
            fault = error.fault
        except OverBudgetError as error:
            fault = CallFault(f"{call.last.reason}; {error}" if call.last else str(error))
        except asyncio.TimeoutError:
            pass
        # Raised outside the except blocks, to drop their exceptions.
        raise self._gave_up(call, fault, asyncio.get_running_loop().time() - started)

    async def _attempt(self, call: Call, deadline: float) -> Any:
        if self._hopeless is not None:  # since this call began
            raise CallFaultError(CallFault(self._hopeless, fatal=True))
        if not await self._pause.over(deadline):
            reason = call.last.reason if call.last else "429 in another call"
            raise CallFaultError(CallFault(reason, wait=self._pause.left()))
        call.begin()
        limit_name, extra = self._limit_names[0], {}
        if self._budget.limit is not None:
            extra = {limit_name: call.kept.output}
        try:
            response = await self._client.send(call.chat, extra)
        except Exception as error:  # noqa: BLE001 - the SDK raises what its parts raise
            fault = fault_of(
                error, self._route, reached=self._reached, worked=self._worked
            ) or CallFault(f"the answer cannot be read ({type(error).__name__})", perhaps_paid=True)
        else:
            self._reached = self._worked = True
            return response
        if fault.unexplained and not self._reached and await speaks_tls(self._route):
            fault = expects_tls(self._route)
        if fault.bad_parameter and extra:
            fault = self._with_other_name(fault, limit_name)
        self._reached = self._reached or fault.reached
        call.failed(fault)
        raise CallFaultError(fault)

    def _with_other_name(self, fault: CallFault, refused: str) -> CallFault:
        """Retry with the other name of the limit if the server refused the first, once per run."""
        if refused in fault.reason and len(self._limit_names) > 1:
            if refused == self._limit_names[0]:
                del self._limit_names[0]
            return fault._replace(again=True, wait=0.0)
        return fault

    def _gave_up(
        self, call: Call, fault: CallFault | None, seconds: float
    ) -> GenerationError | GeneratorUnusableError:
        tried = f"{call.attempts} attempt{'' if call.attempts == 1 else 's'}"
        if fault is None:
            last = f"; last error: {call.last.reason}" if call.last else ""
            reason = f"no complete answer within {self._timeout:g} s (--timeout), {tried}{last}"
            return GenerationError(scrub(reason))
        reason = scrub(fault.reason)
        if fault.fatal or not (fault.reached or self._reached):
            self._hopeless = reason
            return GeneratorUnusableError(reason)
        if fault.wait is not None and seconds + fault.wait >= self._timeout:
            return GenerationError(
                f"{reason}; the server asked to wait {ceil(fault.wait)} s, "
                f"longer than the {max(0, int(self._timeout - seconds))} s left (--timeout)"
            )
        return GenerationError(f"{reason} ({tried} in {seconds:.0f} s)" if fault.again else reason)


def _with_retries(text: Text, call: Call) -> Text:
    return text._replace(usage=text.usage._replace(retries=call.retries))
