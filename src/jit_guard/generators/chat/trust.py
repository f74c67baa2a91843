"""The certificates that a server's certificate is checked against."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jit_guard.generators.generator import GeneratorUnusableError

if TYPE_CHECKING:
    import ssl

FILE, DIRECTORY = "SSL_CERT_FILE", "SSL_CERT_DIR"


def configured(environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return the variable that names the trusted certificates, and its value, if there is one."""
    for name in (FILE, DIRECTORY):
        if value := environ.get(name, "").strip():
            return name, value
    return None


def own_certificates(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext | None:
    """Load the certificates that the environment names; None if it names none.

    Raises:
        GeneratorUnusableError: they cannot be loaded.
    """
    named = configured(environ)
    if named is None:
        return None
    import ssl

    name, path = named
    try:
        if name == DIRECTORY:
            os.listdir(path)  # OpenSSL accepts any path
            return ssl.create_default_context(capath=path)
        with open(path, "rb"):
            pass  # for the reason of the operating system, instead of OpenSSL's
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        reason = "contains no certificate in PEM format"
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "does not exist" if missing else f"cannot be read: {error.strerror}"
    raise GeneratorUnusableError(f"{name}={path} {reason}; correct or unset {name}")


def no_certificates() -> ssl.SSLContext:
    """Return a context that trusts no certificate, for a route without TLS."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
