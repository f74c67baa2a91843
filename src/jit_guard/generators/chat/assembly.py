"""A chat completion put together from the chunks of a stream."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Protocol


class UnreadableChunkError(Exception):
    """A chunk of a shape that is not known, so that a part of the answer would be lost."""


class ReportedError(Exception):
    """The server reports an error inside its answer; `body` has it, as a text or parsed."""

    def __init__(self, body: object) -> None:
        super().__init__()
        self.body = body


class Assembly(Protocol):
    """Puts an answer together.

    Attributes:
        finished: the server said that the answer is complete.
        characters: of the answer so far, reasoning included.
    """

    finished: bool
    characters: int

    def add(self, chunk: Any) -> None:
        """Add a chunk.

        Raises:
            ReportedError: it is an error.
            UnreadableChunkError: its shape is not known.
        """

    def completion(self) -> dict[str, Any]:
        """Return what has arrived, in the form of a chat completion."""


class ChatAssembly:
    """Puts a chat completion together from its chunks."""

    def __init__(self) -> None:
        self.finished = False
        self.characters = 0
        self._whole: dict[str, Any] = {}  # of the completion, without the message
        self._pieces: dict[str, list[Any]] = {}  # of each field of the message
        self._finish_reason: Any = None

    def add(self, chunk: Any) -> None:
        """Add a chunk. Raises ReportedError, UnreadableChunkError."""
        if not isinstance(chunk, dict):
            raise UnreadableChunkError
        choices = chunk.get("choices")
        if not choices and _is_error(chunk):
            raise ReportedError(chunk)
        for name in ("id", "model", "usage"):
            if chunk.get(name):
                self._whole[name] = chunk[name]
        if choices is None:
            return
        if not isinstance(choices, list):
            raise UnreadableChunkError
        for choice in choices:
            self._choice(choice)
        if chunk.get("error"):
            raise ReportedError(chunk)

    def completion(self) -> dict[str, Any]:
        """Return what has arrived, in the form of a chat completion."""
        message = {name: _joined(pieces) for name, pieces in self._pieces.items()}
        choice = {"index": 0, "finish_reason": self._finish_reason, "message": message}
        return {"object": "chat.completion", **self._whole, "choices": [choice]}

    def _choice(self, choice: Any) -> None:
        if not isinstance(choice, dict):
            raise UnreadableChunkError
        if choice.get("index"):  # of another answer, which was not requested
            return
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise UnreadableChunkError
        if not delta and isinstance(choice.get("text"), str):
            delta = {"content": choice["text"]}
        if choice.get("message") and not choice.get("delta") and _length(delta.get("content")):
            self._pieces = {}  # the whole message again, at the end
        for name, value in delta.items():
            if name != "role" and value is not None:
                self._extend(name, value)
        if choice.get("finish_reason"):  # some servers send an empty one until the end
            self._finish_reason = choice["finish_reason"]
            self.finished = True

    def _extend(self, name: str, value: Any) -> None:
        if name == "content" and not isinstance(value, (str, list, dict)):
            raise UnreadableChunkError
        self.characters += _length(value)
        self._pieces.setdefault(name, []).append(value)


def _is_error(chunk: dict[str, Any]) -> bool:
    if "error" in (chunk.get("object"), chunk.get("type")):
        return True
    return any(chunk.get(name) for name in ("error", "errors", "detail"))


def _joined(pieces: list[Any]) -> Any:
    """Join the pieces of one field: texts to a text, parts to a list of parts."""
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    if not all(isinstance(piece, (str, list, dict)) for piece in pieces):
        return pieces[-1]
    parts: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts += [{"type": "text", "text": piece}] if piece else []
        else:
            parts += piece if isinstance(piece, list) else [piece]
    joined: list[Any] = []
    for kind, group in groupby(parts, _plain_type):
        if kind is None:
            joined += group
        else:
            joined.append({"type": kind, "text": "".join(part["text"] for part in group)})
    return joined


def _plain_type(part: Any) -> str | None:
    """Return the type of a part that is only a text, which may go on in the next part."""
    if isinstance(part, dict) and part.keys() == {"type", "text"}:
        kind, text = part["type"], part["text"]
        if isinstance(kind, str) and isinstance(text, str):
            return kind
    return None


def _length(value: Any) -> int:
    """Return the characters of the texts in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_length(one) for name, one in value.items() if name != "type")
    return sum(map(_length, value)) if isinstance(value, list) else 0
