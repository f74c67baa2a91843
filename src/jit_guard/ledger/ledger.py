"""The ledger, which stores every text that a generator returns, before it is checked.

A text is paid for once: as long as the ledger exists, it is found again by everything that led to
it (`Key`). Claims on components are stored here as well (see `claims.py`). The idea of logging
everything in SQLite, including request and usage, comes from simonw/llm.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jit_guard.generators.generator import Request, Text
from jit_guard.ledger import claims, database
from jit_guard.ledger.database import LedgerFile, corrupted
from jit_guard.ledger.history import history
from jit_guard.ledger.records import (
    Arrival,
    Claim,
    Key,
    Placed,
    Stored,
    Wanted,
    find,
    insert,
    is_edited,
    plain,
    values_of,
)
from jit_guard.text.generated import digest

if TYPE_CHECKING:
    from sqlite3 import Connection


_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.1  # seconds
_RECOVERED = "recovered"  # the generator of a text that a recovery could not place


class Ledger:
    """The ledger of one project, created if needed. Safe to use from several threads.

    Args:
        root: the project's root.

    Raises:
        LedgerError: here and from every method: it is corrupted, is not ours, or an operation
            failed. It is never removed or overwritten.
    """

    def __init__(self, root: str) -> None:
        self._file = LedgerFile(root)
        self._holder = claims.join(root)
        self._closed = False

    def __enter__(self) -> Ledger:  # noqa: PYI034 - Self is not in 3.10's typing
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last ledger of this process releases its remaining claims."""
        if not self._closed:
            self._closed = True
            claims.leave(self._holder)
            self._file.close()

    def last(self) -> int:
        """Return the number of the latest text; `claim(after=…)` ignores texts up to a number."""
        ((number,),) = self._file.rows("SELECT coalesce(max(id), 0) FROM texts")
        return int(number)

    def stored(self, wanted: Wanted, *, after: int = 0) -> Stored | None:
        """Return the text that a claim would offer, without claiming it."""
        with self._file.reading() as connection:
            return find(connection, wanted, after)

    def claim(self, wanted: Sequence[Wanted], *, after: int = 0) -> list[Claim | None]:
        """Claim components, in one transaction, without waiting for existing claims.

        Args:
            wanted: one per component.
            after: texts up to this number are not offered again (for `--fresh`: `last()` at
                the start of the run).

        Returns:
            The claim of each component, with the stored text if there is one; None if another
            live process or thread is working on it. The caller must release its claims, and
            must not hold any during `wait`.
        """
        with claims.registry, self._file.transaction() as connection:
            fresh = self._holder.take()
            if fresh:  # the previous holder of this number is dead
                connection.execute("DELETE FROM claims WHERE holder = ?", [self._holder.number])
            found: list[Claim | None] = []
            mine: list[str] = []
            for one in wanted:
                if one.component in mine or self._is_worked_on(connection, one.component):
                    found.append(None)
                    continue
                connection.execute(
                    "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)",
                    [plain(one.component), self._holder.number, time.time()],
                )
                mine.append(one.component)
                found.append(Claim(one.component, find(connection, one, after)))
            # Only after the inserts: if they fail, nothing is being worked on.
            self._holder.working.update(mine)
        return found

    def wait(self, component: str, timeout: float) -> bool:
        """Wait until a component is no longer being worked on; return False on a timeout."""
        deadline = time.monotonic() + timeout
        pause = _FIRST_WAIT
        while True:
            with claims.registry, self._file.reading() as connection:
                if not self._is_worked_on(connection, component):
                    return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_WAIT)

    def arrived(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """Store texts as they arrived. After this, neither a crash nor a power loss loses them."""
        rows = [values_of(arrival) for arrival in arrivals]
        with self._file.transaction() as connection:
            numbers = [insert(connection, row) for row in rows]
        return [
            Stored(number, one.text.content, is_edited(row["details"]), row["generator"])
            for number, one, row in zip(numbers, arrivals, rows, strict=True)
        ]

    def reject(self, number: int, reason: str) -> None:
        """Mark a text as rejected, so that it is not offered again. The claim remains."""
        with self._file.transaction() as connection:
            connection.execute(
                "UPDATE texts SET status = 'rejected', reason = ? WHERE id = ?",
                [plain(reason), number],
            )

    def committed(self, placed: Iterable[Placed], release: Iterable[str] = ()) -> None:
        """Record where texts were placed, and release claims, in one transaction."""
        with claims.registry:
            released = list(release)
            with self._file.transaction() as connection:
                connection.executemany(
                    "UPDATE texts SET status = 'committed', path = ?, sha256 = ? WHERE id = ?",
                    [(plain(one.path), digest(one.data), one.id) for one in placed],
                )
                self._strike(connection, released)
            self._holder.working.difference_update(released)

    def moved(self, moves: Iterable[tuple[str, str]]) -> None:
        """Record the new paths of committed texts."""
        with self._file.transaction() as connection:
            connection.executemany(
                "UPDATE texts SET path = ? WHERE path = ? AND status = 'committed'",
                [(plain(new), plain(old)) for old, new in moves],
            )

    def release(self, components: Iterable[str]) -> None:
        """Release claims; components that are not claimed here are ignored."""
        with claims.registry:
            released = self._holder.working.intersection(components)
            try:
                if released:
                    with self._file.transaction() as connection:
                        self._strike(connection, released)
            finally:
                self._holder.working -= released

    def _strike(self, connection: Connection, components: Iterable[str]) -> None:
        connection.executemany(
            "DELETE FROM claims WHERE component = ? AND holder = ?",
            [(plain(one), self._holder.number) for one in components],
        )

    def _is_worked_on(self, connection: Connection, component: str) -> bool:
        if component in self._holder.working:
            return True
        row = connection.execute(
            "SELECT holder FROM claims WHERE component = ?", [plain(component)]
        ).fetchone()
        if row is None:
            return False
        if type(row[0]) is not int or not 0 <= row[0] < claims.MOST:
            raise corrupted(f"the claim of {component} has no valid holder")
        return self._holder.lives(component, row[0])


def keep(root: str, path: str, data: bytes) -> None:
    """Store a text durably, unless the ledger already has it. Raises LedgerError."""
    if any(one.holds(data) for one in history(root)):
        return
    filename = path.rpartition("/")[2]
    key = Key("", "", filename, "", _RECOVERED, "", "")
    request = Request("", "", filename, path, "")
    text = Text(data.decode("utf-8", "surrogateescape"))
    with Ledger(root) as ledger:
        ledger.arrived([Arrival(Wanted(path, key), request, text, time.time())])


def record_moves(root: str, moves: Iterable[tuple[str, str]]) -> None:
    """Record that components were renamed, from and to. Without a ledger, nothing is created.

    Raises LedgerError: the log would show these texts as gone.
    """
    if not database.exists(root):
        return
    with Ledger(root) as ledger:
        ledger.moved(moves)
