"""The generator `openai`: retries, pauses and deadlines, timed with a real server."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from email.utils import formatdate

import pytest

from chat_client import all_at_once, ask, needs_sdk, outcome, retry_soon, writing
from chat_server import Asked, Reply, answer, completion, error, good, serving
from jit_guard.generators.chat.call_fault import CallFault
from jit_guard.generators.chat.fault import retry_after
from jit_guard.generators.chat.retrying import Pause, delay, spread

needs_sdk()

LIMITED = error(429, "slow down", "rate_limit_exceeded")


@pytest.mark.parametrize(
    "reply",
    [
        LIMITED,
        error(408),
        error(409),
        error(500),
        Reply(502, b"<html>Bad Gateway</html>", {"content-type": "text/html"}),
        error(503, "overloaded"),
        error(529),
        Reply(reset=True),
        good()._replace(cut=10),
    ],
    ids=["429", "408", "409", "500", "502", "503", "529", "reset", "cut off"],
)
def test_transient_faults_are_retried_and_counted(
    reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry_soon(monkeypatch)
    got, server = ask(reply, good())
    assert got.text.usage.retries == 1
    assert len(server.asked) == 2
    assert server.asked[1].at - server.asked[0].at >= 0.05


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_is_retry_after_and_a_little_more(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry_soon(monkeypatch)
    got, server = ask(error(status, retry_after="0.4"), good())
    assert got.text.content
    assert 0.4 <= server.asked[1].at - server.asked[0].at < 2.0


def test_a_retry_after_with_a_date_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    retry_soon(monkeypatch)
    head = b"HTTP/1.1 429 Slow\r\nretry-after: %s\r\ndate: %s\r\ncontent-length: 0\r\n\r\n"
    dates = (formatdate(NOW + more, usegmt=True).encode() for more in (1, 0))
    _, server = ask(Reply(raw=head % tuple(dates)), good())
    assert 1.0 <= server.asked[1].at - server.asked[0].at < 4.0


@pytest.mark.parametrize(
    "reply",
    [
        error(429, "slow down", retry_after="300"),
        error(503, "maintenance", retry_after="300"),
        error(429, "slow down", retry_after=formatdate(time.time() + 86_400, usegmt=True)),
        error(429, "slow down", retry_after="1e300"),
    ],
    ids=["429", "503", "date", "absurd"],
)
def test_a_retry_after_beyond_the_deadline_fails_at_once_with_that_reason(reply: Reply) -> None:
    with serving(good(), reply) as server, writing(server.url, timeout=30) as made:
        outcome(made)
        got = outcome(made)
        assert "the server asked to wait" in got.failed.reason
        assert "s left (--timeout)" in got.failed.reason
        assert got.seconds < 2
        assert len(server.asked) == 2


def test_a_pause_beyond_the_deadline_fails_the_other_entries_without_a_request() -> None:
    with serving(error(429, "slow", retry_after="300")) as server, writing(server.url) as made:
        for _ in range(3):
            assert "the server asked to wait" in outcome(made).failed.reason
        assert len(server.asked) == 1


def test_a_wait_requested_of_one_call_applies_to_all() -> None:
    def script(number: int, _: Asked) -> Reply:
        return error(429, retry_after_ms="500") if number == 1 else good()

    with serving(script) as server, writing(server.url) as made:
        first = threading.Thread(target=outcome, args=(made,))
        first.start()
        while not server.asked:
            time.sleep(0.005)
        time.sleep(0.1)
        all_at_once(made, 5)
        first.join()
        assert len(server.asked) == 7
        assert min(one.at for one in server.asked[1:]) - server.asked[0].at >= 0.5


def test_a_second_refusal_does_not_shorten_the_pause() -> None:
    async def left() -> float:
        pause = Pause()
        pause.extend(5.0)
        pause.extend(0.1)
        return pause.left()

    assert asyncio.run(left()) > 4.0


def test_there_are_at_most_ten_attempts() -> None:
    reply = error(429, "slow down", retry_after_ms="1")
    got, server = ask(reply)
    assert got.failed.reason.startswith("429: slow down (10 attempts in ")
    assert len(server.asked) == 10


def test_endless_503s_end_before_the_deadline_with_the_last_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry_soon(monkeypatch)
    got, server = ask(error(503, "maintenance"), timeout=0.6)
    assert "503: maintenance" in got.failed.reason
    assert "attempts" in got.failed.reason
    assert 2 <= len(server.asked) <= 4
    assert got.seconds < 0.6 + 3.0  # the import of the SDK is not part of the deadline


def test_the_server_may_forbid_another_attempt() -> None:
    got, server = ask(error(500, "no", x_should_retry="false"), good())
    assert "500: no" in got.failed.reason
    assert len(server.asked) == 1


def test_a_connection_that_is_always_lost_is_a_failed_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry_soon(monkeypatch)
    with serving(good(), Reply(reset=True)) as server, writing(server.url, timeout=1.0) as made:
        outcome(made)
        failed = outcome(made).failed
        assert "the connection was lost" in failed.reason
        assert len(server.asked) >= 3


def test_a_server_that_disappears_later_is_a_failed_entry() -> None:
    last = good()._replace(headers={**good().headers, "connection": "close"})
    with serving(last) as server, writing(server.url, timeout=1.5) as made:
        assert outcome(made).text.content
        server.stop()
        failed = outcome(made).failed
    assert "cannot be reached: Connection refused (2 attempts in" in failed.reason


def test_the_deadline_ends_a_slow_drip() -> None:
    with serving(good(), good()._replace(drip=0.05)) as server:
        with writing(server.url, timeout=0.5) as made:
            outcome(made)
            got = outcome(made)
        assert "no complete answer within 0.5 s (--timeout), 1 attempt" in got.failed.reason
        assert 0.4 < got.seconds < 3
        assert len(server.asked) == 2


def test_the_deadline_covers_all_attempts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    retry_soon(monkeypatch)
    replies = good(), error(500, "first"), good(delay=5)
    with serving(*replies) as server, writing(server.url, timeout=0.6) as made:
        outcome(made)
        got = outcome(made)
    assert got.seconds < 3
    assert "no complete answer within 0.6 s (--timeout), 2 attempts; last error: 500: first" in (
        got.failed.reason
    )


def test_thirty_at_once_against_a_limit_are_all_written() -> None:
    """30 calls against 50 per second, in windows like those of gateways: few are refused."""
    lock, recent = threading.Lock(), deque[float]()

    def limited(_: int, asked: Asked) -> Reply:
        with lock:
            while recent and asked.at - recent[0] > 0.1:
                recent.popleft()
            if len(recent) >= 5:
                return error(429, "slow down", retry_after_ms="100")
            recent.append(asked.at)
            return good()

    with serving(limited) as server, writing(server.url) as made:
        outcome(made)
        started = time.monotonic()
        written = all_at_once(made, 30)
        assert time.monotonic() - started < (30 if os.name == "nt" else 8)  # slow in Wine
        assert [one.failed for one in written if not hasattr(one.result, "content")] == []
        assert 31 < len(server.asked) < 31 + 60  # some were refused, few more than once


def test_one_failed_entry_does_not_affect_the_others() -> None:
    def script(_: int, asked: Asked) -> Reply:
        return answer(completion("x", "length")) if '"GOAL 3"' in asked.text else good()

    with serving(script) as server, writing(server.url) as made:
        results = all_at_once(made, 8, jobs=4)
        assert [number for number, one in enumerate(results) if hasattr(one.result, "reason")] == [
            3
        ]
        assert server.most_in_flight <= 4


def test_a_fatal_fault_stops_waiting_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    retry_soon(monkeypatch)

    def script(number: int, _: Asked) -> Reply:
        return error(401, "revoked") if number == 5 else error(500)

    with serving(script) as server, writing(server.url) as made:
        results = all_at_once(made, 4)
        assert all("revoked" in str(one.unusable) for one in results)
        assert len(server.asked) <= 8


NOW = 1_000_000_000.0
DATE = formatdate(NOW + 30, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": DATE}, 30.0),
        ({"retry-after": DATE, "date": formatdate(NOW + 20, usegmt=True)}, 10.0),
        ({"retry-after": DATE, "date": formatdate(NOW + 99, usegmt=True)}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Mon, 99 Foo 2099 99:99:99 GMT"}, None),
    ],
)
def test_retry_after_is_parsed_in_every_format(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, NOW) == seconds


def test_waits_double_and_are_spread_but_not_past_the_deadline() -> None:
    assert [delay(CallFault("x"), attempt) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert delay(CallFault("x", wait=3.0), 5) == 3.0
    spreads = {spread(4.0, 100.0) for _ in range(50)}
    assert len(spreads) > 40
    assert min(spreads) >= 4.0
    assert max(spreads) <= 5.05
    assert all(4.0 <= spread(4.0, 4.1) < 4.1 for _ in range(50))
