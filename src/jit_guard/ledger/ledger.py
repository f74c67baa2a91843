"""The ledger: every text that a generator gave, kept before anything judges it.

What is bought is bought once. A text is found again by everything that led to it (`Key`), for
as long as the ledger is there; who works on what is written here as well (see `claims.py`).
The idea of keeping all of it in SQLite, request and usage included, is simonw/llm's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jit_guard.generators.generator import Request, Text
from jit_guard.ledger import claims
from jit_guard.ledger.database import LedgerFile
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
    plain,
)
from jit_guard.text.generated import digest

if TYPE_CHECKING:
    from sqlite3 import Connection


_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.1  # seconds
_RECOVERED = "recovered"  # the generator of a text that a recovery found no place for


class Ledger:
    """The ledger of one project; made where there is none. Any thread may use it.

    Args:
        root: the project's root.

    Raises:
        LedgerError: here and from every method: it is damaged, is somebody else's, or the
            system refused. It is never removed or written over.
    """

    def __init__(self, root: str) -> None:
        self._file = LedgerFile(root)
        self._holder = claims.join(self._file.folder)
        self._closed = False

    def __enter__(self) -> Ledger:  # noqa: PYI034 - Self is not in 3.10's typing
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last ledger of this process gives up what is still claimed."""
        if not self._closed:
            self._closed = True
            claims.leave(self._holder)
            self._file.close()

    def last(self) -> int:
        """The number of the latest text; `claim(after=…)` ignores those up to a number."""
        with self._file.reading() as connection:
            (number,) = connection.execute("SELECT coalesce(max(id), 0) FROM texts").fetchone()
        return int(number)

    def stored(self, key: Key, *, after: int = 0) -> Stored | None:
        """The text that a claim would offer, without a claim: for `--dry-run`."""
        with self._file.reading() as connection:
            return find(connection, key, after)

    def claim(self, wanted: Sequence[Wanted], *, after: int = 0) -> list[Claim | None]:
        """Claim components, in one transaction; never waits for another's claim.

        Args:
            wanted: one per component.
            after: texts up to this number are not offered again (`--fresh`: `last()` as it was
                when the run began).

        Returns:
            For each its claim, with the stored text if there is one; None where another live
            process, or another thread, works on it. Release what you claimed, always; and hold
            no claim while you `wait` for another's.
        """
        with claims.registry, self._file.transaction() as connection:
            fresh = self._holder.take()
            if fresh:  # whoever had this number before is dead
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
                found.append(Claim(one.component, find(connection, one.key, after)))
            # Only now: were the transaction undone, nobody would work on them.
            self._holder.working.update(mine)
        return found

    def wait(self, component: str, timeout: float) -> bool:
        """Wait until nobody works on a component any more; False when that takes too long."""
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
        """Keep texts, as they came. When this returns, no crash and no power loss loses them."""
        with self._file.transaction() as connection:
            return [insert(connection, arrival) for arrival in arrivals]

    def reject(self, number: int, reason: str) -> None:
        """Note that a text is not to be used: it will not be offered again. The claim stays."""
        with self._file.transaction() as connection:
            connection.execute(
                "UPDATE texts SET status = 'rejected', reason = ? WHERE id = ?",
                [plain(reason), number],
            )

    def committed(self, placed: Iterable[Placed], release: Iterable[str] = ()) -> None:
        """Note where texts stand now, and release claims, in one transaction."""
        with claims.registry:
            released = list(release)
            with self._file.transaction() as connection:
                connection.executemany(
                    "UPDATE texts SET status = 'committed', path = ?, sha256 = ? WHERE id = ?",
                    [(plain(one.path), digest(one.data), one.id) for one in placed],
                )
                self._strike(connection, released)
            self._holder.working.difference_update(released)

    def release(self, components: Iterable[str]) -> None:
        """Give claims up; what is not claimed here is passed over."""
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
        return row is not None and self._holder.lives(component, row[0])


def keep(root: str, path: str, data: bytes) -> None:
    """Keep a text for good, unless the ledger has it already. Raises LedgerError."""
    known = digest(data)
    if any(digest(one.content.encode(errors="replace")) == known for one in history(root)):
        return
    filename = path.rpartition("/")[2]
    key = Key("", "", filename, "", _RECOVERED, "", "")
    request = Request("", "", filename, path, "")
    text = Text(data.decode("utf-8", "surrogateescape"))
    with Ledger(root) as ledger:
        ledger.arrived([Arrival(Wanted(path, key), request, text, time.time())])
