"""Which engine keeps the ledger of a project."""

from __future__ import annotations

from jit_guard.ledger import database
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import Engine


def open_engine(root: str) -> Engine:
    """Open the ledger of the project at `root`, and create it if needed. Raises LedgerError."""
    return Embedded(root)


def existing_engine(root: str) -> Engine | None:
    """Open the ledger of a project; None, and nothing is created, without one."""
    return Embedded(root) if database.exists(root) else None
