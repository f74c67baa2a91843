"""How the chunks of a stream become an answer, and the thread that waits for them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from chat_server import delta
from jit_guard.generators.chat.assembly import ChatAssembly, ReportedError, UnreadableChunkError
from jit_guard.generators.chat.background import Background, ClosedError


def assembled(*chunks: Any) -> tuple[dict[str, Any], int, bool]:
    found = ChatAssembly()
    assert not found.finished
    for chunk in chunks:
        found.add(chunk)
    completion = found.completion()
    assert completion["object"] == "chat.completion"
    (choice,) = completion["choices"]
    assert choice["index"] == 0
    assert (choice["finish_reason"] is not None) is found.finished
    return choice["message"], found.characters, found.finished


def text(value: str, kind: str = "text") -> dict[str, Any]:
    return {"type": kind, "text": value}


@pytest.mark.parametrize(
    ("chunks", "message", "characters"),
    [
        ((), {}, 0),
        (({},), {}, 0),
        (({"choices": []},), {}, 0),
        ((delta(role="assistant", content="ab"), delta(content="c")), {"content": "abc"}, 3),
        ((delta(content=None, reasoning="ab"),), {"reasoning": "ab"}, 2),
        ((delta(content=[text("ab")]), delta(content="c")), {"content": [text("abc")]}, 3),
        ((delta(content=""), delta(content=text("a"))), {"content": [text("a")]}, 1),
        (
            (delta(content=[text("a"), text("b", "thinking")]), delta(content=[text("c")])),
            {"content": [text("a"), text("b", "thinking"), text("c")]},
            3,
        ),
        (
            (delta(content=[{"type": "text", "text": ["ab", {"type": "cd", "x": "e"}, 1]}]),) * 2,
            {"content": [{"type": "text", "text": ["ab", {"type": "cd", "x": "e"}, 1]}] * 2},
            6,
        ),
        (
            (delta(content=[{"type": 1, "text": "a"}]),) * 2,
            {"content": [{"type": 1, "text": "a"}] * 2},
            2,
        ),
        ((delta(content=["a"]),) * 2, {"content": ["a", "a"]}, 2),
        ((delta(tokens=1), delta(tokens=2), delta(tokens=3)), {"tokens": 3}, 0),
        ((delta(tokens=2), delta(tokens="a"), delta(tokens=["b"])), {"tokens": ["b"]}, 2),
        (({"choices": [{"text": "a"}]}, {"choices": [{"text": "b"}]}), {"content": "ab"}, 2),
        (({"choices": [{"text": 1}]},), {}, 0),
        ((delta(content="ab"), {"choices": [{"message": {"content": "c"}}]}), {"content": "c"}, 3),
        (
            (
                delta(content="ab"),
                {"choices": [{"message": {"content": "d"}, "delta": {"content": "c"}}]},
            ),
            {"content": "abc"},
            3,
        ),
        (({"choices": [{"index": 1, "delta": {"content": "a"}, "finish_reason": "stop"}]},), {}, 0),
    ],
)
def test_the_message_of_a_stream(
    chunks: tuple[Any, ...], message: dict[str, Any], characters: int
) -> None:
    assert assembled(*chunks) == (message, characters, False)
    assert assembled(*chunks, delta("stop")) == (message, characters, True)


def test_what_belongs_to_the_whole_is_kept() -> None:
    found = ChatAssembly()
    for chunk in (
        {"id": "a", "model": "m", "usage": {"n": 1}, "other": 1},
        {"id": "", "usage": None},
    ):
        found.add(chunk)
    assert {"id": "a", "model": "m", "usage": {"n": 1}}.items() <= found.completion().items()
    assert "other" not in found.completion()


def test_an_error_is_reported_after_the_text_beside_it() -> None:
    found = ChatAssembly()
    for chunk in ({"error": {"message": "no"}}, {**delta(content="ab"), "error": "no"}):
        with pytest.raises(ReportedError):
            found.add(chunk)
    assert found.characters == 2


@pytest.mark.parametrize(
    "chunk",
    [
        [],
        {"choices": "a"},
        {"choices": ["a"]},
        {"choices": [{"delta": "a"}]},
        {"choices": [{"delta": {"content": 7}}]},
    ],
    ids=repr,
)
def test_a_chunk_of_an_unknown_shape_is_refused(chunk: Any) -> None:
    with pytest.raises(UnreadableChunkError):
        ChatAssembly().add(chunk)


def test_closing_cancels_what_runs_and_finishes_in_the_same_loop() -> None:
    finished: list[threading.Thread] = []
    begun = threading.Event()
    results: list[BaseException | str] = []

    async def finish() -> None:
        finished.append(threading.current_thread())

    async def forever() -> None:
        begun.set()
        await asyncio.sleep(60)

    async def two() -> int:
        return 2

    def wait() -> None:
        try:
            background.run(forever())
        except ClosedError as error:
            results.append(error)

    background = Background(finish)
    assert background.run(two()) == 2
    waiting = threading.Thread(target=wait)
    waiting.start()
    assert begun.wait(20)
    background.close()
    background.close()
    waiting.join(20)
    assert [type(one) for one in results] == [ClosedError]
    (thread,) = finished
    assert thread.daemon
    assert not thread.is_alive()
    with pytest.raises(ClosedError):
        background.run(two())


def test_closing_within_the_loop_waits_for_nothing() -> None:
    finished = threading.Event()

    async def finish() -> None:
        finished.set()

    async def close() -> None:
        background.close()
        await asyncio.sleep(60)

    background = Background(finish)
    with pytest.raises(ClosedError):
        background.run(close())
    assert finished.wait(20)
    Background(finish).close()
