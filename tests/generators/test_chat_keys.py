"""A key is sent to its server and appears nowhere else."""

from __future__ import annotations

import json
import logging
import traceback

import pytest

from chat_client import REQUEST, needs_sdk, outcome, retry_soon, writing
from chat_server import Reply, answer, completion, dead_port, delta, error, good, serving, streamed
from jit_guard.errors import UsageError
from jit_guard.generators.chat.endpoint import DEFAULT_MODEL, endpoint
from jit_guard.generators.chat.keys import api_key
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Text,
)
from jit_guard.text.credentials import scrub

CANARY = "sk-canary-5f1d7c0b9a3e4826"

ECHOES = {
    "plain": good(),
    "in the text": good(f"# Purpose\n\nThe key is {CANARY}.\n"),
    "in the chatter": good(f"Sure! Here is the component:\n\n```\nx {CANARY}\n```"),
    "in a text that is cut off": answer(completion(f"half {CANARY}", "length")),
    "in the finish reason": answer(completion("x", CANARY)),
    "in the refusal": answer(completion(None, refusal=f"{CANARY}: no")),
    "in the model's name": answer({**completion(), "model": CANARY, "id": CANARY}),
    "401": error(401, f"Incorrect API key provided: {CANARY}."),
    "403 in HTML": Reply(403, f"<p>{CANARY}".encode(), {"content-type": "text/html"}),
    "400": error(400, f"bad header Authorization: Bearer {CANARY}"),
    "429": error(429, CANARY, CANARY, retry_after="300"),
    "500": error(500, CANARY, x_should_retry="false"),
    "HTML with status 200": Reply(200, CANARY.encode(), {"content-type": "text/html"}),
    "cut-off JSON": Reply(200, f'{{"a": "{CANARY}'.encode()),
    "error with status 200": answer({"error": {"message": CANARY}}),
    "request id": good()._replace(
        headers={"content-type": "application/json", "x-request-id": CANARY}
    ),
    "reset": Reply(reset=True),
    "stream": streamed(delta(content=CANARY[:9]), delta("stop", content=CANARY[9:])),
    "stream that breaks": streamed(delta(content=CANARY[:9]), delta(content=CANARY[9:]), end=""),
    "stream that is cut off": streamed(delta(content=f"x {CANARY}"), end="")._replace(cut=9),
    "error in a stream": streamed(delta(content="x"), {"error": {"message": CANARY}}),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES)
def test_a_key_echoed_by_a_server_appears_nowhere(
    reply: Reply,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    needs_sdk()
    caplog.set_level(logging.INFO)  # DEBUG logs whole responses
    retry_soon(monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", f"\t{CANARY} \r\n")
    with serving(reply) as server, writing(server.url, timeout=0.4) as made:
        result = outcome(made).result
        assert server.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    seen = [*capfd.readouterr(), caplog.text, repr(made), str(scrub)]
    text = result
    if isinstance(result, BaseException):
        seen += ["".join(traceback.format_exception(result))]
        seen += [f"{error!r} {error} {vars(error)}" for error in _chain(result)]
        text = result.text if isinstance(result, GenerationError) else None  # type: ignore[assignment]
    if isinstance(text, Text):
        seen += [repr(text), text.content, json.dumps(dict(text.details)), text.model or ""]
    assert CANARY not in "\n".join(seen)


def _chain(error: BaseException) -> list[BaseException]:
    """Yield an exception and every exception that it was raised from or during."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in found:
            found.append(one)
            todo += [one.__cause__, one.__context__]
    return found


def test_a_key_stays_hidden_if_the_server_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_sdk()
    monkeypatch.setenv("OPENAI_API_KEY", f"{CANARY}\n")
    with writing(dead_port()) as made:
        unusable = outcome(made).unusable
    assert CANARY not in "".join(f"{one!r}{vars(one)}" for one in _chain(unusable))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{CANARY} other", "whitespace"),
        (f"{CANARY}\n{CANARY}", "whitespace"),
        (f"{CANARY}\x00", "U+0000"),
        (f"{CANARY}…", "U+2026"),
        ("“sk-quoted-by-a-word-processor”", "U+201C"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str, words: str) -> None:
    with pytest.raises(GeneratorUnusableError) as caught:
        api_key({"OPENAI_API_KEY": key})
    assert words in str(caught.value)
    assert CANARY not in str(caught.value)
    assert "quoted" not in str(caught.value)


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_key_counts_as_not_set(value: str) -> None:
    assert api_key({"OPENAI_API_KEY": value}) is None
    assert api_key({}) is None


def test_scrub_hides_keys_in_every_form_and_nothing_else() -> None:
    environ = {
        "OPENAI_API_KEY": f" {CANARY}\n",
        "OPENAI_ADMIN_KEY": "sk-admin-0123456789",
        "AZURE_OPENAI_API_KEY": "azure-0123456789",
        "OPENAI_CUSTOM_HEADERS": "X-Team: blue\nAuthorization: Bearer gateway-0123456789",
        "HOME": "/home/alice",
    }
    for secret in (CANARY, "sk-admin-0123456789", "azure-0123456789", "gateway-0123456789"):
        for shown in (secret, f"Bearer {secret}", f"b'{secret}\\n'", f"x{secret}x{secret}"):
            assert secret not in scrub(shown, environ)
    assert scrub("/home/alice wears blue", environ) == "/home/alice wears blue"
    assert scrub("at https://me:secret@host/v1", {}) == "at https://[key]@host/v1"


@pytest.mark.parametrize("dummy", ["none", "ollama", "EMPTY"])
def test_a_dummy_key_for_a_local_server_is_not_hidden(dummy: str) -> None:
    assert scrub(f"the {dummy} model", {"OPENAI_API_KEY": dummy}) == f"the {dummy} model"


def test_without_a_key_a_custom_server_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_sdk()
    with serving(good()) as server:
        with writing(server.url) as by_flag:
            by_flag.write(REQUEST)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with writing("") as by_environment:
            by_environment.write(REQUEST)
        assert len(server.asked) == 2


KEY = {"OPENAI_API_KEY": CANARY}


def test_an_empty_base_url_counts_as_not_set() -> None:
    for value in ("", " ", "\n"):
        made = endpoint(Options("."), {**KEY, "OPENAI_BASE_URL": value})
        assert made.base_url == "https://api.openai.com/v1"
        assert made.model == DEFAULT_MODEL == "gpt-5-mini"
        assert made.is_openai


def test_a_flag_wins_over_the_environment() -> None:
    environ = {**KEY, "OPENAI_BASE_URL": "http://elsewhere/v1"}
    made = endpoint(Options(".", model="m", base_url="http://here/v1"), environ)
    assert made.base_url == "http://here/v1"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://api.openai.com/v1/",
        "https://API.OpenAI.com:443/v1",
        "https://eu.api.openai.com/v1",
        "https://api.openai.com./v1/",
    ],
)
def test_without_a_key_the_run_ends_before_any_request(address: str) -> None:
    with pytest.raises(GeneratorUnusableError, match=r"needs a key; set OPENAI_API_KEY"):
        endpoint(Options("."), {"OPENAI_BASE_URL": address})


def test_a_custom_server_needs_a_model() -> None:
    with pytest.raises(UsageError, match=r"http://here/v1 has no default model; pass --model"):
        endpoint(Options(".", base_url="http://here/v1"), KEY)


@pytest.mark.parametrize(
    "address",
    [
        "localhost:11434/v1",
        "ftp://host/v1",
        "http://",
        "http://host:port",
        "http://a b/",
        "http:///",
    ],
)
def test_an_invalid_address_is_reported(address: str) -> None:
    with pytest.raises(UsageError, match=r"^--base-url"):
        endpoint(Options(".", model="m", base_url=address), KEY)
    with pytest.raises(UsageError, match=r"^OPENAI_BASE_URL"):
        endpoint(Options(".", model="m"), {**KEY, "OPENAI_BASE_URL": address})


@pytest.mark.parametrize(
    ("host", "is_openai"),
    [
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("team.openai.azure.com", True),
        ("localhost", False),
        ("api.openai.com.evil.example", False),
    ],
)
def test_azure_is_recognized_and_a_similar_host_is_not(host: str, is_openai: bool) -> None:
    made = endpoint(Options(".", model="m", base_url=f"https://{host}/v1"), KEY)
    assert made.is_openai is is_openai
    assert made.longest_answer == (8192 if is_openai else 4096)  # with or without its thoughts


def test_the_variables_of_the_sdk_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_sdk()
    monkeypatch.setenv("OPENAI_API_KEY", f" {CANARY}\n")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-2")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: blue")
    with serving(good()) as server, writing(server.url) as made:
        made.write(REQUEST)
        (asked,) = server.asked
    names = ("authorization", "openai-organization", "openai-project", "x-team")
    assert [asked.headers[name] for name in names] == [
        f"Bearer {CANARY}",
        "org-1",
        "proj-2",
        "blue",
    ]
