"""The generator `openai`: prompt, budget, attempts, deadline and validation combined."""

from __future__ import annotations

import asyncio
import json
import os
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from math import ceil
from typing import Any

from jit_guard.generators import budget, prompt
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.chat.background import Background, ClosedError
from jit_guard.generators.chat.batch_calls import BatchCalls
from jit_guard.generators.chat.batches import ChatBatches
from jit_guard.generators.chat.call import Call
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.client import Client
from jit_guard.generators.chat.connection import expects_tls, speaks_tls
from jit_guard.generators.chat.dialect import Dialect, shorter
from jit_guard.generators.chat.endpoint import Endpoint, endpoint
from jit_guard.generators.chat.fault import fault_of
from jit_guard.generators.chat.reading import read
from jit_guard.generators.chat.receiving import Arriving, Body, Received
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
from jit_guard.generators.progress import UNREPORTED, Progress
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
    budget = options.budget or Budget()
    chat = Chat(where, route, system, options.timeout, budget, options.progress)
    return Writer(
        chat.write,
        where.model,
        prompt.version(system),
        chat.close,
        chat.most_tokens,
        chat.batches(),
    )


class Chat:
    """A model that writes components. Safe to use from several threads.

    Args:
        where: the endpoint of the model.
        route: the route to its server.
        system: the system prompt.
        timeout: seconds for one text, including waiting and all attempts.
        budget: the token budget of the run.
        progress: receives the tokens that have arrived, and the pauses.
    """

    def __init__(
        self,
        where: Endpoint,
        route: Route,
        system: str,
        timeout: float,
        budget: Budget,
        progress: Progress = UNREPORTED,
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
        self._progress = progress
        self._dialect = Dialect(is_openai=where.is_openai, must_limit=budget.limit is not None)
        weakref.finalize(self, self._background.close)

    def batches(self) -> ChatBatches:
        """Return the Batch API of the same endpoint, with the same client and budget."""
        calls = BatchCalls(self._route, self._timeout, self._client, self._background)
        return ChatBatches(self._where, self._system, self._budget, calls)

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
            received = self._background.run(self._response(call))
            text = read(received, self._where.model)
            self._count(call, text)
        except ClosedError:
            raise GenerationError("interrupted", self._partial(call)) from None
        except GenerationError as error:
            if error.text is not None:
                self._count(call, error.text)
                error.text = _complete(error.text, call)
            else:
                error.text = self._partial(call)
            raise
        finally:
            call.settle()
        return _complete(text, call)

    def _count(self, call: Call, text: Text) -> None:
        call.answered(text.usage)
        if text.usage.output_tokens is None:
            self._dialect.without_usage()

    def _partial(self, call: Call) -> Text | None:
        """Return what has arrived of an answer that was cut off, to be stored as rejected."""
        call.stopped()
        if not call.partials:
            return None
        text = _text_of(call.partials.pop(), self._where.model)
        return _complete(text._replace(details={**text.details, "partial": True}), call)

    def most_tokens(self, request: Request) -> int:
        """Return the worst case of one call for a request."""
        return self._sent(prompt.messages(request, self._system)) + self._where.longest_answer

    @staticmethod
    def _sent(chat: Sequence[prompt.Message]) -> int:
        return budget.at_most(*(message.content for message in chat))

    def _call(self, request: Request) -> Call:
        chat = prompt.messages(request, self._system)
        sent = self._sent(chat)
        try:
            kept = self._budget.reserve(
                sent,
                most=self._where.longest_answer,
                least=_SHORTEST_ANSWER,
                text=request.path,
            )
        except OverBudgetError as error:
            raise GenerationError(str(error)) from None
        return Call(request.path, chat, self._budget, kept)

    async def _response(self, call: Call) -> Received:
        """Return the server's answer, after retries and pauses, before the deadline."""
        started = asyncio.get_running_loop().time()
        deadline = started + self._timeout
        retrying = policy(
            self._timeout,
            self._pause,
            lambda seconds, fault: self._progress.waiting(call.path, seconds, fault.reason),
        )
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

    async def _attempt(self, call: Call, deadline: float) -> Received:
        if self._hopeless is not None:  # since this call began
            raise CallFaultError(CallFault(self._hopeless, fatal=True))
        reason = call.last.reason if call.last else "429 in another call"
        if left := self._pause.left():
            self._progress.waiting(call.path, left, reason)
        if not await self._pause.over(deadline):
            raise CallFaultError(CallFault(reason, wait=self._pause.left()))
        responses, sent = self._dialect.responses, self._dialect.parameters(call.output)
        arriving = Arriving(
            responses=responses, progress=lambda count: self._progress.tokens(call.path, count)
        )
        call.begin(arriving)
        if call.attempts > 1:
            self._progress.tokens(call.path, 0)
        try:
            received = await self._client.send(call.chat, sent, arriving, responses=responses)
        except Exception as error:  # noqa: BLE001 - the SDK raises what its parts raise
            fault = fault_of(
                error, self._route, reached=self._reached, worked=self._worked
            ) or CallFault(f"the answer cannot be read ({type(error).__name__})", perhaps_paid=True)
        else:
            self._reached = self._worked = True
            call.received()
            return received
        if fault.unexplained and not self._reached and await speaks_tls(self._route):
            fault = expects_tls(self._route)
        if fault.refusal and self._has_another_form(call, fault, sent):
            fault = fault._replace(again=True, fatal=False, wait=0.0)
        self._reached = self._reached or fault.reached
        call.failed(fault)
        raise CallFaultError(fault)

    def _has_another_form(self, call: Call, fault: CallFault, sent: dict[str, Any]) -> bool:
        """Return whether the server may accept the request in another form, and choose it."""
        if self._dialect.learn(fault, sent):
            return True
        if (output := shorter(fault, sent)) is None:
            return False
        call.output = output
        return True

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
            call.stopped()
            if call.partials:  # to be stored; the next text ends the run
                return GenerationError(reason)
            return GeneratorUnusableError(reason)
        if fault.wait is not None and seconds + fault.wait >= self._timeout:
            return GenerationError(
                f"{reason}; the server asked to wait {ceil(fault.wait)} s, "
                f"longer than the {max(0, int(self._timeout - seconds))} s left (--timeout)"
            )
        return GenerationError(f"{reason} ({tried} in {seconds:.0f} s)" if fault.again else reason)


def _complete(text: Text, call: Call) -> Text:
    """Add the retries, and what arrived of attempts that were cut off."""
    earlier = [_text_of(one, "").content for one in call.partials]
    details = {**text.details, "cut_off": earlier} if earlier else text.details
    return text._replace(usage=text.usage._replace(retries=call.retries), details=details)


def _text_of(partial: dict[str, Any], model: str) -> Text:
    """Return the text of a part of an answer."""
    try:
        return read(Received(Body(json.dumps(partial).encode())), model)
    except GenerationError as error:
        return error.text or Text("")
