"""The files of batches on this machine: temporary ones, so that their size does not matter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from jit_guard.generators import budget, prompt
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.chat.batch_lines import CHAT, RESPONSES, request_line
from jit_guard.generators.chat.body import MAX_BYTES
from jit_guard.generators.chat.dialect import Dialect
from jit_guard.generators.chat.endpoint import Endpoint
from jit_guard.generators.generator import GenerationError, GeneratorUnusableError, Request

MOST_REQUESTS, MOST_BYTES = 50_000, 200_000_000  # of one batch, as the API allows
SHORTEST_ANSWER = 512  # tokens


@contextmanager
def on_disk() -> Iterator[None]:
    """Work with a temporary file. Raises GeneratorUnusableError: the disk is full, for example."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise GeneratorUnusableError(
            f"a temporary file cannot be used in {tempfile.gettempdir()}: {reason}"
        ) from None


class BatchFile:
    """The input of a batch in a temporary file, so that its size does not matter.

    Args:
        where: the endpoint.
        system: the system prompt.
        dialect: the form of its requests.
        spending: the budget of the run.
    """

    def __init__(self, where: Endpoint, system: str, dialect: Dialect, spending: Budget) -> None:
        self.count = self.size = 0
        self._where = where
        self._system = system
        self._dialect = dialect
        self._budget = spending
        with on_disk():
            self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see `close`

    @property
    def endpoint(self) -> str:
        """The endpoint of its requests."""
        return RESPONSES if self._dialect.responses else CHAT

    def add(self, identity: str, request: Request) -> bool:
        """Add a request; return False if there is no room for it. Raises GenerationError."""
        chat = prompt.messages(request, self._system)
        longest = self._where.longest_answer

        def line(output: int) -> bytes:
            parameters = self._dialect.parameters(output)
            return request_line(identity, chat, self._where.model, parameters)

        size = len(line(longest))
        if self.count >= MOST_REQUESTS or (self.count and self.size + size > MOST_BYTES):
            return False
        sent = budget.at_most(*(message.content for message in chat))
        try:
            kept = self._budget.promise(
                sent, most=longest, least=SHORTEST_ANSWER, text=request.path
            )
        except OverBudgetError as error:
            raise GenerationError(str(error)) from None
        with on_disk():
            self.size += self.file.write(line(kept.output))
        self.count += 1
        return True

    def close(self) -> None:
        """Remove the file."""
        self.file.close()


class Lines:
    """The lines of results, and how many of them cannot be read."""

    def __init__(self) -> None:
        self.total = self.bad = 0
        self.first = b""  # its beginning

    def of(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yield the lines of a file that are neither empty nor too long."""
        file.seek(0)
        while line := file.readline(MAX_BYTES + 1):
            if not line.strip():
                continue
            self.total += 1
            self.first = self.first or line[:120]
            if len(line) <= MAX_BYTES:
                yield line
                continue
            self.bad += 1
            while not line.endswith(b"\n") and (line := file.readline(MAX_BYTES)):
                pass
