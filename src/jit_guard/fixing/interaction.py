"""The questions that a fix asks, as values, and the answers of a run without a user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from jit_guard.fixing.progress import Display
from jit_guard.registry.goal_map import Entry

Origin = Literal["generated", "ledger", "edited"]
Accept = Literal["relink", "restore"]
Choice = Literal["relink", "restore", "generate", "skip"]


class QuitError(KeyboardInterrupt):
    """The user ends the run, with `q` or at the end of the input."""


class Turn(NamedTuple):
    """The position of a question: 2/5."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


ONLY = Turn(1, 1)


class Offer(NamedTuple):
    """A missing component, and the one file that it may mean, or that git can restore.

    `accept` is the choice that uses the file. It is None if the user has to do that, for example
    because the file is in a directory that the entry cannot name.
    """

    entry: Entry
    path: str  # of the missing component
    likely: str  # the path of the file that exists
    why: str  # it may be the one
    turn: Turn = ONLY
    accept: Accept | None = "relink"
    reason: str = ""  # what to do, with the commands


class Draft(NamedTuple):
    """A text under review. `fault` is why it cannot be committed as it is; `remark` is news."""

    path: str
    content: str
    turn: Turn = ONLY
    origin: Origin = "generated"
    by: str = ""  # the generator or its model
    description: str = ""
    again: bool = True  # another text can be requested
    fault: str | None = None
    remark: str | None = None


Keep = Callable[[str], Draft]  # stores an edited text in the ledger, and returns the new draft


class Review(NamedTuple):
    """The user's answer to a draft, after all edits. `description` is the new one."""

    answer: Literal["accept", "again", "describe", "skip"]
    description: str = ""


class Interaction(Protocol):
    """The source of the user's answers. Every method may raise QuitError.

    Attributes:
        progress: shows the texts in progress.
    """

    progress: Display

    def describe(self, entry: Entry, path: str, suggestion: str, turn: Turn) -> str | None:
        """Return a one-line description of the missing component; None leaves it missing."""

    def agree(self, question: str, *, again: bool) -> bool:
        """Return whether to continue and spend; `again`: more than was agreed to before."""

    def offer(self, offer: Offer) -> Choice | None:
        """Return what to do with a component that one file may be; None: there is no user."""

    def review(self, draft: Draft, keep: Keep) -> Review:
        """Return what to do with this text. `keep` is called with every edit."""


class Silent:
    """Answers without questions, for `--no-input` or without a terminal.

    Args:
        yes: accept suggested descriptions and the cost.
        progress: shows the texts in progress; default: nothing does.
    """

    def __init__(self, *, yes: bool = False, progress: Display | None = None) -> None:
        self._yes = yes
        self.progress = progress or Display()

    def describe(
        self,
        entry: Entry,  # noqa: ARG002
        path: str,  # noqa: ARG002
        suggestion: str,
        turn: Turn,  # noqa: ARG002
    ) -> str | None:
        """Return the suggestion, if accepted beforehand."""
        return suggestion if self._yes else None

    def agree(self, question: str, *, again: bool) -> bool:  # noqa: ARG002
        """Return whether the cost was accepted beforehand, which is never more than once."""
        return self._yes and not again

    def offer(self, offer: Offer) -> Choice | None:  # noqa: ARG002
        """Return None: only a user can say whether it is the same component."""
        return None

    def review(self, draft: Draft, keep: Keep) -> Review:  # noqa: ARG002
        """Accept a valid text as it is."""
        return Review("skip" if draft.fault else "accept")
