"""Calls of the Batch API: what is retried, what is lost, and what ends the run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from chat_client import lost, needs_sdk, refused, retry_soon
from jit_guard.generators.batch import BatchError, BatchState
from jit_guard.generators.chat.background import Background
from jit_guard.generators.chat.batch_calls import BatchCalls
from jit_guard.generators.chat.batch_objects import is_name, name_of, state_of
from jit_guard.generators.chat.client import Client
from jit_guard.generators.chat.route import Route
from jit_guard.generators.generator import GeneratorUnusableError

needs_sdk()
URL = "http://127.0.0.1:1/v1"


class Unprepared:
    """In place of the client, whose requests the tests make up."""

    def prepare(self) -> None:
        """Do nothing."""


class Server:
    """Answers each call with the next of these: an error to raise, or a value."""

    def __init__(self, calls: BatchCalls, *answers: Any) -> None:
        self._calls = calls
        self._answers = answers
        self.count = 0

    def run(self, **options: Any) -> Any:
        """Make a call; return its result, or the error."""
        try:
            return self._calls.run(self._send, **options)
        except (BatchError, GeneratorUnusableError) as error:
            return error

    async def _send(self) -> Any:
        self.count += 1
        answer = self._answers[min(self.count, len(self._answers)) - 1]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def calling(*answers: Any, timeout: float = 20.0, reached: bool = False) -> Iterator[Server]:
    async def finish() -> None:
        """Nothing is open."""

    background = Background(finish)
    try:
        calls = BatchCalls(Route(URL), timeout, cast("Client", Unprepared()), background)
        if reached:
            assert Server(calls, "before").run() == "before"
        yield Server(calls, *answers)
    finally:
        background.close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    retry_soon(monkeypatch)


@pytest.mark.parametrize(
    ("answers", "options", "count", "result"),
    [
        (("a",), {}, 1, "a"),
        ((refused(404),), {}, 1, None),
        ((refused(500), "a"), {}, 2, "a"),
        ((refused(500), "a"), {"once": True}, 1, ("500: no", True)),
        ((refused(501), "a"), {"once": True}, 1, ("501: no", True)),
        ((refused(501), "a"), {}, 1, ("501: no", False)),
        ((refused(499), "a"), {"once": True}, 1, ("499: no", False)),
        ((refused(429), "a"), {"once": True}, 2, "a"),
        ((lost("ReadError"), "a"), {}, 2, "a"),
        ((lost("ReadError"), "a"), {"once": True}, 1, ("the connection was lost: broken", True)),
        ((lost("ConnectTimeout"), "a"), {"once": True}, 2, "a"),
        ((ValueError(), "a"), {}, 1, ("the answer cannot be read (ValueError)", False)),
        ((ValueError(),), {"once": True}, 1, ("the answer cannot be read (ValueError)", True)),
        ((refused(400, "no file x-1"), "a"), {"until": "x-1"}, 2, "a"),
        ((refused(400, "no file x-1"), "a"), {"until": "x-2"}, 1, ("400: no file x-1", False)),
        ((refused(400, "no file x-1"), "a"), {}, 1, ("400: no file x-1", False)),
    ],
)
def test_what_may_have_been_done_is_not_done_again(
    answers: tuple[Any, ...], options: dict[str, Any], count: int, result: Any
) -> None:
    with calling(*answers, reached=True) as server:
        found = server.run(**options)
        if isinstance(result, tuple):
            assert isinstance(found, BatchError)
            assert (found.reason, found.perhaps) == result
            assert ("no file" in found.refusal) is ("no file" in found.reason)
            assert found.wait == 0
        else:
            assert found == result
        assert server.count == count


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_the_api_ends_the_run_if_it_never_answered(status: int) -> None:
    expected = f"{URL} has no Batch API ({status}: no); run --fix without --batch"
    for reached in (False, True):
        with calling(refused(status), reached=reached) as server:
            found = server.run(api=True)
            ended = not reached or status == 404
            assert isinstance(found, GeneratorUnusableError if ended else BatchError)
            assert (str(found) == expected) is not reached
            assert server.count == 1


@pytest.mark.parametrize("status", [403, 406])
def test_another_refusal_says_nothing_about_the_api(status: int) -> None:
    with calling(refused(status)) as server:
        assert "Batch API" not in str(server.run(api=True))


def test_a_server_that_was_never_reached_ends_the_run() -> None:
    with calling(lost("ConnectError"), refused(400), lost("ConnectTimeout")) as server:
        assert isinstance(server.run(), GeneratorUnusableError)
        assert isinstance(server.run(), BatchError)  # it answers, and so it is reached
        found = server.run(seconds=1.0)
        assert isinstance(found, BatchError)
        assert "cannot be reached" in found.reason
    with calling(lost("ConnectTimeout")) as server:
        assert isinstance(server.run(seconds=1.0), GeneratorUnusableError)
    with calling(refused(429, retry_after="300"), "a") as server:
        assert isinstance(server.run(), BatchError)


def test_a_key_that_is_refused_ends_the_run() -> None:
    with calling(GeneratorUnusableError("no key")) as server:
        assert str(server.run()) == "no key"
        assert isinstance(server.run(), GeneratorUnusableError)
    with calling(refused(404, "no file x-1"), reached=True) as server:
        assert isinstance(server.run(api=True, until="x-1", seconds=0.2), BatchError)


def test_a_call_without_an_answer_ends_with_its_time() -> None:
    for options, limit in (({"seconds": 0.05}, "0.05"), ({}, "0.1"), ({"once": True}, "0.1")):
        with calling(30.0, timeout=0.1) as server:
            found = server.run(**options)
            assert isinstance(found, BatchError)
            assert found.reason == f"no answer within {limit} s"
            assert found.perhaps is ("once" in options)


def test_what_the_server_asks_of_one_call_applies_to_the_next() -> None:
    with calling(refused(429, "slow", retry_after="300"), "a") as server:
        for _ in range(2):
            found = server.run()
            assert isinstance(found, BatchError)
            assert found.reason == "429: slow"
            assert 290 < found.wait <= 300
            assert not found.perhaps
        assert server.count == 1
    with calling(refused(503, "busy", retry_after="300"), "a") as server:
        assert isinstance(server.run(), BatchError)
        assert server.run() == "a"


@pytest.mark.parametrize("once", [False, True])
def test_a_call_that_is_interrupted_may_have_been_done(once: bool) -> None:
    with calling(60.0) as server:
        results: list[Any] = []
        waiting = threading.Thread(target=lambda: results.append(server.run(once=once)))
        waiting.start()
        while not server.count:
            waiting.join(0.005)
        server._calls._background.close()
        waiting.join(20)
    (found,) = results
    assert isinstance(found, BatchError)
    assert (found.reason, found.perhaps) == ("interrupted", once)


def data(*words: str) -> dict[str, Any]:
    return {"data": [{"message": word, "line": at} for at, word in enumerate(words, 1)]}


@pytest.mark.parametrize(
    ("batch", "state"),
    [
        ({}, ("pending", "None", None, None, ())),
        ({"status": 7}, ("pending", "7", None, None, ())),
        ({"status": "validating"}, ("pending", "validating", None, None, ())),
        ({"status": "expired"}, ("over", "expired", None, None, ())),
        ({"status": "failed"}, ("failed", "failed", None, None, ())),
        (
            {"status": "completed", "request_counts": {"completed": 1, "failed": 2, "total": 4}},
            ("over", "completed", 3, 4, ()),
        ),
        (
            {"status": "completed", "request_counts": {"completed": 1, "total": 0}},
            ("over", "completed", None, None, ()),
        ),
        (
            {"status": "completed", "request_counts": {"failed": 1, "total": "4"}},
            ("over", "completed", None, None, ()),
        ),
        (
            {"status": "completed", "output_file_id": "file-1", "error_file_id": "../x"},
            ("over", "completed", None, None, ("file-1",)),
        ),
        (
            {"status": "completed", "output_file_id": 1, "error_file_id": "file-2"},
            ("over", "completed", None, None, ("file-2",)),
        ),
    ],
)
def test_the_state_of_a_batch(batch: dict[str, Any], state: tuple[Any, ...]) -> None:
    stage, word, done, total, results = state
    reason = "the server gave no reason"
    assert state_of("b", batch) == BatchState("b", stage, word, done, total, reason, results)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ("no", "the server gave no reason"),
        ({"data": "no"}, "the server gave no reason"),
        (data("a", "b"), "line 1: a; line 2: b"),
        ({"data": [{"message": "a"}] * 2}, "a"),
        ({"data": [{"message": "a", "line": "1"}, "b"]}, "a; b"),
        (data(*"abcdefg"), "line 1: a; line 2: b; line 3: c; line 4: d; line 5: e"),
    ],
)
def test_the_reason_of_a_batch_that_failed(errors: Any, reason: str) -> None:
    assert state_of("b", {"status": "failed", "errors": errors}).reason == reason


def test_a_name_can_be_a_part_of_a_url() -> None:
    assert is_name("file-1_.:=+~@")
    assert not any(map(is_name, ("", ".", "..", "a/b", "a?b", "ä", "a" * 1001)))
    assert name_of({"id": "file-1"}, "the input") == "file-1"
    for found in (None, {}, {"id": 7}, {"id": ".."}):
        with pytest.raises(BatchError, match="gave the input no usable name") as error:
            name_of(found, "the input")
        assert error.value.perhaps
