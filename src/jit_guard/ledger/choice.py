"""Which engine keeps the ledger of a project."""

from __future__ import annotations

import os

from jit_guard.errors import JitGuardError, UsageError
from jit_guard.ledger import database
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import Engine
from jit_guard.text.credential_names import LEDGER


def open_engine(root: str) -> Engine:
    """Open the ledger of the project at `root`, and create it if needed.

    Raises:
        LedgerError: it cannot be used.
        UsageError: `JIT_GUARD_LEDGER` is invalid, or psycopg is not installed.
    """
    return _server(root) or Embedded(root)


def existing_engine(root: str) -> Engine | None:
    """Open the ledger of a project; None, and nothing is created, without one."""
    return _server(root) or _existing_file(root)


def earlier_engine(root: str) -> Engine | None:
    """Open the ledger of this machine beside that of a server; None without both."""
    return _existing_file(root) if _url() else None


def place(root: str) -> str:
    """Return where the ledger of a project is: `here`, or under which name on a server."""
    if not _url():
        return "here"
    from jit_guard.ledger.postgresql.project import project_name

    return f"for {project_name(root)}"


def project_digest(root: str) -> str:
    """Return what shows that batches are of one project, but not which; from git if it can."""
    from hashlib import sha256

    from jit_guard.ledger.postgresql.project import project_name

    try:
        name = project_name(root)
    except JitGuardError:
        name = os.path.realpath(root)
    return sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _existing_file(root: str) -> Engine | None:
    return Embedded(root) if database.exists(root) else None


def _url() -> str:
    """Return the URL of the server that the user names; never from a file of the repository."""
    return os.environ.get(LEDGER, "").strip()


def _server(root: str) -> Engine | None:
    url = _url()
    if not url:
        return None
    try:
        from jit_guard.ledger.postgresql.server import Server
    except ImportError as error:
        if not (error.name or "").startswith("psycopg") and "libpq" not in str(error):
            raise
        raise UsageError(
            f"{LEDGER} names a server, which needs psycopg; run: pip install 'jit-guard[postgres]'"
        ) from None
    return Server(root, url)
