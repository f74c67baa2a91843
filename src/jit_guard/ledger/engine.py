"""The port under the ledger: what it needs of a database.

Two engines implement it: `embedded.py` (SQLite, a file of the project) and, for several machines,
`postgresql/server.py`. The statements that they are given are SQL that both understand, with `?`
for each value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from jit_guard.errors import JitGuardError
from jit_guard.ledger.records import Row, Stored


class LedgerError(JitGuardError):
    """The ledger cannot be used. It is never removed or overwritten."""


class Engine(Protocol):
    """The texts and claims of one project. Safe to use from several threads.

    Every method raises LedgerError: the database is corrupted, is not ours, or an operation failed.
    """

    def read(
        self, query: str, values: Sequence[Any] = (), most: int | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query; stop after the row that exceeds `most` bytes."""

    def store(self, rows: Sequence[Row]) -> list[Stored]:
        """Store texts in one transaction; when it returns, no power loss can undo it."""

    def change(
        self, statement: str, values: Sequence[Sequence[Any]], release: Iterable[str] = ()
    ) -> None:
        """Run a statement for each of these values, durably, and release claims."""

    def claim(self, components: Sequence[str]) -> list[bool]:
        """Claim components without waiting; return for each whether it is claimed now."""

    def release(self, components: Iterable[str]) -> None:
        """Release claims; components that are not claimed here are ignored."""

    def wait(self, component: str, timeout: float) -> bool:
        """Wait until a component is no longer claimed; return False on a timeout."""

    def corrupted(self, why: str) -> LedgerError:
        """Return the error for something that jit-guard did not write like this."""

    def close(self) -> None:
        """Close the connection; the last user of this process releases its claims."""
