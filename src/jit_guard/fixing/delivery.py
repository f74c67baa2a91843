"""Generate texts concurrently, and store each in the ledger before it is checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import NamedTuple

from jit_guard.fixing.judging import TextCheck, plain
from jit_guard.generators.generator import GenerationError, Request, Text, Writer
from jit_guard.generators.judgement import write_checked
from jit_guard.generators.progress import Progress
from jit_guard.generators.screening import screened
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Stored, Wanted

_MOMENT = 0.2  # seconds


class Order(NamedTuple):
    """One text to generate."""

    wanted: Wanted
    request: Request


class Delivery(NamedTuple):
    """The result of an order: its answer in the ledger, or why there is none.

    `bought`: it was generated in this run; otherwise the ledger had it.
    """

    order: Order
    stored: Stored | None
    reason: str | None = None
    bought: bool = True


def deliver(
    orders: Sequence[Order],
    writer: Writer,
    ledger: Ledger,
    jobs: int,
    progress: Progress,
    *,
    check: TextCheck = plain,
    tries: int = 1,
    idle: Callable[[], None] = lambda: None,
) -> Iterator[Delivery]:
    """Generate a text for every order, up to `jobs` at a time; yield results as they are ready.

    When the caller stops iterating, no new text is begun. Texts in progress still reach the
    ledger, as long as the process lives (the threads are daemons, so that Ctrl-C does not wait
    for a model).

    Args:
        orders: the texts to generate; the caller must hold their claims.
        writer: the generator.
        ledger: stores every text before it is checked.
        jobs: the number of concurrent calls.
        progress: receives the start and the end of each text.
        check: returns the component in a text, or why there is none.
        tries: the maximum number of attempts per order; the second attempt is given the
            fault of the first.
        idle: called when no text has arrived for a moment.

    Raises:
        JitGuardError: the generator cannot be used (no key, no such program), or the ledger
            cannot be written. Raised after the texts in progress have been yielded.
    """
    waiting: SimpleQueue[Order] = SimpleQueue()
    done: SimpleQueue[Delivery | BaseException] = SimpleQueue()
    for order in orders:
        waiting.put(order)
    recorder, stop = _Recorder(ledger), Event()

    def work() -> None:
        while not stop.is_set():
            try:
                order = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put(_write(order, writer, recorder, ledger, progress, check, tries))
            except BaseException as error:  # noqa: BLE001 - raised by the consumer
                done.put(error)
                return

    threads = [Thread(target=work, daemon=True) for _ in range(min(jobs, len(orders)))]
    for thread in threads:
        thread.start()
    try:
        for _ in orders:
            try:
                result = done.get(timeout=_MOMENT)
            except Empty:
                idle()
                result = done.get()
            if isinstance(result, BaseException):
                stop.set()
                for thread in threads:  # texts in progress may be paid for
                    thread.join()
                while not done.empty():
                    last = done.get()
                    if isinstance(last, Delivery):
                        yield last
                raise result
            yield result
    finally:
        stop.set()


def _write(
    order: Order,
    writer: Writer,
    recorder: _Recorder,
    ledger: Ledger,
    progress: Progress,
    check: TextCheck,
    tries: int,
) -> Delivery:
    asked = time.time()
    path, stored = order.request.path, None
    progress.started(path)

    def arrived(text: Text, fault: str | None) -> Stored:
        return recorder.keep(Arrival(order.wanted, order.request, text, asked, fault))

    try:
        _, stored = write_checked(
            order.request,
            screened(writer.write),
            check=check,
            arrived=arrived,
            # The check was of our text; that of another machine counts, and is checked before use.
            refused=lambda one, reason: None if one.theirs else ledger.reject(one.id, reason),
            tries=tries,
        )
    except GenerationError as error:
        return Delivery(order, None, error.reason)
    finally:
        progress.finished(path, ok=stored is not None)
    return Delivery(order, stored)


class _Recorder:
    """Group commit: while one thread writes to disk, the texts of the others are queued.

    As in databases, a slow disk then costs many texts no more than one. The thread whose text
    comes first leads: it writes the queue, and passes the lead to a thread that was queued
    meanwhile.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mutex = Lock()
        self._waiting: list[_Ticket] = []
        self._has_leader = False

    def keep(self, arrival: Arrival) -> Stored:
        """Store a text, and return when it is on disk. Raises LedgerError."""
        ticket = _Ticket(arrival)
        with self._mutex:
            self._waiting.append(ticket)
            leads, self._has_leader = not self._has_leader, True
        if not leads:
            ticket.called.wait()
        if ticket.stored is None and ticket.error is None:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.stored is not None
        return ticket.stored

    def _lead(self) -> None:
        with self._mutex:
            batch, self._waiting = self._waiting, []
        try:
            stored = self._ledger.arrived([one.arrival for one in batch])
            for ticket, kept in zip(batch, stored, strict=True):
                ticket.stored = kept
        except BaseException as error:  # noqa: BLE001 - raised by every waiting thread
            for ticket in batch:
                ticket.error = error
        with self._mutex:
            next_leader = self._waiting[0] if self._waiting else None
            self._has_leader = next_leader is not None
        for ticket in (*batch, *([next_leader] if next_leader else ())):
            ticket.called.set()


class _Ticket:
    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.called = Event()
        self.stored: Stored | None = None
        self.error: BaseException | None = None
