"""The history of generated texts, as shown by `jit-guard log`; only reads the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

from jit_guard.generators.generator import Usage
from jit_guard.generators.judgement import finished
from jit_guard.ledger import database
from jit_guard.ledger.database import LedgerFile
from jit_guard.ledger.records import plain
from jit_guard.text.generated import digest

Status = Literal["arrived", "rejected", "committed"]
State = Literal["as generated", "edited", "gone", "rejected", "not committed"]


class Record(NamedTuple):
    """One text that a generator wrote. Times are seconds since the epoch."""

    id: int
    goal: str
    component_type: str
    path: str  # where it is, or was to be placed
    description: str
    generator: str
    model: str
    usage: Usage
    asked: float
    arrived: float
    status: Status
    reason: str | None
    sha256: str | None
    content: str

    def state(self, data: bytes | None) -> State:
        """Return what became of it, given the bytes at `path` now."""
        if self.status == "rejected":
            return "rejected"
        if data is None:
            return "gone" if self.status == "committed" else "not committed"
        if digest(data) in (self.sha256, digest(finished(self.content).encode())):
            return "as generated"  # even if the process was killed before recording it
        return "edited" if self.status == "committed" else "not committed"


def history(
    root: str, goal: str | None = None, component_type: str | None = None
) -> Iterator[Record]:
    """Yield the texts generated in a project, oldest first; nothing without a ledger.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    if not database.exists(root):
        return
    file = LedgerFile(root)
    try:
        with file.reading() as connection:
            rows = connection.execute(
                "SELECT id, goal, component_type, path, description, generator, model, usage, "
                "asked, arrived, status, reason, sha256, content FROM texts "
                "WHERE (?1 IS NULL OR goal = ?1) AND (?2 IS NULL OR component_type = ?2) "
                "ORDER BY id",
                [None if word is None else plain(word) for word in (goal, component_type)],
            ).fetchall()
    finally:
        file.close()
    for row in rows:
        known = json.loads(row[7])
        usage = Usage(**{name: known[name] for name in Usage._fields if name in known})
        fields = dict(zip(Record._fields, row, strict=True))
        fields.update(usage=usage, content=row[13].decode("utf-8", "replace"))
        yield Record(**fields)


def replacements(root: str) -> dict[str, str]:
    """Map each missing component to where its latest text was placed; empty without a ledger.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    if not database.exists(root):
        return {}
    file = LedgerFile(root)
    try:
        with file.reading() as connection:
            rows = connection.execute(
                "SELECT component, path FROM texts WHERE status = 'committed' ORDER BY id"
            ).fetchall()
    finally:
        file.close()
    return dict(rows)
