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

**Trust.** A ledger may have come with a checkout. It is opened as SQLite advises for untrusted
databases (https://sqlite.org/security.html): its files are checked first (`files.py`), its schema
is not trusted and must be ours, values are at most `_LONGEST` bytes long, the time of a call is
limited by the size of the ledger, and no call returns more bytes than the ledger has. One piece
of that advice is not followed: `PRAGMA quick_check` recurses once for each level of a tree,
and a forged chain of 100,000 pages crashes the process (seen with SQLite 3.40).
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias

from jit_guard.commit import durable, state_directory
from jit_guard.commit.directories import Directories
from jit_guard.ledger import files
from jit_guard.ledger.engine import LedgerError
from jit_guard.text.names import STATE_DIRECTORY

if TYPE_CHECKING:
    from sqlite3 import Connection

_Header: TypeAlias = "tuple[int, int, list[tuple[object, ...]]]"

NAME = f"{STATE_DIRECTORY}/ledger.db"
_APPLICATION = 0x4A474C31  # "JGL1", in the file's header, marks the database as ours
_PATIENCE = 60.0  # seconds to wait for another process's transaction, which takes milliseconds
_LONGEST = 1 << 26  # bytes of a value or row; enforced where Python can (3.11 and later)
_STEPS = 100  # SQLite instructions between two checks of the clock; each may read _LONGEST
_WORK, _RATE = 4.0, 20_000_000  # seconds a call may take, plus one for each so many bytes of ledger
_LONGEST_REASON = 200  # characters of an SQLite message, which may quote the ledger
_LONGEST_SQL = 9999  # characters of a statement in the schema; ours are shorter
_WORD = re.compile(
    r"'(?:[^'\0]|'')*' | --[^\n\0]* | [ \t\n\f\r]+ | [A-Za-z0-9_$\x80-\U0010ffff]+ | .",
    re.VERBOSE | re.DOTALL,
)

_FIRST = """
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
_SECOND = """
CREATE TABLE batches (
    token TEXT PRIMARY KEY,           -- in its metadata, chosen before it is submitted
    server TEXT NOT NULL,             -- the URL
    model TEXT NOT NULL,
    file TEXT NOT NULL,               -- the server's name of its input; empty until it is known
    name TEXT NOT NULL,               -- the server's name of the batch; empty until it is known
    since REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    reason TEXT NOT NULL,             -- why it was closed without texts
    refusal TEXT NOT NULL             -- of a parameter, in the server's words
);
CREATE TABLE batch_texts (
    token TEXT NOT NULL,              -- of the batch
    key TEXT NOT NULL,                -- of the text that it will bring
    component TEXT NOT NULL,          -- the missing file
    status TEXT NOT NULL CHECK (status IN ('pending', 'stored', 'failed')),
    reason TEXT NOT NULL,
    request TEXT NOT NULL,            -- JSON; the columns of the text before it arrives
    PRIMARY KEY (token, key)
);
"""
_MIGRATIONS = (_FIRST, _SECOND)  # from one version to the next; the first one creates version 1
VERSION = len(_MIGRATIONS)


_MOVE = "move it aside to start a new one (its texts would be paid for again)"


class LedgerFile:
    """A connection to the ledger, shared by all threads, one at a time.

    Args:
        root: the project's root.

    Raises:
        LedgerError: it is corrupted, is not ours, or cannot be opened or created.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.directory = os.path.join(root, STATE_DIRECTORY)
        self._path = os.path.join(root, *NAME.split("/"))
        self._lock = RLock()
        self._connection: Connection | None = None
        self._process = 0
        self._identity = (0, 0)
        self._limit = _Limit()
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

    def rows(
        self, query: str, values: Sequence[Any] = (), most: int | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Args:
            query: the SQL statement.
            values: its parameters.
            most: stop after the row that exceeds this number of bytes; None: read all rows.

        Raises:
            LedgerError: as `transaction`, or the rows have more bytes than the ledger (in a forged
                database, a tree can reach one page many times).
        """
        found: list[tuple[Any, ...]] = []
        seen = size = 0
        with self.reading() as connection, closing(connection.execute(query, values)) as cursor:
            for row in cursor:
                seen += sum(len(value) for value in row if isinstance(value, (str, bytes)))
                if seen > size and seen > (size := files.size(self._path)):
                    raise corrupted("it contains more than its size allows")
                found.append(row)
                if most is not None and seen > most:
                    break
        return found

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
                self._limit.start(self._path)
                return connection
            if self._process == os.getpid():
                connection.close()
            else:
                _not_ours.append(connection)  # the parent's: closing it here could corrupt it
            self._connection = None
        state_directory.make(self.root)
        identity = _identity(self._path)
        if why := files.unsafe(self._path):
            raise LedgerError(f"{NAME}{why}; {_MOVE}")
        connection = _connect(self._path)
        try:
            files.close_to_others(self._path)
            connection.set_progress_handler(self._limit.is_over, _STEPS)
            self._limit.start(self._path)
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        if identity is None:
            # SQLite syncs the directory, unless it was built without that.
            with Directories(self.root) as directories:
                durable.sync_directory(
                    directories.state, without="the ledger is lost, with all its texts"
                )
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
            if str(error) == "interrupted":
                raise corrupted("reading it takes too long for its size") from error
            raise LedgerError(f"{NAME}: {str(error)[:_LONGEST_REASON]}") from error
        except sqlite3.DatabaseError as error:
            raise corrupted(str(error)) from error
        except UnicodeDecodeError as error:  # an SQLite message that quotes a name
            raise corrupted("it contains names that are not UTF-8") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise LedgerError(f"{NAME}: {reason}") from error


class _Limit:
    """The time limit of a call: the tree of a forged database may be endless."""

    def __init__(self) -> None:
        self._until = 0.0

    def start(self, path: str) -> None:
        """Start the time of a call; a larger database gets more."""
        self._until = time.thread_time() + _WORK + files.size(path) / _RATE

    def is_over(self) -> bool:
        """Check whether the time limit is exceeded."""
        return time.thread_time() > self._until


def corrupted(why: str) -> LedgerError:
    """Return the error for a ledger that jit-guard did not write like this."""
    return LedgerError(
        f"{NAME} is not a jit-guard ledger, or corrupted ({why[:_LONGEST_REASON]}); {_MOVE}"
    )


def exists(root: str) -> bool:
    """Check whether there is a ledger; an empty file is none. Creates nothing."""
    with Directories(root) as directories:
        status = directories.state.location(os.path.basename(NAME)).status()
    return status is not None and (status.st_size > 0 or not stat.S_ISREG(status.st_mode))


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
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    if sys.version_info >= (3, 11):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    return connection


def _prepare(connection: Connection) -> None:
    """Configure the connection, and create the tables in a new database."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    if connection.execute("PRAGMA synchronous").fetchone() != (3,):
        raise LedgerError(f"{NAME}: this SQLite cannot make a commit durable (synchronous = EXTRA)")
    application, version, schema = _read_header(connection)
    if _is_older(application, version, schema):
        _migrate(connection)
        application, version, schema = _read_header(connection)
    if application != _APPLICATION:
        raise LedgerError(
            f"{NAME} is a database but not a jit-guard ledger; move it aside to start a new one"
        )
    if version > VERSION:
        raise LedgerError(f"{NAME} was written by a newer jit-guard; upgrade jit-guard")
    if version != VERSION or schema != _our_schema(VERSION):
        raise LedgerError(
            f"{NAME} is not a jit-guard ledger, or another program changed its tables; {_MOVE}"
        )
    if connection.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
        raise LedgerError(f"{NAME}: its journal mode cannot be set")


def _read_header(connection: Connection) -> _Header:
    connection.execute("BEGIN")  # one snapshot: another process may be creating it
    header = _header(connection)
    connection.execute("COMMIT")
    return header


def _header(connection: Connection) -> _Header:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version, _schema(connection)


def _schema(connection: Connection) -> list[tuple[object, ...]]:
    """Return at most 99 objects of the schema, with their statements split into words."""
    found = connection.execute(
        "SELECT substr(type, 1, 99), substr(name, 1, 99), substr(tbl_name, 1, 99), "
        "substr(sql, 1, ?) FROM sqlite_master LIMIT 99",
        [_LONGEST_SQL],
    )
    return sorted(((*names, _words(sql)) for *names, sql in found), key=repr)


def _our_schema(version: int) -> list[tuple[object, ...]]:
    import sqlite3

    with closing(sqlite3.connect(":memory:")) as connection:
        for migration in _MIGRATIONS[:version]:
            connection.executescript(migration)
        return _schema(connection)


def _words(sql: object) -> list[str]:
    """Split a statement into words, without comments and white space.

    These may differ between versions. The words of our statements are those of SQLite's tokenizer;
    anything else becomes a word that our statements do not contain.
    """
    if not isinstance(sql, str) or len(sql) == _LONGEST_SQL:
        return [repr(type(sql))]
    words = re.findall(_WORD, sql)
    return [word for word in words if not word.startswith("--") and word.strip(" \t\n\f\r")]


def _is_older(application: int, version: int, schema: list[tuple[object, ...]]) -> bool:
    """Check whether a database is empty, or one of ours of an older version."""
    ours = _APPLICATION if version else 0
    return version < VERSION and (application, schema) == (ours, _our_schema(version))


def _migrate(connection: Connection) -> None:
    """Create or migrate the tables. If that fails, the caller closes the connection: all is undone.

    Raises sqlite3.Error.
    """
    connection.execute("BEGIN IMMEDIATE")
    header = _header(connection)
    if _is_older(*header):  # no other process has migrated it
        for statement in "".join(_MIGRATIONS[header[1] :]).split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


_not_ours: list[Connection] = []
