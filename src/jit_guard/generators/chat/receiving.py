"""An answer in transit: what has arrived of it, whether it is streamed or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from jit_guard.generators.chat.assembly import (
    Assembly,
    ChatAssembly,
    ReportedError,
    UnreadableChunkError,
)
from jit_guard.generators.chat.body import pieces
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.error_body import read_error
from jit_guard.generators.chat.events import Event, EventReader, TooManyLinesError, is_stream
from jit_guard.generators.chat.responses import ResponseAssembly, completion_of

STALL = 30.0  # seconds without a byte, after the text has begun
_LINGER = 2.0  # seconds for the usage and the end of a stream, once the text is complete
_MOST_DIGITS = 20
_PASSING = ("overloaded", "server_error", "internal", "timeout", "unavailable", "rate_limit", "429")


class Body(NamedTuple):
    """The body of an answer, as a chat completion if it is one, and the headers."""

    content: bytes
    headers: Mapping[str, str] = {}


class Received(NamedTuple):
    """A complete answer, with the names of the SDK's raw response."""

    http_response: Body


class Arriving:
    """What has arrived of one answer.

    Args:
        responses: it comes from the Responses API.
        progress: called with the number of tokens so far, estimated.
    """

    def __init__(
        self, *, responses: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self.streamed = False
        self.bytes = 0
        self._responses = responses
        self._assembly: Assembly = ResponseAssembly() if responses else ChatAssembly()
        self._events = EventReader()
        self._whole = bytearray()  # unless it is streamed
        self._progress = progress
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether a part of the text has arrived in a stream."""
        return self._assembly.characters > 0

    @property
    def finished(self) -> bool:
        """Whether the text is complete, although the stream may go on."""
        return self._assembly.finished

    def partial(self) -> dict[str, Any] | None:
        """Return what has arrived of a stream, as a chat completion; None if there is no text."""
        return self._assembly.completion() if self.begun else None

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body. Raises CallFaultError: it contains an error."""
        self.bytes += len(piece)
        if not self.streamed:
            self._whole += piece
            self.streamed = bool(is_stream(bytes(self._whole[:100])))
            if not self.streamed:
                return
            piece = bytes(self._whole)
            self._whole.clear()
        try:
            self._take(self._events.feed(piece))
        except TooManyLinesError:
            raise _fault("the stream does not end") from None

    def content(self) -> bytes:
        """Return the body of the answer as a chat completion. Raises CallFaultError."""
        if not self.streamed:
            return self._plain() if self._responses else bytes(self._whole)
        self._take(self._events.end())
        if not (self.finished or self._over):
            raise _fault("the stream ended before the answer was complete")
        return json.dumps(self._assembly.completion()).encode()

    def _plain(self) -> bytes:
        try:
            completion = completion_of(_parsed(self._whole.decode()))
        except (ValueError, RecursionError):
            completion = None
        return bytes(self._whole) if completion is None else json.dumps(completion).encode()

    def _take(self, events: Any) -> None:
        for event in events:
            self._event(event)
        if self.begun:
            self._progress(-(-self._assembly.characters // 4))

    def _event(self, event: Event) -> None:
        if event.data.strip() == "[DONE]":
            self._over = True
        if self._over or not event.data.strip():
            return
        try:
            if event.name == "error":  # also if its data is a sentence
                raise ReportedError(event.data)
            self._assembly.add(_parsed(event.data))
            return
        except ReportedError as error:
            if self.finished:
                return
            body = error.body if isinstance(error.body, str) else json.dumps(error.body)
            found = read_error(body.encode())
            passing = any(name in code.lower() for code in found.codes for name in _PASSING)
            reason = f"the server reported an error in its answer: {found.words}"
        except (UnreadableChunkError, ValueError, RecursionError):
            reason, passing = "a part of the stream cannot be read", False
        raise _fault(reason, again=passing)


async def receive(response: Any, arriving: Arriving) -> Received:
    """Read an answer to its end.

    Raises:
        CallFaultError: it is too large, contains an error, or a stream stopped or ended early.
    """
    body = pieces(response)
    try:
        await _watched(_read(body, arriving), arriving)
        if arriving.finished:
            # The usage follows. A connection that breaks now has lost nothing of the text.
            with suppress(Exception):
                await asyncio.wait_for(_rest(body, arriving), _LINGER)
    finally:
        await body.aclose()
    return Received(Body(arriving.content(), response.headers))


async def _watched(reading: Coroutine[Any, Any, None], arriving: Arriving) -> None:
    """Await the reading of an answer, and end it if the text stops arriving."""
    reader = asyncio.ensure_future(reading)
    try:
        while not reader.done():
            seen, begun = arriving.bytes, arriving.begun
            await asyncio.wait({reader}, timeout=STALL)
            if begun and not reader.done() and arriving.bytes == seen:
                raise _fault(f"the stream stopped for {STALL:g} s", again=True)
        reader.result()
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _read(body: AsyncIterator[bytes], arriving: Arriving) -> None:
    async for piece in body:
        arriving.feed(piece)
        if arriving.finished:
            return


async def _rest(body: AsyncIterator[bytes], arriving: Arriving) -> None:
    async for piece in body:
        arriving.feed(piece)


def _fault(reason: str, *, again: bool = False) -> CallFaultError:
    return CallFaultError(CallFault(reason, again=again, perhaps_paid=True))


def _parsed(text: str) -> Any:
    """Parse JSON; absurdly long integers become None."""
    return json.loads(
        text, parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else None
    )
