"""The engine of the ledger for several machines: a PostgreSQL server.

A text is stored once, even if the connection is lost while it is committed: each has a token, which
is unique in the database. A text that arrives after its claim was lost is compared with what other
machines stored meanwhile: the first one counts, and ours is kept as rejected, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID, uuid5

import psycopg

from jit_guard.ledger.database import NAME
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.postgresql import link as links
from jit_guard.ledger.postgresql.project import project_name
from jit_guard.ledger.postgresql.session import Connection
from jit_guard.ledger.records import Row, Stored, is_edited, stored_as

_POLL = 1.0  # seconds; a holder that was killed notifies no one
_TOKENS = UUID("4a474c31-0000-5000-8000-6a69742d6775")  # the name space of our tokens
_LOCK_KEYS = (  # in one order, so that no two transactions wait for each other
    "SELECT pg_advisory_xact_lock(key) "
    "FROM (SELECT key FROM unnest(%s::bigint[]) AS one(key) ORDER BY key) AS sorted"
)
_THEIRS = (
    "SELECT key, id, content, details, generator FROM texts WHERE key = ANY(%s) AND id > %s "
    "AND status <> 'rejected' AND token <> ALL(%s) ORDER BY id"
)
_IS_HELD = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid::bigint = %s AND objid::bigint = %s AND objsubid = 1)"
)


class Server:
    """An `Engine` on a PostgreSQL server.

    Args:
        root: the project's root.
        url: the URL of the server.

    Raises:
        LedgerError: the server cannot be reached or used.
        UsageError: the URL is invalid, or the project has no name.
    """

    def __init__(self, root: str, url: str) -> None:
        self._root = root
        self._link = links.join(url, project_name(root))
        self._closed = False

    def close(self) -> None:
        """Close the connection; the last user of this process releases its remaining claims."""
        if not self._closed:
            self._closed = True
            links.leave(self._link)

    def read(
        self, query: str, values: Sequence[Any] = (), most: int | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query; stop after the row that exceeds `most` bytes."""
        return self._link.run(lambda connection: _read(connection, query, values, most))

    def store(self, rows: Sequence[Row]) -> list[Stored]:
        """Store texts in one transaction.

        If that fails, they are stored in the ledger of this machine, from which the next run takes
        them, and LedgerError says so.
        """
        tokens = [uuid5(_TOKENS, repr((n, sorted(row.items())))) for n, row in enumerate(rows)]
        try:
            stored = self._link.run(lambda connection: self._store(connection, tokens, rows))
        except LedgerError as error:
            with closing(Embedded(self._root)) as here:
                here.store(rows)
            raise LedgerError(
                f"{error}; what arrived is kept in {NAME}, and the next run continues with it"
            ) from error
        with self._link.changed:
            for row, one in zip(rows, stored, strict=True):
                if row["component"] in self._link.working:
                    self._link.working[row["component"]] = one.id
        return stored

    def _store(
        self, connection: Connection, tokens: Sequence[UUID], rows: Sequence[Row]
    ) -> list[Stored]:
        keys = [self._link.lock_key("text", row["key"]) for row in rows]
        with connection.transaction():
            connection.execute(_LOCK_KEYS, [keys])
            theirs = self._stored_meanwhile(connection, tokens, rows)
            columns = [*rows[0], "token"]
            connection.cursor().executemany(
                f"INSERT INTO texts ({', '.join(columns)}) "  # noqa: S608 - fixed column names
                f"VALUES ({', '.join(['%s'] * len(columns))}) ON CONFLICT (token) DO NOTHING",
                [
                    [*_after(row, theirs.get(number)).values(), tokens[number]]
                    for number, row in enumerate(rows)
                ],
            )
            query = "SELECT token, id FROM texts WHERE token = ANY(%s)"
            numbers: dict[UUID, int] = dict(connection.execute(query, [list(tokens)]).fetchall())
        return [
            theirs.get(number) or stored_as(numbers[token], row)
            for number, (token, row) in enumerate(zip(tokens, rows, strict=True))
        ]

    def _stored_meanwhile(
        self, connection: Connection, tokens: Sequence[UUID], rows: Sequence[Row]
    ) -> dict[int, Stored]:
        """Return what others stored for the same keys since these components were claimed.

        A claim keeps others out as long as the connection lives, so there is nothing unless it was
        lost. An edited text is the user's decision, and counts in any case.
        """
        since = {
            number: self._link.working[row["component"]]
            for number, row in enumerate(rows)
            if row["component"] in self._link.working
            and row["status"] == "arrived"
            and not is_edited(row["details"])
        }
        if not since:
            return {}
        keys = [rows[number]["key"] for number in since]
        theirs = connection.execute(_THEIRS, [keys, min(since.values()), list(tokens)]).fetchall()
        found: dict[int, Stored] = {}
        for number, last in since.items():
            for key, other, content, details, generator in theirs:
                if key == rows[number]["key"] and other > last:
                    row = {"content": content, "details": details, "generator": generator}
                    found[number] = stored_as(other, row)._replace(theirs=True)
                    break
        return found

    def change(
        self, statement: str, values: Sequence[Sequence[Any]], release: Iterable[str] = ()
    ) -> None:
        """Run a statement for each of these values in one transaction, and release claims."""
        if values:
            self._link.run(lambda connection: _change(connection, statement, values))
        self.release(release)

    def claim(self, components: Sequence[str]) -> list[bool]:
        """Claim components; at most as many at the same time as the server has room for."""
        return self._link.run(lambda connection: self._claim(connection, components))

    def _claim(self, connection: Connection, components: Sequence[str]) -> list[bool]:
        working = self._link.working
        free = [one for one in dict.fromkeys(components) if one not in working]
        free = free[: max(0, self._link.most - len(working))]
        try:
            locked = self._link.lock(connection, free)
            # Only now, when the last holder can store nothing more for them.
            ((last,),) = connection.execute("SELECT coalesce(max(id), 0) FROM texts").fetchall()
        except psycopg.Error:
            self._link.close()  # no lock without a claim stays
            raise
        mine = {one for one, is_mine in zip(free, locked, strict=True) if is_mine}
        working.update(dict.fromkeys(mine, int(last)))
        found = []
        for one in components:
            found.append(one in mine)
            mine.discard(one)
        return found

    def release(self, components: Iterable[str]) -> None:
        """Release claims; components that are not claimed here are ignored."""
        self._link.release(components)

    def wait(self, component: str, timeout: float) -> bool:
        """Wait until a component is no longer claimed; return False on a timeout.

        A connection of its own listens, so that other threads can use the first one meanwhile.
        """
        deadline = time.monotonic() + timeout
        with self._link.changed:
            while component in self._link.working:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._link.changed.wait(left)
        key = self._link.lock_key("component", component)
        with closing(self._link.another()) as listener:
            return listener.run(
                lambda connection: _is_free_before(connection, key, deadline),
                limit=deadline - time.monotonic() + links.LIMIT,
            )

    def corrupted(self, why: str) -> LedgerError:
        """Return the error for something that jit-guard did not write like this."""
        return LedgerError(f"{self._link.name} was changed by another program ({why[:200]})")


def _read(
    connection: Connection, query: str, values: Sequence[Any], most: int | None
) -> list[tuple[Any, ...]]:
    query = _statement(query)
    if most is None:
        return connection.execute(query, values).fetchall()
    found: list[tuple[Any, ...]] = []
    seen = 0
    with connection.transaction(), connection.cursor("page") as cursor:
        cursor.execute(query, values)
        for row in cursor:
            found.append(row)
            seen += sum(len(value) for value in row if isinstance(value, (str, bytes)))
            if seen > most:
                break
    return found


def _change(connection: Connection, statement: str, values: Sequence[Sequence[Any]]) -> None:
    with connection.transaction():
        connection.cursor().executemany(_statement(statement), values)


def _statement(portable: str) -> str:
    """Return a statement of the ledger with the marks of psycopg; ours have no literal `?`."""
    return portable.replace("?", "%s")


def _after(row: Row, theirs: Stored | None) -> Row:
    """Return a row as it is stored after the text of another machine."""
    if theirs is None:
        return row
    reason = f"the connection was lost, and text {theirs.id} of another machine came first"
    return {**row, "status": "rejected", "reason": reason}


def _is_free_before(connection: Connection, key: int, deadline: float) -> bool:
    """Wait until no session holds a lock."""
    halves = (key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF)
    connection.execute("LISTEN jit_guard")  # see Link.release
    while True:
        ((is_held,),) = connection.execute(_IS_HELD, halves).fetchall()
        if not is_held:
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        for _ in connection.notifies(timeout=min(left, _POLL), stop_after=1):
            pass
