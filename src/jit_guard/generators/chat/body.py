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


async def pieces(response: Any) -> AsyncGenerator[bytes, None]:
    """Yield the decompressed body of an answer as it arrives.

    Args:
        response: the HTTP client's response, not read yet.

    Raises:
        CallFaultError: it is too large, or compressed in a way that was not requested.
    """
    try:
        async for piece in _unpacked(response, MAX_BYTES):
            yield piece
    except _UnreadableError as error:
        reason = str(error)
    else:
        return
    raise CallFaultError(CallFault(f"the answer {reason}", perhaps_paid=True))


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


async def _unpacked(response: Any, limit: int) -> AsyncIterator[bytes]:
    room = limit
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    async for packed in response.aiter_raw():
        try:
            piece = unpack(packed, room + 1)
        except zlib.error:
            reason = "is compressed, but corrupted"
            break
        if len(piece) > room:
            yield piece[:room]
            reason = f"is larger than {MAX_BYTES // 1_000_000} MB"
            break
        room -= len(piece)
        yield piece
    else:
        return
    raise _UnreadableError(reason)


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
    raise _UnreadableError(f"is compressed ({shown}), which was not requested")
