"""What a server accepts of a request: tried once, remembered for the run.

Every parameter beyond model and messages is refused by some server. A refusal costs nothing, and
names the parameter.
"""

from __future__ import annotations

import re
from typing import Any

from jit_guard.generators.chat.call_fault import CallFault
from jit_guard.generators.chat.responses import only_there

_TOO_LARGE = re.compile(r"(?i)too large|too long|exceed|context length|context window|at most|less")
_SHORTEST = 512  # tokens; a model with less room for an answer writes no component
_OLD, _NEW, _OF_RESPONSES = "max_tokens", "max_completion_tokens", "max_output_tokens"


class Dialect:
    """The form of the requests to one server.

    Args:
        is_openai: it is OpenAI or Azure, whose newer models refuse `max_tokens`.
        must_limit: every answer must be limited, since there is a limit on the run.
    """

    def __init__(self, *, is_openai: bool, must_limit: bool) -> None:
        self.responses = False
        self._must_limit = must_limit
        self._limits = [_NEW, _OLD] if is_openai else [_OLD, _NEW]  # other servers ignore the new
        self._streams = True
        self._reports_usage = True  # in a stream

    def parameters(self, output: int) -> dict[str, Any]:
        """Return the parameters of a request whose answer may have so many tokens."""
        found: dict[str, Any] = {}
        if self.responses:
            found = {"store": False, _OF_RESPONSES: output}
        elif self._limits:
            found[self._limits[0]] = output
        if self._streams:
            found["stream"] = True
            if self._reports_usage and not self.responses:
                found["stream_options"] = {"include_usage": True}
        return found

    def without_stream(self) -> None:
        """Ask for whole answers."""
        self._streams = False

    def without_usage(self) -> None:
        """Learn that a stream did not report its usage, which the limit of the run needs."""
        if self._must_limit:
            self.without_stream()

    def learn(self, fault: CallFault, sent: dict[str, Any]) -> bool:
        """Return whether another form may be accepted, after this one was refused."""
        words = fault.refusal
        if not self.responses and only_there(words):
            self.responses = True
            return True
        if "stream_options" in sent and re.search("stream_options|include_usage", words):
            self._reports_usage = False
            return True
        if "stream" in sent and re.search(r"(?i)\bstream(s|ed|ing)?\b", words):
            self._streams = False
            return True
        limit = _limit(sent)
        if limit not in (_OLD, _NEW) or limit not in words or _TOO_LARGE.search(words):
            return False
        if limit in self._limits[:1] and (len(self._limits) > 1 or not self._must_limit):
            del self._limits[0]
            return True
        return limit not in self._limits  # another call has learned it


def shorter(fault: CallFault, sent: dict[str, Any]) -> int | None:
    """Return a smaller limit for an answer, if the one that was sent exceeds what the model has."""
    limit = _limit(sent)
    if limit is None or not _TOO_LARGE.search(fault.refusal):
        return None
    half: int = sent[limit] // 2
    return half if half >= _SHORTEST else None


def _limit(sent: dict[str, Any]) -> str | None:
    return next((name for name in (_OLD, _NEW, _OF_RESPONSES) if name in sent), None)
