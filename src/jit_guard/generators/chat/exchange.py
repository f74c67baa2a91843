"""The HTTP client of the SDK: one known route, no redirects, and answers of bounded size.

The SDK's default client follows redirects, and so would send the prompt and every header of
OPENAI_CUSTOM_HEADERS to a host that the user did not name. It also decompresses without a limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

from openai import DefaultAsyncHttpxClient

from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.route import Route
from jit_guard.text.credentials import scrub
from jit_guard.text.printable import printable

MAX_BYTES = 8_000_000  # of a decompressed answer; a component has at most an eighth of it
_MAX_ERROR_BYTES = 65_536
_SHOWN = 200
_FRAMING = ("content-encoding", "content-length", "transfer-encoding")  # of what was received


class Exchange(DefaultAsyncHttpxClient):
    """Like the SDK's default client, but reads answers itself, and not the environment.

    Args:
        route: the route to the server.
        timeout: as for the SDK's client.

    Raises:
        GeneratorUnusableError: the certificates to trust cannot be loaded.
    """

    def __init__(self, route: Route, timeout: Any) -> None:
        certificates = route.certificates()
        super().__init__(
            timeout=timeout,
            follow_redirects=False,
            event_hooks={"response": [self._refuse_redirect]},
            proxy=route.proxy.url if route.proxy else None,
            verify=True if certificates is None else certificates,
            trust_env=False,  # the route is already known
        )
        self._server = route.shown

    async def send(self, request: Any, **options: Any) -> Any:
        """Return the complete answer to a request.

        Raises:
            CallFaultError: it is a redirect, or too large.
        """
        request.headers.pop("accept-encoding", None)
        options.update(stream=True, follow_redirects=False)
        response = await super().send(request, **options)
        try:
            content = await _content(response)
        finally:
            await response.aclose()
        headers = response.headers.multi_items()
        return type(response)(
            response.status_code,
            headers=[pair for pair in headers if pair[0].lower() not in _FRAMING],
            content=content,
            request=response.request,
            extensions=response.extensions,
        )

    async def _refuse_redirect(self, response: Any) -> None:
        if 300 <= response.status_code < 400:
            where = _destination(str(response.request.url), response.headers.get("location", ""))
            raise CallFaultError(
                CallFault(
                    f"{self._server}: {response.status_code}: redirects to {where}, "
                    "and redirects are not followed; check --base-url",
                    fatal=True,
                )
            )


async def _content(response: Any) -> bytes:
    """Return the decompressed body; for an error status, the readable part of it."""
    limit = _MAX_ERROR_BYTES if response.is_error else MAX_BYTES
    content = bytearray()
    try:
        unpack = _unpacker(response.headers.get("content-encoding", ""))
        async for piece in response.aiter_raw():
            room = limit + 1 - len(content)
            content += unpack(piece, room)
            if len(content) > limit:
                raise _UnreadableBodyError(f"is larger than {MAX_BYTES // 1_000_000} MB")
    except _UnreadableBodyError as error:
        reason = str(error)
    except zlib.error:
        reason = "is compressed, but corrupted"
    else:
        return bytes(content)
    if response.is_error:
        return bytes(content[:limit])
    raise CallFaultError(CallFault(f"the answer {reason}", perhaps_paid=True))


class _UnreadableBodyError(Exception):
    """An answer that cannot be read completely; the message is the reason."""


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """Return a function that decompresses a piece of the body into a limited number of bytes.

    No compressed answer was requested. If one arrives anyway, only zlib can bound its output.
    """
    encodings = [name.strip() for name in encoding.lower().split(",")]
    encodings = [name for name in encodings if name not in ("", "identity")]
    if not encodings:
        return lambda piece, room: piece[:room]
    if encodings in (["gzip"], ["x-gzip"], ["deflate"]):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress  # it has either header
    shown = printable(", ".join(encodings))[:_SHOWN]
    raise _UnreadableBodyError(f"is compressed ({shown}), which was not requested")


def _destination(asked: str, location: str) -> str:
    """Return the host and path of a redirect; its query or user name may be a secret."""
    try:
        parts = urlsplit(urljoin(asked, location))
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an invalid URL"
    if not location:
        return "no URL"
    shown = printable(scrub(f"{parts.scheme}://{host}{parts.path}"))
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
