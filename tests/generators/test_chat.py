"""The generator `openai`: the result of each kind of answer, over HTTP with the real SDK."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from chat_client import REQUEST, ask, needs_sdk, outcome, writing
from chat_server import Reply, answer, completion, dead_port, error, good, serving
from jit_guard.generators.chat.reading import read
from jit_guard.generators.chat.receiving import Body, Received
from jit_guard.generators.generator import GenerationError, Text, Usage

needs_sdk()


def test_a_plain_answer_is_a_text_with_usage_and_provenance() -> None:
    got, server = ask(good("# Purpose\n\nFind the cause.\n"))
    assert got.text.content == "# Purpose\n\nFind the cause.\n"
    assert got.text.usage == Usage(100, 20, retries=0)
    assert got.text.model == "fake-1"
    assert got.text.details == {"finish_reason": "stop", "id": "chatcmpl-1"}
    assert len(server.asked) == 1


def test_the_request_uses_only_basic_chat_completions() -> None:
    _, server = ask(good())
    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.parameters == {"max_tokens", "stream", "stream_options"}
    assert asked.body["max_tokens"] == 4096  # also without a limit for the run
    assert asked.body["model"] == "fake"
    assert [message["role"] for message in asked.body["messages"]] == ["system", "user"]
    assert REQUEST.description in asked.text


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("", "/chat/completions"),
        ("/openai/v1/", "/openai/v1/chat/completions"),
        ("/openai/v1/?api-version=preview", "/openai/v1/chat/completions?api-version=preview"),
    ],
    ids=["Ollama, vLLM", "a slash", "bare", "Azure", "Azure with a version"],
)
def test_addresses_are_accepted_as_servers_document_them(address: str, path: str) -> None:
    with serving(good()) as server, writing(server.url.removesuffix("/v1") + address) as made:
        assert outcome(made).text.content
        assert server.asked[0].path == path


def test_an_answer_is_returned_as_it_arrived() -> None:
    said = "Sure! Here is the component:\n\n```markdown\n# Purpose\n```\n"
    got, _ = ask(good(said))
    assert got.text.content == said
    assert "message" not in got.text.details


def test_parts_and_reasoning_are_kept_beside_the_text() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "# Purpose\n"},
    ]
    got, _ = ask(answer(completion(parts, reasoning_content="well")))
    assert got.text.content == "# Purpose\n"
    assert got.text.details["message"] == {"content": parts, "reasoning_content": "well"}


# The reply, the reported reason, and the text that the ledger stores (None: nothing arrived).
NO_TEXT = {
    "length": (answer(completion("half a te", "length")), "cut off", "half a te"),
    "content filter": (answer(completion("half", "content_filter")), "content filter", "half"),
    "refusal": (answer(completion(None, refusal="I won't.")), "refused: I won't.", ""),
    "refusal beside a text": (answer(completion("x", refusal="No.")), "refused: No.", "x"),
    "empty text": (answer(completion("")), "the answer is empty", ""),
    "blank text": (answer(completion(" \n")), "the answer is empty", " \n"),
    "null text": (answer(completion(None)), "the answer is empty", ""),
    "content that is a number": (answer(completion(7)), "unknown type ('int')", ""),
    "content of an unknown type": (
        answer(completion([{"type": "text", "text": "a"}, {"type": "hm", "text": "b"}])),
        "unknown type ('hm')",
        "a",
    ),
    "a part that is a refusal": (
        answer(completion([{"type": "refusal", "refusal": "No."}])),
        "refused: No.",
        "",
    ),
    "only reasoning": (
        answer(completion("", reasoning="# Purpose")),
        "the answer is empty; the model sent only its reasoning",
        "",
    ),
    "only reasoning, in a part": (
        answer(completion([{"type": "reasoning", "summary": [{"text": "hm"}]}])),
        "the answer is empty; the model sent only its reasoning",
        "",
    ),
    "no finish reason": (answer(completion("x", None)), "did not finish normally", "x"),
    "tool calls": (answer(completion("x", "tool_calls")), "did not finish normally", "x"),
    "null": (answer(None), "not a chat completion", "null"),
    "a list": (answer([]), "not a chat completion", "[]"),
    "a string": (answer("hm"), "not a chat completion", '"hm"'),
    "no choices": (answer({"choices": []}), "not a chat completion", '{"choices": []}'),
    "null choices": (answer({"choices": None}), "not a chat completion", '{"choices": null}'),
    "null choice": (answer({"choices": [None]}), "not a chat completion", '{"choices": [null]}'),
    "no message": (answer({"choices": [{}]}), "not a chat completion", '{"choices": [{}]}'),
    "choices that are not a list": (
        answer({"choices": 7}),
        "not a chat completion",
        '{"choices": 7}',
    ),
    "an error with status 200": (
        answer({"error": {"message": "overloaded", "code": 500}}),
        "returned an error: overloaded",
        '{"error": {"message": "overloaded", "code": 500}}',
    ),
    "HTML with status 200": (
        Reply(200, b"<html>Log in</html>", {"content-type": "text/html"}),
        "not a chat completion (JSONDecodeError): <html>Log in</html>",
        "<html>Log in</html>",
    ),
    "HTML that calls itself JSON": (Reply(200, b"<p>"), "JSONDecodeError", "<p>"),
    "empty body": (Reply(200), "the answer is empty", None),
    "cut-off JSON": (Reply(200, b'{"choices": [{"mess'), "JSONDecodeError", '{"choices": [{"mess'),
    "bad UTF-8": (Reply(200, b'{"choices": "\xff"}'), "UnicodeDecodeError", '{"choices": "\\xff"}'),
    "nested too deeply": (Reply(200, b"[" * 100_000), "not a chat completion", "[" * 100_000),
    "400": (error(400, "model is too small"), "400: model is too small", None),
    "413": (Reply(413), f"413 {HTTPStatus(413).phrase}", None),  # Python 3.13 renamed it
    "422": (error(422, "no"), "422: no", None),
}


@pytest.mark.parametrize(("reply", "reason", "kept"), NO_TEXT.values(), ids=NO_TEXT)
def test_an_unusable_answer_is_a_failed_entry_and_not_paid_for_twice(
    reply: Reply, reason: str, kept: str | None
) -> None:
    with serving(reply, good()) as server, writing(server.url) as made:
        failed = outcome(made).failed
        assert len(server.asked) == 1
        assert outcome(made).text.content  # the others continue
    assert reason in failed.reason
    assert "\n" not in failed.reason
    assert (failed.text.content if failed.text else None) == kept


def finished(finish_reason: object) -> Text:
    """The text of an answer that ended for this reason. Raises GenerationError."""
    body = json.dumps(completion("A text.\n", finish_reason)).encode()
    return read(Received(Body(body)), "fake")


@pytest.mark.parametrize(
    ("reasons", "fault"),
    [
        (
            "stop end end_turn eos eos_token stop_sequence complete completed STOP Completed",
            None,
        ),
        ("length max_tokens max_output_tokens model_length MAX_TOKENS", "cut off at the model's"),
        (
            "content_filter safety recitation prohibited_content blocklist spii sensitive SAFETY",
            "content filter stopped the answer",
        ),
        (
            "guardrail_intervened error_toxic image_safety",
            "content filter stopped the answer",
        ),
        ("tool_calls function_call unknown", "did not finish normally"),
    ],
)
def test_only_a_finished_answer_is_a_text_in_the_words_of_every_server(
    reasons: str, fault: str | None
) -> None:
    for reason in reasons.split():
        if fault is None:
            assert finished(reason).content == "A text.\n"
            continue
        with pytest.raises(GenerationError, match=fault) as caught:
            finished(reason)
        assert reason in caught.value.reason
        assert caught.value.text is not None
        assert caught.value.text.content == "A text.\n"


def test_a_truncated_text_keeps_its_usage() -> None:
    got, _ = ask(answer(completion("half", "length")))
    assert got.failed.text is not None
    assert got.failed.text.usage == Usage(100, 20)
    assert got.failed.text.details["finish_reason"] == "length"


NO_RUN = {
    "401": (error(401, "Incorrect key"), "401: Incorrect key; check OPENAI_API_KEY"),
    "402": (error(402, "Insufficient Balance"), "402: Insufficient Balance; check the account"),
    "403": (error(403, "country"), "403: country; check the permissions of the key"),
    "404": (error(404, "no such model"), "404: no such model; check --base-url and --model"),
    "quota": (error(429, "You exceeded", "insufficient_quota"), "You exceeded; check plan"),
    "quota, with advice to come back": (
        error(429, "You exceeded", "insufficient_quota", retry_after="0", x_should_retry="true"),
        "You exceeded; check plan",
    ),
    "HTML 404": (Reply(404, b"<html>"), "404"),
}


@pytest.mark.parametrize(("reply", "reason"), NO_RUN.values(), ids=NO_RUN)
def test_a_fatal_fault_ends_the_run_after_one_request(reply: Reply, reason: str) -> None:
    with serving(reply) as server, writing(server.url) as made:
        assert reason in str(outcome(made).unusable)
        assert str(outcome(made).unusable) == str(outcome(made).unusable)
        assert len(server.asked) == 1


def test_an_unreachable_server_ends_the_run_at_once() -> None:
    with writing(dead_port()) as made:
        got = outcome(made)
    assert "cannot be reached: Connection refused" in str(got.unusable)
    assert got.seconds < 5  # including the import of the SDK


def test_an_unknown_host_ends_the_run_at_once() -> None:
    with writing("http://no-such-host.invalid/v1") as made:
        assert "http://no-such-host.invalid/v1 cannot be reached" in str(outcome(made).unusable)


def test_a_second_attempt_shows_the_model_its_first_text_and_the_fault() -> None:
    with serving(good()) as server, writing(server.url) as made:
        made.write(REQUEST._replace(rejected="my first text", objection="it says nothing"))
        roles = [message["role"] for message in server.asked[0].body["messages"]]
        assert roles == ["system", "user", "assistant", "user"]
        assert server.asked[0].body["messages"][2]["content"] == "my first text"
        assert "it says nothing" in server.asked[0].body["messages"][3]["content"]


def test_a_configured_prompt_is_sent_and_changes_the_version() -> None:
    with serving(good()) as server, writing(server.url, prompt="Be brief.") as own:
        own.write(REQUEST)
        assert server.asked[0].body["messages"][0]["content"] == "Be brief."
        with writing(server.url) as ours:
            assert own.version != ours.version
            assert own.model == ours.model == "fake"


def test_closing_ends_every_write_in_progress() -> None:
    import threading

    with serving(good(delay=5.0)) as server, writing(server.url) as made:
        ended = []
        waiting = threading.Thread(target=lambda: ended.append(outcome(made)))
        waiting.start()
        while not server.asked:
            waiting.join(0.01)
        made.close()
        waiting.join(2)
        assert ended[0].failed.reason == "interrupted"
        assert outcome(made).failed.reason == "interrupted"
        made.close()  # safe to call again
