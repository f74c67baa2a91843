"""Having texts written: some at a time, each in the ledger before anybody looks at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import NamedTuple

from jit_guard.fixing.judging import Judge, plain
from jit_guard.generators.generator import GenerationError, Request, Text, Writer
from jit_guard.generators.judgement import write_judged
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Stored, Wanted


class Order(NamedTuple):
    """One text to have written."""

    wanted: Wanted
    request: Request


class Delivery(NamedTuple):
    """What became of an order: its text, which the ledger has, or why there is none."""

    order: Order
    stored: Stored | None
    reason: str | None = None


Progress = Callable[[int, int, int], None]  # done, failed, of how many


def deliver(
    orders: Sequence[Order],
    writer: Writer,
    ledger: Ledger,
    jobs: int,
    progress: Progress,
    *,
    judge: Judge = plain,
    tries: int = 1,
) -> Iterator[Delivery]:
    """Have every order written, up to `jobs` at a time; yield them as they are done.

    Stop iterating, or raise, and nothing new is begun; what is under way still reaches the
    ledger, as long as the process lives (the threads are daemons: Ctrl-C does not wait for a
    model).

    Args:
        orders: what is to be written; somebody must hold the claims.
        writer: the generator.
        ledger: gets every text before anything judges it.
        jobs: how many are written at once.
        progress: is told how far it is.
        judge: says why a text is no component; a text that is none is not delivered.
        tries: how many texts a generator may give for one order; the second try is told what
            was wrong with the first.

    Raises:
        JitGuardError: no order can be written (no key, no such program), or the ledger cannot
            be written. Raised when what was under way has been delivered, too.
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
                done.put(_write(order, writer, recorder, ledger, judge, tries))
            except BaseException as error:  # noqa: BLE001 - told where the texts are awaited
                done.put(error)
                return

    threads = [Thread(target=work, daemon=True) for _ in range(min(jobs, len(orders)))]
    for thread in threads:
        thread.start()
    good = bad = 0
    try:
        for _ in orders:
            result = done.get()
            if isinstance(result, BaseException):
                stop.set()
                for thread in threads:  # what is under way may be paid for
                    thread.join()
                while not done.empty():
                    last = done.get()
                    if isinstance(last, Delivery):
                        yield last
                raise result
            good, bad = good + (result.stored is not None), bad + (result.stored is None)
            progress(good, bad, len(orders))
            yield result
    finally:
        stop.set()


def _write(
    order: Order, writer: Writer, recorder: _Recorder, ledger: Ledger, judge: Judge, tries: int
) -> Delivery:
    asked = time.time()

    def arrived(text: Text) -> Stored:
        return recorder.keep(Arrival(order.wanted, order.request, text, asked))

    try:
        _, stored = write_judged(
            order.request,
            writer.write,
            judge=judge,
            arrived=arrived,
            refused=lambda one, reason: ledger.reject(one.id, reason),
            tries=tries,
        )
    except GenerationError as error:
        return Delivery(order, None, error.reason)
    return Delivery(order, stored)


class _Recorder:
    """Group commit: while one thread writes to the disk, the others' texts gather for the next.

    The idea is every database's; a slow disk then costs many texts as much as one. The thread
    whose text comes first leads: it writes what has gathered, and hands the lead to one of
    those that came meanwhile.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mutex = Lock()
        self._waiting: list[_Ticket] = []
        self._led = False

    def keep(self, arrival: Arrival) -> Stored:
        """Return when the text is on the disk. Raises LedgerError."""
        ticket = _Ticket(arrival)
        with self._mutex:
            self._waiting.append(ticket)
            leads, self._led = not self._led, True
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
        except BaseException as error:  # noqa: BLE001 - each of them is told, and nobody waits on
            for ticket in batch:
                ticket.error = error
        with self._mutex:
            heir = self._waiting[0] if self._waiting else None
            self._led = heir is not None
        for ticket in (*batch, *([heir] if heir else ())):
            ticket.called.set()


class _Ticket:
    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.called = Event()
        self.stored: Stored | None = None
        self.error: BaseException | None = None
