"""Answers of a model server: no redirects, bounded size and time, and nothing but text is used."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from functools import partial
from pathlib import Path

import pytest

from chat_client import Outcome, ask, needs_sdk, outcome, retry_soon, writing
from chat_server import Reply, answer, completion, error, good, serving
from jit_guard.generators.chat.fault import retry_after
from jit_guard.generators.generator import GenerationError, Usage
from projects import call, lay_out
from threads import at_once

needs_sdk()

GATEWAY_KEY = "gateway-7f3b09c2"
GOOD = json.dumps(completion("# Role\n\nGreet.\n")).encode()
MISSING = {
    "goal_map.json": json.dumps({"GREET": {"persona": "host.txt"}}),
    "components/personas/.gitkeep": "",
}


def redirect(to: str, status: int = 307) -> Reply:
    return Reply(status, b"", {"location": to})


def fails(*replies: Reply, timeout: float = 20.0) -> GenerationError:
    got, _ = ask(*replies, timeout=timeout)
    return got.failed


# Redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_redirects_are_not_followed_and_the_message_names_the_target(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {GATEWAY_KEY}")
    with serving(good()) as other:
        to = f"{other.url.replace('127.0.0.1', 'localhost')}/chat/completions"
        with serving(redirect(to, status)) as server, writing(server.url) as made:
            message = str(outcome(made).unusable)
            assert server.url in message
            assert len(server.asked) == 1
        assert other.asked == []
    assert f"{status}: redirects to {to}" in message


def test_redirects_within_the_host_are_not_followed() -> None:
    with serving(redirect("/v2/chat"), good()) as server, writing(server.url) as made:
        host = server.url.removesuffix("/v1")
        assert f"redirects to {host}/v2/chat" in str(outcome(made).unusable)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (
            "https://me:hunter2-pass@evil.example/x?token=hunter2-pass#hunter2-pass",
            "evil.example/x",
        ),
        ("https://evil.example/hunter2-pass/x", "https://evil.example/[key]/x"),
        ("https://evil.example/\u202ex", "evil.example/\\u202ex"),
        ("https://evil.example/" + "x" * 5000, "x..., and redirects"),
        ("https://evil.example/" + "x" * 170 + "/hunter2-pass", "xxx/[key]"),
        ("http://[::1", "an invalid URL"),
        ("http://evil.example:port/x", "evil.example:port/x"),
    ],
)
def test_redirect_targets_are_shown_on_one_line_without_secrets(
    location: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_PASSWORD", "hunter2-pass")
    raw = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n".encode()
    message = str(ask(Reply(raw=raw))[0].unusable)
    assert told in message
    assert "hunter2" not in message
    assert len(message) < 500


def test_a_redirect_exits_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-answers-0123456789")
    root = lay_out(tmp_path / "project", MISSING)
    with serving(redirect("https://evil.example/v1")) as server:
        done = call("--fix", "--yes", "--model", "m", "--base-url", server.url, cwd=root)
    assert done.code == 2
    assert "redirects to https://evil.example/v1" in done.err
    assert "Traceback" not in done.err


# Size


def packed(data: bytes, encoding: str = "gzip") -> Reply:
    body = zlib.compress(data) if encoding == "deflate" else gzip.compress(data)
    return Reply(200, body, {"content-type": "application/json", "content-encoding": encoding})


def test_compressed_answers_are_not_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Accept-Encoding: gzip")
    _, server = ask(good())
    assert "accept-encoding" not in server.asked[0].headers


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP , identity"])
def test_compressed_answers_are_read_anyway(encoding: str) -> None:
    got, _ = ask(packed(GOOD, encoding))
    assert got.text.content == "# Role\n\nGreet.\n"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate, gzip", "x\u202ey"])
def test_compression_without_an_output_limit_fails_the_entry(encoding: str) -> None:
    reply = Reply(200, b"anything", {"content-encoding": encoding.encode().decode("latin-1")})
    assert "is compressed (" in fails(reply).reason
    assert "\u202e" not in fails(reply).reason


def test_errors_with_an_unreadable_body_show_the_status() -> None:
    for encoding in ("br", "gzip"):
        got, _ = ask(Reply(401, b"anything", {"content-encoding": encoding}))
        assert "401" in str(got.unusable)


def test_a_decompression_bomb_is_read_up_to_8_mb() -> None:
    bomb = zlib.compressobj(wbits=31)  # gzip
    head, *rest = (bomb.compress(bytes(1_000_000)) + bomb.flush(zlib.Z_FULL_FLUSH) for _ in "12")
    reply = packed(b"")._replace(body=head + 199 * rest[0])  # whose end is never read
    with serving(good(), reply) as server, writing(server.url) as made:
        outcome(made)  # imports the SDK
        tracemalloc.start()
        try:
            failed = outcome(made).failed
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(server.asked) == 2
    assert failed.reason == "the answer is larger than 8 MB"
    assert peak < 40_000_000


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
@pytest.mark.parametrize("framing", ["chunked", "to the end of the connection"])
def test_endless_answers_fail_before_the_timeout(status: str, framing: str) -> None:
    head, piece = f"HTTP/1.1 {status}\r\n", b"[" * 65_536
    if framing == "chunked":
        head += "Transfer-Encoding: chunked\r\n"
        piece = b"10000\r\n" + piece + b"\r\n"
    got, server = ask(Reply(raw=f"{head}\r\n".encode(), flood=piece), timeout=60)
    assert isinstance(got.result, GenerationError)
    assert got.seconds < 20
    assert len(server.asked) == 1
    assert server.flooded < 50_000_000


OK = b"HTTP/1.1 200 OK\r\n"
ODD = {
    "not HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.9\r\n"),
    "no status code": Reply(raw=b"HTTP/1.1 OK\r\n\r\n"),
    "an endless status line": Reply(raw=b"HTTP/1.1 200 ", flood=b"K" * 4096),
    "an endless header": Reply(raw=OK + b"X: ", flood=b"x" * 4096),
    "endless headers": Reply(raw=OK, flood=b"X-A: b\r\n" * 500),
    "endless interim answers": Reply(flood=b"HTTP/1.1 103 Early Hints\r\n\r\n", pause=0.0001),
    "dripping headers": Reply(raw=OK, flood=b"X: y\r\n", pause=0.05),
    "a dripping body": Reply(raw=OK + b"Content-Length: 99999\r\n\r\n", flood=b" ", pause=0.05),
    "an endless chunk header": Reply(
        raw=OK + b"Transfer-Encoding: chunked\r\n\r\n1;", flood=b"x" * 4096
    ),
    "endless trailers": Reply(
        raw=OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", flood=b"X-A: b\r\n" * 500
    ),
    "silence": Reply(delay=20.0),
}


def test_malformed_headers_and_slow_answers_end_by_the_timeout() -> None:
    def case(reply: Reply) -> None:
        with serving(good(), reply) as server, writing(server.url, timeout=1.0) as made:
            outcome(made)
            got = outcome(made)
            assert len(server.asked) < 8
            assert server.flooded < 60_000_000
        assert got.seconds < 15
        assert len(got.failed.reason) < 400
        assert got.failed.reason.isprintable()

    at_once({name: partial(case, reply) for name, reply in ODD.items()})


DEEP = {
    "lists": b"[" * 200_000,
    "objects": b'{"a":' * 200_000,
    "an integer of very many digits": b'{"choices": ' + b"9" * 200_000 + b"}",
    "an empty list very many times": b"[" + b"[]," * 200_000 + b"0]",
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_json_that_is_not_a_completion_fails_the_entry(body: bytes) -> None:
    assert "not a chat completion" in fails(Reply(200, body)).reason


def test_error_messages_are_shortened_and_escaped() -> None:
    reason = fails(error(400, "\x1b[2J\u202egone" + "x" * 50_000)).reason
    assert reason.startswith("400: \\x1b[2J\\u202egonexxx")
    assert len(reason) < 400
    reason = fails(
        Reply(raw=b"HTTP/1.1 418 " + b"t" * 9000 + b"\r\ncontent-length: 0\r\n\r\n")
    ).reason
    assert len(reason) < 400


@pytest.mark.parametrize("wait", ["1e308", "9" * 400, "1e9"])
def test_an_absurd_wait_is_reported_in_a_few_digits(
    wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    retry_soon(monkeypatch)
    seconds = retry_after({"retry-after": wait}, 0.0)
    assert seconds is None or seconds <= 1_000_000
    assert len(fails(error(503, "busy", retry_after=wait), timeout=0.4).reason) < 200


# Usage


def used(prompt: str, given: str = "7") -> Outcome:
    body = json.dumps({**completion(), "usage": {"prompt_tokens": 0, "completion_tokens": 1}})
    body = body.replace(": 0,", f": {prompt},").replace(": 1}", f": {given}}}")
    return ask(Reply(200, body.encode()))[0]


@pytest.mark.parametrize(
    "figure",
    [
        "1000000001",
        "-1",
        "1.0",
        "1e3",
        "true",
        "null",
        '"12"',
        "[1]",
        "NaN",
        "Infinity",
        "9" * 21,
        "9" * 4299,
        "9" * 4300,
        "9" * 4301,
        "-" + "9" * 100_000,
    ],
    ids=lambda figure: f"{figure:.12}, {len(figure)} characters",
)
def test_implausible_usage_is_ignored_and_the_text_is_kept(figure: str) -> None:
    for got in (used(figure), used("7", figure)):
        assert got.text.content
        assert got.text.usage == Usage()


def test_plausible_usage_is_kept() -> None:
    assert used("1000000000").text.usage == Usage(1_000_000_000, 7)


@pytest.mark.parametrize("usage", ["null", "7", "[]", '"x"', "{}"])
def test_malformed_usage_does_not_lose_the_text(usage: str) -> None:
    body = json.dumps({**completion(), "usage": 0}).replace('"usage": 0', f'"usage": {usage}')
    assert ask(Reply(200, body.encode()))[0].text.usage == Usage()


def test_absurd_figures_appear_in_no_report_and_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-answers-0123456789")
    root = lay_out(tmp_path / "project", MISSING)
    usage = {"prompt_tokens": int("8" * 4000), "completion_tokens": int("8" * 4000)}
    with serving(answer({**completion(), "usage": usage})) as server:
        done = call("--fix", "--yes", "-v", "--model", "m", "--base-url", server.url, cwd=root)
    assert done.code == 0, done.err
    for words in (done.out, done.err, call("log", cwd=root).out):
        assert "8888" not in words
