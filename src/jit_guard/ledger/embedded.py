"""The embedded engine of the ledger: SQLite in `.jit-guard/`, for the processes of one machine.

Claims are rows of the database, each live as long as the process that made it (see `claims.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jit_guard.ledger import claims
from jit_guard.ledger.database import LedgerFile, corrupted
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.records import Row, Stored, plain, stored_as

if TYPE_CHECKING:
    from sqlite3 import Connection

_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.1  # seconds


class Embedded:
    """An `Engine` on the ledger file of a project, which is created if needed.

    Args:
        root: the project's root.

    Raises:
        LedgerError: the file is corrupted, is not ours, or cannot be opened or created.
    """

    def __init__(self, root: str) -> None:
        self._file = LedgerFile(root)
        self._holder = claims.join(root)
        self._closed = False

    def close(self) -> None:
        """Close the file; the last user of this process releases its remaining claims."""
        if not self._closed:
            self._closed = True
            claims.leave(self._holder)
            self._file.close()

    def read(
        self, query: str, values: Sequence[Any] = (), most: int | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query; see `LedgerFile.rows`."""
        return self._file.rows(query, values, most)

    def store(self, rows: Sequence[Row]) -> list[Stored]:
        """Store texts in one transaction."""
        with self._file.transaction() as connection:
            numbers = [_insert(connection, row) for row in rows]
        return [stored_as(number, row) for number, row in zip(numbers, rows, strict=True)]

    def change(
        self, statement: str, values: Sequence[Sequence[Any]], release: Iterable[str] = ()
    ) -> None:
        """Run a statement for each of these values, and release claims, in one transaction."""
        with claims.registry:
            released = list(release)
            with self._file.transaction() as connection:
                connection.executemany(statement, values)
                self._strike(connection, released)
            self._holder.working.difference_update(released)

    def claim(self, components: Sequence[str]) -> list[bool]:
        """Claim components in one transaction."""
        with claims.registry, self._file.transaction() as connection:
            fresh = self._holder.take()
            if fresh:  # the previous holder of this number is dead
                connection.execute("DELETE FROM claims WHERE holder = ?", [self._holder.number])
            mine: set[str] = set()
            found = []
            for one in components:
                free = one not in mine and not self._is_worked_on(connection, one)
                found.append(free)
                if free:
                    mine.add(one)
                    connection.execute(
                        "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)",
                        [plain(one), self._holder.number, time.time()],
                    )
            # Only after the inserts: if they fail, nothing is being worked on.
            self._holder.working.update(mine)
        return found

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

    def corrupted(self, why: str) -> LedgerError:
        """Return the error for something that jit-guard did not write like this."""
        return corrupted(why)

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
        (holder,) = row
        if type(holder) is not int or not 0 <= holder < claims.MOST:
            raise corrupted(f"the claim of {component} has no valid holder")
        return self._holder.lives(component, holder)


def _insert(connection: Connection, values: Row) -> int:
    columns = ", ".join(values)
    marks = ", ".join("?" * len(values))
    cursor = connection.execute(
        f"INSERT INTO texts ({columns}) VALUES ({marks})",  # noqa: S608 - fixed column names
        list(values.values()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid
