"""The interface of a generator that writes many texts at once, and answers hours later."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal, NamedTuple, Protocol

from jit_guard.errors import JitGuardError
from jit_guard.generators.generator import Request, Text


class BatchError(JitGuardError):
    """The server did not do what was asked of it for a batch; another run can try again.

    Args:
        reason: short and lower case.
        perhaps: it may have done it although its answer was lost.
        refusal: the whole text of an error that may be about a parameter.
        wait: seconds that the server asked to wait.
    """

    def __init__(
        self, reason: str, *, perhaps: bool = False, refusal: str = "", wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps = perhaps
        self.refusal = refusal
        self.wait = wait


Stage = Literal["pending", "over", "failed"]


class BatchState(NamedTuple):
    """What a server says about a batch.

    Attributes:
        name: of the batch.
        stage: whether its texts can be collected.
        word: the server's own word for that, as it is shown.
        done: requests that were answered; None: not known.
        total: all requests.
        reason: why it failed as a whole.
        results: what the server calls the files of its results.
    """

    name: str
    stage: Stage
    word: str
    done: int | None = None
    total: int | None = None
    reason: str = ""
    results: tuple[str, ...] = ()


class Answer(NamedTuple):
    """The answer to one request of a batch.

    `fault`: why its text cannot be used; `text` is then what did arrive, if anything.
    `refusal` is the whole text of an error that may be about a parameter.
    """

    id: str
    text: Text | None
    fault: str | None = None
    refusal: str = ""


class Upload(Protocol):
    """The input of a batch, as it is put together."""

    count: int

    def add(self, identity: str, request: Request) -> bool:
        """Add a request; return False if there is no room for it in this batch.

        Raises:
            GenerationError: this text cannot be requested, such as for want of tokens.
        """

    def close(self) -> None:
        """Release its resources."""


class Batches(Protocol):
    """A server that takes batches. `token` is a word that finds a batch again.

    Every method may raise BatchError, and GeneratorUnusableError if no batch is possible.
    """

    server: str  # its URL

    def begin(self, refusals: list[str]) -> Upload:
        """Begin the input of a batch; `refusals` are what the server refused in earlier ones."""

    def upload(self, token: str, given: Upload) -> str:
        """Upload an input, which costs nothing; return what the server calls it."""

    def submit(self, token: str, project: str, file: str, given: Upload) -> str:
        """Submit a batch; return what the server calls it."""

    def find(self, token: str, file: str) -> str | None:
        """Return what the server calls the batch with this token or input; None: it has none."""

    def find_upload(self, token: str) -> str | None:
        """Return what the server calls the input with this token; None: it has none."""

    def discard(self, file: str) -> None:
        """Remove an input that belongs to no batch."""

    def state(self, name: str) -> BatchState | None:
        """Return the state of a batch; None: the server does not know it."""

    def answers(self, state: BatchState, texts: int) -> Generator[Answer | str, None, None]:
        """Yield the answers of a batch that is over, in any order; a string is what is wrong.

        Args:
            state: the state of the batch.
            texts: how many requests it had.
        """
