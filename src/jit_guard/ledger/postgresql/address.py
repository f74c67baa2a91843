"""The address of the server, which comes from the environment only, as it is shown.

A URL may contain a password, so no message quotes it. What libpq would take for a host, a port or a
database although it is part of a password with special characters is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jit_guard.errors import UsageError
from jit_guard.text.credential_names import LEDGER

_SCHEMES = ("postgresql://", "postgres://")
_URL = re.compile(r"[^:]+://(?:[^@/?]*@)?([^@/?]*)(?:/([^@/?]*))?(?:\?.*)?", re.DOTALL)


def checked(url: str) -> str:
    """Return the URL of a server. Raises UsageError, without quoting it."""
    if not url.startswith(_SCHEMES):
        raise UsageError(f"{LEDGER} must be the URL of a PostgreSQL server: postgresql://HOST/NAME")
    parts = _URL.fullmatch(url)
    hosts = "" if parts is None else re.sub(r"\[[^]]*\]", "host", parts[1])
    if parts is None or not all(map(_has_port, hosts.split(","))):
        raise invalid()
    return url


def invalid() -> UsageError:
    """Return the error for a URL that is not one, or has an unknown parameter."""
    return UsageError(
        f"{LEDGER} is not a valid URL; check the names of its parameters, and write in the user "
        "name and the password @ as %40, : as %3A, / as %2F, ? as %3F and % as %25"
    )


def _has_port(host: str) -> bool:
    """Check that what follows a host, if anything, is a port."""
    port = host.partition(":")[2]
    return not port or port.isdecimal()


def shown(options: Mapping[str, object]) -> str:
    """Return the address in the options of a connection, without user and password."""
    hosts = str(options.get("host") or options.get("hostaddr") or "").split(",")
    ports = str(options.get("port") or "").split(",")
    where = ",".join(
        f"{host}:{port}" if port and not host.startswith("/") else host
        for host, port in zip(hosts, ports * len(hosts), strict=False)  # one, or one for each
    )
    return f"{where or 'localhost'}/{options.get('dbname') or ''}".rstrip("/")
