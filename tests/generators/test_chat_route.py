"""The route to a server: proxies and certificates of the environment, and faults on the way."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from chat_client import needs_sdk, outcome, writing
from chat_server import dead_port, good, serving
from jit_guard.generators.chat.connection import connection_fault
from jit_guard.generators.chat.proxy import Proxy, proxy_for
from jit_guard.generators.chat.route import Route
from jit_guard.generators.chat.trust import own_certificates
from jit_guard.generators.generator import GeneratorUnusableError

needs_sdk()

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def unusable(url: str) -> str:
    with writing(url, timeout=10) as made:
        return str(outcome(made).unusable)


# Proxies


def test_the_proxy_of_the_scheme_wins_over_the_one_for_all() -> None:
    settings = {"https": "http://one:1", "all": "http://two:2"}
    environ = {"HTTPS_PROXY": "http://one:1", "all_proxy": "http://two:2"}
    assert proxy_for("https://host/v1", environ, settings) == Proxy("http://one:1", "HTTPS_PROXY")
    assert proxy_for("http://host/v1", environ, settings) == Proxy("http://two:2", "all_proxy")
    assert proxy_for("http://host/v1", {}, {}) is None


def test_a_proxy_without_a_scheme_is_an_http_proxy() -> None:
    found = proxy_for("http://host/v1", {"HTTP_PROXY": "corp:3128"}, {"http": "corp:3128"})
    assert found == Proxy("http://corp:3128", "HTTP_PROXY")


def test_a_proxy_from_the_system_settings_is_called_that() -> None:
    found = proxy_for("http://host/v1", {}, {"http": "http://corp:3128"})
    assert found is not None
    assert found.variable == "the system's settings"


EXCLUDED = [
    ("*", "http://anything/v1"),
    ("a, *", "http://anything/v1"),
    ("localhost,127.0.0.1,::1,[::1]", "http://127.0.0.1:11434/v1"),
    ("localhost,127.0.0.1,::1,[::1]", "http://localhost:11434/v1"),
    ("::1", "http://[::1]:11434/v1"),
    ("[::1]", "http://[::1]:11434/v1"),
    ("[::1]:11434", "http://[::1]:11434/v1"),
    ("fd07:b51a:cc66:f0::/64,10.0.0.0/8", "http://10.1.2.3/v1"),
    ("fd07:b51a:cc66:f0::/64", "http://[fd07:b51a:cc66:f0::7]/v1"),
    ("fe11::/16,127.0.0.0/8", "http://127.0.0.1:1/v1"),
    ("example.com", "https://example.com/v1"),
    ("example.com", "https://API.example.com/v1"),
    (".example.com", "https://api.example.com/v1"),
    ("*.example.com", "https://api.example.com/v1"),
    ("other host", "http://host/v1"),
    ("host:443", "https://host/v1"),
    ("http://host", "http://host/v1"),
]
INCLUDED = [
    ("", "http://host/v1"),
    ("example.com", "https://badexample.com/v1"),
    (".example.com", "https://example.com/v1"),
    ("host:80", "https://host/v1"),
    ("10.0.0.0/8", "http://11.0.0.1/v1"),
    ("10.0.0.0/99, [, ::/x, :", "http://11.0.0.1/v1"),
    ("::1", "http://[::2]/v1"),
]


@pytest.mark.parametrize(("value", "url"), EXCLUDED)
def test_no_proxy_excludes_a_host_in_every_form(value: str, url: str) -> None:
    assert proxy_for(url, {}, {"all": "http://p:1", "no": value}) is None


@pytest.mark.parametrize(("value", "url"), INCLUDED)
def test_no_proxy_excludes_nothing_else(value: str, url: str) -> None:
    assert proxy_for(url, {}, {"all": "http://p:1", "no": value}) is not None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://corp:port", "is not a valid URL: Port could not be cast"),
        ("http://", "is not a valid URL: it has no host"),
        ("http://corp:99999", "is not a valid URL: Port out of range"),
        ("http://[::1", "is not a valid URL: Invalid IPv6 URL"),
        ("http://co rp:1", "contains whitespace"),
        ("ftp://corp:21", "must start with http://, https:// or socks5://"),
        ("socks4://corp:1080", "must start with http://, https:// or socks5://"),
    ],
)
def test_an_invalid_proxy_is_reported_with_its_variable_before_any_request(
    value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(GeneratorUnusableError) as caught, writing("https://host.invalid/v1"):
        pass
    assert words in str(caught.value)
    assert "HTTPS_PROXY" in str(caught.value)


def test_an_invalid_proxy_that_is_not_needed_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://corp:port")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(good()) as server, writing(server.url) as made:
        assert outcome(made).text.content


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_names_the_extra_that_it_needs(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://corp:1080")
    monkeypatch.setattr(
        "jit_guard.generators.chat.proxy.find_spec",
        lambda name: None if name == "socksio" else find_spec(name),
    )
    with pytest.raises(GeneratorUnusableError) as caught, writing("http://host.invalid/v1"):
        pass
    assert f"the proxy {scheme}://corp:1080 (ALL_PROXY)" in str(caught.value)
    assert "[socks]'" in str(caught.value)


def test_a_dead_proxy_is_reported_as_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = dead_port().removesuffix("/v1")
    monkeypatch.setenv("http_proxy", dead.replace("http://", "http://me:hunter2@"))
    message = unusable("http://example.invalid/v1")
    shown = dead.replace("http://", "http://[key]@")
    name = "HTTP_PROXY" if os.name == "nt" else "http_proxy"  # as Windows lists it
    assert message.startswith(f"the proxy {shown} ({name}) cannot be reached: Connection")
    assert f"check {name}" in message
    assert "hunter2" not in message


def test_a_dead_proxy_for_a_local_server_suggests_an_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", dead_port().removesuffix("/v1"))
    assert "or add localhost to NO_PROXY" in unusable("http://localhost:11434/v1")


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Run a server that sends these bytes to every connection, after its first bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            with suppress(OSError):  # Windows refuses that, and `accept` ends with the socket
                listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_proxy_that_refuses_a_connection_is_reported_as_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(b"HTTP/1.1 403 Forbidden by policy\r\ncontent-length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        message = unusable("https://example.invalid/v1")
    assert f"the proxy http://127.0.0.1:{port} (HTTPS_PROXY) refused" in message
    assert "403 Forbidden by policy" in message


def test_a_proxy_that_wants_a_password_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 407 Auth\r\ncontent-length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        message = unusable("http://example.invalid/v1")
    assert "(HTTP_PROXY): 407 Auth; add a user name and password" in message


def test_an_answer_that_may_be_the_proxys_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"<html><title>Access denied</title>"
    head = b"HTTP/1.1 403 Forbidden\r\ncontent-length: %d\r\n\r\n" % len(page)
    with answering(head + page) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        message = unusable("http://example.invalid/v1")
    assert f"403: Access denied (through the proxy http://127.0.0.1:{port} (HTTP_PROXY))" in message


def test_a_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(good()) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
        with writing("http://example.invalid/v1") as made:
            assert outcome(made).text.content
        assert server.asked[0].path == "http://example.invalid/v1/chat/completions"


# Certificates


class Pair(NamedTuple):
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    @property
    def server(self) -> ssl.SSLContext:
        """The context of a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_pair(at: Path, name: str) -> Pair:
    """Make a self-signed certificate for an address or a host."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    pair = Pair(at / f"{name}.pem", at / f"{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(pair.key), "-out", str(pair.certificate), "-days", "2"]
    command += ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    subprocess.run(command, check=True, capture_output=True)
    return pair


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("ours"), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("other"), "DNS:elsewhere.invalid")


def test_an_unknown_issuer_is_reported_and_ssl_cert_file_helps(
    ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(good(), tls=ours.server) as server:
        message = unusable(server.url)
        assert "certificate is not accepted: self-signed certificate" in message
        assert "set SSL_CERT_FILE to a PEM file" in message
        monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
        with writing(server.url) as made:
            assert outcome(made).text.content


def test_ssl_cert_file_without_the_issuer_is_named(
    ours: Pair, other: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with serving(good(), tls=ours.server) as server:
        message = unusable(server.url)
    assert f"SSL_CERT_FILE={other.certificate} does not contain its issuer" in message


def test_a_certificate_of_another_host_is_reported(
    other: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with serving(good(), tls=other.server) as server:
        message = unusable(server.url)
    assert "certificate is not valid for '127.0.0.1'" in message
    assert "use a host name in --base-url that the certificate contains" in message


def test_an_expired_certificate_needs_no_other_issuer() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 10, "certificate has expired"
    fault = connection_fault(error, Route("https://host/v1"), reached=False)
    assert fault is not None
    assert fault.fatal
    assert "certificate has expired; renew it" in fault.reason
    assert "SSL_CERT_FILE" not in fault.reason


def test_a_stale_ssl_cert_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "gone.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(stale))
    assert f"SSL_CERT_FILE={stale} does not exist" in unusable("https://host.invalid/v1")
    stale.write_text("not a certificate")
    assert f"SSL_CERT_FILE={stale} contains no certificate" in unusable("https://host.invalid/v1")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(GeneratorUnusableError, match=r"SSL_CERT_DIR=\S+ does not exist"):
        own_certificates()


def test_a_stale_ssl_cert_file_does_not_matter_without_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with serving(good()) as server, writing(server.url) as made:
        assert outcome(made).text.content


def test_https_to_a_port_without_tls_says_so() -> None:
    with serving(good()) as server:
        message = unusable(server.url.replace("http://", "https://"))
    assert "there is no TLS on this port; check the port, or use http://" in message


def test_http_to_a_port_with_tls_says_so_and_sends_no_second_request(ours: Pair) -> None:
    with serving(good(), tls=ours.server) as server:
        message = unusable(server.url.replace("https://", "http://"))
        assert server.asked == []
    assert "the server expects TLS; use https:// in --base-url" in message


def test_http_to_a_port_with_tls_is_recognized_by_the_servers_words() -> None:
    body = b"Client sent an HTTP request to an HTTPS server.\n"
    head = b"HTTP/1.0 400 Bad Request\r\ncontent-length: %d\r\n\r\n" % len(body)
    with answering(head + body) as port:
        assert "use https:// in --base-url" in unusable(f"http://127.0.0.1:{port}/v1")


class WindowsError(OSError):
    """An error of Windows whose number is no errno, as Python raises it there."""

    winerror = 1225


def test_an_error_of_windows_has_its_own_words() -> None:
    """Its errno is EINVAL, "Invalid argument", for all that POSIX does not number."""
    error = ConnectError()
    error.__cause__ = WindowsError(22, "The remote computer refused the network connection")
    fault = connection_fault(error, Route("https://host/v1"), reached=False)
    assert fault is not None
    assert "cannot be reached: The remote computer refused the network connection" in fault.reason
    error.__cause__ = OSError(
        errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"
    )  # of asyncio, on POSIX
    fault = connection_fault(error, Route("https://host/v1"), reached=False)
    assert fault is not None
    assert f"cannot be reached: {os.strerror(errno.ECONNREFUSED)}" in fault.reason


class ConnectError(Exception):
    """Has the name of an error of the HTTP client."""


# Names


def test_an_impossible_host_name_is_a_fault_of_the_address() -> None:
    assert "cannot be reached: " in unusable("http://a..b.invalid/v1")
    assert "check the host name in --base-url" in unusable(f"http://{'a' * 70}.invalid/v1")


def test_the_number_of_a_tls_error_is_not_taken_for_an_error_of_the_system() -> None:
    error = RuntimeError("outer")
    error.__cause__ = ssl.SSLError(1, "[SSL: TLSV1_ALERT_INTERNAL_ERROR] alert internal error")
    fault = connection_fault(error, Route("https://host/v1"), reached=False)
    assert fault is not None
    assert "not permitted" not in fault.reason
    assert "the TLS handshake failed" in fault.reason
