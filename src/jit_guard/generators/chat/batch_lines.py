"""The files of the Batch API: a line of JSON for each request, and for each result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jit_guard.generators.batch import Answer
from jit_guard.generators.chat.error_body import one_line, read_error
from jit_guard.generators.chat.reading import read
from jit_guard.generators.chat.receiving import Body, Received
from jit_guard.generators.chat.responses import completion_of, input_of
from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.prompt import Message
from jit_guard.generators.screening import screened
from jit_guard.text.credentials import scrub

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
_LONGEST_ID = 64  # characters, as the API allows
_MOST_DIGITS = 20
_REFUSALS = (400, 404, 422)  # perhaps of a parameter
_LONGEST_REFUSAL = 10_000  # characters
_NOBODY = Request("", "", "", "", "")


def request_line(
    identity: str, chat: Sequence[Message], model: str, parameters: Mapping[str, Any]
) -> bytes:
    """Return the line of a request; `parameters` have `store` for the Responses API."""
    responses = is_for_responses(parameters)
    content: dict[str, Any] = (
        {"input": input_of(chat)}
        if responses
        else {"messages": [message._asdict() for message in chat]}
    )
    line = {
        "custom_id": identity,
        "method": "POST",
        "url": RESPONSES if responses else CHAT,
        "body": {"model": model, **content, **parameters},
    }
    return json.dumps(line).encode() + b"\n"


def is_for_responses(parameters: Mapping[str, Any]) -> bool:
    """Whether the parameters of a request are those of the Responses API."""
    return "store" in parameters


def answer_in(line: bytes, model: str, details: Mapping[str, Any]) -> Answer | None:
    """Return the answer in a line of the results; None: it is not such a line.

    Args:
        line: the line.
        model: the model that was asked.
        details: what is stored with the text.
    """
    try:
        found = parsed(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    identity, response, error = map(found.get, ("custom_id", "response", "error"))
    if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST_ID:
        return None
    if not isinstance(response, dict):
        return Answer(identity, None, _words(error) or "the server gave neither text nor reason")
    status, body = response.get("status_code"), response.get("body")
    if status != 200 or error:
        refusal = scrub(json.dumps(body))[:_LONGEST_REFUSAL] if status in _REFUSALS else ""
        said = _words(body) or _words(error) or "no reason given"
        return Answer(identity, None, f"{one_line(str(status))}: {said}", refusal)
    try:
        text = screened(lambda _: _text(body, model, response.get("request_id")))(_NOBODY)
    except GenerationError as failed:
        kept = failed.text
        return Answer(
            identity, None if kept is None else _with(kept, details), one_line(failed.reason)
        )
    return Answer(identity, _with(text, details))


def parsed(data: bytes) -> Any:
    """Parse JSON; absurdly long integers become None. Raises ValueError, RecursionError."""
    return json.loads(
        data, parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else None
    )


def _text(body: Any, model: str, request_id: object) -> Text:
    headers = {"x-request-id": request_id} if isinstance(request_id, str) else {}
    whole = json.dumps(completion_of(body) or body).encode()
    return read(Received(Body(whole, headers)), model)


def _with(text: Text, details: Mapping[str, Any]) -> Text:
    return text._replace(details={**text.details, **details})


def _words(error: object) -> str:
    """Return an error in the server's words, in one line; empty if there are none."""
    return read_error(json.dumps(error).encode()).words if error else ""
