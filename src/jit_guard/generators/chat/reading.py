"""Validation of a server's answer.

Nothing in an answer is trusted: a gateway may send anything with status 200, and the SDK turns
much of it into AttributeError, TypeError or worse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jit_guard.generators.answers.parts import Content, content_of, reasoning_of
from jit_guard.generators.chat.error_body import error_inside
from jit_guard.generators.generator import GenerationError, Text, Usage, token_count
from jit_guard.text.credentials import credential_in, scrub

_KEPT = 100_000  # characters stored of an answer that is not a completion
_MOST_DIGITS = 20  # of an integer; with thousands, Python is slow or refuses
# Parsing can raise these: JSONDecodeError and UnicodeDecodeError are ValueErrors; a body that is
# nested too deeply raises RecursionError.
_UNREADABLE = (ValueError, AttributeError, TypeError, LookupError, RecursionError)

# The reasons to stop, in lower case: of OpenAI, and of servers that pass on those of others.
_STOPPED = frozenset(
    {"stop", "end", "end_turn", "eos", "eos_token", "stop_sequence", "complete", "completed"}
)
_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_FILTERED = frozenset(
    {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii"}
    | {"sensitive", "guardrail_intervened", "error_toxic", "image_safety"}
)


class _Answer(NamedTuple):
    content: Content
    reasoning: str
    error: Any
    finish_reason: Any
    text: Text  # as it arrived, to be stored in any case


def read(response: Any, model: str) -> Text:
    """Return the text of an answer, as it arrived; `answers.gate` finds the component in it.

    Whatever the message holds beside a plain text (parts, reasoning) is in the text's details.

    Args:
        response: the SDK's raw response, with status 200.
        model: the model that was asked.

    Raises:
        GenerationError: the answer has no usable text; the error holds what arrived, if anything.
    """
    reason, answer = "", None
    try:
        answer = _answer(_decoded(response), model, _request_id(response))
    except _UNREADABLE as error:
        reason = f"the answer is not a chat completion ({type(error).__name__})"
    # Raised outside the except block: the SDK's error may hold the request, and so the key.
    if answer is None:
        body = _storable(_body(response))
        shown = " ".join(body[:120].split())
        if found := error_inside(response.http_response.content):
            reason = f"the server returned an error: {found.words}"
        else:
            reason = f"{reason}: {shown}" if shown else "the answer is empty"
        raise GenerationError(scrub(reason), _kept(body, model, response))
    fault = _fault(answer)
    if fault is None and (credential := credential_in(answer.text.content)):
        fault = f"the text contains the value of {credential}"
    if fault is not None:
        kept = answer.text._replace(content=_storable(answer.text.content))
        raise GenerationError(scrub(fault), kept)
    return answer.text


def _decoded(response: Any) -> Any:
    """Parse the JSON of an answer; absurdly long integers become None."""
    # Not with the SDK, which builds objects from all of it and fails on such an integer.
    return json.loads(
        response.http_response.content,
        parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else None,
    )


def _answer(completion: Any, model: str, request_id: str | None) -> _Answer:
    choice = completion["choices"][0]
    message = choice["message"]
    content = content_of(message.get("content"))
    if isinstance(message.get("refusal"), str):
        content = content._replace(refusal=message["refusal"] or content.refusal)
    finish_reason = choice.get("finish_reason")
    details = {
        "finish_reason": _plain(finish_reason),
        "id": _plain(completion.get("id")),
        "request_id": _plain(request_id),
        "refusal": _plain(content.refusal or None),
        "message": _beside(message),
    }
    used = completion.get("model")
    return _Answer(
        content,
        reasoning_of(message),
        choice.get("error"),
        finish_reason,
        Text(
            content.text,
            usage_of(completion),
            _storable(used) if isinstance(used, str) and used else model,
            {name: value for name, value in details.items() if value is not None},
        ),
    )


def _beside(message: Mapping[str, Any]) -> Any:
    """Return what a message holds beside its role and a plain text; None if nothing."""
    left = {
        name: value
        for name, value in message.items()
        if value
        and name not in ("role", "refusal")
        and not (name == "content" and isinstance(value, str))
    }
    return _without_keys(left) if left else None


def _without_keys(value: Any) -> Any:
    """Return a value of JSON without credentials."""
    try:
        text = json.dumps(value)
        clean = scrub(text)
        return value if clean == text else json.loads(clean)
    except (ValueError, RecursionError):
        return None


def _fault(answer: _Answer) -> str | None:
    """Return why an answer has no usable text, or None."""
    content = answer.content
    if content.refusal.strip():
        return content.fault()
    why = str(_plain(answer.finish_reason))
    if isinstance(answer.error, dict) and why.lower() not in _STOPPED:
        said = answer.error.get("message") or answer.error.get("code")
        return f"the server returned an error: {' '.join(_storable(str(said)).split())[:300]}"
    if why.lower() in _CUT_OFF:
        return f"the answer was cut off at the model's limit (finish_reason {why})"
    if why.lower() in _FILTERED:
        return f"the server's content filter stopped the answer (finish_reason {why})"
    if why.lower() not in _STOPPED:
        return f"the answer did not finish normally ({_plain(answer.finish_reason)!r:.40})"
    return content._replace(reasoning=answer.reasoning).fault()


def usage_of(completion: Any) -> Usage:
    """Return the usage that an answer reports, if it is plausible."""
    usage = completion.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    sent = token_count(usage.get("prompt_tokens"))
    given = token_count(usage.get("completion_tokens"))
    return Usage() if sent is None or given is None else Usage(sent, given)


def _kept(body: str, model: str, response: Any) -> Text | None:
    if not body.strip():
        return None
    details: dict[str, Any] = {"unreadable": True}
    if (request_id := _plain(_request_id(response))) is not None:
        details["request_id"] = request_id
    return Text(body, Usage(), model, details)


def _body(response: Any) -> str:
    content: bytes = response.http_response.content
    return content.decode("utf-8", "backslashreplace")[:_KEPT]


def _request_id(response: Any) -> str | None:
    found: str | None = response.http_response.headers.get("x-request-id")
    return found


def _storable(text: str) -> str:
    """Return text that any file or database can store, without keys."""
    return scrub(text.encode("utf-8", "backslashreplace").decode())


def _plain(value: object) -> str | None:
    return None if value is None else _storable(str(value))[:1000]
