"""The Batch API: files of requests, which a server answers within a day.

What is known of it: https://platform.openai.com/docs/guides/batch. Nothing that a server says is
trusted, as for a single answer (see `reading.py`).
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from functools import partial
from typing import IO, Any, TypeVar

from jit_guard.generators import budget, prompt
from jit_guard.generators.batch import Answer, BatchError, BatchState, Stage, Upload
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.chat.background import Background, ClosedError
from jit_guard.generators.chat.batch_lines import (
    CHAT,
    RESPONSES,
    answer_in,
    parsed,
    request_line,
)
from jit_guard.generators.chat.body import MAX_BYTES, TooLargeError, pieces
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.client import Client
from jit_guard.generators.chat.dialect import Dialect
from jit_guard.generators.chat.endpoint import Endpoint
from jit_guard.generators.chat.error_body import one_line, read_error
from jit_guard.generators.chat.fault import fault_of
from jit_guard.generators.chat.retrying import Pause, policy
from jit_guard.generators.chat.route import Route
from jit_guard.generators.generator import GenerationError, GeneratorUnusableError, Request
from jit_guard.text.credentials import scrub

MOST_REQUESTS, MOST_BYTES = 50_000, 200_000_000  # of one batch, as the API allows
_WINDOW = "24h"  # the only one that the API has
_SHORTEST_ANSWER = 512  # tokens
_TRANSFER = 3600.0  # seconds for a file; a read that stalls fails after the timeout
_ROOM = 8 * MAX_BYTES  # bytes of results, and so many more for each text:
_ROOM_FOR_TEXT = 1_000_000
_MOST_PAGES = 100  # of a list
_NAME = re.compile(r"[\w.:=+~@-]{1,1000}", re.ASCII)
_TOKEN, _PROJECT = "jit_guard_token", "jit_guard_project"
_STAGES: dict[object, Stage] = {
    "completed": "over",
    "expired": "over",
    "cancelled": "over",
    "failed": "failed",
}

_Result = TypeVar("_Result")


class BatchFile:
    """The input of a batch in a temporary file, so that its size does not matter.

    Args:
        where: the endpoint.
        system: the system prompt.
        dialect: the form of its requests.
        spending: the budget of the run.
    """

    def __init__(self, where: Endpoint, system: str, dialect: Dialect, spending: Budget) -> None:
        self.count = self.size = 0
        self._where = where
        self._system = system
        self._dialect = dialect
        self._budget = spending
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see `close`

    @property
    def endpoint(self) -> str:
        """The endpoint of its requests."""
        return RESPONSES if self._dialect.responses else CHAT

    def add(self, identity: str, request: Request) -> bool:
        """Add a request; return False if there is no room for it. Raises GenerationError."""
        chat = prompt.messages(request, self._system)
        longest = self._where.longest_answer

        def line(output: int) -> bytes:
            parameters = self._dialect.parameters(output)
            return request_line(identity, chat, self._where.model, parameters)

        size = len(line(longest))
        if self.count >= MOST_REQUESTS or (self.count and self.size + size > MOST_BYTES):
            return False
        sent = budget.at_most(*(message.content for message in chat))
        try:
            kept = self._budget.promise(
                sent, most=longest, least=_SHORTEST_ANSWER, text=request.path
            )
        except OverBudgetError as error:
            raise GenerationError(str(error)) from None
        self.size += self.file.write(line(kept.output))
        self.count += 1
        return True

    def close(self) -> None:
        """Remove the file."""
        self.file.close()


class _Lines:
    """The lines of results, and how many of them cannot be read."""

    def __init__(self) -> None:
        self.total = self.bad = 0
        self.first = b""  # its beginning

    def of(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yield the lines of a file that are neither empty nor too long."""
        file.seek(0)
        while line := file.readline(MAX_BYTES + 1):
            if not line.strip():
                continue
            self.total += 1
            self.first = self.first or line[:120]
            if len(line) <= MAX_BYTES:
                yield line
                continue
            self.bad += 1
            while not line.endswith(b"\n") and (line := file.readline(MAX_BYTES)):
                pass


class ChatBatches:
    """The Batch API of one endpoint. Safe to use from several threads.

    Args:
        where: the endpoint.
        route: the route to its server.
        system: the system prompt.
        timeout: seconds for one call, all attempts included, but for files.
        spending: the budget of the run.
        client: the client.
        background: runs its calls.
    """

    def __init__(
        self,
        where: Endpoint,
        route: Route,
        system: str,
        timeout: float,
        spending: Budget,
        client: Client,
        background: Background,
    ) -> None:
        self.server = where.shown.rstrip("/")
        self._where = where
        self._route = route
        self._system = system
        self._timeout = timeout
        self._budget = spending
        self._client = client
        self._background = background
        self._pause = Pause()
        self._reached = False
        self._paused = ""  # why all calls wait

    def begin(self, refusals: list[str]) -> BatchFile:
        """Begin the input of a batch, in the form that the server has not refused yet."""
        must_limit = self._budget.limit is not None
        dialect = Dialect(is_openai=self._where.is_openai, must_limit=must_limit)
        dialect.without_stream()
        for refusal in refusals:
            dialect.learn(CallFault("", refusal=refusal), dialect.parameters(_SHORTEST_ANSWER))
        return BatchFile(self._where, self._system, dialect, self._budget)

    def upload(self, token: str, given: Upload) -> str:
        """Upload an input, which costs nothing; return its name."""
        assert isinstance(given, BatchFile)

        async def send() -> Any:
            given.file.seek(0)
            upload = (_filename(token), given.file, "application/jsonl")
            create = self._client.sdk.files.with_streaming_response.create
            return await _json(create(file=upload, purpose="batch"))

        return _name(self._run(send, seconds=_TRANSFER, once=True, api=True), "the uploaded file")

    def submit(self, token: str, project: str, file: str, given: Upload) -> str:
        """Submit a batch; return its name. Not retried if the server may have it already."""
        assert isinstance(given, BatchFile)
        endpoint = given.endpoint

        async def send() -> Any:
            create: Any = self._client.sdk.batches.with_streaming_response.create
            metadata = {_TOKEN: token, _PROJECT: project}
            return await _json(
                create(
                    input_file_id=file,
                    endpoint=endpoint,
                    completion_window=_WINDOW,
                    metadata=metadata,
                )
            )

        # Right after its upload, a file may not be known everywhere.
        return _name(self._run(send, once=True, api=True, until=file), "the batch")

    def find(self, token: str, file: str) -> str | None:
        """Return the name of the batch with this token in its metadata, or with this input."""

        def is_it(batch: Mapping[str, Any]) -> bool:
            metadata = batch.get("metadata")
            known = metadata.get(_TOKEN) if isinstance(metadata, dict) else None
            return known == token or (file != "" and batch.get("input_file_id") == file)

        def page(after: Mapping[str, Any]) -> Any:
            return self._client.sdk.batches.with_streaming_response.list(limit=100, **after)

        return self._search(page, is_it, "the batch")

    def find_upload(self, token: str) -> str | None:
        """Return the name of the input with this token."""

        def page(after: Mapping[str, Any]) -> Any:
            list_files = self._client.sdk.files.with_streaming_response.list
            return list_files(purpose="batch", order="desc", limit=1000, **after)

        return self._search(page, lambda one: one.get("filename") == _filename(token), "the file")

    def discard(self, file: str) -> None:
        """Remove a file; one that does not exist is ignored."""

        async def send() -> Any:
            return await _json(self._client.sdk.files.with_streaming_response.delete(file))

        self._run(send)

    def state(self, name: str) -> BatchState | None:
        """Return the state of a batch; None: the server does not know it."""
        if not _is_name(name):  # in a ledger that another program has changed
            raise BatchError(f"{one_line(name)} is not the name of a batch")

        async def send() -> Any:
            return await _json(self._client.sdk.batches.with_streaming_response.retrieve(name))

        found = self._run(send)
        return None if found is None else _state(name, found)

    def answers(self, state: BatchState, texts: int) -> Generator[Answer | str, None, None]:
        """Yield the answers in the results; a string is what is wrong with them."""
        lines = _Lines()
        for name in state.results:
            with tempfile.TemporaryFile() as file:
                most = _ROOM + texts * _ROOM_FOR_TEXT
                whole = self._download(name, file, most)
                if whole is None:
                    yield f"its file {one_line(name)} does not exist any more"
                    continue
                if not whole:
                    yield f"its results exceed {most // 1_000_000:,} MB; the rest was not read"
                for line in lines.of(file):
                    answer = answer_in(line, self._where.model, {"batch": state.name})
                    if answer is None:
                        lines.bad += 1
                    else:
                        yield answer
        if lines.bad and lines.bad == lines.total:
            shown = one_line(lines.first.decode("utf-8", "replace"))
            raise BatchError(f"its results are not lines of JSON: {shown}")
        if lines.bad:
            yield f"{lines.bad:,} of {lines.total:,} lines of its results cannot be read"

    def _download(self, name: str, file: IO[bytes], most: int) -> bool | None:
        """Write a file of the server to a local one.

        Returns:
            Whether it is all of it; None: it does not exist.
        """

        async def send() -> bool:
            file.seek(0)
            file.truncate()
            content = self._client.sdk.files.with_streaming_response.content(name)
            async with content as response:
                try:
                    async for piece in pieces(response.http_response, most):
                        file.write(piece)
                except TooLargeError:
                    return False
            return True

        return self._run(send, seconds=_TRANSFER)

    def _search(
        self,
        page: Callable[[Mapping[str, Any]], Any],
        is_it: Callable[[Mapping[str, Any]], bool],
        what: str,
    ) -> str | None:
        """Return the name of an object in a list of several pages."""
        after: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):

            async def send(after: Mapping[str, Any] = after) -> Any:
                return await _json(page(after))

            found = self._run(send, api=True)
            found = found or {}
            objects = found.get("data")
            objects = objects if isinstance(objects, list) else []
            known = [one for one in objects if isinstance(one, dict)]
            for one in known:
                if is_it(one):
                    return _name(one, what)
            last = known[-1].get("id") if known else None
            if not found.get("has_more") or not isinstance(last, str) or {"after": last} == after:
                return None
            after = {"after": last}
        return None

    def _run(
        self,
        send: Callable[[], Coroutine[Any, Any, _Result]],
        *,
        seconds: float | None = None,
        once: bool = False,
        api: bool = False,
        until: str = "",
    ) -> _Result | None:
        """Return the result of a call, after retries and pauses; None for a 404.

        Args:
            send: makes the call once.
            seconds: the deadline of all attempts; default: the timeout.
            once: do not retry if the server may have done it.
            api: a 404 means that the server has no such API.
            until: the name of what must exist; a refusal that contains it is retried.
        """
        self._client.prepare()
        limit = seconds or self._timeout
        try:
            return self._background.run(
                self._retried(partial(self._attempt, send, once, api, until), limit, once=once)
            )
        except ClosedError:
            raise BatchError("interrupted", perhaps=once) from None

    async def _retried(
        self,
        attempt: Callable[[float], Coroutine[Any, Any, _Result | None]],
        limit: float,
        *,
        once: bool,
    ) -> _Result | None:
        deadline = asyncio.get_running_loop().time() + limit
        retrying = policy(limit, self._pause, lambda *_: None)
        fault = CallFault(f"no answer within {limit:g} s", perhaps_paid=True)
        try:
            return await asyncio.wait_for(retrying(attempt, deadline), limit)
        except CallFaultError as error:
            fault = error.fault
        except asyncio.TimeoutError:
            pass
        # Raised outside the except blocks, to drop their exceptions.
        reason = scrub(fault.reason)
        if fault.fatal or not (fault.reached or self._reached):
            raise GeneratorUnusableError(reason)
        raise BatchError(
            reason,
            perhaps=once and fault.perhaps_paid,
            refusal=scrub(fault.refusal),
            wait=fault.wait or 0,
        )

    async def _attempt(
        self,
        send: Callable[[], Coroutine[Any, Any, _Result]],
        once: bool,
        api: bool,
        until: str,
        deadline: float,
    ) -> _Result | None:
        from openai import APIStatusError

        if not await self._pause.over(deadline):
            raise CallFaultError(CallFault(self._paused, wait=self._pause.left()))
        try:
            result = await send()
        except Exception as error:  # noqa: BLE001 - the SDK raises what its parts raise
            refused = error if isinstance(error, APIStatusError) else None
            status = 0 if refused is None else refused.status_code
            if status == 404 and not api:
                return None
            fault = fault_of(error, self._route, reached=self._reached, worked=False)
            fault = fault or CallFault(
                f"the answer cannot be read ({type(error).__name__})", perhaps_paid=True
            )
            if refused is not None and status in (404, 405) and not self._reached:
                words = read_error(refused.response.content).words
                fault = CallFault(
                    f"{self.server} has no Batch API ({status}: {words}); "
                    "run --fix without --batch",
                    fatal=True,
                )
            lost = fault.perhaps_paid or status >= 500 or (status == 0 and fault.reached)
            if until and until in fault.refusal:
                fault = fault._replace(again=True, fatal=False)
            if once and lost:
                fault = fault._replace(again=False, perhaps_paid=True)
        else:
            self._reached = True
            return result
        self._reached = self._reached or fault.reached
        if fault.everybody:
            self._paused = fault.reason
        raise CallFaultError(fault)


async def _json(call: Any) -> Any:
    """Return the JSON object that a call answers. Raises CallFaultError."""
    async with call as response:
        body = b"".join([piece async for piece in pieces(response.http_response)])
    try:
        found = parsed(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    shown = one_line(body[:120].decode("utf-8", "replace"))
    raise CallFaultError(CallFault(f"the answer is not a JSON object: {shown}", perhaps_paid=True))


def _state(name: str, batch: Mapping[str, Any]) -> BatchState:
    word = batch.get("status")
    counts = batch.get("request_counts")
    done, failed, total = (
        counts.get(name) if isinstance(counts, dict) else None
        for name in ("completed", "failed", "total")
    )
    names = [batch.get(name) for name in ("output_file_id", "error_file_id")]
    return BatchState(
        name,
        _STAGES.get(word, "pending") if isinstance(word, str) else "pending",
        one_line(str(word)),
        done + failed if isinstance(done, int) and isinstance(failed, int) else None,
        total if isinstance(total, int) and total else None,
        _reason(batch.get("errors")),
        tuple(name for name in names if isinstance(name, str) and _is_name(name)),
    )


def _reason(errors: Any) -> str:
    """Return why a batch failed, in the server's words, with the lines of its input."""
    found = errors.get("data") if isinstance(errors, dict) else None
    words: dict[str, None] = {}
    for one in found[:5] if isinstance(found, list) else ():
        said = read_error(json.dumps(one).encode()).words
        line = one.get("line") if isinstance(one, dict) else None
        words[f"line {line}: {said}" if isinstance(line, int) else said] = None
    return one_line("; ".join(filter(None, words))) or "the server gave no reason"


def _is_name(value: str) -> bool:
    return _NAME.fullmatch(value) is not None and set(value) != {"."}


def _name(found: Mapping[str, Any] | None, what: str) -> str:
    """Return the name of an object. Raises BatchError: it has none that is one."""
    name = (found or {}).get("id")
    if isinstance(name, str) and _is_name(name):
        return name
    raise BatchError(f"the server gave {what} no usable name: {one_line(str(name))}", perhaps=True)


def _filename(token: str) -> str:
    return f"jit-guard-{token}.jsonl"
