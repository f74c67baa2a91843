"""The SDK's client, imported and created at the first call, and closed at the end."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from jit_guard.generators.chat.endpoint import Endpoint
from jit_guard.generators.chat.receiving import Arriving, Received, receive
from jit_guard.generators.chat.responses import input_of
from jit_guard.generators.chat.route import Route
from jit_guard.generators.prompt import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT = 10.0  # seconds; an unresponsive address must not use up the time for a text


class Client:
    """A connection to one endpoint. `send` and `close` must run in the same event loop.

    Args:
        endpoint: the endpoint.
        route: the route to its server.
        timeout: seconds for any single read; the caller enforces the deadline of a text.
    """

    def __init__(self, endpoint: Endpoint, route: Route, timeout: float) -> None:
        self._endpoint = endpoint
        self._route = route
        self._timeout = timeout
        self._made: AsyncOpenAI | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Import the SDK, which is slow, outside the event loop and before the deadline starts.

        Raises:
            GeneratorUnusableError: the certificates to trust cannot be loaded.
        """
        with self._lock:
            if self._made is not None:
                return
            import tenacity  # noqa: F401 - used by the policy in the loop
            from openai import AsyncOpenAI, Timeout

            from jit_guard.generators.chat.exchange import Exchange

            timeout = Timeout(self._timeout, connect=min(_CONNECT, self._timeout))
            # The SDK would append the path of a request to the query of its base URL.
            base = urlsplit(self._endpoint.base_url)
            self._made = AsyncOpenAI(
                api_key=self._endpoint.key,
                base_url=urlunsplit(base._replace(query="", fragment="")),
                default_query=dict(parse_qsl(base.query, keep_blank_values=True)),
                max_retries=0,
                timeout=timeout,
                http_client=Exchange(self._route, timeout),
            )
            _ = self._made.chat.completions.with_streaming_response  # imports the rest

    @property
    def sdk(self) -> AsyncOpenAI:
        """The SDK's own client."""
        assert self._made is not None, "call prepare first"
        return self._made

    async def send(
        self,
        chat: Sequence[Message],
        parameters: Mapping[str, Any],
        arriving: Arriving,
        *,
        responses: bool = False,
    ) -> Received:
        """Send one request without retries, and return the complete answer.

        Args:
            chat: the messages.
            parameters: of the request, beyond model and messages.
            arriving: takes what arrives.
            responses: use the Responses API.

        Raises:
            CallFaultError: the answer stopped, is too large, or contains an error.
            Exception: from the SDK, or from its HTTP client while the answer is read.
        """
        create: Any
        if responses:
            create = self.sdk.responses.with_streaming_response.create
            content: dict[str, Any] = {"input": input_of(chat)}
        else:
            create = self.sdk.chat.completions.with_streaming_response.create
            content = {"messages": [message._asdict() for message in chat]}
        sending = create(model=self._endpoint.model, **content, **parameters)
        async with sending as response:
            return await receive(response.http_response, arriving)

    async def close(self) -> None:
        """Close the connection."""
        if self._made is not None:
            await self._made.close()
            self._made = None
