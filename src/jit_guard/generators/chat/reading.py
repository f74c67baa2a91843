"""Validation of a server's answer.

Nothing in an answer is trusted: a gateway may send anything with status 200, and the SDK turns
much of it into AttributeError, TypeError or worse.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from jit_guard.generators.answer import component_in
from jit_guard.generators.chat.error_body import error_inside
from jit_guard.generators.generator import GenerationError, Text, Usage, token_count
from jit_guard.generators.judgement import finished, judge_text
from jit_guard.text.credentials import scrub

_KEPT = 100_000  # characters stored of an answer that is not a completion
_MOST_DIGITS = 20  # of an integer; with thousands, Python is slow or refuses
# Parsing can raise these: JSONDecodeError and UnicodeDecodeError are ValueErrors; a body that is
# nested too deeply raises RecursionError.
_UNREADABLE = (ValueError, AttributeError, TypeError, LookupError, RecursionError)

_NOT_STOPPED = {
    "length": "the answer was cut off at the model's limit (finish_reason length)",
    "content_filter": "the server's content filter stopped the answer",
}


class _Answer(NamedTuple):
    content: Any
    refusal: Any
    finish_reason: Any
    text: Text  # as it arrived, to be stored in any case


def read(response: Any, model: str) -> Text:
    """Extract the text from an answer, ready for its file.

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
    if fault := _fault(answer):
        raise GenerationError(scrub(fault), answer.text)
    content = finished(component_in(answer.content))
    if fault := judge_text(content):
        raise GenerationError(fault, answer.text)
    details = dict(answer.text.details)
    if content != answer.text.content:
        details["answer"] = answer.text.content
    return answer.text._replace(content=content, details=details)


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
    content, refusal = message.get("content"), message.get("refusal")
    finish_reason = choice.get("finish_reason")
    details = {
        "finish_reason": _plain(finish_reason),
        "id": _plain(completion.get("id")),
        "request_id": _plain(request_id),
        "refusal": _plain(refusal),
    }
    used = completion.get("model")
    return _Answer(
        content,
        refusal,
        finish_reason,
        Text(
            _storable(content) if isinstance(content, str) else "",
            usage_of(completion),
            _storable(used) if isinstance(used, str) and used else model,
            {name: value for name, value in details.items() if value is not None},
        ),
    )


def _fault(answer: _Answer) -> str | None:
    """Return why an answer has no usable text, or None."""
    if isinstance(answer.refusal, str) and answer.refusal.strip():
        return f"the model refused: {' '.join(answer.refusal.split())[:200]}"
    if answer.finish_reason != "stop":
        why = _plain(answer.finish_reason)
        return _NOT_STOPPED.get(str(why), f"the answer did not finish normally ({why!r:.40})")
    if not isinstance(answer.content, str) or not answer.content.strip():
        return "the answer is empty"
    return None


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
