"""The batches of a project: what was submitted, and which of its texts are still to come.

A batch is recorded before it is submitted, with a token that is in its metadata, so that a process
that was killed in between does not submit it again. Its texts are pending, and no other process
requests them, as long as it is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from jit_guard.generators.generator import Request, Text
from jit_guard.ledger.choice import existing_engine
from jit_guard.ledger.engine import Engine
from jit_guard.ledger.records import (
    Row,
    Stored,
    Wanted,
    is_time,
    values_after,
    values_before,
)
from jit_guard.ledger.records import plain as as_plain

_SOME = 200  # texts in one statement, whose request is read into memory
_BEFORE = {
    **dict.fromkeys(
        (
            *("goal", "component_type", "filename", "description", "generator", "model"),
            *("version", "key", "component", "request", "path"),
        ),
        str,
    ),
    "asked": float,
}
_ADD = (
    "INSERT INTO batches (token, server, model, file, name, since, status, reason, refusal) "
    "VALUES (?, ?, ?, '', '', ?, 'open', '', '') ON CONFLICT DO NOTHING"
)
_ADD_TEXT = (
    "INSERT INTO batch_texts (token, key, component, status, reason, request) "
    "VALUES (?, ?, ?, 'pending', '', ?) ON CONFLICT DO NOTHING"
)
_END_TEXT = (
    "UPDATE batch_texts SET status = ?, reason = ? "
    "WHERE token = ? AND key = ? AND status <> 'stored'"
)
_END_TEXTS = (
    "UPDATE batch_texts SET status = 'failed', reason = ? WHERE token = ? AND status = 'pending'"
)
_PENDING = (
    "SELECT component, token FROM batch_texts JOIN batches USING (token) "
    "WHERE batches.status = 'open' AND batch_texts.status = 'pending' ORDER BY since, token"
)
_CLOSE = "UPDATE batches SET status = 'closed', reason = ?, refusal = ? WHERE token = ?"
_FORGET_REQUESTS = "UPDATE batch_texts SET request = '' WHERE token = ?"


class Batch(NamedTuple):
    """A batch that is open. `since`: when it was begun, in seconds since the epoch.

    `file` and `name` are what the server calls its input and itself; empty: not known, since it
    is being submitted, or was when its process was killed.
    """

    token: str
    server: str
    model: str
    since: float
    file: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return self.name or f"with the token {self.token}"


class Expected(NamedTuple):
    """A text of a batch; `row` are the columns known beforehand, `stored`: it has arrived."""

    key: str
    component: str
    row: Row
    stored: bool

    @property
    def request(self) -> Request:
        """What was requested, as far as a check of its text needs it."""
        row = self.row
        return Request(
            *(row["goal"], row["component_type"], row["filename"]), row["path"], row["description"]
        )


class Answered(NamedTuple):
    """An answer for an expected text; without a text, `fault` says why."""

    expected: Expected
    text: Text | None
    fault: str | None


class Failure(NamedTuple):
    """A text that a batch did not bring."""

    component: str
    reason: str


class Batches:
    """The batches in the ledger of a project.

    Args:
        engine: the engine of the ledger.

    Raises:
        LedgerError: from every method, as from the engine's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, batch: Batch) -> None:
        """Record a batch, before it is submitted."""
        values = (batch.token, as_plain(batch.server), as_plain(batch.model), batch.since)
        self._engine.change(_ADD, [values])

    def add_texts(self, batch: Batch, texts: Sequence[tuple[Wanted, Request]]) -> None:
        """Record texts of a batch; their components must be claimed."""
        rows = (values_before(wanted, request, batch.since) for wanted, request in texts)
        self._engine.change(
            _ADD_TEXT,
            [(batch.token, row["key"], row["component"], json.dumps(row)) for row in rows],
        )

    def remember(self, batch: Batch) -> None:
        """Record what the server calls a batch and its input."""
        self._engine.change(
            "UPDATE batches SET file = ?, name = ? WHERE token = ?",
            [(batch.file, batch.name, batch.token)],
        )

    def open(self) -> list[Batch]:
        """Return the batches that are open, oldest first."""
        rows = self._engine.read(
            f"SELECT {', '.join(Batch._fields)} FROM batches "  # noqa: S608 - our own words
            "WHERE status = 'open' ORDER BY since, token"
        )
        for token, server, model, since, file, name in rows:
            words = (token, server, model, file, name)
            if not (is_time(since) and all(isinstance(one, str) for one in words)):
                raise self._engine.corrupted("a batch does not have the form that jit-guard writes")
        return [Batch(*row) for row in rows]

    def pending(self) -> dict[str, Batch]:
        """Return the missing components that open batches will bring, each with its batch."""
        batches = {batch.token: batch for batch in self.open()}
        rows = self._engine.read(_PENDING) if batches else []
        if not all(isinstance(component, str) for component, _ in rows):
            raise self._engine.corrupted("a text of a batch has no valid component")
        return {component: batches[token] for component, token in rows if token in batches}

    def expected(self, batch: Batch, keys: Iterable[str]) -> dict[str, Expected]:
        """Return those of these texts that an open batch has."""
        asked = list(dict.fromkeys(keys))
        if not asked:
            return {}
        marks = ", ".join("?" * len(asked))
        rows = self._engine.read(
            "SELECT key, component, request, status FROM batch_texts "  # noqa: S608 - our marks
            f"WHERE token = ? AND key IN ({marks})",
            [batch.token, *asked],
        )
        return {
            key: Expected(key, component, self._columns(request), status == "stored")
            for key, component, request, status in rows
        }

    def count(self, batch: Batch) -> int:
        """Return the number of texts of a batch."""
        query = "SELECT count(*) FROM batch_texts WHERE token = ?"
        ((count,),) = self._engine.read(query, [batch.token])
        return int(count)

    def store(self, batch: Batch, answers: Sequence[Answered]) -> list[Stored | None]:
        """Store the texts that arrived, and record those that failed; None for these.

        A text that was stored before the process was killed is not stored twice.
        """
        texts = [one for one in answers if one.text is not None]
        known = self._known(batch, [one.expected.key for one in texts])
        new = [one for one in texts if one.expected.key not in known]
        rows = [_row(one) for one in new]
        stored = self._engine.store(rows) if rows else []
        known.update(zip((one.expected.key for one in new), stored, strict=True))
        self._engine.change(
            _END_TEXT,
            [
                (
                    "failed" if one.fault else "stored",
                    as_plain(one.fault or ""),
                    batch.token,
                    one.expected.key,
                )
                for one in answers
            ],
        )
        return [known.get(one.expected.key) if one.fault is None else None for one in answers]

    def close(
        self, batch: Batch, missing: str, reason: str = "", refusal: str = ""
    ) -> list[Failure]:
        """Close a batch, and return its texts that failed.

        Args:
            batch: the batch.
            missing: why texts failed that have not arrived.
            reason: why the whole batch failed.
            refusal: the server's refusal of a parameter.
        """
        self._engine.change(_END_TEXTS, [(as_plain(missing), batch.token)])
        rows = self._engine.read(
            "SELECT component, reason FROM batch_texts WHERE token = ? AND status = 'failed'",
            [batch.token],
        )
        if not all(isinstance(one, str) for row in rows for one in row):
            raise self._engine.corrupted("a text of a batch has no valid reason")
        self._engine.change(_FORGET_REQUESTS, [(batch.token,)])
        self._engine.change(_CLOSE, [(as_plain(reason), as_plain(refusal), batch.token)])
        return [Failure(*row) for row in rows]

    def refusals(self, server: str, model: str) -> list[str]:
        """Return the refusals of parameters by a server, oldest first."""
        rows = self._engine.read(
            "SELECT DISTINCT refusal, min(since) FROM batches "
            "WHERE server = ? AND model = ? AND refusal <> '' GROUP BY refusal ORDER BY 2",
            [as_plain(server), as_plain(model)],
        )
        return [refusal for refusal, _ in rows]

    def claim(self, batch: Batch) -> bool:
        """Claim a batch, to submit or collect it; return whether no other process does."""
        return self._engine.claim([_claimed(batch)])[0]

    def release(self, batch: Batch) -> None:
        """Release a batch."""
        self._engine.release([_claimed(batch)])

    def _known(self, batch: Batch, keys: Sequence[str]) -> dict[str, Stored]:
        """Return the texts of a batch that were stored already."""
        found: dict[str, Stored] = {}
        for some in _chunks(keys, _SOME):
            marks = ", ".join("?" * len(some))
            rows = self._engine.read(
                "SELECT key, id, content, generator FROM texts "  # noqa: S608 - our own marks
                f"WHERE asked = ? AND status <> 'rejected' AND key IN ({marks})",
                [batch.since, *some],
            )
            for key, number, content, generator in rows:
                text = content.decode("utf-8", "replace")
                found[key] = Stored(number, text, generator=generator)
        return found

    def _columns(self, request: Any) -> Row:
        try:
            columns = json.loads(request)
        except (TypeError, ValueError, RecursionError):
            columns = None
        if (
            not isinstance(columns, dict)
            or {name: type(value) for name, value in columns.items()} != _BEFORE
        ):
            raise self._engine.corrupted(
                "a text of a batch does not have the form that jit-guard writes"
            )
        return {name: columns[name] for name in _BEFORE}


def pending(root: str) -> dict[str, Batch]:
    """Return what `Batches.pending` does; nothing, and no ledger is created, without one."""
    engine = existing_engine(root)
    if engine is None:
        return {}
    with closing(engine):
        return Batches(engine).pending()


def _row(answer: Answered) -> Row:
    assert answer.text is not None
    before = answer.expected.row
    return {**before, **values_after(answer.text, before["model"], answer.fault)}


def _claimed(batch: Batch) -> str:
    return f"batch {batch.token}"  # no component: a token is random


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
