"""The route to a server: its address, the proxy, and the certificates to trust."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from jit_guard.generators.chat.proxy import Proxy, proxy_for
from jit_guard.generators.chat.trust import no_certificates, own_certificates
from jit_guard.text.credentials import scrub

if TYPE_CHECKING:
    import ssl


class Route(NamedTuple):
    """The route to a server."""

    url: str
    proxy: Proxy | None = None

    @property
    def shown(self) -> str:
        """The server as shown in messages."""
        return scrub(self.url)

    @property
    def next_hop(self) -> str:
        """The host that is connected to, as shown in messages."""
        return self.proxy.shown if self.proxy else self.shown

    @property
    def tls(self) -> bool:
        """Whether the server is spoken to with TLS."""
        return urlsplit(self.url).scheme.lower() == "https"

    @property
    def host(self) -> str:
        """The server's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The server's port."""
        return urlsplit(self.url).port or (443 if self.tls else 80)

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

    def certificates(self) -> ssl.SSLContext | None:
        """Return the certificates to trust; None: those of the HTTP client.

        Raises:
            GeneratorUnusableError: the environment names some that cannot be loaded.
        """
        if self.tls or (self.proxy is not None and self.proxy.scheme == "https"):
            return own_certificates()
        return no_certificates()


def route_to(url: str) -> Route:
    """Return the route to a server.

    Raises:
        GeneratorUnusableError: the environment names a proxy that cannot be used.
    """
    return Route(url, proxy_for(url))
