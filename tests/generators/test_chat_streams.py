"""Streamed answers: every shape of a chunk, progress, and what is kept when a stream breaks."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_client import REQUEST, ask, needs_sdk, outcome, retry_soon, writing
from chat_server import (
    USAGE,
    Asked,
    Reply,
    answer,
    delta,
    error,
    good,
    serving,
    streamed,
)
from jit_guard.generators.budget import Budget
from jit_guard.generators.chat import events, receiving
from jit_guard.generators.chat.call_fault import CallFaultError
from jit_guard.generators.chat.events import EventReader, is_stream
from jit_guard.generators.generator import Usage
from jit_guard.generators.progress import Unreported
from projects import processor_time

needs_sdk()

TEXT = "# Purpose\n\nWrite it.\n"
HALVES = delta(content="# Purpose\n\n"), delta(content="Write it.\n")
STOP = delta("stop")


def test_a_stream_is_a_text_with_usage_and_provenance() -> None:
    got, server = ask(streamed(delta(role="assistant", content=""), *HALVES, STOP, USAGE))
    assert got.text.content == TEXT
    assert got.text.usage == Usage(100, 20)
    assert got.text.model == "fake-1"
    assert got.text.details == {"finish_reason": "stop", "id": "chatcmpl-1"}
    assert server.asked[0].body["stream"] is True
    assert server.asked[0].body["stream_options"] == {"include_usage": True}


WHOLE = {
    "keep-alive comments": streamed(": ping\n\n", HALVES[0], ": ping\n\n", HALVES[1], STOP),
    "no [DONE]": streamed(*HALVES, STOP, end=""),
    "no empty line at the end": streamed(*HALVES, STOP, end="data: [DONE]"),
    "CRLF": streamed(*(f"data: {json.dumps(one)}\r\n\r\n" for one in (*HALVES, STOP))),
    "CR": streamed(*(f"data:{json.dumps(one)}\r\r" for one in (*HALVES, STOP))),
    "events with names": streamed(
        "event: message\nid: 7\nretry: 10\n" + f"data: {json.dumps(HALVES[0])}\n\n", HALVES[1], STOP
    ),
    "a BOM": streamed("\ufeff", *HALVES, STOP),
    "empty data": streamed("data:\n\n", *HALVES, STOP),
    "empty and null choices": streamed({"choices": []}, {"choices": None}, *HALVES, STOP),
    "null deltas": streamed(
        {"choices": [{"delta": None}]}, {"choices": [{}]}, *HALVES, delta("stop", content=None)
    ),
    "another choice": streamed(
        *HALVES, {"choices": [{"index": 1, "delta": {"content": "no"}}]}, STOP
    ),
    "reasoning deltas": streamed(
        delta(reasoning_content="Hm."), delta(reasoning="x"), *HALVES, STOP
    ),
    "usage in every chunk": streamed(*({**one, "usage": None} for one in HALVES), STOP, USAGE),
    "the whole message again": streamed(
        HALVES[0],
        {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]},
    ),
    "an empty message at the end": streamed(
        *HALVES, {"choices": [{"delta": {}, "message": {"content": ""}, "finish_reason": "stop"}]}
    ),
    "no message at the end": streamed(
        *HALVES, {"choices": [{"delta": {}, "message": None, "finish_reason": "stop"}]}
    ),
    "as text": streamed({"choices": [{"text": TEXT, "finish_reason": "stop"}]}),
    "an error after the end": streamed(*HALVES, STOP, {"error": "usage failed"}),
    "the content type of JSON": streamed(*HALVES, STOP)._replace(
        headers={"content-type": "application/json"}
    ),
    "not streamed": good(TEXT),
    "not streamed, with the content type of a stream": good(TEXT)._replace(
        headers={"content-type": "text/event-stream"}
    ),
    "byte by byte": streamed(*HALVES, STOP)._replace(drip=0.0001),
}


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE)
def test_a_whole_stream_is_a_text_in_every_shape(reply: Reply) -> None:
    got, server = ask(reply)
    assert got.text.content == TEXT
    assert len(server.asked) == 1


def test_an_empty_reason_to_finish_does_not_end_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_LINGER", 0.02)
    slowly = streamed(*(delta("", content=one) for one in ("# Purpose\n\n", "Write it.\n")), STOP)
    got, _ = ask(slowly._replace(drip=0.001))
    assert got.text.content == TEXT


BROKEN = {
    "an error in it": (streamed(HALVES[0], {"error": {"message": "gone"}}), "answer: gone"),
    "an error event": (
        streamed(HALVES[0], 'event: error\ndata: {"message": "gone"}\n\n'),
        ": gone",
    ),
    "an error in words": (
        streamed(HALVES[0], "event: error\ndata: It is gone\n\n"),
        ": It is gone",
    ),
    "an error as a field": (streamed(HALVES[0], 'error: {"message": "gone"}\n\n'), ": gone"),
    "an error object": (streamed(HALVES[0], {"object": "error", "message": "gone"}), ": gone"),
    "a detail": (streamed(HALVES[0], {"detail": "gone"}, end=""), ": gone"),
    "no finish reason, no [DONE]": (streamed(*HALVES, end=""), "ended before the answer"),
    "only [DONE]": (streamed(*HALVES), "did not finish"),
    "a chunk that is not JSON": (streamed(HALVES[0], 'data: {"cho\n\n', STOP), "cannot be read"),
    "a chunk that is a list": (streamed(HALVES[0], [], STOP), "cannot be read"),
    "a delta that is a number": (streamed(HALVES[0], delta(content=7), STOP), "cannot be read"),
    "choices that are a number": (streamed(HALVES[0], {"choices": 7}, STOP), "cannot be read"),
    "nested too deeply": (streamed(HALVES[0], f"data: {'[' * 100_000}\n\n"), "cannot be read"),
    "the length": (streamed(*HALVES, delta("length")), "cut off"),
    "a refusal": (streamed(HALVES[0], delta(refusal="No."), STOP), "refused: No."),
}


@pytest.mark.parametrize(("reply", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_stream_that_is_not_whole_is_a_failed_entry_that_keeps_its_text(
    reply: Reply, reason: str
) -> None:
    with serving(reply, good()) as server, writing(server.url) as made:
        failed = outcome(made).failed
        assert len(server.asked) == 1  # not paid for twice
        assert outcome(made).text.content
    assert reason in failed.reason
    assert failed.text is not None
    assert failed.text.content.startswith("# Purpose\n\n")


def test_an_empty_stream_is_a_failed_entry() -> None:
    got, server = ask(streamed(end=""), good())
    assert got.failed.text is None
    assert len(server.asked) == 1


def test_a_stream_that_breaks_is_retried_and_its_part_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry_soon(monkeypatch)
    cut = streamed(HALVES[0], end="")._replace(cut=100)
    got, server = ask(cut, streamed(*HALVES, STOP))
    assert got.text.content == TEXT
    assert got.text.details["cut_off"] == ["# Purpose\n\n"]
    assert got.text.usage.retries == 1
    assert len(server.asked) == 2


def test_a_connection_that_breaks_after_the_end_has_lost_nothing() -> None:
    got, server = ask(streamed(*HALVES, STOP, end="")._replace(cut=100), good("another\n"))
    assert got.text.content == TEXT
    assert len(server.asked) == 1


def test_a_stream_that_never_closes_is_complete_shortly_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "_LINGER", 0.2)
    got, _ = ask(streamed(*HALVES, STOP, end="")._replace(cut=100, hold=5.0))
    assert got.text.content == TEXT
    assert got.seconds < 3


def test_a_stream_that_stops_is_noticed_before_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry_soon(monkeypatch)
    monkeypatch.setattr(receiving, "STALL", 0.3)
    stuck = streamed(HALVES[0], end="")._replace(cut=100, hold=8.0)
    with serving(good(), stuck, good()) as server, writing(server.url) as made:
        outcome(made)
        got = outcome(made)
        assert got.text.details["cut_off"] == ["# Purpose\n\n"]
        assert got.seconds < 4
        assert len(server.asked) == 3


def test_silence_before_the_text_and_comments_within_it_are_no_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "STALL", 0.3)
    body = streamed(HALVES[0], ": w\n\n" * 160, HALVES[1], STOP)._replace(silence=0.7, drip=0.0005)
    got, server = ask(body)
    assert got.text.content == TEXT
    assert len(server.asked) == 1


def test_the_part_of_a_stream_at_the_deadline_is_kept() -> None:
    slow = streamed(HALVES[0], end="")._replace(cut=100, hold=8.0)
    with serving(good(), slow) as server, writing(server.url, timeout=1.0) as made:
        outcome(made)
        failed = outcome(made).failed
    assert "no complete answer within 1 s" in failed.reason
    assert failed.text is not None
    assert failed.text.content == "# Purpose\n\n"
    assert failed.text.details["partial"] is True


def test_the_part_of_a_stream_is_kept_when_the_run_ends() -> None:
    slow = streamed(HALVES[0], end="")._replace(cut=100, hold=3.0)
    arrived = threading.Event()

    class Watching(Unreported):
        def tokens(self, path: str, count: int) -> None:
            arrived.set()

    with serving(slow) as server, writing(server.url, progress=Watching()) as made:
        ended = []
        waiting = threading.Thread(target=lambda: ended.append(outcome(made)))
        waiting.start()
        assert arrived.wait(5)
        made.close()
        waiting.join(2)
        assert ended[0].failed.reason == "interrupted"
        assert ended[0].failed.text is not None
        assert ended[0].failed.text.content == "# Purpose\n\n"


def test_a_part_is_kept_even_if_the_next_attempt_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retry_soon(monkeypatch)
    cut = streamed(HALVES[0], end="")._replace(cut=100)
    with serving(cut, error(401, "revoked")) as server, writing(server.url) as made:
        failed = outcome(made).failed
        assert "revoked" in failed.reason
        assert failed.text is not None
        assert "revoked" in str(outcome(made).unusable)
        assert len(server.asked) == 2


def test_progress_counts_the_tokens_that_arrive() -> None:
    seen: list[tuple[str, int]] = []

    class Watching(Unreported):
        def tokens(self, path: str, count: int) -> None:
            seen.append((path, count))

    reply = streamed(delta(reasoning="Hm, "), *HALVES, STOP)._replace(drip=0.0001)
    with serving(reply) as server, writing(server.url, progress=Watching()) as made:
        made.write(REQUEST)
    assert {path for path, _ in seen} == {REQUEST.path}
    counts = [count for _, count in seen]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] == 7


# What a server does not accept


OPTIONS = [
    error(400, "Unrecognized request argument supplied: stream_options"),
    answer({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]}, 422),
]
STREAM = [
    error(400, "Your organization must be verified to stream this model."),
    error(422, "stream: Extra inputs are not permitted"),
    error(501, "streaming is not implemented"),
    error(400, "Unsupported value: 'stream' does not support true with this model."),
]


@pytest.mark.parametrize("refusal", OPTIONS)
def test_a_server_without_stream_options_is_asked_without_them(refusal: Reply) -> None:
    def script(_: int, asked: Asked) -> Reply:
        return refusal if "stream_options" in asked.body else streamed(*HALVES, STOP)

    with serving(script) as server, writing(server.url) as made:
        assert outcome(made).text.content == TEXT
        assert outcome(made).text.content == TEXT
        assert ["stream_options" in one.body for one in server.asked] == [True, False, False]
        assert all(one.body["stream"] for one in server.asked)


@pytest.mark.parametrize("refusal", STREAM)
def test_a_server_that_refuses_to_stream_is_asked_without(refusal: Reply) -> None:
    def script(_: int, asked: Asked) -> Reply:
        return refusal if asked.body.get("stream") else good(TEXT)

    with serving(script) as server, writing(server.url) as made:
        assert outcome(made).text.content == TEXT
        assert outcome(made).text.content == TEXT
        assert ["stream" in one.body for one in server.asked] == [True, False, False]


def test_a_stream_without_usage_is_given_up_if_the_run_has_a_limit() -> None:
    def script(_: int, asked: Asked) -> Reply:
        return streamed(*HALVES, STOP) if asked.body.get("stream") else good(TEXT)

    budget = Budget(100_000)
    with serving(script) as server, writing(server.url, budget=budget) as made:
        outcome(made)
        spent = budget.spent
        outcome(made)
        assert budget.spent == spent + 120
        assert ["stream" in one.body for one in server.asked] == [True, False]


# Limits


def test_an_endless_stream_ends_at_8_mb() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    chunk = f"data: {json.dumps(delta(content='x' * 10_000))}\n\n".encode()
    got, server = ask(Reply(raw=head, flood=chunk), timeout=60)
    assert got.failed.reason == "the answer is larger than 8 MB"
    assert got.seconds < 50
    assert server.flooded < 60_000_000


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        (b": x\n", "the stream does not end"),
        (b"data: x", "the answer is larger than 8 MB"),
        (b"\n", "the stream does not end"),
        (b"data: {}\n\n", "the stream does not end"),
        (b"\x00", "the answer is larger than 8 MB"),
    ],
)
def test_an_endless_stream_without_a_text_ends(
    piece: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_MOST_LINES", 100_000)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n"
    began = processor_time()
    got, _ = ask(Reply(raw=head, flood=piece * 10_000), timeout=100)
    assert got.failed.reason == reason
    assert processor_time() - began < 8


# Events


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 7),
)
def test_events_do_not_depend_on_the_pieces(data: list[str], end: str, size: int) -> None:
    body = "".join(f"data: {one}{end}{end}" for one in data).encode()
    reader = EventReader()
    found = [
        event.data
        for start in range(0, len(body), size)
        for event in reader.feed(body[start : start + size])
    ]
    found += [event.data for event in reader.end()]
    assert found == data


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"", None),
        (b"da", None),
        (b"\n\n", None),
        (b"data:", True),
        (b": ping", True),
        (b"\xef\xbb\xbfevent: x", True),
        (b"{", False),
        (b"<html>", False),
        (b"database", False),
    ],
)
def test_a_stream_is_recognized_by_its_start(start: bytes, expected: bool | None) -> None:
    assert is_stream(start) is expected


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_body_is_too_strange(start: bytes, more: bytes) -> None:
    for prefix in (b"", b"data: "):
        arriving = receiving.Arriving()
        try:
            arriving.feed(prefix + start)
            arriving.feed(more)
            arriving.content()
        except CallFaultError:
            pass


def test_content_in_parts_keeps_its_order() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    arriving = receiving.Arriving()
    for chunk in (
        delta(content=[thinking]),
        delta(content=[{"type": "text", "text": "# Pur"}]),
        delta(content="pose"),
        delta("stop", content=""),
    ):
        arriving.feed(f"data: {json.dumps(chunk)}\n\n".encode())
    content = json.loads(arriving.content())["choices"][0]["message"]["content"]
    assert content == [thinking, {"type": "text", "text": "# Purpose"}]
