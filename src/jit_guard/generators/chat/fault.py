"""The fault of one attempt: whether and when to retry, and what it means for other calls.

The SDK's retries are off. Its exceptions are classified here and never propagated, because they
hold the request and with it the key.
"""

from __future__ import annotations

import email.utils
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from jit_guard.text.credentials import scrub
from jit_guard.text.printable import printable

_HOPELESS = (
    401,
    402,
    403,
    404,
)  # key, balance, permission, address or model: retrying does not help
_PASSING = (408, 409, 429)  # and every status from 500
_LONGEST_WAIT = 1_000_000.0  # seconds; every deadline is earlier
_PERHAPS_PAID = (502, 504)  # the gateway timed out, but the model may have answered
_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_ADVICE = {
    401: "check OPENAI_API_KEY",
    402: "check the account's balance",
    403: "check the permissions of the key",
    404: "check --base-url and --model",
}


class CallFault(NamedTuple):
    """One attempt without an answer."""

    reason: str
    again: bool = False  # another attempt may help
    fatal: bool = False  # every other call would fail, too
    wait: float | None = None  # seconds that the server asked to wait
    everybody: bool = False  # all other calls have to wait as well
    perhaps_paid: bool = False
    reached: bool = True  # the server answered something
    bad_parameter: bool = False


class CallFaultError(Exception):
    """A fault as an exception, for the retry policy."""

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def fault_of(error: Exception, server: str, *, reached: bool) -> CallFault | None:
    """Classify an exception of the SDK; None if it is about the content of an answer.

    Args:
        error: what `create` raised.
        server: the server as shown in messages.
        reached: whether it has answered before in this run.
    """
    import openai

    for one in (error, error.__cause__):  # some SDK releases wrap it
        if isinstance(one, CallFaultError):
            return one.fault
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, server)
    if isinstance(error, openai.APIConnectionError):
        # By name: which of two HTTP libraries the SDK uses depends on its release.
        cause = error.__cause__
        name = type(cause).__name__
        why = _words(str(cause or error)) or name
        if name in ("ConnectError", "ProxyError"):
            return CallFault(
                f"{server} cannot be reached: {_root(cause) or why}",
                again=reached,
                fatal=not reached,
                reached=False,
            )
        if name in ("ConnectTimeout", "PoolTimeout"):
            return CallFault(f"{server} cannot be reached: no answer", again=True, reached=False)
        if name in ("UnsupportedProtocol", "InvalidURL", "LocalProtocolError"):
            return CallFault(f"{server}: {why}", fatal=True)
        return CallFault(f"the connection was lost: {why}", again=True, perhaps_paid=True)
    return None


def _of_status(error: Any, server: str) -> CallFault:
    status: int = error.status_code
    code = {str(error.code), str(error.type)}
    detail = f"{status}: {_words(str(error.message).removeprefix(f'Error code: {status} - '))}"
    if detail.endswith(f"Error code: {status}"):
        detail = f"{status} {_words(error.response.reason_phrase)}".rstrip()
    if status == 429 and code & set(_QUOTA):
        return CallFault(f"{server}: {detail}; check plan and billing", fatal=True)
    if status in _HOPELESS:
        return CallFault(f"{server}: {detail}; {_ADVICE[status]}", fatal=True)
    headers: Mapping[str, str] = error.response.headers
    passing = status in _PASSING or status >= 500
    should_retry = headers.get("x-should-retry")
    return CallFault(
        detail,
        again=passing and should_retry != "false",
        wait=retry_after(headers, time.time()) if status in (429, 503) else None,
        everybody=status == 429,
        perhaps_paid=status in _PERHAPS_PAID,
        bad_parameter=status == 400 and "max_" in f"{error.param} {detail}",
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long the server asked to wait, in seconds; None if it did not, or not sensibly.

    The value is in milliseconds (`retry-after-ms`), seconds, or an HTTP date. A date is compared
    with the answer's own `date`, if it has one, since the local clock may be wrong.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        return min(seconds, _LONGEST_WAIT) if 0 <= seconds < float("inf") else None
    until = _date(headers.get("retry-after"))
    if until is None:
        return None
    since = _date(headers.get("date"))
    return min(max(0.0, until - (now if since is None else since)), _LONGEST_WAIT)


def _date(text: str | None) -> float | None:
    try:
        parsed = email.utils.parsedate_tz((text or "")[:100])
        return None if parsed is None else float(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _root(error: BaseException | None) -> str:
    """Return the innermost message of the operating system, e.g. "Connection refused"."""
    deepest = ""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, socket.gaierror):
            deepest = error.strerror or "unknown host"
        elif isinstance(error, OSError) and error.errno:
            deepest = os.strerror(error.errno)
        error = error.__cause__ or error.__context__
        seen += 1
    return _words(deepest)


def _words(text: str) -> str:
    """Shorten a server's message to one line without keys."""
    line = printable(" ".join(scrub(text).split()))
    return line if len(line) <= 300 else f"{line[:297]}..."
