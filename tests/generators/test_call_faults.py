"""What a failed call says, in all its words, and how long the next one waits."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import ssl
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from chat_client import lost, needs_sdk
from jit_guard.generators.chat import connection, proxy, retrying
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.connection import connection_fault, speaks_tls
from jit_guard.generators.chat.error_body import error_inside, one_line, read_error
from jit_guard.generators.chat.proxy import Proxy, proxy_for
from jit_guard.generators.chat.retrying import Pause, delay, policy, spread
from jit_guard.generators.chat.route import Route
from jit_guard.generators.generator import GeneratorUnusableError

needs_sdk()
URL = "http://host.example/v1"
RESET, REFUSED = os.strerror(errno.ECONNRESET), os.strerror(errno.ECONNREFUSED)
ROUTE = Route(URL)


def said(value: object) -> str:
    return read_error(json.dumps(value).encode()).words


def inside(value: object, levels: int, key: str | None = None) -> Any:
    for _ in range(levels):
        value = [value] if key is None else {key: value}
    return value


def text(levels: int) -> str:
    found = "a"
    for _ in range(levels):
        found = json.dumps([found])
    return found


def test_an_error_is_shown_up_to_300_characters() -> None:
    assert one_line("a" * 300) == "a" * 300
    assert one_line("a" * 301) == "a" * 297 + "..."
    assert read_error(b"a" * 70_000).text == "a" * 65_536
    page = f"<html><head><title>T</title></head><body>{'x' * 200}</body></html>"
    assert read_error(page.encode()).words == f"T: {'x' * 150}"
    assert read_error(b"<html><head><title>T</title></head></html>").words == "T"


def test_sentences_are_found_up_to_six_levels_deep() -> None:
    assert said(inside("a", 6)) == "a"
    assert said(inside("a", 7)) == ""
    assert said(inside("a", 6, "error")) == "a"
    assert said(inside("a", 7, "error")) == ""
    assert read_error(text(3).encode()).words == "a"
    assert read_error(text(4).encode()).words == '["a"]'
    assert said([[text(2)]]) == "a"
    assert said(list("abcdefg")) == "a; b; c; d; e"
    placed = {"loc": list(range(9)), "message": "m", "detail": "d"}
    assert said(placed) == "0.1.2.3.4.5.6.7: m; d"


def test_codes_are_found_up_to_six_levels_deep() -> None:
    def codes(value: object) -> frozenset[str]:
        return read_error(json.dumps(value).encode()).codes

    for key in (None, "x"):
        assert codes(inside({"code": "c"}, 5, key)) == {"c"}
        assert codes(inside({"code": "c"}, 6, key)) == set()
    assert codes([{"code": number} for number in range(7)]) == set("01234")
    assert codes({"code": "a b", "type": None, "status": 1.5}) == set()
    assert codes({"code": 123456789012345678901}) == {"12345678901234567890"}


def test_an_error_in_an_answer_is_its_first_value() -> None:
    found = error_inside(b'[{"error": "a"}, {"b": 1}]')
    assert found
    assert found.words == "a"
    assert error_inside(b'[{"b": 1}, {"error": "a"}]') is None


def test_a_server_may_be_excluded_from_a_proxy_with_its_port() -> None:
    settings = {"http": "p", "https": "http://p!~", "all": "http://p"}
    for url, excluded in (
        ("http://h/", "h:80"),
        ("https://h/", "h:443"),
        ("http://h:81/", "h:81"),
        ("http://10.9.9.9/", "10.1.2.3/8"),
    ):
        assert proxy_for(url, {}, {**settings, "no": excluded}) is None
    for url, excluded in (("http://h/", "h:81"), ("ftp://h/", "h:1"), ("http://h:81/", "h:80")):
        assert proxy_for(url, {}, {**settings, "no": excluded})
    found = proxy_for("https://h/", {}, settings)
    assert found == Proxy("http://p!~", "the system's settings")


@pytest.mark.parametrize("client", ["httpx", "httpx2"])
def test_a_package_for_a_proxy_is_that_of_the_http_client(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "find_spec", lambda name: name if name == client else None)
    with pytest.raises(GeneratorUnusableError) as error:
        proxy_for("http://h/", {}, {"http": "socks5://p"})
    assert f"pip install '{client}[socks]'" in str(error.value)


def caused(*causes: BaseException) -> Exception:
    """Make the SDK's error with this chain of causes."""
    error = lost("ReadError")
    one: BaseException = error
    for cause in causes:
        one.__cause__ = cause
        one = cause
    return error


def client_error(name: str, words: str = "", cause: BaseException | None = None) -> BaseException:
    made = lost(name).__cause__
    assert made
    made.args = (words,) if words else ()
    made.__cause__ = cause
    return made


def fault(error: Exception, route: Route = ROUTE, *, reached: bool = True) -> CallFault:
    found = connection_fault(error, route, reached=reached)
    assert found
    return found


def test_a_connection_that_was_lost_has_the_best_words_there_are() -> None:
    unknown = fault(caused(RuntimeError("weird")))
    assert unknown == CallFault("the connection was lost: weird", again=True, perhaps_paid=True)
    assert fault(caused(RuntimeError(), KeyError())).reason.endswith("lost: KeyError")
    refused = OSError(errno.ECONNRESET, "other words")
    for error in (
        caused(RuntimeError("weird"), refused),
        caused(client_error("ReadError"), refused),
    ):
        assert fault(error).reason == f"the connection was lost: {RESET}"
    assert fault(caused(client_error("ReadError"))).reason.endswith("lost: ReadError")
    invalid = fault(caused(client_error("UnsupportedProtocol", "no scheme")))
    assert invalid == CallFault(f"{URL}: no scheme", fatal=True)
    assert fault(caused(client_error("InvalidURL"))).reason == f"{URL}: InvalidURL"
    assert connection_fault(ValueError("a"), ROUTE, reached=True) is None


def test_a_server_that_cannot_be_reached_has_the_best_words_there_are() -> None:
    through = Route(URL, Proxy("http://p", "HTTP_PROXY"))
    at = "the proxy http://p (HTTP_PROXY)"
    for reached in (False, True):
        never = fault(caused(client_error("ConnectError", "no way")), reached=reached)
        assert never == CallFault(
            f"{URL} cannot be reached: no way", again=reached, fatal=not reached, reached=False
        )
    assert fault(caused(client_error("ConnectError"))).reason.endswith("reached: ConnectError")
    for route, reason in (
        (ROUTE, f"{URL} cannot be reached: {REFUSED}"),
        (through, f"{at} cannot be reached: {REFUSED}; check HTTP_PROXY"),
    ):
        refused = OSError(errno.ECONNREFUSED, "x")
        assert fault(caused(client_error("ConnectError", "y", refused)), route).reason == reason
    for name, words, reason in (
        ("ConnectError", "no way", f"{at} cannot be reached: no way; check HTTP_PROXY"),
        ("ConnectError", "", f"{at} cannot be reached: ConnectError; check HTTP_PROXY"),
        ("ProxyError", "403", f"{at} refused the connection to {URL}: 403"),
        ("ProxyError", "", f"{at} refused the connection to {URL}: ProxyError"),
    ):
        assert fault(caused(client_error(name, words)), through).reason == reason
    local = Route("http://127.0.0.1:1/v1", through.proxy)
    assert fault(caused(client_error("ConnectError")), local).reason.endswith(
        "; check HTTP_PROXY, or add 127.0.0.1 to NO_PROXY"
    )
    for given, words in ((("a", "No such name"), "No such name"), ((), "unknown host")):
        unknown = socket.gaierror(*given)
        found = fault(caused(client_error("ConnectError", "y", unknown)))
        assert found.reason == (
            f"{URL} cannot be reached: {words}; check the host name in --base-url"
        )


def test_errors_of_tls_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "configured", lambda: None)
    for code, advice in (
        *((9, "renew it"), (10, "renew it"), (62, "use a host name"), (64, "use a host name")),
        *(
            (8, "if you trust"),
            (11, "if you trust"),
            (61, "if you"),
            (63, "if you"),
            (65, "if you"),
        ),
    ):
        error = ssl.SSLCertVerificationError(1, "x")
        error.verify_code, error.verify_message = code, "bad."
        reason = fault(caused(client_error("ConnectError"), error)).reason
        assert f"is not accepted: bad; {advice}" in reason
    bare = ssl.SSLCertVerificationError(1, "x")
    assert "; if you trust" in fault(caused(client_error("ConnectError"), bare)).reason
    for scheme, at in (("https", "the proxy https://p (X)"), ("http", URL)):
        plain = ssl.SSLError(1, "x")
        plain.reason = "WRONG_VERSION_NUMBER"
        route = Route(URL, Proxy(f"{scheme}://p", "X"))
        reason = fault(caused(client_error("ConnectError"), plain), route).reason
        assert reason == f"{at}: there is no TLS on this port; check the port, or use http://"
    for name, words in (("SOME_REASON", "some reason"), ("", "odd words")):
        other = ssl.SSLError(1, "Odd_words")
        other.reason = name
        reason = fault(caused(client_error("ConnectError"), other)).reason
        assert reason.startswith(f"{URL}: the TLS handshake failed: ")
        assert words in reason
    above = client_error("ReadError", "y")
    above.__cause__ = OSError(errno.ECONNRESET, "x")
    above.__cause__.__cause__ = ssl.SSLError(1, "z")
    assert RESET in fault(caused(above)).reason


def test_a_chain_of_errors_is_followed_in_order_and_not_forever() -> None:
    group = RuntimeError("e")
    group.__cause__ = cause = ValueError("a")
    group.exceptions = parts = (ValueError("b"), cause, ValueError("c"))  # type: ignore[attr-defined]
    assert list(connection._chain(group)) == [group, cause, parts[0], parts[2]]
    lone = RuntimeError("e")
    lone.exceptions = (cause,)  # type: ignore[attr-defined]
    assert list(connection._chain(lone)) == [lone, cause]
    long = [ValueError(number) for number in range(25)]
    for one, following in pairwise(long):
        one.__cause__ = following
    assert list(connection._chain(long[0])) == long[:20]


def test_tls_is_not_tried_where_it_is_used_or_a_proxy_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(asyncio, "open_connection", unexpected)
    for route in (Route("https://h/"), Route(URL, Proxy("http://p", "X"))):
        assert asyncio.run(speaks_tls(route)) is False


class Clock:
    """In place of the time of a loop and of chance; a sleep takes its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, chance: float = 1.0) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.ranges: list[tuple[float, float]] = []
        self._chance = chance
        monkeypatch.setattr(retrying, "_now", lambda: self.now)
        monkeypatch.setattr("random.uniform", self._uniform)
        monkeypatch.setattr("asyncio.sleep", self._sleep)

    def _uniform(self, low: float, high: float) -> float:
        self.ranges.append((low, round(high, 6)))
        return low + (high - low) * self._chance

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


def test_callers_go_on_after_a_pause_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pause = Pause()
    assert asyncio.run(pause.over(101.0))
    assert clock.slept == []
    for _ in range(2):
        pause.extend(4.0)
        assert pause.left() == 4.0
        assert asyncio.run(pause.over(200.0))
        assert clock.slept.pop() == 5.03
        assert clock.ranges.pop() == (0, 1.03)
    pause.extend(4.0)
    assert not asyncio.run(pause.over(clock.now + 4.0))
    assert asyncio.run(pause.over(clock.now + 4.5))
    assert clock.slept == [4.5]


def test_the_wait_of_a_caller_is_longer_by_up_to_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert spread(4.0, 100.0) == 5.05
    assert spread(4.0, 5.0) == 4.75
    assert spread(4.0, 1.0) == 4.0
    assert clock.ranges == [(0, 1.05)] * 3
    assert [delay(CallFault(""), attempt) for attempt in (1, 2, 5, 6)] == [0.5, 1.0, 8.0, 8.0]
    assert delay(CallFault("", wait=0.0), 5) == 0.0


def test_a_policy_waits_alone_or_makes_everybody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    waited: list[float] = []
    pause = Pause()
    made = policy(10.0, pause, lambda seconds, _: waited.append(seconds))

    def wait(error: Exception | None, since: float | None = 9.0) -> float:
        outcome = None if error is None else SimpleNamespace(exception=lambda: error)
        state = SimpleNamespace(outcome=outcome, attempt_number=4, seconds_since_start=since)
        return float(made.wait(state))  # type: ignore[arg-type]

    assert wait(None) == wait(ValueError()) == 0.0
    assert waited == []
    assert wait(CallFaultError(CallFault("", wait=0.9))) == 0.95
    assert wait(CallFaultError(CallFault("", wait=9.3)), None) == 9.5
    assert waited == [0.95, 9.5]
    assert wait(CallFaultError(CallFault("", wait=7.0, everybody=True))) == 0.0
    assert pause.left() == 7.0
    assert len(waited) == 2
