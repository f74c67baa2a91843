"""The Batch API: files of requests, which a server answers within a day.

What is known of it: https://platform.openai.com/docs/guides/batch. Nothing that a server says is
trusted, as for a single answer (see `reading.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Mapping
from typing import IO, Any

from jit_guard.generators.batch import Answer, BatchError, BatchState, Upload
from jit_guard.generators.budget import Budget
from jit_guard.generators.chat.batch_calls import BatchCalls, json_of
from jit_guard.generators.chat.batch_file import SHORTEST_ANSWER, BatchFile, Lines, on_disk
from jit_guard.generators.chat.batch_lines import answer_in
from jit_guard.generators.chat.batch_objects import is_name, name_of, state_of
from jit_guard.generators.chat.body import MAX_BYTES, TooLargeError, pieces
from jit_guard.generators.chat.call_fault import CallFault
from jit_guard.generators.chat.dialect import Dialect
from jit_guard.generators.chat.endpoint import Endpoint
from jit_guard.generators.chat.error_body import one_line

_WINDOW = "24h"  # the only one that the API has
_TRANSFER = 3600.0  # seconds for a file; a read that stalls fails after the timeout
_ROOM = 8 * MAX_BYTES  # bytes of results, and so many more for each text:
_ROOM_FOR_TEXT = 1_000_000
_MOST_PAGES = 100  # of a list
_TOKEN, _PROJECT = "jit_guard_token", "jit_guard_project"


class ChatBatches:
    """The Batch API of one endpoint. Safe to use from several threads.

    Args:
        where: the endpoint.
        system: the system prompt.
        spending: the budget of the run.
        calls: makes the calls.
    """

    def __init__(self, where: Endpoint, system: str, spending: Budget, calls: BatchCalls) -> None:
        self.server = where.shown.rstrip("/")
        self._where = where
        self._system = system
        self._budget = spending
        self._calls = calls

    def begin(self, refusals: list[str]) -> BatchFile:
        """Begin the input of a batch, in the form that the server has not refused yet."""
        must_limit = self._budget.limit is not None
        dialect = Dialect(is_openai=self._where.is_openai, must_limit=must_limit)
        dialect.without_stream()
        for refusal in refusals:
            dialect.learn(CallFault("", refusal=refusal), dialect.parameters(SHORTEST_ANSWER))
        return BatchFile(self._where, self._system, dialect, self._budget)

    def upload(self, token: str, given: Upload) -> str:
        """Upload an input, which costs nothing; return its name."""
        assert isinstance(given, BatchFile)

        async def send() -> Any:
            given.file.seek(0)
            upload = (_filename(token), given.file, "application/jsonl")
            create = self._calls.sdk.files.with_streaming_response.create
            return await json_of(create(file=upload, purpose="batch"))

        return name_of(
            self._calls.run(send, seconds=_TRANSFER, once=True, api=True), "the uploaded file"
        )

    def submit(self, token: str, project: str, file: str, given: Upload) -> str:
        """Submit a batch; return its name. Not retried if the server may have it already."""
        assert isinstance(given, BatchFile)
        endpoint = given.endpoint

        async def send() -> Any:
            create: Any = self._calls.sdk.batches.with_streaming_response.create
            metadata = {_TOKEN: token, _PROJECT: project}
            return await json_of(
                create(
                    input_file_id=file,
                    endpoint=endpoint,
                    completion_window=_WINDOW,
                    metadata=metadata,
                )
            )

        # Right after its upload, a file may not be known everywhere.
        return name_of(self._calls.run(send, once=True, api=True, until=file), "the batch")

    def find(self, token: str, file: str) -> str | None:
        """Return the name of the batch with this token in its metadata, or with this input."""

        def is_it(batch: Mapping[str, Any]) -> bool:
            metadata = batch.get("metadata")
            known = metadata.get(_TOKEN) if isinstance(metadata, dict) else None
            return known == token or (file != "" and batch.get("input_file_id") == file)

        def page(after: Mapping[str, Any]) -> Any:
            return self._calls.sdk.batches.with_streaming_response.list(limit=100, **after)

        return self._search(page, is_it, "the batch")

    def find_upload(self, token: str) -> str | None:
        """Return the name of the input with this token."""

        def page(after: Mapping[str, Any]) -> Any:
            list_files = self._calls.sdk.files.with_streaming_response.list
            return list_files(purpose="batch", order="desc", limit=1000, **after)

        return self._search(page, lambda one: one.get("filename") == _filename(token), "the file")

    def discard(self, file: str) -> None:
        """Remove a file; one that does not exist is ignored."""

        async def send() -> Any:
            return await json_of(self._calls.sdk.files.with_streaming_response.delete(file))

        self._calls.run(send)

    def state(self, name: str) -> BatchState | None:
        """Return the state of a batch; None: the server does not know it."""
        if not is_name(name):  # in a ledger that another program has changed
            raise BatchError(f"{one_line(name)} is not the name of a batch")

        async def send() -> Any:
            return await json_of(self._calls.sdk.batches.with_streaming_response.retrieve(name))

        found = self._calls.run(send)
        return None if found is None else state_of(name, found)

    def answers(self, state: BatchState, texts: int) -> Generator[Answer | str, None, None]:
        """Yield the answers in the results; a string is what is wrong with them."""
        lines = Lines()
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
            content = self._calls.sdk.files.with_streaming_response.content(name)
            async with content as response:
                try:
                    async for piece in pieces(response.http_response, most):
                        with on_disk():
                            file.write(piece)
                except TooLargeError:
                    return False
            return True

        return self._calls.run(send, seconds=_TRANSFER)

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
                return await json_of(page(after))

            found = self._calls.run(send, api=True) or {}
            objects = found.get("data")
            objects = objects if isinstance(objects, list) else []
            known = [one for one in objects if isinstance(one, dict)]
            for one in known:
                if is_it(one):
                    return name_of(one, what)
            last = known[-1].get("id") if known else None
            if not found.get("has_more") or not isinstance(last, str) or {"after": last} == after:
                return None
            after = {"after": last}
        return None


def _filename(token: str) -> str:
    return f"jit-guard-{token}.jsonl"
