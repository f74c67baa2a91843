"""The parts of a call: its attempts and what they cost, its address, and what has arrived."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chat_client import REQUEST, needs_sdk
from chat_server import completion, delta
from jit_guard.generators.batch import BatchError
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.chat import batch_file
from jit_guard.generators.chat.assembly import ReportedError, UnreadableChunkError
from jit_guard.generators.chat.batch_file import BatchFile
from jit_guard.generators.chat.call import Call
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.dialect import Dialect
from jit_guard.generators.chat.endpoint import Endpoint
from jit_guard.generators.chat.events import Event, EventReader
from jit_guard.generators.chat.exchange import _destination
from jit_guard.generators.chat.keys import api_key
from jit_guard.generators.chat.proxy import Proxy
from jit_guard.generators.chat.reading import read
from jit_guard.generators.chat.receiving import Arriving
from jit_guard.generators.chat.responses import ResponseAssembly, completion_of
from jit_guard.generators.chat.route import Route
from jit_guard.generators.generator import GenerationError, GeneratorUnusableError, Usage

needs_sdk()
PAID = CallFault("lost", perhaps_paid=True)
UNPAID = CallFault("no")


def call(spending: Budget) -> Call:
    return Call("p", (), spending, spending.reserve(10, most=5, least=5))


def arrived(content: str = "ab") -> Arriving:
    found = Arriving()
    found.feed(f"data: {json.dumps(delta(content=content))}\n\n".encode())
    return found


def test_the_attempts_of_a_call_are_counted_and_paid_for() -> None:
    spending = Budget(100)
    made = call(spending)
    assert (made.output, made.retries, made.attempts) == (5, 0, 0)
    made.begin(Arriving())
    made.failed(UNPAID)
    assert (made.retries, made.partials) == (0, [])
    made.begin(arrived())
    made.failed(PAID)
    assert made.retries == 1
    assert [one["choices"][0]["message"] for one in made.partials] == [{"content": "ab"}]
    made.begin(arrived("cd"))
    made.received()
    made.stopped()
    assert len(made.partials) == 1
    made.answered(Usage(3, None))
    made.answered(Usage(3, 4))
    made.settle()
    made.settle()
    assert spending.spent == 15 + 3 + 4
    assert spending.totals.retries == 2


def test_a_call_that_was_never_made_costs_nothing() -> None:
    spending = Budget(15)
    call(spending).settle()
    assert spending.spent == 0
    made = call(spending)
    made.begin(Arriving())
    made.settle()
    assert spending.spent == 15
    small = Budget(20)
    one = call(small)
    one.begin(Arriving())
    one.failed(PAID)
    with pytest.raises(OverBudgetError):
        one.begin(Arriving())
    one.settle()
    assert small.spent == 15
    last = call(Budget(50))
    last.begin(Arriving())
    last.begin(Arriving())
    assert last._budget.spent == 15, "nothing is known of the first attempt"


def test_a_failed_attempt_costs_nothing_unless_it_may_have_been_paid() -> None:
    for last, spent in ((UNPAID, 0), (PAID, 15)):
        spending = Budget(100)
        made = call(spending)
        made.begin(Arriving())
        made.failed(last)
        made.settle()
        assert spending.spent == spent
    assert (spending.totals.input_tokens, spending.totals.output_tokens) == (0, 0)
    half = Budget(100)
    one = call(half)
    one.begin(Arriving())
    one.answered(Usage(3, None))
    one.settle()
    assert half.spent == 15
    assert not CallFault("").unexplained
    lost = BatchError("no")
    assert (lost.perhaps, lost.refusal, lost.wait) == (False, "", 0.0)


def test_a_batch_has_room_for_so_many_requests_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (batch_file.MOST_REQUESTS, batch_file.MOST_BYTES) == (50_000, 200_000_000)
    assert batch_file.SHORTEST_ANSWER == 512
    where = Endpoint("http://h/v1", "k", "m")

    def begun() -> BatchFile:
        dialect = Dialect(is_openai=False, must_limit=False)
        return BatchFile(where, "s", dialect, Budget())

    first = begun()
    assert (first.count, first.size, first.endpoint) == (0, 0, "/v1/chat/completions")
    assert first.add("i", REQUEST)
    one = first.size
    assert first.count == 1
    first.file.seek(0)
    assert len(first.file.read()) == one
    first.close()
    for most, fits in ((2 * one, True), (2 * one - 1, False), (1, False)):
        monkeypatch.setattr(batch_file, "MOST_BYTES", most)
        made = begun()
        assert made.add("i", REQUEST), "a single request always fits"
        assert made.add("i", REQUEST) is fits
        made.close()
    monkeypatch.setattr(batch_file, "MOST_BYTES", 100 * one)
    monkeypatch.setattr(batch_file, "MOST_REQUESTS", 2)
    made = begun()
    assert [made.add("i", REQUEST) for _ in range(3)] == [True, True, False]
    made.close()
    for error, words in ((OSError(28, "No Space"), "no space"), (OSError("Odd"), "odd")):
        with pytest.raises(GeneratorUnusableError, match=f": {words}$"), batch_file.on_disk():
            raise error


def test_the_longest_answer_depends_on_the_server() -> None:
    for url, is_openai in (
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com./v1", True),
        ("https://a.openai.azure.com/", True),
        ("https://api.openai.com.example/", False),
        ("http://localhost:1/", False),
    ):
        found = Endpoint(url, "k", "m")
        assert found.is_openai is is_openai
        assert found.longest_answer == (8192 if is_openai else 4096)


def test_a_route_has_the_port_of_its_scheme() -> None:
    ports = [Route(f"{one}/v1").port for one in ("http://h", "https://h", "https://h:8")]
    assert ports == [80, 443, 8]
    local = ("http://127.0.0.9", "http://localhost", "http://a.localhost", "http://[::1]")
    assert all(Route(one).is_local for one in local)
    assert not any(Route(one).is_local for one in ("http://10.0.0.1", "http://localhost.example"))


def test_a_key_is_sent_as_it_is_or_refused_with_the_place() -> None:
    assert api_key({"OPENAI_API_KEY": " !a~ "}) == "!a~"
    assert api_key({"OPENAI_API_KEY": " "}) is None
    for key, words in (("a b", "character 2 of 3 is whitespace"), ("aé", r"2 of 2 is U\+00E9")):
        with pytest.raises(GeneratorUnusableError, match=words):
            api_key({"OPENAI_API_KEY": key})


def test_the_next_hop_is_the_proxy_if_there_is_one() -> None:
    proxy = Proxy("http://p", "HTTP_PROXY")
    assert Route("http://h/v1").next_hop == "http://h/v1"
    assert Route("http://h/v1", proxy).next_hop == proxy.shown


def test_a_redirect_is_shown_up_to_200_characters() -> None:
    asked = "http://h/v1"
    assert _destination(asked, "") == "no URL"
    assert _destination(asked, "//u:p@g/x?key=1") == "http://g/x"
    assert _destination(asked, "http://[") == "an invalid URL"
    assert _destination(asked, "/" + "a" * 191) == "http://h/" + "a" * 191
    assert _destination(asked, "/" + "a" * 192) == "http://h/" + "a" * 191 + "..."


def test_events_are_separated_by_empty_lines() -> None:
    reader = EventReader()
    sent = [
        "\ufeffda",
        "ta: a\r",
        "\ndata:b\n",
        ": c\nevent: d\n",
        "\n\nid: 1\ndata:  e\r\r",
        "data: f",
    ]
    found = [event for piece in sent for event in reader.feed(piece.encode())]
    assert found == [Event("d", "a\nb"), Event("", " e")]
    assert list(reader.end()) == [Event("", "f")]


def test_the_text_of_a_stream_is_counted_as_it_arrives() -> None:
    counts: list[int] = []
    found = Arriving(progress=counts.append)
    assert (found.streamed, found.bytes, found.begun, found.finished) == (False, 0, False, False)
    assert found.partial() is None
    for piece in (b" " * 50, b"dat", b"a: {}\n\n"):
        found.feed(piece)
    assert (found.streamed, found.bytes, found.begun, counts) == (True, 60, False, [])
    for content in ("abcd", "e"):
        found.feed(f"data: {json.dumps(delta(content=content))}\n\n".encode())
    assert counts == [1, 2]
    with pytest.raises(CallFaultError, match="ended before the answer was complete"):
        found.content()
    found.feed(b"data: [DONE]\n\ndata: {\n\n")
    assert json.loads(found.content())["choices"][0]["message"] == {"content": "abcde"}


@pytest.mark.parametrize(
    ("sent", "reason", "again"),
    [
        ('{"error": {"code": "server_error", "message": "no"}}', "reported an error in its", True),
        ('{"error": {"code": "x", "message": "no"}}', "in its answer: no", False),
        ("[]", "a part of the stream cannot be read", False),
        ("{", "a part of the stream cannot be read", False),
        ("[" * 5000, "a part of the stream cannot be read", False),
    ],
    ids=lambda one: repr(one)[:20],
)
def test_an_error_in_a_stream_is_a_fault(sent: str, reason: str, again: bool) -> None:
    with pytest.raises(CallFaultError) as error:
        Arriving().feed(f"data: {sent}\n\n".encode())
    assert reason in error.value.fault.reason
    assert (error.value.fault.again, error.value.fault.perhaps_paid) == (again, True)
    done = arrived()
    done.feed(f"data: {json.dumps(delta('stop'))}\n\n".encode())
    if "error" in sent:
        done.feed(f"data: {sent}\n\n".encode())
        assert done.finished


def test_an_answer_that_is_no_stream_is_what_it_is() -> None:
    for body, responses, expected in (
        ('{"a": 1}', False, {"a": 1}),
        ('{"a": 1}', True, {"a": 1}),
        ('{"output": [], "status": "completed"}', True, "chat.completion"),
    ):
        found = Arriving(responses=responses)
        found.feed(body.encode())
        content = json.loads(found.content())
        assert expected in (content, content.get("object"))
    for data in (b"\xff", b"{", b"[" * 5000):
        found = Arriving(responses=True)
        found.feed(data)
        assert found.content() == data


def test_a_response_becomes_a_completion() -> None:
    def part(kind: str, **more: object) -> dict[str, object]:
        return {"type": kind, **more}

    message = part(
        "message", content=[part("output_text", text="a"), part("output_text", text="b")]
    )
    reasoning = part("reasoning", summary=[])
    output = [reasoning, 7, part("message", content="no"), message, part("other", content=["x"])]
    found = completion_of(
        {
            "id": "i",
            "model": "m",
            "status": "completed",
            "output": output,
            "usage": {"input_tokens": 1, "output_tokens": 2},
        }
    )
    assert found == {
        "object": "chat.completion",
        "id": "i",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"reasoning_details": [reasoning], "content": "ab"},
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    odd = [part("refusal", refusal="no"), part("image", text="c"), part("refusal", refusal=1)]
    refused: Any = completion_of({"output": [part("message", content=odd)], "status": "x"})
    assert refused["choices"][0] == {
        "index": 0,
        "finish_reason": "x",
        "message": {"refusal": "no 1", "content": [part("image", text="c")]},
    }
    assert refused["usage"] is None
    for error, expected in (({"code": 1}, {"code": 1}), (None, "the response failed")):
        failed: Any = completion_of({"output": [], "status": "failed", "error": error})
        assert (failed["choices"], failed["error"]) == ([], expected)
    cut: Any = completion_of(
        {
            "output": [],
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
        }
    )
    assert cut["choices"][0]["finish_reason"] == "length"
    assert completion_of([]) is completion_of({"output": 1}) is None


def test_the_events_of_a_response() -> None:
    found = ResponseAssembly()
    assert (found.finished, found.characters) == (False, 0)
    for kind, text in (("output_text", "ab"), ("refusal", "c"), ("output_text", "d"), ("x", "y")):
        found.add({"type": f"response.{kind}.delta", "delta": text})
    assert found.characters == 4
    assert found.completion() == {
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": None, "message": {"content": "abd", "refusal": "c"}}
        ],
    }
    for chunk in ({"type": "error"}, {"error": "no"}):
        with pytest.raises(ReportedError):
            found.add(chunk)
    found.add({"type": "response.created", "error": "no"})
    bad_ones: tuple[Any, ...] = (
        [],
        {"type": "response.output_text.delta"},
        {"type": "response.completed"},
    )
    for bad in bad_ones:
        with pytest.raises(UnreadableChunkError):
            found.add(bad)
    assert found.completion()["choices"][0]["finish_reason"] is None
    found.add({"type": "response.completed", "response": {"output": [], "status": "completed"}})
    assert found.finished
    assert found.completion()["choices"][0]["message"] == {"content": "abd", "refusal": "c"}


def reading(body: object, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(
        SimpleNamespace(http_response=SimpleNamespace(content=content, headers=headers)), "m"
    )


def test_the_first_choice_is_the_answer() -> None:
    body = completion("a")
    body["choices"] += completion("b")["choices"]
    body["usage"] = {"prompt_tokens": 7, "completion_tokens": 10**30}
    found = reading(body, **{"x-request-id": "r"})
    assert (found.content, found.usage, found.model) == ("a", Usage(), "fake-1")
    assert found.details == {"finish_reason": "stop", "id": "chatcmpl-1", "request_id": "r"}
    assert reading({**body, "model": ""}).model == reading({**body, "model": 7}).model == "m"


@pytest.mark.parametrize(
    ("body", "reason", "kept"),
    [
        (b"", "the answer is empty", None),
        (b"a" * 200, f"is not a chat completion (JSONDecodeError): {'a' * 120}", "a" * 200),
        ({"choices": []}, "is not a chat completion (IndexError): ", '{"choices": []}'),
        ({"error": "no"}, "the server returned an error: no", '{"error": "no"}'),
        (completion("a", "length"), "cut off at the model's limit (finish_reason length)", "a"),
        (completion("a", "SAFETY"), "filter stopped the answer (finish_reason SAFETY)", "a"),
        (completion("a", None), "did not finish normally (None)", "a"),
        (completion("a", "x" * 99), f"did not finish normally ('{'x' * 39})", "a"),
        (completion("a", refusal="no"), "the model refused: no", "a"),
        (completion(" "), "the answer is empty", " "),
    ],
    ids=lambda one: repr(one)[:30],
)
def test_an_answer_without_a_text_has_a_reason(body: object, reason: str, kept: str | None) -> None:
    with pytest.raises(GenerationError) as error:
        reading(body)
    assert reason in error.value.reason
    assert (error.value.text and error.value.text.content) == kept


def test_an_error_beside_the_text_counts_unless_the_text_is_whole() -> None:
    body = completion("a", "error")
    body["choices"][0]["error"] = {"message": "x " * 400}
    with pytest.raises(GenerationError) as error:
        reading(body)
    assert error.value.reason == "the server returned an error: " + ("x " * 150)
    body["choices"][0]["error"] = {"code": 7}
    with pytest.raises(GenerationError, match="the server returned an error: 7"):
        reading(body)
    body["choices"][0]["finish_reason"] = "stop"
    assert reading(body).content == "a"
