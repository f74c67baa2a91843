"""The generator `openai` as the fix uses it, with the real SDK and a test server."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest

from chat_server import ChatServer, Reply, Script, serving
from jit_guard.generators.budget import Budget
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Writer,
)
from jit_guard.generators.progress import UNREPORTED, Progress

REQUEST = Request(
    "DIAGNOSE_ROOT_CAUSE",
    "protocol",
    "autogen_protocol_for_diagnose_root_cause.txt",
    "components/protocols/autogen_protocol_for_diagnose_root_cause.txt",
    "Find the cause of an incident, one hypothesis at a time.",
)


def needs_sdk() -> None:
    """Skip the module with a reason if the extra is not installed."""
    for module in ("openai", "tenacity"):
        pytest.importorskip(module, reason="the extra jit-guard[openai] is not installed")


def retry_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a twentieth of a second, and not half a second, for another attempt, and then longer."""
    from jit_guard.generators.chat import retrying

    monkeypatch.setattr(retrying, "_FIRST", 0.05)


class Outcome(NamedTuple):
    """The result of one text."""

    result: Text | GenerationError | GeneratorUnusableError
    seconds: float

    @property
    def text(self) -> Text:
        """The generated text."""
        assert isinstance(self.result, Text), self.result
        return self.result

    @property
    def failed(self) -> GenerationError:
        """The error of a failed entry."""
        assert isinstance(self.result, GenerationError), self.result
        return self.result

    @property
    def unusable(self) -> GeneratorUnusableError:
        """The error that ended the run."""
        assert isinstance(self.result, GeneratorUnusableError), self.result
        return self.result


@contextmanager
def writing(
    base_url: str,
    *,
    timeout: float = 20.0,
    budget: Budget | None = None,
    model: str | None = "fake",
    prompt: str | None = None,
    progress: Progress = UNREPORTED,
) -> Iterator[Writer]:
    """Yield a writer for a server, and close it at the end."""
    from jit_guard.generators.choice import EMBEDDED

    options = Options(
        ".", model, timeout, base_url=base_url, budget=budget, prompt=prompt, progress=progress
    )
    made = EMBEDDED["openai"].factory(options)
    try:
        yield made
    finally:
        made.close()


def outcome(writer: Writer, request: Request = REQUEST) -> Outcome:
    """Generate one text, and return the result or the error."""
    result: Text | GenerationError | GeneratorUnusableError
    started = time.monotonic()
    try:
        result = writer.write(request)
    except (GenerationError, GeneratorUnusableError) as error:
        result = error
    return Outcome(result, time.monotonic() - started)


def ask(
    *replies: Reply | Script, timeout: float = 20.0, budget: Budget | None = None
) -> tuple[Outcome, ChatServer]:
    """Generate one text from a scripted server; return the result and the stopped server."""
    with serving(*replies) as server, writing(server.url, timeout=timeout, budget=budget) as made:
        return outcome(made), server


def all_at_once(writer: Writer, count: int, jobs: int | None = None) -> Sequence[Outcome]:
    """Generate texts, each in a thread of its own."""
    requests = [REQUEST._replace(goal=f"GOAL {number}") for number in range(count)]
    with ThreadPoolExecutor(jobs or count) as threads:
        return list(threads.map(lambda request: outcome(writer, request), requests))


def http_client() -> Any:
    """Return the library that this release of the SDK uses."""
    return importlib.import_module("httpx2" if find_spec("httpx2") else "httpx")


def refused(status: int, message: str = "no", code: str | None = None, **headers: str) -> Exception:
    """Make the SDK's error for a status; the body is an error as the API returns it."""
    import openai

    body = json.dumps({"error": {"message": message, "code": code}}) if message else ""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    client = http_client()
    request = client.Request("POST", "http://127.0.0.1:1/v1")
    response = client.Response(status, content=body.encode(), headers=names, request=request)
    return openai.APIStatusError(message, response=response, body=None)


def lost(cause: str) -> Exception:
    """Make the SDK's error for a connection that failed, with an error of the HTTP client."""
    import openai

    client = http_client()
    error = openai.APIConnectionError(request=client.Request("POST", "http://127.0.0.1:1/v1"))
    error.__cause__ = getattr(client, cause)("broken")
    return error
