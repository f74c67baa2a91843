"""Submit the texts of a run in batches: recorded first, then uploaded, then submitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from jit_guard.fixing.batches import counted
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.session import Session
from jit_guard.fixing.steps import Generate
from jit_guard.fixing.texts import Claimed
from jit_guard.generators.batch import BatchError, Batches
from jit_guard.generators.generator import GenerationError, GeneratorUnusableError
from jit_guard.ledger.batches import Batch
from jit_guard.ledger.choice import project_digest

_SOME = 200  # components that are claimed at the same time; a server has room for 400


def submit(
    session: Session,
    api: Batches,
    orders: Sequence[tuple[Generate, Order]],
    still_wanted: Callable[[Session, Sequence[Claimed]], list[Claimed]],
) -> None:
    """Submit the texts of these orders in as few batches as possible.

    Args:
        session: the run.
        api: the server.
        orders: what is missing; the ledger has no text for it.
        still_wanted: drops what another process committed meanwhile.

    Raises:
        LedgerError: a batch cannot be recorded.
        GeneratorUnusableError: the server cannot be used.
    """
    ledger = session.ledger
    filling: _Filling | None = None
    try:
        for start in range(0, len(orders), _SOME):
            some = orders[start : start + _SOME]
            claims = ledger.claim([order.wanted for _, order in some], after=session.after)
            mine = [
                Claimed(step, order, claim.stored)
                for (step, order), claim in zip(some, claims, strict=True)
                if claim is not None
            ]
            try:
                pending = session.pending()
                left = [
                    one
                    for one in still_wanted(session, mine)
                    if one.stored is None and one.step.component not in pending
                ]
                while left:
                    filling = filling or _Filling(session, api)
                    left = filling.take(left)
                    if left:
                        filling.finish()
                        filling = None
            finally:
                ledger.release([one.step.component for one in mine])
        if filling is not None:
            filling.finish()
            filling = None
    finally:
        if filling is not None:
            filling.close()


class _UnknownError(Exception):
    """The server may have a batch or not; the message says why. The next run looks for it."""


class _Filling:
    """A batch that is being filled. It is claimed until it is finished or closed.

    Args:
        session: the run.
        api: the server.
    """

    def __init__(self, session: Session, api: Batches) -> None:
        self._session = session
        self._records = session.ledger.batches
        self._api = api
        self._batch = Batch(uuid4().hex, api.server, session.writer.model, time.time())
        self._records.claim(self._batch)
        self._records.add(self._batch)
        self._upload = api.begin(self._records.refusals(api.server, session.writer.model))
        self._keys: set[str] = set()
        self._steps: list[Generate] = []

    def take(self, claimed: Sequence[Claimed]) -> list[Claimed]:
        """Add texts; return those that need another batch."""
        later: list[Claimed] = []
        taken: list[Claimed] = []
        for number, one in enumerate(claimed):
            key = one.order.wanted.key.digest()
            if key in self._keys:
                later.append(one)
                continue
            try:
                fits = self._upload.add(key, one.order.request)
            except GenerationError as error:
                self._session.tally.give_up(one.step, error.reason)
                continue
            if not fits:
                later += claimed[number:]
                break
            self._keys.add(key)
            taken.append(one)
            self._session.tally.begin(one.step)
            self._session.consent.begin(one.order)
        self._steps += (one.step for one in taken)
        self._records.add_texts(self._batch, [one.order for one in taken])
        return later

    def finish(self) -> None:
        """Upload and submit the batch. If that fails, its texts fail with the reason."""
        records, token = self._records, self._batch.token
        try:
            if not self._steps:
                records.close(self._batch, "", "no text fitted into the limit")
                return
            self._remember(self._batch._replace(file=self._uploaded()))
            name = self._submitted()
            self._remember(self._batch._replace(name=name))
            self._say(f"batch {name}: {counted(len(self._steps))} submitted")
        except _UnknownError as error:
            reason = f"whether it was submitted is not known: {error}"
            self._session.batch_notes[token] = reason
        except (BatchError, GeneratorUnusableError) as error:
            self._give_up(str(error), error.refusal if isinstance(error, BatchError) else "")
            if isinstance(error, GeneratorUnusableError):
                raise
        finally:
            self.close()

    def close(self) -> None:
        """Release the batch."""
        self._upload.close()
        self._records.release(self._batch)

    def _uploaded(self) -> str:
        """Upload the input. As that costs nothing, it is repeated if its answer was lost."""
        api, token = self._api, self._batch.token
        try:
            return api.upload(token, self._upload)
        except BatchError as error:
            if not error.perhaps:
                raise
            return api.find_upload(token) or api.upload(token, self._upload)

    def _submitted(self) -> str:
        """Submit the batch, once.

        Raises:
            BatchError, GeneratorUnusableError: the server refused it.
            _UnknownError: the server may have it.
        """
        token, file = self._batch.token, self._batch.file
        project = project_digest(self._session.job.source.root)
        try:
            return self._api.submit(token, project, file, self._upload)
        except BatchError as error:
            if not error.perhaps:
                raise
            reason = error.reason
        try:
            found = self._api.find(token, file)
        except (BatchError, GeneratorUnusableError) as error:
            raise _UnknownError(f"{reason}; {error}") from None
        if found is None:
            raise _UnknownError(reason)
        return found

    def _remember(self, batch: Batch) -> None:
        self._batch = batch
        self._records.remember(batch)

    def _say(self, message: str) -> None:
        self._session.tally.messages.append(message)

    def _give_up(self, reason: str, refusal: str) -> None:
        if self._batch.file:
            with suppress(BatchError, GeneratorUnusableError):
                self._api.discard(self._batch.file)
        self._records.close(self._batch, reason, reason, refusal)
        for step in self._steps:
            self._session.tally.give_up(step, f"the batch was not accepted: {reason}")
