"""The generator `openai`: what each kind of answer becomes, over real HTTP with the real SDK."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from chat_client import REQUEST, ask, needs_sdk, outcome, writing
from chat_server import Reply, answer, completion, dead_port, error, good, serving
from jit_guard.generators.generator import Usage

needs_sdk()


def test_a_plain_answer_is_a_text_with_its_cost_and_its_provenance() -> None:
    got, server = ask(good("# Purpose\n\nFind the cause.\n"))
    assert got.text.content == "# Purpose\n\nFind the cause.\n"
    assert got.text.usage == Usage(100, 20, retries=0)
    assert got.text.model == "fake-1"
    assert got.text.details == {"finish_reason": "stop", "id": "chatcmpl-1"}
    assert len(server.asked) == 1


def test_the_request_is_chat_completions_and_nothing_that_a_server_may_not_know() -> None:
    _, server = ask(good())
    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert set(asked.body) == {"model", "messages"}
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
def test_addresses_are_taken_as_servers_document_them(address: str, path: str) -> None:
    with serving(good()) as server, writing(server.url.removesuffix("/v1") + address) as made:
        assert outcome(made).text.content
        assert server.asked[0].path == path


def test_fences_and_chatter_are_taken_off_and_kept_as_provenance() -> None:
    said = "Sure! Here is the component:\n\n```markdown\n# Purpose\n```\n"
    got, _ = ask(good(said))
    assert got.text.content == "# Purpose\n"
    assert got.text.details["answer"] == said


# What came, the reason that is told, and the text that the ledger keeps (None: nothing came).
NO_TEXT = {
    "length": (answer(completion("half a te", "length")), "cut off", "half a te"),
    "content filter": (answer(completion("half", "content_filter")), "content filter", "half"),
    "refusal": (answer(completion(None, refusal="I won't.")), "refused: I won't.", ""),
    "refusal beside a text": (answer(completion("x", refusal="No.")), "refused: No.", "x"),
    "empty text": (answer(completion("")), "the answer is empty", ""),
    "blank text": (answer(completion(" \n")), "the answer is empty", " \n"),
    "null text": (answer(completion(None)), "the answer is empty", ""),
    "a text that is none": (answer(completion(["a"])), "the answer is empty", ""),
    "no finish reason": (answer(completion("x", None)), "did not end by itself", "x"),
    "tool calls": (answer(completion("x", "tool_calls")), "did not end by itself", "x"),
    "only a fence": (good("```\n```"), "the text is empty", "```\n```"),
    "control character": (good("a\x1b[2Jb"), "control character U+001B", "a\x1b[2Jb"),
    "half a surrogate pair": (good("a\ud83d"), "not UTF-8 (character 1)", "a\\ud83d"),
    "null": (answer(None), "no chat completion", "null"),
    "a list": (answer([]), "no chat completion", "[]"),
    "a string": (answer("hm"), "no chat completion", '"hm"'),
    "no choices": (answer({"choices": []}), "no chat completion", '{"choices": []}'),
    "null choices": (answer({"choices": None}), "no chat completion", '{"choices": null}'),
    "null choice": (answer({"choices": [None]}), "no chat completion", '{"choices": [null]}'),
    "no message": (answer({"choices": [{}]}), "no chat completion", '{"choices": [{}]}'),
    "choices that are none": (answer({"choices": 7}), "no chat completion", '{"choices": 7}'),
    "an error with status 200": (
        answer({"error": {"message": "overloaded", "code": 500}}),
        "answered with an error: overloaded",
        '{"error": {"message": "overloaded", "code": 500}}',
    ),
    "HTML with status 200": (
        Reply(200, b"<html>Log in</html>", {"content-type": "text/html"}),
        "no chat completion (AttributeError): <html>Log in</html>",
        "<html>Log in</html>",
    ),
    "HTML that calls itself JSON": (Reply(200, b"<p>"), "JSONDecodeError", "<p>"),
    "empty body": (Reply(200), "the answer is empty", None),
    "cut-off JSON": (Reply(200, b'{"choices": [{"mess'), "JSONDecodeError", '{"choices": [{"mess'),
    "bad UTF-8": (Reply(200, b'{"choices": "\xff"}'), "UnicodeDecodeError", '{"choices": "\\xff"}'),
    "nested too deep": (Reply(200, b"[" * 100_000), "no chat completion", "[" * 100_000),
    "400": (error(400, "model is too small"), "400: model is too small", None),
    "413": (Reply(413), f"413 {HTTPStatus(413).phrase}", None),  # Python 3.13 renamed it
    "422": (error(422, "no"), "422: no", None),
}


@pytest.mark.parametrize(("reply", "reason", "kept"), NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_a_failed_entry_and_is_not_bought_twice(
    reply: Reply, reason: str, kept: str | None
) -> None:
    with serving(reply, good()) as server, writing(server.url) as made:
        failed = outcome(made).failed
        assert len(server.asked) == 1
        assert outcome(made).text.content  # the others go on
    assert reason in failed.reason
    assert "\n" not in failed.reason
    assert (failed.text.content if failed.text else None) == kept


def test_a_text_that_was_cut_off_keeps_its_cost() -> None:
    got, _ = ask(answer(completion("half", "length")))
    assert got.failed.text is not None
    assert got.failed.text.usage == Usage(100, 20)
    assert got.failed.text.details["finish_reason"] == "length"


NO_RUN = {
    "401": (error(401, "Incorrect key"), "401: Incorrect key; check OPENAI_API_KEY"),
    "402": (error(402, "Insufficient Balance"), "402: Insufficient Balance; check the account"),
    "403": (error(403, "country"), "403: country; check what this key may do"),
    "404": (error(404, "no such model"), "404: no such model; check --base-url and --model"),
    "quota": (error(429, "You exceeded", "insufficient_quota"), "You exceeded; check plan"),
    "quota, with advice to come back": (
        error(429, "You exceeded", "insufficient_quota", retry_after="0", x_should_retry="true"),
        "You exceeded; check plan",
    ),
    "HTML 404": (Reply(404, b"<html>"), "404"),
}


@pytest.mark.parametrize(("reply", "reason"), NO_RUN.values(), ids=NO_RUN)
def test_what_no_entry_can_survive_ends_the_run_with_one_request(reply: Reply, reason: str) -> None:
    with serving(reply) as server, writing(server.url) as made:
        assert reason in str(outcome(made).unusable)
        assert str(outcome(made).unusable) == str(outcome(made).unusable)
        assert len(server.asked) == 1


def test_a_server_that_is_not_there_ends_the_run_at_once() -> None:
    with writing(dead_port()) as made:
        got = outcome(made)
    assert "cannot be reached: Connection refused" in str(got.unusable)
    assert got.seconds < 5  # the import of the SDK included


def test_a_host_that_nobody_knows_ends_the_run_at_once() -> None:
    with writing("http://no-such-host.invalid/v1") as made:
        assert "http://no-such-host.invalid/v1 cannot be reached" in str(outcome(made).unusable)


def test_a_second_try_shows_the_model_its_first_text_and_what_was_wrong_with_it() -> None:
    with serving(good()) as server, writing(server.url) as made:
        made.write(REQUEST._replace(rejected="my first text", objection="it says nothing"))
        roles = [message["role"] for message in server.asked[0].body["messages"]]
        assert roles == ["system", "user", "assistant", "user"]
        assert server.asked[0].body["messages"][2]["content"] == "my first text"
        assert "it says nothing" in server.asked[0].body["messages"][3]["content"]


def test_a_team_s_own_prompt_is_sent_and_makes_another_version() -> None:
    with serving(good()) as server, writing(server.url, prompt="Be brief.") as own:
        own.write(REQUEST)
        assert server.asked[0].body["messages"][0]["content"] == "Be brief."
        with writing(server.url) as ours:
            assert own.version != ours.version
            assert own.model == ours.model == "fake"


def test_closed_in_the_middle_every_write_ends() -> None:
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
        made.close()  # again is fine
