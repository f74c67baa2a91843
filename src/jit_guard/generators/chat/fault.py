"""The fault of one attempt: whether and when to retry, and what it means for other calls.

The SDK's retries are off. Its exceptions are classified here and never propagated, because they
hold the request and with it the key.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any

from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.connection import connection_fault
from jit_guard.generators.chat.error_body import one_line, read_error
from jit_guard.generators.chat.moderation import is_about_content
from jit_guard.generators.chat.route import Route

_HOPELESS = (
    401,
    402,
    403,
    404,
)  # key, balance, permission, address or model: retrying does not help
_PASSING = (408, 409, 429)  # and every status from 500
_LONGEST_WAIT = 1_000_000.0  # seconds; every deadline is earlier
_PERHAPS_PAID = (502, 504)  # the gateway timed out, but the model may have answered
_REFUSALS = (400, 404, 405, 415, 422, 501)  # perhaps of a parameter
_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_NEEDS_TLS = re.compile(r"(?i)\bhttps (port|server)\b")  # nginx, Go
_ADVICE = {
    401: "check OPENAI_API_KEY",
    402: "check the account's balance",
    403: "check the permissions of the key",
    404: "check --base-url and --model",
}


def fault_of(error: Exception, route: Route, *, reached: bool, worked: bool) -> CallFault | None:
    """Classify an exception of the SDK; None if it is about the content of an answer.

    Args:
        error: what the SDK raised.
        route: the route to the server.
        reached: whether the server has been reached before in this run.
        worked: whether it has answered a request as asked in this run.
    """
    import openai

    for one in (error, error.__cause__):  # some SDK releases wrap it
        if isinstance(one, CallFaultError):
            return one.fault
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, route, worked=worked)
    return connection_fault(error, route, reached=reached)


def _of_status(error: Any, route: Route, *, worked: bool) -> CallFault:
    status: int = error.status_code
    headers: Mapping[str, str] = error.response.headers
    body = read_error(error.response.content)
    content: bytes = error.response.content
    refusal = content.decode("utf-8", "replace") if status in _REFUSALS else ""
    detail = _detail(status, body.words, error.response.reason_phrase)
    if route.proxy is not None and not route.tls and status != 407:
        detail = f"{detail} (through {route.proxy.shown})"  # which may be the one that answered
    if status == 429 and body.codes & _QUOTA:
        return CallFault(f"{route.shown}: {detail}; check plan and billing", fatal=True)
    if status == 407 and route.proxy is not None:
        return CallFault(f"{route.proxy.shown}: {detail}; add a user name and password", fatal=True)
    if status == 403 and (worked or is_about_content(body)):  # a key that worked has permission
        return CallFault(f"the server refused this text: {detail}")
    if status in _HOPELESS:
        reason = f"{route.shown}: {detail}; {_ADVICE[status]}"
        return CallFault(reason, fatal=True, refusal=refusal)
    if status == 400 and not route.tls and _NEEDS_TLS.search(body.text):
        return CallFault(f"{route.shown}: {detail}; use https:// in --base-url", fatal=True)
    passing = (status in _PASSING or status >= 500) and status not in _REFUSALS
    should_retry = headers.get("x-should-retry")
    return CallFault(
        detail,
        again=passing and should_retry != "false",
        wait=retry_after(headers, time.time()) if status in (429, 503) else None,
        everybody=status == 429,
        perhaps_paid=status in _PERHAPS_PAID,
        refusal=refusal,
    )


def _detail(status: int, words: str, phrase: str) -> str:
    """Return the status and the server's words, or the status's own phrase if there are none."""
    if words:
        return f"{status}: {words.removeprefix(str(status)).lstrip() or words}"
    return f"{status} {one_line(phrase)}".rstrip()


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
