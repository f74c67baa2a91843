"""The tables of the ledger in a PostgreSQL database, and how they are created and migrated.

Each table has all projects. Statements use views such as `texts`, which show the project of the
connection (the setting `jit_guard.project`) with the columns of the embedded ledger, so that both
engines run the same statements, and none reaches the texts of another project.

The first connection that finds no tables, or older ones, creates or migrates them in one
transaction, if its role may. Afterwards the rights in docs/machines.md are enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from jit_guard.ledger.engine import LedgerError

if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

SCHEMA = "jit_guard"
PROJECT = "jit_guard.project"  # the setting that names the project of a connection
_CREATING = 0x4A474C31_00000000  # the advisory lock of a migration: "JGL1", and zeros

_FIRST = """
CREATE SCHEMA IF NOT EXISTS jit_guard;
CREATE TABLE jit_guard.version (version integer NOT NULL);
INSERT INTO jit_guard.version VALUES (0);
CREATE TABLE jit_guard.all_texts (
    project text NOT NULL DEFAULT current_setting('jit_guard.project', true),
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token uuid NOT NULL UNIQUE,       -- chosen by the client, so that a text is stored once
    key text NOT NULL,                -- must be equal for a text to be reused
    component text NOT NULL,          -- the missing file
    goal text NOT NULL,
    component_type text NOT NULL,
    filename text NOT NULL,
    description text NOT NULL,
    generator text NOT NULL,
    model text NOT NULL,
    version text NOT NULL,
    content bytea NOT NULL,           -- as it arrived
    request text NOT NULL,            -- JSON, whole
    usage text NOT NULL,              -- JSON
    details text NOT NULL,            -- JSON
    asked double precision NOT NULL,
    arrived double precision NOT NULL,
    status text NOT NULL CHECK (status IN ('arrived', 'rejected', 'committed')),
    reason text,
    path text NOT NULL,               -- where it is, or was to be placed
    sha256 text
);
CREATE INDEX all_texts_by_key ON jit_guard.all_texts (project, key, id);
CREATE INDEX all_texts_by_id ON jit_guard.all_texts (project, id);
CREATE VIEW jit_guard.texts AS
    SELECT id, token, key, component, goal, component_type, filename, description, generator,
        model, version, content, request, usage, details, asked, arrived, status, reason, path,
        sha256
    FROM jit_guard.all_texts WHERE project = current_setting('jit_guard.project', true);
"""
_SECOND = """
CREATE TABLE jit_guard.all_batches (
    project text NOT NULL DEFAULT current_setting('jit_guard.project', true),
    token text NOT NULL,              -- in its metadata, chosen before it is submitted
    server text NOT NULL,             -- the URL
    model text NOT NULL,
    file text NOT NULL,               -- the server's name of its input; empty until it is known
    name text NOT NULL,               -- the server's name of the batch; empty until it is known
    since double precision NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'closed')),
    reason text NOT NULL,             -- why it was closed without texts
    refusal text NOT NULL,            -- of a parameter, in the server's words
    PRIMARY KEY (project, token)
);
CREATE INDEX all_batches_by_status ON jit_guard.all_batches (project, status);
CREATE TABLE jit_guard.all_batch_texts (
    project text NOT NULL DEFAULT current_setting('jit_guard.project', true),
    token text NOT NULL,              -- of the batch
    key text NOT NULL,                -- of the text that it will bring
    component text NOT NULL,          -- the missing file
    status text NOT NULL CHECK (status IN ('pending', 'stored', 'failed')),
    reason text NOT NULL,
    request text NOT NULL,            -- JSON; the columns of the text before it arrives
    PRIMARY KEY (project, token, key)
);
CREATE VIEW jit_guard.batches AS
    SELECT token, server, model, file, name, since, status, reason, refusal
    FROM jit_guard.all_batches WHERE project = current_setting('jit_guard.project', true);
CREATE VIEW jit_guard.batch_texts AS
    SELECT token, key, component, status, reason, request
    FROM jit_guard.all_batch_texts WHERE project = current_setting('jit_guard.project', true);
"""
MIGRATIONS = (_FIRST, _SECOND)  # from one version to the next; the first one creates version 1


def prepare(connection: Connection[Any]) -> None:
    """Create or migrate the tables if they are older than this version.

    Raises:
        LedgerError: the role may not, or the tables are newer.
        psycopg.Error: a statement failed.
    """
    version = _version(connection)
    if version < len(MIGRATIONS):
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [_CREATING])
                for migration in MIGRATIONS[_version(connection) :]:
                    connection.execute(migration)
                    connection.execute("UPDATE jit_guard.version SET version = version + 1")
        except errors.InsufficientPrivilege as error:
            what = "are older than this jit-guard" if version else "do not exist"
            raise LedgerError(
                f"its tables {what}, and the role {connection.info.user} may not "
                f"{'change' if version else 'create'} them; run jit-guard log once as a role that "
                "may, such as the owner of the database"
            ) from error
    elif version > len(MIGRATIONS):
        raise LedgerError("it was written by a newer jit-guard; upgrade jit-guard")


def _version(connection: Connection[Any]) -> int:
    """Return the version of the tables; 0 if there are none."""
    try:
        with connection.transaction():
            row = connection.execute("SELECT version FROM jit_guard.version").fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return 0
    except errors.InsufficientPrivilege as error:
        raise LedgerError(
            f"the role {connection.info.user} may not use its tables; grant it the rights in "
            "docs/machines.md"
        ) from error
    if row is None:
        raise LedgerError("its table jit_guard.version is empty")
    return int(row[0])
