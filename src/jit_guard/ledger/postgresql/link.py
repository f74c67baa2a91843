"""The connection to the server that the threads of this process share, with its claims.

A claim is an advisory lock of the session, so it lives exactly as long as the connection. When the
connection is lost, it is opened again, for at most `PATIENCE` seconds, and the claims are taken
again as far as they are free. Another machine may have had one meanwhile; see `Server.store`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import Condition, RLock, Timer
from typing import TypeVar

import psycopg
from psycopg import errors

from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.postgresql import address, session
from jit_guard.ledger.postgresql.session import Connection
from jit_guard.text.credentials import scrub

_Answer = TypeVar("_Answer")

PATIENCE = 60.0  # seconds to open a lost connection again, as for another process in SQLite
LIMIT = 90.0  # seconds for an answer; longer than the server gives a statement
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds
_LONGEST_REASON = 300  # characters of a message of the server
_UNUSABLE = (
    "; check the server and the URL, or unset JIT_GUARD_LEDGER to use a ledger of this machine"
)
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

    def run(self, action: Callable[[Connection], _Answer], limit: float = LIMIT) -> _Answer:
        """Run an action, again from the start if the connection is lost meanwhile.

        Args:
            action: what to do with the connection.
            limit: seconds after which a connection that does not answer is lost.

        Raises:
            UnreachableError: the server does not answer.
            LedgerError: anything else failed.
        """
        with self.changed, self._ledger_errors():
            pause = _FIRST_PAUSE
            while True:
                try:
                    connection = self._opened()
                    with _answers_within(connection, limit):
                        answer = action(connection)
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
            options = session.options_of(self._url)
            self.name = f"the ledger on {address.shown(options)}"
            connection: Connection = psycopg.connect(autocommit=True, **options)
            try:
                self.most = session.prepare(connection, options, self.project)
                if self.working:
                    self.lock(connection, list(self.working))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Check whether another connection may succeed; the first one must."""
        connection = self._connection
        if isinstance(error, errors.ReadOnlySqlTransaction):  # it became a standby
            return connection is not None
        if connection is None or connection.closed:
            return True
        # The message that ends a session may be read before the end of its stream.
        return error.diag.severity_nonlocalized in {"FATAL", "PANIC"}

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
    return scrub(" ".join(str(error).split()))[:_LONGEST_REASON].rstrip(".?")


@contextmanager
def _answers_within(connection: Connection, seconds: float) -> Iterator[None]:
    """Cut a connection whose server does not answer in time, although its system does."""
    timer = Timer(seconds, _cut, [connection.fileno()])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(handle: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(handle)) as end:
        end.shutdown(socket.SHUT_RDWR)


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
            with contextlib.suppress(LedgerError):  # at once; else when the server notices the end
                link.release(list(link.working))
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
