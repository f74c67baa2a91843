"""The Responses API: used where a model answers only there, and mapped to Chat Completions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat_client import REQUEST, needs_sdk, outcome, writing
from chat_server import Asked, Reply, Script, answer, error, serving, streamed
from jit_guard.generators.chat.responses import ResponseAssembly, only_there
from jit_guard.generators.generator import Usage

needs_sdk()

TEXT = "# Purpose\n\nWrite it.\n"
ONLY_THERE = "This model is only supported in v1/responses and not in v1/chat/completions."
USAGE = {"input_tokens": 90, "output_tokens": 30, "total_tokens": 120}


def response(*content: dict[str, Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    """Make a response, as the API returns it."""
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    message = {"type": "message", "role": "assistant", "status": status, "content": list(content)}
    return {
        "id": "resp_1",
        "object": "response",
        "model": "pro-1",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "output": [reasoning, message],
        "usage": USAGE,
        **more,
    }


def said(text: str = TEXT) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def only_responses(reply: Reply, refusal: Reply | None = None) -> Script:
    refused = refusal or error(404, ONLY_THERE)
    return lambda _, asked: reply if asked.path == "/v1/responses" else refused


def stream_of(last: dict[str, Any] | None, *deltas: str) -> Reply:
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {"status": "queued"}}]
    events += [{"type": "response.reasoning_summary_text.delta", "delta": "Hm."}]
    events += [{"type": "response.output_text.delta", "delta": one} for one in deltas]
    if last is not None:
        events.append({"type": f"response.{last['status']}", "response": last})
    named = (f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
    return streamed(*named, end="")


@pytest.mark.parametrize(
    "refusal",
    [
        error(404, ONLY_THERE),
        error(400, "Unsupported legacy protocol: please use /v1/responses."),
        error(400, "model is not accessible via /chat/completions", "unsupported_api_for_model"),
        error(400, "This model must be called with the Responses API"),
    ],
)
def test_the_responses_api_is_used_for_a_model_that_answers_only_there(refusal: Reply) -> None:
    with serving(only_responses(answer(response(said())), refusal)) as server:
        with writing(server.url) as made:
            got = outcome(made)
            assert got.text.content == TEXT
            assert got.text.usage == Usage(90, 30, retries=1)
            assert got.text.model == "pro-1"
            assert outcome(made).text.usage.retries == 0  # remembered
        paths = [one.path for one in server.asked]
    assert paths == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]
    asked = server.asked[1]
    assert asked.parameters == {"stream", "store", "max_output_tokens"}
    assert asked.body["store"] is False
    assert [message["role"] for message in asked.body["input"]] == ["system", "user"]
    assert REQUEST.description in asked.text


def test_a_streamed_response_is_a_text() -> None:
    reply = stream_of(response(said()), "# Purpose\n\n", "Write it.\n")
    with serving(only_responses(reply)) as server, writing(server.url) as made:
        got = outcome(made)
    assert got.text.content == TEXT
    assert got.text.usage.output_tokens == 30


def test_what_a_streamed_response_leaves_out_at_its_end_arrived_before() -> None:
    message = response(said())["output"][1]
    pieces = [{"type": "response.output_text.delta", "delta": one} for one in ("# Purpose\n\n", "")]
    pieces += [{"type": "response.output_text.delta", "delta": "Write it.\n"}]
    whole = {"type": "response.output_text.done", "text": TEXT}
    halves = [
        {**whole, "content_index": number, "text": half}
        for number, half in enumerate(("# Purpose\n\n", "Write it.\n"))
    ]
    item = {"type": "response.output_item.done", "item": message}
    hollow = {**item, "item": {**message, "content": []}}
    without: dict[str, Any] = response()
    del without["output"]
    shapes = (pieces, [*pieces, whole, hollow], [*pieces, whole, item], [whole], halves, [item])
    for last in (response(output=[]), response(), without):
        for events in shapes:
            arriving = ResponseAssembly()
            for event in (*events, {"type": "response.completed", "response": last}):
                arriving.add(event)
            completion = arriving.completion()
            own = events == [item] and last.get("output")  # which counts, although it is empty
            assert completion["choices"][0]["message"]["content"] == ("" if own else TEXT)
            assert completion["usage"] == {"prompt_tokens": 90, "completion_tokens": 30}


def test_a_streamed_response_that_fails_keeps_its_text() -> None:
    reply = stream_of(response(status="failed", error={"message": "Out of order"}), "half")
    with serving(only_responses(reply)) as server, writing(server.url) as made:
        failed = outcome(made).failed
    assert "Out of order" in failed.reason
    assert failed.text is not None
    assert failed.text.content == "half"


FAULTS = {
    "incomplete": (
        response(
            said("half"),
            status="incomplete",
            incomplete_details={"reason": "max_output_tokens"},
        ),
        "cut off at the model's limit",
    ),
    "filtered": (
        response(
            said("half"), status="incomplete", incomplete_details={"reason": "content_filter"}
        ),
        "content filter",
    ),
    "failed": (
        response(status="failed", error={"code": "server_error", "message": "Out of order"}),
        "Out of order",
    ),
    "cancelled": (response(said("half"), status="cancelled"), "did not finish"),
    "refused": (response({"type": "refusal", "refusal": "I won't."}), "refused: I won't."),
    "no text": (response(), "empty"),
    "another object": ({"object": "list", "data": []}, "not a chat completion"),
}


@pytest.mark.parametrize(("body", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_response_without_a_whole_text_is_a_failed_entry(
    body: dict[str, Any], reason: str
) -> None:
    with serving(only_responses(answer(body))) as server, writing(server.url) as made:
        assert reason in outcome(made).failed.reason
        assert len(server.asked) == 2


@pytest.mark.parametrize("name", ["incomplete", "filtered", "refused"])
def test_a_streamed_response_without_a_whole_text_is_a_failed_entry(name: str) -> None:
    body, reason = FAULTS[name]
    reply = stream_of(body, "half")
    with serving(only_responses(reply)) as server, writing(server.url) as made:
        assert reason in outcome(made).failed.reason


def test_a_streamed_response_that_ends_early_keeps_its_text() -> None:
    with serving(only_responses(stream_of(None, "half"))) as server, writing(server.url) as made:
        failed = outcome(made).failed
    assert "ended before the answer was complete" in failed.reason
    assert failed.text is not None
    assert failed.text.content == "half"


def test_an_error_event_is_reported_in_the_servers_words() -> None:
    event = {"type": "error", "code": "model_gone", "message": "The model is gone"}
    with serving(only_responses(streamed(event, end=""))) as server, writing(server.url) as made:
        assert "The model is gone" in outcome(made).failed.reason


def test_a_model_that_answers_nowhere_ends_the_run() -> None:
    def script(_: int, asked: Asked) -> Reply:
        return error(404, ONLY_THERE if "chat" in asked.path else "no such model")

    with serving(script) as server, writing(server.url) as made:
        assert "404: no such model; check --base-url" in str(outcome(made).unusable)
        assert len(server.asked) == 2


def test_other_refusals_do_not_change_the_api() -> None:
    assert not only_there("The model `x` does not exist or you do not have access to it.")
    assert not only_there("This is not a chat model. Did you mean to use v1/completions?")
    assert not only_there("stored responses are not supported")
