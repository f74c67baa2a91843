"""How a generator reports the progress of a text, and how the fix shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives reports on texts that are being generated.

    A text is identified by the `path` of its request. Every method may be called from any thread,
    returns at once and never raises. The fix calls `started` and `finished`; a generator may call
    the others (`Options.progress`) between them.
    """

    def started(self, path: str) -> None:
        """The text was requested."""

    def tokens(self, path: str, count: int) -> None:
        """So many tokens of the text have arrived; 0 if it is requested anew."""

    def waiting(self, path: str, seconds: float, reason: str) -> None:
        """Nothing is sent for so many seconds, for example because the server answered 429."""

    def finished(self, path: str, *, ok: bool) -> None:
        """The text arrived and is valid, or it failed."""


class Unreported:
    """Ignores every report."""

    def started(self, path: str) -> None:
        """Ignore that the text was requested."""

    def tokens(self, path: str, count: int) -> None:
        """Ignore the number of tokens."""

    def waiting(self, path: str, seconds: float, reason: str) -> None:
        """Ignore a pause."""

    def finished(self, path: str, *, ok: bool) -> None:
        """Ignore the result."""


UNREPORTED: Progress = Unreported()
