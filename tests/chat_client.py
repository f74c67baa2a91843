"""The generator `openai` as fix uses it, with the real SDK, against a server of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

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

REQUEST = Request(
    "DIAGNOSE_ROOT_CAUSE",
    "protocol",
    "autogen_protocol_for_diagnose_root_cause.txt",
    "components/protocols/autogen_protocol_for_diagnose_root_cause.txt",
    "Find the cause of an incident, one hypothesis at a time.",
)


def needs_sdk() -> None:
    """Skip the module, and say why, where the extra is not installed."""
    for module in ("openai", "tenacity"):
        pytest.importorskip(module, reason="the extra jit-guard[openai] is not installed")


class Outcome(NamedTuple):
    """What came of one text."""

    result: Text | GenerationError | GeneratorUnusableError
    seconds: float

    @property
    def text(self) -> Text:
        """The text that was written."""
        assert isinstance(self.result, Text), self.result
        return self.result

    @property
    def failed(self) -> GenerationError:
        """The failed entry that it is."""
        assert isinstance(self.result, GenerationError), self.result
        return self.result

    @property
    def unusable(self) -> GeneratorUnusableError:
        """The end of the run that it is."""
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
) -> Iterator[Writer]:
    """A writer at a server, closed at the end."""
    from jit_guard.generators.choice import EMBEDDED

    made = EMBEDDED["openai"].factory(
        Options(".", model, timeout, base_url=base_url, budget=budget, prompt=prompt)
    )
    try:
        yield made
    finally:
        made.close()


def outcome(writer: Writer, request: Request = REQUEST) -> Outcome:
    """One text, whatever comes of it."""
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
    """One text from a server that follows a script, and the server, stopped."""
    with serving(*replies) as server, writing(server.url, timeout=timeout, budget=budget) as made:
        return outcome(made), server


def all_at_once(writer: Writer, count: int, jobs: int | None = None) -> Sequence[Outcome]:
    """So many texts, from so many threads."""
    requests = [REQUEST._replace(goal=f"GOAL {number}") for number in range(count)]
    with ThreadPoolExecutor(jobs or count) as threads:
        return list(threads.map(lambda request: outcome(writer, request), requests))
