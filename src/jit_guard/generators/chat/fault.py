"""What went wrong with one attempt: whether to try again, when, and what it means for the rest.

The SDK's retries are off. What it raises is told apart here, once, and what is raised from here
on carries nothing of it: its exceptions hold the request, and with it the key.
"""

from __future__ import annotations

import email.utils
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from jit_guard.generators.chat.keys import scrub

_HOPELESS = (401, 402, 403, 404)  # key, balance, permission, address or model: none will pass
_PASSING = (408, 409, 429)  # and everything from 500 on
_PERHAPS_PAID = (502, 504)  # a gateway gave up, the model behind it may not have
_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_ADVICE = {
    401: "check OPENAI_API_KEY",
    402: "check the account's balance",
    403: "check what this key may do",
    404: "check --base-url and --model",
}


class CallFault(NamedTuple):
    """One attempt that gave no answer."""

    reason: str
    again: bool = False  # another attempt may help
    fatal: bool = False  # no entry can do better
    wait: float | None = None  # seconds that the server asks for
    everybody: bool = False  # and all other callers have to wait with us
    perhaps_paid: bool = False
    reached: bool = True  # the server answered something
    bad_parameter: bool = False


class CallFaultError(Exception):
    """A fault on its way to whoever decides."""

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def fault_of(error: Exception, server: str, *, reached: bool) -> CallFault | None:
    """What an exception of the SDK means; None for one that speaks of an answer's content.

    Args:
        error: what `create` raised.
        server: the server as messages name it.
        reached: it has answered before, in this run.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error, server)
    if isinstance(error, openai.APIConnectionError):
        # By name: which of its two HTTP libraries the SDK brings differs between its releases.
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
        return CallFault(f"the connection broke: {why}", again=True, perhaps_paid=True)
    return None


def _of_status(error: Any, server: str) -> CallFault:
    status: int = error.status_code
    code = {str(error.code), str(error.type)}
    said = f"{status}: {_words(str(error.message).removeprefix(f'Error code: {status} - '))}"
    if said.endswith(f"Error code: {status}"):
        said = f"{status} {error.response.reason_phrase}".rstrip()
    if status == 429 and code & set(_QUOTA):
        return CallFault(f"{server}: {said}; check plan and billing", fatal=True)
    if status in _HOPELESS:
        return CallFault(f"{server}: {said}; {_ADVICE[status]}", fatal=True)
    headers: Mapping[str, str] = error.response.headers
    passing = status in _PASSING or status >= 500
    told = headers.get("x-should-retry")
    return CallFault(
        said,
        again=passing and told != "false",
        wait=retry_after(headers, time.time()) if status in (429, 503) else None,
        everybody=status == 429,
        perhaps_paid=status in _PERHAPS_PAID,
        bad_parameter=status == 400 and "max_" in f"{error.param} {said}",
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How long the server asks to wait, in seconds; None when it does not say, or not sensibly.

    Milliseconds (`retry-after-ms`), seconds or an HTTP date. A date is compared with the answer's
    own `date`, where it has one: this machine's clock may be wrong.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < float("inf") else None
    until = _date(headers.get("retry-after"))
    if until is None:
        return None
    since = _date(headers.get("date"))
    return max(0.0, until - (now if since is None else since))


def _date(text: str | None) -> float | None:
    parsed = email.utils.parsedate_tz(text or "")
    try:
        return None if parsed is None else float(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None


def _root(error: BaseException | None) -> str:
    """The operating system's own words, which lie deepest: "Connection refused"."""
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
    """A server's words: one line, no key, no more than a message can hold."""
    line = " ".join(scrub(text).split())
    return line if len(line) <= 300 else f"{line[:297]}..."
