"""Faults of the connection: what failed, and why.

An exception of the HTTP client is a chain that ends at an error of the operating system or of
TLS. Only that last error is the cause, and its number alone may mean another thing: TLS numbers
its errors, too.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

from jit_guard.generators.chat.call_fault import CallFault
from jit_guard.generators.chat.error_body import one_line
from jit_guard.generators.chat.route import Route
from jit_guard.generators.chat.trust import configured, no_certificates

_DEEPEST = 20  # exceptions in a chain
_HANDSHAKE = 3.0  # seconds
_UNREACHABLE = ("ConnectError", "ProxyError")
_NO_ANSWER = ("ConnectTimeout", "PoolTimeout")
_INVALID = ("UnsupportedProtocol", "InvalidURL", "LocalProtocolError")
_LOST = ("ReadError", "WriteError", "RemoteProtocolError", "ReadTimeout", "WriteTimeout",
         "CloseError", "NetworkError", "EndOfStream", "StreamClosed")  # fmt: skip

_OUT_OF_DATE = (9, 10)  # X509_V_ERR_*
_OTHER_HOST = (62, 64)
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL",
           "PACKET_LENGTH_TOO_LONG", "UNSUPPORTED_PROTOCOL_VERSION")  # fmt: skip


def connection_fault(error: Exception, route: Route, *, reached: bool) -> CallFault | None:
    """Classify an exception of a connection; None if it is something else."""
    chain = tuple(_chain(error))
    # By name: which of two HTTP libraries the SDK uses depends on its release.
    names = [type(one).__name__ for one in chain]
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return _fatal(_certificate(chain, route), reached=reached)
    tls = next((one for one in chain if isinstance(one, ssl.SSLError)), None)
    if tls is not None and (any(name in _UNREACHABLE for name in names) or not reached):
        return _fatal(_handshake(tls, route), reached=reached)
    why = _root(chain)
    for name in names:
        if name in _UNREACHABLE or isinstance(error, UnicodeError):
            return _fatal(_unreachable(name, chain, why, route), reached=reached)
        if name in _NO_ANSWER:
            return CallFault(
                f"{route.next_hop} cannot be reached: no answer", again=True, reached=False
            )
        if name in _INVALID:
            return CallFault(f"{route.shown}: {_words(chain) or name}", fatal=True)
        if name in _LOST:
            return CallFault(
                f"the connection was lost: {why or _words(chain) or name}",
                again=True,
                perhaps_paid=True,
                unexplained=True,
            )
    if names[0] in ("APIConnectionError", "APITimeoutError"):
        return CallFault(
            f"the connection was lost: {why or _words(chain) or names[-1]}",
            again=True,
            perhaps_paid=True,
        )
    return None


async def speaks_tls(route: Route) -> bool:
    """Return whether the server of an http:// URL accepts a TLS handshake. Sends no request."""
    if route.tls or route.proxy is not None:
        return False
    context = no_certificates()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only the handshake counts; nothing is sent over it
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(route.host, route.port, ssl=context), _HANDSHAKE
        )
    except (OSError, ValueError, asyncio.TimeoutError):
        return False
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def expects_tls(route: Route) -> CallFault:
    """Return the fault of a request without TLS to a server that expects it."""
    return CallFault(
        f"{route.shown}: the server expects TLS; use https:// in --base-url", fatal=True
    )


def _fatal(reason: str, *, reached: bool) -> CallFault:
    """Return the fault of a connection that was not made: fatal at the first contact."""
    return CallFault(reason, again=reached, fatal=not reached, reached=False)


def _certificate(chain: tuple[BaseException, ...], route: Route) -> str:
    error = next(one for one in chain if isinstance(one, ssl.SSLCertVerificationError))
    code = getattr(error, "verify_code", None)
    why = one_line(getattr(error, "verify_message", "") or str(error)).rstrip(".")
    named = configured()
    if code in _OUT_OF_DATE:
        advice = "renew it, and check the clock of this machine"
    elif code in _OTHER_HOST:
        advice = "use a host name in --base-url that the certificate contains"
    elif named is not None:
        advice = f"{named[0]}={named[1]} does not contain its issuer"
    else:
        advice = "if you trust its issuer, set SSL_CERT_FILE to a PEM file with that certificate"
    return f"{route.shown}: the server's TLS certificate is not accepted: {why}; {advice}"


def _handshake(error: ssl.SSLError, route: Route) -> str:
    name = getattr(error, "reason", None) or ""  # only if OpenSSL raised it
    reason = name.replace(" ", "_").upper()
    if reason in _NO_TLS:
        at = route.proxy.shown if route.proxy and route.proxy.scheme == "https" else route.shown
        return f"{at}: there is no TLS on this port; check the port, or use http://"
    said = one_line(name or str(error)).replace("_", " ").lower()
    return f"{route.shown}: the TLS handshake failed: {said}"


def _unreachable(name: str, chain: tuple[BaseException, ...], why: str, route: Route) -> str:
    words = _words(chain)
    if route.proxy is None:
        unknown = any(isinstance(one, (socket.gaierror, UnicodeError)) for one in chain)
        advice = "; check the host name in --base-url" if unknown else ""
        return f"{route.shown} cannot be reached: {why or words or name}{advice}"
    if name == "ProxyError" and not why:  # it answered
        return f"{route.proxy.shown} refused the connection to {route.shown}: {words or name}"
    local = f", or add {route.host} to NO_PROXY" if route.is_local else ""
    return (
        f"{route.proxy.shown} cannot be reached: {why or words or name}; "
        f"check {route.proxy.variable}{local}"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, those in a group included."""
    todo: list[BaseException | None] = [error]
    seen: list[BaseException] = []
    while todo and len(seen) < _DEEPEST:
        one = todo.pop(0)
        if one is None or one in seen:
            continue
        seen.append(one)
        yield one
        todo += [one.__cause__ or one.__context__, *getattr(one, "exceptions", ())]


def _root(chain: tuple[BaseException, ...]) -> str:
    """Return the message of the deepest error of the system, e.g. "Connection refused"."""
    for one in reversed(chain):
        if isinstance(one, ssl.SSLError):
            continue
        if isinstance(one, socket.gaierror):
            return one_line(one.strerror or "unknown host")
        if isinstance(one, UnicodeError):
            return "not a valid host name"
        if isinstance(one, OSError) and one.errno:
            # asyncio has other words in `strerror`; Windows has error numbers that are no errno.
            is_native = getattr(one, "winerror", None) is not None
            return one_line((one.strerror if is_native else None) or os.strerror(one.errno))
    return ""


def _words(chain: tuple[BaseException, ...]) -> str:
    """Return the first message of the HTTP library."""
    for one in chain:
        if type(one).__name__ not in ("APIConnectionError", "APITimeoutError") and str(one):
            return one_line(str(one))
    return ""
