"""The ledger's SQLite database, with durable commits.

**Durability.** A rollback journal in DELETE mode, with `synchronous = EXTRA`: SQLite syncs the
journal, then the database, then removes the journal (the commit point) and syncs the directory,
so that no power loss can bring back the journal and with it the previous state. FULL omits that
last sync ("PRAGMA synchronous" in SQLite's documentation), which could lose an acknowledged text.
WAL with FULL would be as durable with fewer syncs, but it needs shared memory, leaves two more
files, and before SQLite 3.51.3 (March 2026) could corrupt a database that two processes write and
checkpoint at once; Python releases bundle older versions. SQLite does not sync the entry
`.jit-guard` in the root, so that is done here. `fullfsync` is for macOS, where a plain fsync stops
at the drive's cache.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from jit_guard.commit import durable, state_folder
from jit_guard.errors import JitGuardError
from jit_guard.text.names import STATE_FOLDER

if TYPE_CHECKING:
    from sqlite3 import Connection

NAME = f"{STATE_FOLDER}/ledger.db"
VERSION = 1
_APPLICATION = 0x4A474C31  # "JGL1", in the file's header, marks the database as ours
_PATIENCE = 60.0  # seconds to wait for another process's transaction, which takes milliseconds

_SCHEMA = """
CREATE TABLE texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,                -- must be equal for a text to be reused
    component TEXT NOT NULL,          -- the missing file
    goal TEXT NOT NULL,
    component_type TEXT NOT NULL,
    filename TEXT NOT NULL,
    description TEXT NOT NULL,
    generator TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    content BLOB NOT NULL,            -- as it arrived
    request TEXT NOT NULL,            -- JSON, whole
    usage TEXT NOT NULL,              -- JSON
    details TEXT NOT NULL,            -- JSON
    asked REAL NOT NULL,
    arrived REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('arrived', 'rejected', 'committed')),
    reason TEXT,
    path TEXT NOT NULL,               -- where it is, or was to be placed
    sha256 TEXT
);
CREATE INDEX texts_by_key ON texts (key, id);
CREATE TABLE claims (
    component TEXT PRIMARY KEY,
    holder INTEGER NOT NULL,
    since REAL NOT NULL
);
"""


class LedgerError(JitGuardError):
    """The ledger cannot be used. It is never removed or overwritten."""


class LedgerFile:
    """A connection to the ledger, shared by all threads, one at a time.

    Args:
        root: the project's root.

    Raises:
        LedgerError: it is corrupted, is not ours, or cannot be opened or created.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.folder = os.path.join(root, STATE_FOLDER)
        self._path = os.path.join(root, *NAME.split("/"))
        self._lock = RLock()
        self._connection: Connection | None = None
        self._process = 0
        self._identity = (0, 0)
        with self._ledger_errors():
            self._opened()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run a transaction; when the block ends, all of it is on disk, or nothing.

        Raises:
            LedgerError: an operation failed, or the database is corrupted.
        """
        with self._lock, self._ledger_errors():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield the connection for reading.

        Raises:
            LedgerError: as `transaction`.
        """
        with self._lock, self._ledger_errors():
            yield self._opened()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None and self._process == os.getpid():
                connection.close()

    def _opened(self) -> Connection:
        """Return the connection; a new one in a forked child, or if the file was removed."""
        connection = self._connection
        if connection is not None:
            if self._process == os.getpid() and _identity(self._path) == self._identity:
                return connection
            if self._process == os.getpid():
                connection.close()
            else:
                _not_ours.append(connection)  # the parent's: closing it here could corrupt it
            self._connection = None
        state_folder.make(self.root)
        identity = _identity(self._path)
        connection = _connect(self._path)
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        if identity is None:
            # SQLite syncs the directory, unless it was built without that.
            durable.sync_folder(self.folder, without="the ledger is lost, with all its texts")
        self._connection = connection
        self._process = os.getpid()
        self._identity = _identity(self._path) or (0, 0)
        return connection

    @contextmanager
    def _ledger_errors(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerError(f"{NAME}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{NAME} is not a jit-guard ledger, or corrupted ({error}); move it aside to start "
                "a new one (its texts would be paid for again)"
            ) from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise LedgerError(f"{NAME}: {reason}") from error


def exists(root: str) -> bool:
    """Check whether there is a ledger. Creates nothing."""
    return durable.exists(os.path.join(root, *NAME.split("/")))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise LedgerError(
            f"{NAME} is a link or not a file; remove it, jit-guard keeps its ledger there"
        )
    return status.st_dev, status.st_ino


def _connect(path: str) -> Connection:
    import sqlite3

    # Autocommit: transactions begin and end only with explicit statements.
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _prepare(connection: Connection) -> None:
    """Configure the connection, and create the tables in a new database."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    if connection.execute("PRAGMA synchronous").fetchone() != (3,):
        raise LedgerError(f"{NAME}: this SQLite cannot make a commit durable (synchronous = EXTRA)")
    connection.execute("BEGIN")  # one snapshot: another process may be creating it
    application, version, tables = _header(connection)
    connection.execute("COMMIT")
    if (application, version, tables) == (0, 0, 0):
        _create(connection)
        application, version, tables = _header(connection)
    if application != _APPLICATION:
        raise LedgerError(
            f"{NAME} is a database but not a jit-guard ledger; move it aside to start a new one"
        )
    if version > VERSION:
        raise LedgerError(f"{NAME} was written by a newer jit-guard; upgrade jit-guard")
    if connection.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
        raise LedgerError(f"{NAME}: its journal mode cannot be set")


def _header(connection: Connection) -> tuple[int, int, int]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return application, version, tables


def _create(connection: Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _header(connection) == (0, 0, 0):  # no other process was faster
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_not_ours: list[Connection] = []
