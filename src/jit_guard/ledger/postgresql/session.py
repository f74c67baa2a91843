"""How a session with the server is set up, and what the server must promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.postgresql import address, schema

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_SHARE = 16  # connections that may claim at the same time, of the locks that a server has
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


def options_of(url: str) -> dict[str, Any]:
    """Return the options of a connection: those of the URL, and ours where it has none.

    Raises UsageError, without quoting the URL.
    """
    try:
        return {**_CLIENT, **conninfo_to_dict(address.checked(url))}
    except psycopg.ProgrammingError:
        raise address.invalid() from None


def prepare(connection: Connection, options: Mapping[str, Any], project: str) -> int:
    """Set up a new connection; return how many components it may claim at the same time.

    Raises:
        LedgerError: the server may lose texts or claims, or its tables cannot be used.
        psycopg.Error: a statement failed.
    """
    wanted = {**_SESSION, schema.PROJECT: project}
    wanted.update((theirs, str(options[ours])) for ours, theirs in _BOTH_SIDES.items())
    if connection.info.server_version >= 140000:
        wanted["idle_session_timeout"] = "0"  # a model may take longer
    connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) "
        "AS one(name, value)",
        [list(wanted), list(wanted.values())],
    )
    (row,) = connection.execute(
        "SELECT pg_backend_pid(), current_setting('fsync'), "
        "current_setting('synchronous_commit'), "
        "current_setting('max_locks_per_transaction')::int "
        "* current_setting('max_connections')::int"
    ).fetchall()
    process, fsync, synchronous, locks = row
    if process != connection.info.backend_pid:
        raise LedgerError(
            "it is behind a connection pooler, which would lose the claims; name the server itself"
        )
    if fsync == "off":
        raise LedgerError("its server runs with fsync = off, and may lose texts; set it to on")
    if synchronous == "off":
        connection.execute("SET synchronous_commit = on")
    schema.prepare(connection)
    return max(1, int(locks) // _SHARE)
