"""The words of a server's error, in every shape, and whom a refusal is about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_client import ask, needs_sdk, outcome, writing
from chat_server import Asked, Reply, answer, error, good, serving
from jit_guard.generators.chat.error_body import error_inside, read_error
from jit_guard.generators.chat.moderation import is_about_content
from jit_guard.text.printable import printable

HTML = b"""<!DOCTYPE html><html><head><title>Sign in</title><style>p{color:red}</style>
<script>alert("hidden")</script></head><body><!-- secret --><p>Please &amp; thanks</p></body>"""

# The server, its body, and the words that must be shown.
WORDS = {
    "OpenAI": ({"error": {"message": "Bad.", "type": "invalid", "code": None}}, "Bad."),
    "LM Studio": ({"error": "No models loaded."}, "No models loaded."),
    "Google, in a list": ([{"error": {"code": 400, "message": "Bad key"}}], "Bad key"),
    "FastAPI": ({"detail": "Not Found"}, "Not Found"),
    "FastAPI's validation": (
        {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs", "type": "extra"}]},
        "body.seed: Extra inputs",
    ),
    "vLLM before 0.10": ({"object": "error", "message": "Too long", "code": 400}, "Too long"),
    "AWS": ({"Message": "User is not authorized"}, "User is not authorized"),
    "errors": ({"errors": [{"message": "First"}, "Second"]}, "First; Second"),
    "Cohere": ({"id": "1", "message": "invalid request"}, "invalid request"),
    "OAuth": ({"error": "invalid_client", "error_description": "Unknown"}, "invalid_client; Unk"),
    "a problem of RFC 9457": ({"title": "Out", "detail": "Balance", "status": 4}, "Balance; Out"),
    "OpenRouter": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error":"Gone"}'}}},
        "Provider returned error; Gone",
    ),
    "JSON in a message": ({"error": {"message": '{"error": {"message": "Deep"}}'}}, "Deep"),
    "only a code": ({"error": {"code": "model_not_found", "message": ""}}, "model_not_found"),
    "a string": ("just words", "just words"),
}


@pytest.mark.parametrize(("body", "words"), WORDS.values(), ids=WORDS)
def test_an_error_is_shown_in_the_servers_words(body: object, words: str) -> None:
    assert read_error(json.dumps(body).encode()).words.startswith(words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HTML, "Sign in: Please & thanks"),
        (b"<html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1><hr>nginx", "502 Bad"),
        (b"upstream connect error", "upstream connect error"),
        (b"\x1b[2Jgone", "\\x1b[2Jgone"),
        (b"", ""),
        (b"null", ""),
        (b"{}", ""),
        (b'{"error": null}', ""),
    ],
)
def test_other_bodies_are_shown_as_text(body: bytes, words: str) -> None:
    found = read_error(body).words
    assert found.startswith(words)
    assert (found == "") is (words == "")
    for hidden in ("color", "alert", "secret"):
        assert hidden not in found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["error", "message", "detail", "code", "loc", "raw", "x"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_no_body_is_too_strange(value: object) -> None:
    body = json.dumps(value).encode()
    found = read_error(body)
    assert len(found.words) <= 300
    assert printable(found.words) == found.words
    assert "\n" not in found.words
    error_inside(body)


def test_a_deep_body_ends() -> None:
    assert read_error(b'{"error":' * 60_000).words
    assert read_error(b'{"error":' * 20 + b'"x"' + b"}" * 20).words == ""
    assert read_error(b'{"a": ' + b"9" * 50_000 + b"}").words == ""


INSIDE = [
    ({"error": "Unexpected endpoint"}, "Unexpected endpoint"),
    ({"error": {"message": "overloaded"}, "choices": []}, "overloaded"),
    ({"detail": "Not here"}, "Not here"),
    ([{"error": {"message": "Bad"}}], "Bad"),
]


@pytest.mark.parametrize(("body", "words"), INSIDE)
def test_an_error_with_status_200_is_found(body: object, words: str) -> None:
    found = error_inside(json.dumps(body).encode())
    assert found is not None
    assert found.words == words


@pytest.mark.parametrize(
    "body",
    [
        {"choices": None, "error": None},
        {"choices": [], "error": {}},
        {"choices": [{"message": {"content": "x"}}], "error": "ignored"},
        {"usage": {}},
        [],
        None,
        "words",
    ],
)
def test_a_body_without_an_error_has_none(body: object) -> None:
    assert error_inside(json.dumps(body).encode()) is None


def test_null_choices_beside_a_null_error_are_no_error_called_none() -> None:
    needs_sdk()
    got, _ = ask(answer({"choices": None, "error": None}))
    assert "None" not in got.failed.reason
    assert "not a chat completion" in got.failed.reason


CONTENT = [
    {"error": {"code": "content_filter", "message": "The response was filtered"}},
    {"error": {"message": "Your chosen model requires moderation and your input was flagged."}},
    {"error": "Content violates usage guidelines. API key ID: 7, Failed check: SAFETY_CHECK"},
    {"error": {"message": "Request blocked by the content policy of your organization"}},
    {"message": "Guardrail was enforced", "type": "guardrail_intervened"},
    {"detail": "The prompt was rejected by the safety system"},
    {"error": "Request blocked by our firewall"},
    {"error": "Prompt injection detected"},
    {"error": {"code": "content_policy_violation", "message": "rejected"}},
    "<html><title>Attention Required! | Cloudflare</title>",
]
SENDER = [
    {"error": {"message": "Invalid API key"}},
    {"error": {"message": "Your account has been blocked for a violation"}},
    {"error": {"code": "unsupported_country_region_territory", "message": "Country not supported"}},
    {"error": {"message": "Project does not have access to model gpt-9"}},
    {"message": "User is not authorized to perform bedrock:InvokeModel"},
    {"detail": "Forbidden"},
    "<html><title>403 Forbidden</title>",
    "",
]


def forbidden(body: object) -> Reply:
    if isinstance(body, str):
        return Reply(403, body.encode(), {"content-type": "text/html"})
    return answer(body, 403)


@pytest.mark.parametrize("body", CONTENT, ids=lambda body: str(body)[:40])
def test_a_403_about_a_text_does_not_end_the_run(body: object) -> None:
    needs_sdk()

    def script(number: int, _: Asked) -> Reply:
        return forbidden(body) if number == 1 else good()

    with serving(script) as server, writing(server.url) as made:
        assert outcome(made).failed.reason.startswith("the server refused this text: 403")
        assert outcome(made).text.content


@pytest.mark.parametrize("body", SENDER, ids=lambda body: str(body)[:40])
def test_a_403_about_the_key_ends_the_run(body: object) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)
    assert not is_about_content(read_error(raw.encode()))
    needs_sdk()
    with serving(forbidden(body)) as server, writing(server.url) as made:
        assert "check the permissions of the key" in str(outcome(made).unusable)


def test_a_403_after_an_answer_cannot_be_about_the_key() -> None:
    needs_sdk()

    def script(number: int, _: Asked) -> Reply:
        return error(403, "Forbidden") if number == 2 else good()

    with serving(script) as server, writing(server.url) as made:
        assert outcome(made).text.content
        assert outcome(made).failed.reason == "the server refused this text: 403: Forbidden"
        assert outcome(made).text.content


@pytest.mark.parametrize("status", [400, 451])
def test_other_refusals_of_a_text_do_not_end_the_run(status: int) -> None:
    needs_sdk()
    refusal = error(status, "The prompt was filtered", "content_filter")
    with serving(refusal, good()) as server, writing(server.url) as made:
        assert f"{status}: The prompt was filtered" in outcome(made).failed.reason
        assert outcome(made).text.content
        assert len(server.asked) == 2
