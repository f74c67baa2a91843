"""The connection to the server that the threads of this process share, with its claims.

A claim is an advisory lock of the session, so it lives exactly as long as the connection. When the
connection is lost, it is opened again, for at most `PATIENCE` seconds, and the claims are taken
again as far as they are free. Another machine may have had one meanwhile; see `Server.store`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import Condition, RLock
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.postgresql import address, schema
from jit_guard.text.credentials import scrub

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"
_Answer = TypeVar("_Answer")

PATIENCE = 60.0  # seconds to open a lost connection again, as for another process in SQLite
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds
_LONGEST_REASON = 300  # characters of a message of the server
_SHARE = 16  # connections that may claim at the same time, of the locks that a server has
_UNUSABLE = "; start the server, or unset JIT_GUARD_LEDGER to use a ledger of this machine"
# A peer that vanished without a word is noticed by both sides in about half a minute; by default
# it would take two hours, and the server would keep the claims.
_CLIENT = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "target_session_attrs": "read-write",
    "application_name": "jit-guard",
}
_SESSION = {
    "search_path": schema.SCHEMA,
    "statement_timeout": "60s",
}
# The settings of a session for its own side, by the names of ours in a URL.
_BOTH_SIDES = {
    "keepalives_idle": "tcp_keepalives_idle",
    "keepalives_interval": "tcp_keepalives_interval",
    "keepalives_count": "tcp_keepalives_count",
    "tcp_user_timeout": "tcp_user_timeout",
}
_LOCK = "SELECT pg_try_advisory_lock(key) FROM unnest(%s::bigint[]) WITH ORDINALITY AS one(key, n)"

_RELEASE = (
    "WITH released AS MATERIALIZED "
    "(SELECT pg_advisory_unlock(key) FROM unnest(%s::bigint[]) AS one(key)) "
    "SELECT pg_notify('jit_guard', '') FROM (SELECT count(*) FROM released) AS counted"
)


class UnreachableError(LedgerError):
    """The server does not answer, and did not for `PATIENCE` seconds."""


class Link:
    """A connection that opens again when it is lost, and the claims that live as long.

    Args:
        url: the URL of the server.
        project: the name of the project in it.
    """

    def __init__(self, url: str, project: str) -> None:
        self.project = project
        self.users = 0
        self.working: dict[str, int] = {}  # claimed components, each with the latest text then
        self.changed = Condition(RLock())  # guards all of this; notified when a claim is released
        self.most = 0  # claims at the same time
        self._url = url
        self._connection: Connection | None = None
        self._deadline: float | None = None  # for opening a lost connection again
        self.name = "the ledger"

    def another(self) -> Link:
        """Return a link to the same ledger with a connection of its own, and no claims."""
        return Link(self._url, self.project)

    def open(self) -> None:
        """Connect now, without patience. Raises LedgerError or UsageError."""
        with self.changed, self._ledger_errors():
            try:
                self._opened()
            except psycopg.OperationalError as error:
                raise self._unreachable(error) from None

    def run(self, action: Callable[[Connection], _Answer]) -> _Answer:
        """Run an action, again from the start if the connection is lost meanwhile.

        Raises:
            UnreachableError: the server does not answer.
            LedgerError: anything else failed.
        """
        with self.changed, self._ledger_errors():
            pause = _FIRST_PAUSE
            while True:
                try:
                    answer = action(self._opened())
                except (psycopg.OperationalError, errors.ReadOnlySqlTransaction) as error:
                    if not self._is_lost(error):
                        raise
                    self.close()
                    # From the first loss: once it is over, each call tries only once.
                    self._deadline = self._deadline or time.monotonic() + PATIENCE
                    left = self._deadline - time.monotonic()
                    if left <= 0:
                        raise self._unreachable(error) from None
                    time.sleep(min(pause, left))
                    pause = min(pause * 2, _LONGEST_PAUSE)
                else:
                    self._deadline = None
                    return answer

    def release(self, components: Iterable[str]) -> None:
        """Release claims. If the connection is lost, they have ended with it."""
        with self.changed, self._ledger_errors():
            released = [one for one in components if self.working.pop(one, None) is not None]
            self.changed.notify_all()
            if not released or self._connection is None:
                return
            keys = [self.lock_key("component", one) for one in released]
            try:
                self._connection.execute(_RELEASE, [keys])
            except psycopg.OperationalError as error:
                if not self._is_lost(error):
                    raise
                self.close()

    def close(self) -> None:
        """Close the connection, and with it every claim in the server."""
        with self.changed:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def forget(self) -> None:
        """Drop the connection in a forked child; the parent still uses it."""
        if self._connection is not None:
            _not_ours.append(self._connection)  # closing it would end the parent's session
        self._connection = None
        self.working = {}
        self.changed = Condition(RLock())  # a thread that the child does not have may hold it

    def lock_key(self, what: str, name: str) -> int:
        """Return the number of an advisory lock in this project.

        Two names with the same 64 bits only wait for each other.
        """
        words = f"jit-guard\0{self.project}\0{what}\0{name}"
        digest = sha256(words.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def lock(self, connection: Connection, components: Sequence[str]) -> list[bool]:
        """Take the locks of components as far as they are free."""
        keys = [self.lock_key("component", one) for one in components]
        return [row[0] for row in connection.execute(_LOCK, [keys])]

    def _opened(self) -> Connection:
        if self._connection is None:
            options = self._options()
            connection: Connection = psycopg.connect(autocommit=True, **options)
            try:
                self._prepare(connection, options)
                if self.working:
                    self.lock(connection, list(self.working))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _options(self) -> dict[str, Any]:
        """Return the options of the connection: those of the URL, and ours where it has none."""
        try:
            options = {**_CLIENT, **conninfo_to_dict(address.checked(self._url))}
        except psycopg.ProgrammingError:
            raise address.invalid() from None
        self.name = f"the ledger on {address.shown(options)}"
        return options

    def _prepare(self, connection: Connection, options: Mapping[str, Any]) -> None:
        """Set up a new connection, and check that the server keeps what the ledger promises."""
        wanted = {**_SESSION, schema.PROJECT: self.project}
        wanted.update((theirs, str(options[ours])) for ours, theirs in _BOTH_SIDES.items())
        if connection.info.server_version >= 140000:
            wanted["idle_session_timeout"] = "0"  # a model may take longer
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) "
            "AS one(name, value)",
            [list(wanted), list(wanted.values())],
        )
        row = connection.execute(
            "SELECT pg_backend_pid(), current_setting('fsync'), "
            "current_setting('synchronous_commit'), "
            "current_setting('max_locks_per_transaction')::int "
            "* current_setting('max_connections')::int"
        ).fetchone()
        assert row is not None
        process, fsync, synchronous, locks = row
        if process != connection.info.backend_pid:
            raise LedgerError(
                "it is behind a connection pooler, which would lose the claims; name the server "
                "itself"
            )
        if fsync == "off":
            raise LedgerError("its server runs with fsync = off, and may lose texts; set it to on")
        if synchronous == "off":
            connection.execute("SET synchronous_commit = on")
        self.most = max(1, locks // _SHARE)
        schema.prepare(connection)

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Check whether another connection may succeed; the first one must."""
        connection = self._connection
        if isinstance(error, errors.ReadOnlySqlTransaction):  # it became a standby
            return connection is not None
        return connection is None or connection.closed or connection.broken

    def _unreachable(self, error: psycopg.Error) -> UnreachableError:
        return UnreachableError(f"{self.name} cannot be used: {_reason(error)}{_UNUSABLE}")

    @contextmanager
    def _ledger_errors(self) -> Iterator[None]:
        try:
            yield
        except UnreachableError:
            raise
        except LedgerError as error:
            raise LedgerError(f"{self.name}: {error}") from error
        except errors.InsufficientPrivilege as error:
            raise LedgerError(
                f"{self.name}: {_reason(error)}; grant the role the rights in docs/machines.md"
            ) from None
        except psycopg.Error as error:
            raise LedgerError(f"{self.name}: {_reason(error)}") from None


def _reason(error: psycopg.Error) -> str:
    """Return the message of the server or of libpq in one line, without credentials."""
    return scrub(" ".join(str(error).split()))[:_LONGEST_REASON].rstrip(".")


def join(url: str, project: str) -> Link:
    """Return this process's link to a project's ledger. Raises LedgerError or UsageError."""
    with _registry:
        link = _links.get((url, project)) or Link(url, project)
        link.open()
        _links[url, project] = link
        link.users += 1
        return link


def leave(link: Link) -> None:
    """Undo `join`; the last user closes the connection, and releases every claim."""
    with _registry:
        link.users -= 1
        if link.users <= 0:
            link.working.clear()
            link.close()
            for key in [key for key, one in _links.items() if one is link]:
                del _links[key]


def _after_fork() -> None:
    global _registry  # noqa: PLW0603 - a thread that the child does not have may hold it
    _registry = RLock()
    for link in _links.values():
        link.forget()


# Of a lost connection, psycopg also logs what it could not undo there. We report it once.
logging.getLogger("psycopg").addHandler(logging.NullHandler())
_registry = RLock()
_links: dict[tuple[str, str], Link] = {}
_not_ours: list[Connection] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
