"""What arrives from a server: bodies, lines of results, and the faults of a status."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from chat_client import needs_sdk, refused
from chat_server import completion
from jit_guard.generators.chat import batch_file
from jit_guard.generators.chat.batch_calls import json_of
from jit_guard.generators.chat.batch_file import Lines
from jit_guard.generators.chat.batch_lines import answer_in, parsed, request_line
from jit_guard.generators.chat.body import MAX_BYTES, TooLargeError, error_body, pieces
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.fault import fault_of, retry_after
from jit_guard.generators.chat.proxy import Proxy
from jit_guard.generators.chat.route import Route
from jit_guard.generators.prompt import Message

needs_sdk()


class Response:
    """An answer of the HTTP client that has not been read."""

    def __init__(self, sent: Sequence[bytes], encoding: str | None = None) -> None:
        self.headers = {} if encoding is None else {"content-encoding": encoding}
        self._sent = sent

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        """Yield what was sent."""
        for piece in self._sent:
            yield piece


def read(response: Response, limit: int = MAX_BYTES) -> tuple[list[bytes], CallFaultError | None]:
    found: list[bytes] = []

    async def all_pieces() -> None:
        async for piece in pieces(response, limit):
            found.append(piece)  # noqa: PERF401 - what came before an error counts

    try:
        asyncio.run(all_pieces())
    except CallFaultError as error:
        return found, error
    return found, None


def test_a_body_is_read_up_to_its_limit() -> None:
    assert read(Response([b"123456", b"7890"]), 10) == ([b"123456", b"7890"], None)
    found, error = read(Response([b"123456", b"78901"]), 10)
    assert found == [b"123456", b"7890"]
    assert isinstance(error, TooLargeError)
    assert error.fault == CallFault("the answer is larger than 0 MB", perhaps_paid=True)
    whole = bytes(8_000_000)
    assert read(Response([whole])) == ([whole], None)
    (_, more), error = read(Response([whole, b"a"]))
    assert more == b""
    assert error
    assert error.fault.reason == "the answer is larger than 8 MB"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP, identity", "deflate"])
def test_a_compressed_body_is_limited_by_what_it_contains(encoding: str) -> None:
    whole = b"0123456789" * 100
    packed = zlib.compress(whole) if encoding == "deflate" else gzip.compress(whole)
    assert b"".join(read(Response([packed[:9], packed[9:]], encoding), 1000)[0]) == whole
    found, error = read(Response([packed], encoding), 999)
    assert found == [whole[:999]]
    assert isinstance(error, TooLargeError)
    _, error = read(Response([b"?" + packed], encoding))
    assert error
    assert not isinstance(error, TooLargeError)
    assert error.fault.reason == "the answer is compressed, but corrupted"
    assert error.fault.perhaps_paid


def test_a_compression_that_was_not_requested_is_named() -> None:
    _, error = read(Response([b"a"], "br, \x1b"))
    assert error
    assert error.fault.reason == r"the answer is compressed (br, \x1b), which was not requested"
    assert read(Response([b"a"], "identity,")) == ([b"a"], None)


@pytest.mark.parametrize("body", ["no", "[" * 5000, "[]"], ids=["text", "deep", "list"])
def test_an_answer_is_a_json_object(body: str) -> None:
    @asynccontextmanager
    async def call(body: str) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(http_response=Response([body.encode()]))

    assert asyncio.run(json_of(call('{"a": 1}'))) == {"a": 1}
    with pytest.raises(CallFaultError) as error:
        asyncio.run(json_of(call(body)))
    assert error.value.fault == CallFault(f"the answer is not a JSON object: {body[:120]}")


def test_of_an_error_the_start_is_read() -> None:
    assert asyncio.run(error_body(Response([b"a" * 65_536]))) == b"a" * 65_536
    assert asyncio.run(error_body(Response([b"a" * 65_000, b"b" * 537]))) == (
        b"a" * 65_000 + b"b" * 536
    )
    assert asyncio.run(error_body(Response([b"a"], "br"))) == b""


def test_lines_of_results_that_are_too_long_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_file, "MAX_BYTES", 200)
    sent = [b"a" * 199, b" ", b"b" * 200, b"c" * 500, b"", b"d", b"e" * 201]
    lines = Lines()
    with io.BytesIO(b"\n".join(sent)) as file:
        file.read()
        assert [line.rstrip() for line in lines.of(file)] == [b"a" * 199, b"d"]
    assert (lines.total, lines.bad) == (5, 3)
    assert lines.first == b"a" * 120
    with io.BytesIO(b"f") as file:
        assert list(lines.of(file)) == [b"f"]
    assert (lines.total, lines.bad, lines.first) == (6, 3, b"a" * 120)


def line(
    status: object = 200, error: object = None, identity: object = "a", **more: object
) -> bytes:
    response = {"status_code": status, "body": completion(), **more}
    return json.dumps({"custom_id": identity, "response": response, "error": error}).encode()


def test_a_line_of_results_is_an_answer() -> None:
    found = answer_in(line(request_id="r"), "m", {"batch": "b"})
    assert found
    assert found.text
    assert (found.id, found.fault, found.refusal) == ("a", None, "")
    assert found.text.content == "# Purpose\n\nWrite it.\n"
    assert found.text.details["batch"] == "b"
    assert "r" in found.text.details.values()
    without = answer_in(line(request_id=7), "m", {})
    assert without
    assert without.text
    assert 7 not in without.text.details.values()


@pytest.mark.parametrize(
    "sent",
    [b"{", b"[" * 5000, b"[]", line(identity=""), line(identity=1), line(identity="a" * 65)],
    ids=lambda sent: repr(sent[:20]),
)
def test_a_line_that_is_no_answer(sent: bytes) -> None:
    assert answer_in(sent, "m", {}) is None


@pytest.mark.parametrize(
    ("sent", "fault", "refusal"),
    [
        (b'{"custom_id": "a"}', "the server gave neither text nor reason", ""),
        (b'{"custom_id": "a", "error": {"message": "late"}}', "late", ""),
        (line(429, body={"error": {"message": "slow"}}), "429: slow", ""),
        (line(500, {"message": "no"}, body=None), "500: no", ""),
        (line(500, body={}), "500: no reason given", ""),
        (line(200, {"message": "no"}, body=None), "200: no", ""),
        (line(400, body={"error": "no"}), "400: no", '{"error": "no"}'),
        (line(404, body={"error": "no"}), "404: no", '{"error": "no"}'),
        (line(422, body={"error": "no"}), "422: no", '{"error": "no"}'),
        (line(403, body={"error": "no"}), "403: no", ""),
    ],
)
def test_a_request_without_a_text_has_the_servers_reason(
    sent: bytes, fault: str, refusal: str
) -> None:
    found = answer_in(sent, "m", {})
    assert found
    assert (found.id, found.text, found.fault, found.refusal) == ("a", None, fault, refusal)


def test_a_text_that_cannot_be_used_is_kept_with_what_is_known_of_it() -> None:
    found = answer_in(line(body=completion("a", "length")), "m", {"batch": "b"})
    assert found
    assert found.fault
    assert found.text
    assert found.text.content == "a"
    assert found.text.details["batch"] == "b"
    long = answer_in(line(400, identity="a" * 64, body={"error": "a" * 20_000}), "m", {})
    assert long
    assert len(long.refusal) == 10_000


def test_integers_that_are_absurdly_long_have_no_value() -> None:
    assert parsed(b"[12345678901234567890, 123456789012345678901, 1.5]") == [
        *(12345678901234567890, None, 1.5)
    ]


def test_a_request_is_one_line_for_its_api() -> None:
    chat = [Message("system", "a"), Message("user", "b")]
    asked = request_line("i", chat, "m", {"max_tokens": 7})
    assert asked.endswith(b"}\n")
    assert json.loads(asked) == {
        "custom_id": "i",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "m",
            "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
            "max_tokens": 7,
        },
    }
    responses = json.loads(request_line("i", chat, "m", {"store": False}))
    assert responses["url"] == "/v1/responses"
    assert "input" in responses["body"]
    assert "messages" not in responses["body"]


URL = "http://host.example/v1"
TEXT = '{"error": {"message": "no", "code": null}}'


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, CallFault("400: no", refusal=TEXT)),
        (401, CallFault(f"{URL}: 401: no; check OPENAI_API_KEY", fatal=True)),
        (402, CallFault(f"{URL}: 402: no; check the account's balance", fatal=True)),
        (403, CallFault(f"{URL}: 403: no; check the permissions of the key", fatal=True)),
        (
            404,
            CallFault(f"{URL}: 404: no; check --base-url and --model", fatal=True, refusal=TEXT),
        ),
        (405, CallFault("405: no", refusal=TEXT)),
        (406, CallFault("406: no")),
        (407, CallFault("407: no")),
        (408, CallFault("408: no", again=True)),
        (409, CallFault("409: no", again=True)),
        (410, CallFault("410: no")),
        (415, CallFault("415: no", refusal=TEXT)),
        (422, CallFault("422: no", refusal=TEXT)),
        (428, CallFault("428: no")),
        (429, CallFault("429: no", again=True, wait=7.0, everybody=True)),
        (430, CallFault("430: no")),
        (499, CallFault("499: no")),
        (500, CallFault("500: no", again=True)),
        (501, CallFault("501: no", refusal=TEXT)),
        (502, CallFault("502: no", again=True, perhaps_paid=True)),
        (503, CallFault("503: no", again=True, wait=7.0)),
        (504, CallFault("504: no", again=True, perhaps_paid=True)),
        (505, CallFault("505: no", again=True)),
    ],
)
def test_what_a_status_means(status: int, fault: CallFault) -> None:
    error = refused(status, retry_after="7")
    assert fault_of(error, Route(URL), reached=True, worked=False) == fault
    never = refused(status, retry_after="7", x_should_retry="false")
    assert fault_of(never, Route(URL), reached=True, worked=False) == fault._replace(again=False)


def fault(error: Exception, route: Route, *, worked: bool = False) -> CallFault:
    found = fault_of(error, route, reached=True, worked=worked)
    assert found
    return found


def test_what_else_a_status_can_mean() -> None:
    route = Route(URL)
    secure = Route(URL.replace("http:", "https:"))
    proxy = Proxy("http://proxy.example", "HTTP_PROXY")
    empty = fault(refused(429, "no", "insufficient_quota"), route)
    assert (empty.fatal, empty.again) == (True, False)
    assert empty.reason == f"{URL}: 429: no; check plan and billing"
    assert not fault(refused(400, "no", "insufficient_quota"), route).fatal
    for refusal, worked in (("no", True), ("blocked by a content filter", False)):
        text = fault(refused(403, refusal), route, worked=worked)
        assert text == CallFault(f"the server refused this text: 403: {refusal}")
    assert fault(refused(401), route, worked=True).fatal
    port = refused(400, "The plain HTTP request was sent to HTTPS port")
    assert fault(port, route).reason.endswith("HTTPS port; use https:// in --base-url")
    assert fault(port, route).fatal
    assert not fault(port, secure).fatal
    assert not fault(refused(422, "The plain HTTP request was sent to HTTPS port"), route).fatal
    through = Route(URL, proxy)
    assert fault(refused(500), through).reason == f"500: no (through {proxy.shown})"
    assert fault(refused(500), secure._replace(proxy=proxy)).reason == "500: no"
    assert fault(refused(407), through) == CallFault(
        f"{proxy.shown}: 407: no; add a user name and password", fatal=True
    )
    assert fault(refused(500, ""), route).reason == "500 Internal Server Error"
    assert fault(refused(500, "500 gone"), route).reason == "500: gone"
    assert fault(refused(500, "500"), route).reason == "500: 500"
    wrapped = ValueError()
    wrapped.__cause__ = CallFaultError(CallFault("a"))
    assert fault(wrapped, route) == CallFault("a")
    assert fault(CallFaultError(CallFault("b")), route) == CallFault("b")


def test_the_longest_wait_and_the_shortest() -> None:
    for headers, seconds in (
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e300"}, 1_000_000.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 3.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:05 GMT"}, 0.0),
        ({"retry-after": "Fri, 01 Jan 1999 00:00:10 GMT"}, 1_000_000.0),
        (
            {
                "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT",
                "date": "Thu, 01 Jan 1970 00:00:06 GMT",
            },
            4.0,
        ),
        ({"retry-after": "Thu, 99 Jan 99999999999 00:00:10 GMT"}, None),
        ({}, None),
    ):
        assert retry_after(headers, 7.0) == seconds, headers
