"""The proxy on the route to a server, chosen from the environment.

The HTTP client would read the environment itself, but it creates a transport for every proxy
variable, needed or not, and its errors name neither the variable nor the proxy.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from jit_guard.generators.generator import GeneratorUnusableError
from jit_guard.text.credentials import scrub

_SCHEMES = ("http", "https", "socks5", "socks5h")
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy, and the environment variable that names it."""

    url: str
    variable: str

    @property
    def shown(self) -> str:
        """The proxy as shown in messages."""
        return f"the proxy {scrub(self.url)} ({self.variable})"

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        return urlsplit(self.url).scheme.lower()


def proxy_for(
    url: str,
    environ: Mapping[str, str] = os.environ,
    settings: Mapping[str, str] | None = None,
) -> Proxy | None:
    """Return the proxy for requests to a URL; None if they go directly to the server.

    Args:
        url: the URL of the server.
        environ: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; the
            lower-case name wins.
        settings: the proxies by scheme; default: as Python finds them, which includes the
            settings of macOS and Windows.

    Raises:
        GeneratorUnusableError: the proxy's URL is invalid, or a package for it is missing.
    """
    known = urllib.request.getproxies() if settings is None else settings
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    for kind in (scheme, "all"):
        if value := known.get(kind, "").strip():
            break
    else:
        return None
    port = parts.port or _PORTS.get(scheme)
    if _is_excluded(parts.hostname or "", port, known.get("no", "")):
        return None
    return _checked(Proxy(value if "://" in value else f"http://{value}", _name(kind, environ)))


def _name(kind: str, environ: Mapping[str, str]) -> str:
    present = set(environ)  # a look-up ignores case on Windows, where all names are capitals
    for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
        if name in present and environ[name].strip():
            return name
    return "the system's settings"


def _checked(proxy: Proxy) -> Proxy:
    advice = f"correct {proxy.variable}, or add the server's host to NO_PROXY"
    try:
        parts = urlsplit(proxy.url)
        _ = parts.port  # raises if it is not a number
        reason = None if parts.hostname else "it has no host"
    except ValueError as error:
        reason = str(error)
    if reason is None and any(not "!" <= character <= "~" for character in proxy.url):
        reason = "it contains whitespace or control characters"
    if reason is not None:
        raise GeneratorUnusableError(f"{proxy.shown} is not a valid URL: {scrub(reason)}; {advice}")
    if proxy.scheme not in _SCHEMES:
        raise GeneratorUnusableError(
            f"{proxy.shown} must start with http://, https:// or socks5://; {advice}"
        )
    if proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        client = "httpx2" if find_spec("httpx2") else "httpx"
        raise GeneratorUnusableError(
            f"{proxy.shown} needs a package that is not installed; run: "
            f"pip install '{client}[socks]' (or add the server's host to NO_PROXY)"
        )
    return proxy


def _is_excluded(host: str, port: int | None, no_proxy: str) -> bool:
    return any(_matches(entry, host.lower(), port) for entry in no_proxy.replace(",", " ").split())


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Check one entry of NO_PROXY: `*`, a name, `.name`, an address or a network, with a port."""
    entry = entry.lower().rpartition("://")[2]
    if entry == "*":
        return True
    if _in_network(entry, host):
        return True
    name, separator, number = entry.rpartition(":")
    if separator and number.isdigit() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*")
    if entry.startswith("."):
        return host.endswith(entry)
    return bool(entry) and (host == entry or host.endswith(f".{entry}") or _in_network(entry, host))


def _in_network(entry: str, host: str) -> bool:
    address, slash, bits = entry.partition("/")
    try:
        network = ip_network(f"{address.strip('[]')}{slash}{bits}", strict=False)
        return ip_address(host.strip("[]").partition("%")[0]) in network
    except ValueError:
        return False
