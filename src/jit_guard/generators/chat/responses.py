"""The Responses API, for models that answer only there, in the form of Chat Completions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jit_guard.generators.chat.assembly import ReportedError, UnreadableChunkError
from jit_guard.generators.prompt import Message

# OpenAI: "This model is only supported in v1/responses and not in v1/chat/completions." Others
# write "Responses API", or have a code for it.
_ONLY_THERE = re.compile(r"(?i)\bv1/responses\b|\bresponses api\b|/responses\b.{0,40}\binstead\b")
_ONLY_THERE_CODE = "unsupported_api_for_model"
_FINISH = {"max_output_tokens": "length", "max_tokens": "length"}
_LAST = ("response.completed", "response.incomplete", "response.failed")
_DELTAS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}


def only_there(refusal: str) -> bool:
    """Return whether a refusal of Chat Completions says that the model answers only here."""
    return _ONLY_THERE.search(refusal) is not None or _ONLY_THERE_CODE in refusal


def input_of(chat: Sequence[Message]) -> list[dict[str, str]]:
    """Return the messages as the input of a response."""
    return [message._asdict() for message in chat]


def completion_of(response: Any) -> dict[str, Any] | None:
    """Return a response in the form of a chat completion; None if it is something else."""
    if not isinstance(response, dict) or not isinstance(response.get("output"), list):
        return None
    message: dict[str, Any] = {}
    parts: list[Any] = []
    for item in response["output"]:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "message" and isinstance(item.get("content"), list):
            parts += item["content"]
        elif kind == "reasoning":
            message.setdefault("reasoning_details", []).append(item)
    refusals = [str(part.get("refusal")) for part in parts if _is(part, "refusal")]
    if refusals:
        message["refusal"] = " ".join(refusals)
    message["content"] = _content([part for part in parts if not _is(part, "refusal")])
    found: dict[str, Any] = {
        "object": "chat.completion",
        "id": response.get("id"),
        "model": response.get("model"),
        "choices": [{"index": 0, "finish_reason": _finish(response), "message": message}],
        "usage": _usage(response.get("usage")),
    }
    if response.get("status") == "failed":
        found["choices"], found["error"] = [], response.get("error") or "the response failed"
    return found


def _content(parts: list[Any]) -> Any:
    """Return the text of the parts; the parts themselves, if some are anything else."""
    texts = [part.get("text") if _is(part, "output_text") else None for part in parts]
    whole = all(isinstance(text, str) for text in texts)
    return "".join(map(str, texts)) if whole else parts


def _is(part: Any, kind: str) -> bool:
    return isinstance(part, dict) and part.get("type") == kind


def _finish(response: dict[str, Any]) -> Any:
    status = response.get("status")
    if status == "completed":
        return "stop"
    details = response.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    return _FINISH.get(str(reason), reason or status)


def _usage(usage: Any) -> dict[str, Any] | None:
    if not isinstance(usage, dict):
        return None
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
    return {name: usage.get(theirs) for name, theirs in names.items()}


class ResponseAssembly:
    """Puts a response together from its events.

    The last event should have the whole output. Where a server leaves it out, the items and texts
    that arrived before count.
    """

    def __init__(self) -> None:
        self.finished = False
        self.characters = 0
        self._texts: dict[str, list[str]] = {}
        self._begun: set[tuple[Any, ...]] = set()  # the texts that arrived in pieces
        self._items: list[Any] = []
        self._last: dict[str, Any] | None = None

    def add(self, chunk: Any) -> None:
        """Add an event. Raises ReportedError, UnreadableChunkError."""
        if not isinstance(chunk, dict):
            raise UnreadableChunkError
        kind = chunk.get("type")
        if kind == "error" or (kind is None and chunk.get("error")):
            raise ReportedError(chunk)
        if kind in _LAST:
            self._end(chunk.get("response"))
        elif kind in _DELTAS:
            self._begun.add(_place(chunk))
            self._extend(_DELTAS[kind], chunk.get("delta"))
        elif kind == "response.output_text.done" and _place(chunk) not in self._begun:
            self._extend("content", chunk.get("text") or "")
        elif kind == "response.output_item.done":
            self._items.append(chunk.get("item"))

    def _end(self, response: Any) -> None:
        if isinstance(response, dict) and not response.get("output"):
            response = {**response, "output": self._items}
        self._last = completion_of(response)
        if self._last is None:
            raise UnreadableChunkError
        if not self._last["choices"] and self.characters:  # keep what was paid for
            raise ReportedError({"error": self._last["error"]})
        self.finished = True

    def _extend(self, name: str, text: Any) -> None:
        if not isinstance(text, str):
            raise UnreadableChunkError
        self.characters += len(text)
        self._texts.setdefault(name, []).append(text)

    def completion(self) -> dict[str, Any]:
        """Return what has arrived, in the form of a chat completion."""
        message = {name: "".join(pieces) for name, pieces in self._texts.items()}
        if not self.finished or self._last is None:
            choice = {"index": 0, "finish_reason": None, "message": message}
            return {"object": "chat.completion", "choices": [choice]}
        for choice in self._last["choices"]:
            if not (choice["message"]["content"] or choice["message"].get("refusal")):
                choice["message"] |= message
        return self._last


def _place(chunk: dict[str, Any]) -> tuple[Any, ...]:
    """Return the place of a text in the output."""
    return tuple(str(chunk.get(name)) for name in ("output_index", "content_index"))
