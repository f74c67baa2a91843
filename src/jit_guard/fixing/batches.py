"""Collect the texts of batches: store them in pages, and say what is still pending."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from jit_guard.fixing.progress import duration
from jit_guard.fixing.session import Session
from jit_guard.fixing.steps import Generate, failed
from jit_guard.generators.batch import Answer, BatchError, Batches, BatchState
from jit_guard.generators.generator import GeneratorUnusableError, Text
from jit_guard.generators.judgement import Rejection
from jit_guard.ledger.batches import Answered, Batch, Expected

PAGE = 250  # texts that are stored, and committed, together
_MISSING = {
    "expired": "batch {} expired before it was written; it can be submitted again",
    "cancelled": "batch {} was cancelled before it was written; it can be submitted again",
}


class Page(NamedTuple):
    """Texts of a batch that the ledger has now."""

    batch: Batch
    texts: tuple[Expected, ...]


class Collected:
    """The batches that a run can collect, and what it knows of the others.

    Args:
        session: the run.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._records = session.ledger.batches
        self.failed: dict[str, str] = {}  # reasons, by component
        self.notes = session.batch_notes
        self.waits = False  # for a batch that can be collected later
        self.pause = 0.0  # seconds that the server asked for
        self.errors = 0  # in a row

    def pages(self) -> Generator[Page, None, None]:
        """Yield the texts of all batches that are over, as they are stored.

        Raises:
            LedgerError: a text cannot be stored.
            GeneratorUnusableError: the server cannot be used.
        """
        self.waits, self.pause = False, 0.0
        api = self._session.writer.batches
        for batch in self._records.open():
            if api is None or batch.server != api.server:
                self.notes[batch.token] = "it is on another server; pass its --base-url to ask it"
            elif not self._records.claim(batch):
                self.notes[batch.token] = "another jit-guard process is working on it"
                self.waits = True
            else:
                try:
                    yield from self._collected(api, batch)
                    self.errors = 0
                except BatchError as error:
                    self.notes[batch.token] = f"it cannot be collected now: {error.reason}"
                    self.waits, self.pause = True, max(self.pause, error.wait)
                    self.errors += 1
                except GeneratorUnusableError as error:
                    if self._session.job.options.batch:
                        raise
                    # A key may be good for everything but batches.
                    self.notes[batch.token] = f"it cannot be collected: {error}"
                finally:
                    self._records.release(batch)

    def report(self, missing: Iterable[Generate]) -> None:
        """Record which of the missing components are pending, and say so for every batch."""
        pending, tally = self._session.pending(), self._session.tally
        for step in missing:
            if batch := pending.get(step.component):
                reason = f"it is pending in batch {batch.shown}"
                tally.fail(failed(name, reason) for name in step.entries)
        for batch, count in Counter(self._records.pending().values()).items():
            known = self.notes.get(batch.token)
            since = duration(time.time() - batch.since)
            self._say(
                f"batch {batch.shown}: {counted(count)} pending for {since}"
                f"{f' ({known})' if known else ''}; to collect, run --fix --batch again, or "
                "add --wait"
            )

    def _collected(self, api: Batches, known: Batch) -> Iterator[Page]:
        batch = self._current(known)
        if batch is None:
            return
        if not batch.name:
            name = api.find(batch.token, batch.file)
            if name is None:
                self._abandon(api, batch)
                return
            batch = batch._replace(name=name)
            self._records.remember(batch)
        state = api.state(batch.name)
        if state is None:
            self.notes[batch.token] = f"{api.server} does not know it, with this key"
        elif state.stage == "pending":
            done = "" if not state.total else f", {state.done or 0:,} of {state.total:,} done"
            self.notes[batch.token] = f"{state.word}{done}"
            self.waits = True
        elif state.stage == "failed":
            reason = f"batch {batch.name} failed: {state.reason}"
            self._close(batch, reason, reason, state.reason)
        else:
            yield from self._results(api, batch, state)

    def _current(self, known: Batch) -> Batch | None:
        """Return what is recorded of a batch now that it is claimed; None: it is closed."""
        return next((one for one in self._records.open() if one.token == known.token), None)

    def _abandon(self, api: Batches, batch: Batch) -> None:
        """Close a batch that was never submitted, and remove its input from the server."""
        with suppress(BatchError):  # it expires
            # By its token: a ledger may come from elsewhere, and name another file.
            if file := api.find_upload(batch.token):
                api.discard(file)
        self._records.close(batch, "it was never submitted", "it was never submitted")
        self._say(f"batch {batch.shown} was never submitted")

    def _results(self, api: Batches, batch: Batch, state: BatchState) -> Iterator[Page]:
        """Store the results of a batch page by page, and close it."""
        sums = _Sums()
        for answers in _pages(api.answers(state, self._records.count(batch)), sums):
            yield Page(batch, tuple(self._store(batch, answers, sums)))
        missing = _MISSING.get(state.word, "the results of batch {} have no answer for it")
        self._close(batch, missing.format(batch.name), "", sums.refusal)
        said = "".join(f"; {one}" for one in sums.remarks())
        self._say(f"batch {batch.name} is {state.word}: {counted(sums.good)} collected{said}")

    def _store(self, batch: Batch, answers: list[Answer], sums: _Sums) -> list[Expected]:
        """Store a page of answers, and check them; return those whose text can be used."""
        expected = self._records.expected(batch, (one.id for one in answers))
        best: dict[str, Answer] = {}
        for one in answers:
            if one.id not in expected:
                sums.unknown += 1
                continue
            if one.id in sums.seen:
                sums.repeated += 1
            elif expected[one.id].stored:  # by a run that was interrupted
                sums.good += 1
            sums.seen.add(one.id)
            if not expected[one.id].stored and (
                one.id not in best or (best[one.id].fault and not one.fault)
            ):
                best[one.id] = one
        answered = [Answered(expected[name], one.text, one.fault) for name, one in best.items()]
        rejected, good = [], []
        for answer, stored in zip(answered, self._records.store(batch, answered), strict=True):
            sums.count(answer.text)
            component = answer.expected.component
            if stored is None:
                continue
            self.failed.pop(component, None)
            checked = self._session.job.check(answer.expected.request, Text(stored.content))
            if isinstance(checked, Rejection):
                rejected.append((stored.id, checked.reason))
                self.failed[component] = checked.reason
            else:
                good.append(answer.expected)
        self._session.ledger.reject_all(rejected)
        sums.good += len(good)
        sums.refusal = next((one.refusal for one in best.values() if one.refusal), sums.refusal)
        return good

    def _close(self, batch: Batch, missing: str, reason: str, refusal: str) -> None:
        failures = self._records.close(batch, missing, reason, refusal)
        self.failed.update((one.component, one.reason) for one in failures)
        self.notes.pop(batch.token, None)
        if reason:
            self._say(reason)

    def _say(self, message: str) -> None:
        self._session.tally.messages.append(message)


class _Sums:
    """What the results of a batch add up to."""

    def __init__(self) -> None:
        self.good = self.unknown = self.repeated = self.sent = self.given = 0
        self.refusal = ""
        self.wrong: list[str] = []
        self.seen: set[str] = set()

    def count(self, text: Text | None) -> None:
        """Add the tokens of a text."""
        self.sent += (text and text.usage.input_tokens) or 0
        self.given += (text and text.usage.output_tokens) or 0

    def remarks(self) -> Iterator[str]:
        """Yield what there is to say about the results, beyond the number of texts."""
        if self.sent or self.given:
            yield f"{self.sent:,} tokens in, {self.given:,} out"
        if self.unknown:
            yield _ignored(self.unknown, "{} to no request of ours")
        if self.repeated:
            yield _ignored(self.repeated, "repeated {}")
        yield from self.wrong


def _pages(answers: Iterable[Answer | str], sums: _Sums) -> Iterator[list[Answer]]:
    """Yield the answers in pages."""
    page: list[Answer] = []
    for one in answers:
        if isinstance(one, str):
            sums.wrong.append(one)
            continue
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _ignored(number: int, what: str) -> str:
    one, many = what.format("answer"), what.format("answers")
    return f"1 {one} was ignored" if number == 1 else f"{number:,} {many} were ignored"


def counted(texts: int) -> str:
    """Return a number of texts in words."""
    return "1 text" if texts == 1 else f"{texts:,} texts"
