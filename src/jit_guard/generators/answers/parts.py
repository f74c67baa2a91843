"""The text in a message, whose content may be a string or a list of parts.

Reasoning is never content. A part of an unknown type that carries a text makes the answer
uncertain: without it, the component may have a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_TEXT = frozenset({"text", "output_text", "input_text", "message", "markdown"})
_REASONING = ("think", "thought", "reason", "analysis", "summary")
# Parts that describe or point, beside the text: citations, search results, signatures, calls.
_BESIDE = frozenset({
    "reference", "citation", "citations", "annotation", "image", "image_url", "audio",
    "input_audio", "file", "file_reference", "document_url", "tool_use", "tool_call", "tool_calls",
    "function_call", "server_tool_use", "web_search_tool_result", "safety", "metadata",
})  # fmt: skip
_FIELDS = ("text", "content", "output_text", "value")
_DEEPEST = 10
_ONLY_REASONING = "; the model sent only its reasoning, which the ledger keeps"


class Content(NamedTuple):
    """What the parts of a message say; `unknown` is the type of a part that may be text."""

    text: str = ""
    refusal: str = ""
    reasoning: str = ""
    unknown: str | None = None

    def fault(self) -> str | None:
        """Return why there is no text to use, in lower case; None if there is one."""
        if self.refusal.strip():
            return f"the model refused: {' '.join(self.refusal.split())[:200]}"
        if self.unknown is not None:
            return f"the answer has a part of an unknown type ({self.unknown!r:.40})"
        if not self.text.strip():
            return f"the answer is empty{_ONLY_REASONING if self.reasoning.strip() else ''}"
        return None


def content_of(content: object) -> Content:
    """Return what the content of a message says: a string, a part, or a list of them."""
    return _content(content, 0)


def reasoning_of(message: Mapping[str, Any]) -> str:
    """Return the reasoning beside a message's content, under any of its known names."""
    fields = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thoughts")
    found = [_any_text(message.get(field), 0) for field in fields]
    found.append(_any_text(message.get("reasoning_details"), 0))
    found.append(content_of(message.get("content")).reasoning)
    return next((text for text in found if text.strip()), "")


def _content(content: object, depth: int) -> Content:
    if isinstance(content, str):
        return Content(content)
    if depth > _DEEPEST:
        return Content(unknown="nested")
    if isinstance(content, (list, tuple)):
        return _joined([_content(part, depth + 1) for part in content])
    if isinstance(content, Mapping):
        return _part(content, depth)
    return Content() if content is None else Content(unknown=type(content).__name__)


def _part(part: Mapping[str, Any], depth: int) -> Content:
    kind = part.get("type")
    name = kind.lower() if isinstance(kind, str) else ""
    if part.get("thought") is True or any(word in name for word in _REASONING):
        return Content(reasoning=_any_text(dict(part, type=""), depth))
    if name == "refusal" or (not name and isinstance(part.get("refusal"), str)):
        return Content(refusal=_any_text(part.get("refusal") or part.get("text"), depth))
    if name in _BESIDE:
        return Content()
    texts = [part[field] for field in _FIELDS if part.get(field)]
    if not texts:
        return Content()
    if name and name not in _TEXT:
        return Content(unknown=name)
    return _content(texts[0], depth + 1)


def _joined(parts: list[Content]) -> Content:
    unknown = next((part.unknown for part in parts if part.unknown is not None), None)
    return Content(
        "".join(part.text for part in parts),
        "".join(part.refusal for part in parts),
        "".join(part.reasoning for part in parts),
        unknown,
    )


def _any_text(value: object, depth: int) -> str:
    """Return every text in a value, however it is nested."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    if isinstance(value, Mapping):
        values: list[object] = [one for key, one in value.items() if key != "type"]
    else:
        values = list(value) if isinstance(value, (list, tuple)) else []
    return "".join(_any_text(one, depth + 1) for one in values)
