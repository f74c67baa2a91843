"""The body of an answer: read piece by piece, decompressed, and never more than a limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.text.printable import printable

MAX_BYTES = 8_000_000  # of a decompressed answer; a component has at most an eighth of it
_MAX_ERROR_BYTES = 65_536
_SHOWN = 200


class TooLargeError(CallFaultError):
    """An answer that is larger than the limit."""


async def pieces(response: Any, limit: int = MAX_BYTES) -> AsyncGenerator[bytes, None]:
    """Yield the decompressed body of an answer as it arrives.

    Args:
        response: the HTTP client's response, not read yet.
        limit: the most bytes that are yielded.

    Raises:
        TooLargeError: it is larger.
        CallFaultError: it is compressed in a way that was not requested.
    """
    try:
        async for piece in _unpacked(response, limit):
            yield piece
    except _UnreadableError as error:
        fault = CallFault(f"the answer {error}", perhaps_paid=True)
        kind = TooLargeError if isinstance(error, _EndlessError) else CallFaultError
    else:
        return
    raise kind(fault)


async def error_body(response: Any) -> bytes:
    """Return the readable start of the body of an error."""
    content = bytearray()
    try:
        async for piece in _unpacked(response, _MAX_ERROR_BYTES):
            content += piece
    except _UnreadableError:
        pass
    return bytes(content)


class _UnreadableError(Exception):
    """An answer that cannot be read completely; the message is the reason."""


class _EndlessError(_UnreadableError):
    """An answer that is larger than the limit."""


async def _unpacked(response: Any, limit: int) -> AsyncIterator[bytes]:
    room = limit
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    async for packed in response.aiter_raw():
        try:
            piece = unpack(packed, room + 1)
        except zlib.error:
            raise _UnreadableError("is compressed, but corrupted") from None
        if len(piece) > room:
            yield piece[:room]
            raise _EndlessError(f"is larger than {limit // 1_000_000} MB")
        room -= len(piece)
        yield piece


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """Return a function that decompresses a piece of the body into a limited number of bytes.

    No compressed answer was requested. If one arrives anyway, only zlib can bound its output.
    """
    encodings = [name.strip() for name in encoding.lower().split(",")]
    encodings = [name for name in encodings if name not in ("", "identity")]
    if not encodings:
        return lambda piece, room: piece[:room]
    if encodings in (["gzip"], ["x-gzip"], ["deflate"]):
        return zlib.decompressobj(zlib.MAX_WBITS + 32).decompress  # it has either header
    shown = printable(", ".join(encodings))[:_SHOWN]
    raise _UnreadableError(f"is compressed ({shown}), which was not requested")
