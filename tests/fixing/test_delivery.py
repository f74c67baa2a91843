"""Texts are generated several at a time, and each is in the ledger before it is used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Lock, Thread, current_thread

import pytest

from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Request,
    Text,
    Writer,
)
from jit_guard.generators.judgement import Rejection
from jit_guard.generators.progress import Unreported
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Stored, Wanted

_LONGEST = 20.0  # seconds; a wait that ends later is a hang


def order(goal: str) -> Order:
    """An order for the persona of a goal."""
    path = f"components/personas/{goal}.txt"
    request = Request(goal, "persona", f"{goal}.txt", path, "Be kind.")
    return Order(
        Wanted(path, Key(goal, "persona", f"{goal}.txt", "Be kind.", "g", "m", "1")), request
    )


class Run:
    """A delivery of texts; `write` decides what the generator returns for a goal."""

    def __init__(
        self,
        root: Path,
        write: Callable[[str], str] = lambda _: "A text.\n",
        ledger: Ledger | None = None,
    ) -> None:
        self.asked: list[str] = []
        self.reported: list[tuple[str, bool | None]] = []
        self.most_at_once = 0
        self.ledger = ledger or Ledger(str(root))
        self._root = root
        self._write = write
        self._at_once = 0
        self._lock = Lock()

    def __enter__(self) -> Run:  # noqa: PYI034 - Self is not in 3.10's typing
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def write(self, request: Request) -> Text:
        with self._lock:
            self.asked.append(request.goal)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return Text(self._write(request.goal))
        finally:
            with self._lock:
                self._at_once -= 1

    def of(
        self, goals: str, jobs: int = 1, idle: Callable[[], None] = lambda: None
    ) -> Iterator[Delivery]:
        """The deliveries for goals of one letter each."""
        return deliver(
            [order(goal) for goal in goals],
            Writer(self.write),
            self.ledger,
            jobs,
            _Reported(self.reported),
            idle=idle,
        )

    @property
    def kept(self) -> dict[str, str]:
        """The status of the text of each goal in the ledger."""
        return {one.goal: one.status for one in history(str(self._root))}


class _Reported(Unreported):
    def __init__(self, events: list[tuple[str, bool | None]]) -> None:
        self._events = events

    def started(self, path: str) -> None:
        self._events.append((path, None))

    def finished(self, path: str, *, ok: bool) -> None:
        self._events.append((path, ok))


def soon(deliveries: Iterator[Delivery]) -> tuple[list[Delivery], BaseException | None]:
    """Take all deliveries, and what ended them; a delivery that hangs fails the test."""
    found: list[Delivery] = []
    ended: list[BaseException] = []

    def take() -> None:
        try:
            found.extend(deliveries)
        except BaseException as error:  # noqa: BLE001 - returned
            ended.append(error)

    thread = Thread(target=take, daemon=True)
    thread.start()
    thread.join(_LONGEST)
    assert not thread.is_alive(), "it hangs"
    return found, ended[0] if ended else None


def goals(deliveries: Sequence[Delivery]) -> list[str]:
    return [one.order.request.goal for one in deliveries]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _LONGEST
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_at_most_so_many_texts_are_generated_at_once(tmp_path: Path) -> None:
    together = Barrier(3)

    def write(goal: str) -> str:
        if goal in "abc":
            together.wait(_LONGEST)
        time.sleep(0.02)
        assert current_thread().daemon  # Ctrl-C does not wait for a model
        return "A text.\n"

    with Run(tmp_path, write) as run:
        found, error = soon(run.of("abcdefg", jobs=3))
        assert error is None
        assert sorted(goals(found)) == list("abcdefg")
        assert all(one.bought and one.stored and one.stored.content == "A text.\n" for one in found)
        assert run.most_at_once == 3
        assert run.kept == dict.fromkeys("abcdefg", "arrived")


def test_texts_come_in_the_order_in_which_they_are_ready(tmp_path: Path) -> None:
    taken = Event()

    def write(goal: str) -> str:
        assert goal == "b" or taken.wait(_LONGEST)
        return "A text.\n"

    with Run(tmp_path, write) as run:
        deliveries = run.of("ab", jobs=2)
        first = next(deliveries)
        taken.set()
        assert goals([first, *deliveries]) == ["b", "a"]


def test_the_caller_may_do_something_else_while_no_text_arrives(tmp_path: Path) -> None:
    idle = Event()

    def write(_: str) -> str:
        assert idle.wait(_LONGEST)
        return "A text.\n"

    with Run(tmp_path, write) as run:
        found, error = soon(run.of("a", idle=idle.set))
        assert (goals(found), error) == (["a"], None)


def test_a_failed_text_has_its_reason_and_does_not_stop_the_others(tmp_path: Path) -> None:
    def write(goal: str) -> str:
        if goal == "a":
            raise GenerationError("the model stopped at its limit", Text("Half"))
        return "" if goal == "b" else "A text.\n"

    with Run(tmp_path, write) as run:
        found, error = soon(run.of("abc"))
        assert error is None
        assert [one.reason for one in found] == [
            "the model stopped at its limit",
            "the text is empty",
            None,
        ]
        assert [one.stored is None for one in found] == [True, True, False]
        assert run.kept == {"a": "rejected", "b": "rejected", "c": "arrived"}
        paths = [f"components/personas/{goal}.txt" for goal in "abc"]
        assert run.reported == [
            *((paths[0], None), (paths[0], False)),
            *((paths[1], None), (paths[1], False)),
            *((paths[2], None), (paths[2], True)),
        ]


def test_a_text_is_stored_before_it_is_checked_and_its_second_try_knows_the_fault(
    tmp_path: Path,
) -> None:
    with Run(tmp_path) as run:
        before: list[dict[str, str]] = []
        objections: list[str] = []

        def check(request: Request, text: Text) -> str | Rejection:
            before.append(run.kept)
            return "The component.\n" if len(before) == 2 else Rejection("too short", text.content)

        def write(request: Request) -> Text:
            objections.append(request.objection)
            return Text("A text.\n")

        made = deliver(
            [order("a")], Writer(write), run.ledger, 1, Unreported(), check=check, tries=2
        )
        ((_, stored, reason, bought),) = made
        assert objections == ["", "too short"]
        assert before == [{"a": "arrived"}, {"a": "arrived"}]
        assert (stored is not None and stored.id, reason, bought) == (2, None, True)
        assert [(one.status, one.reason) for one in history(str(tmp_path))] == [
            ("rejected", "too short"),
            ("arrived", None),
        ]


@pytest.mark.parametrize("error", [GeneratorUnusableError("the key is wrong"), ValueError("a bug")])
def test_an_error_of_the_generator_ends_the_run_after_the_texts_in_progress(
    tmp_path: Path, error: Exception
) -> None:
    begun = Event()

    def write(goal: str) -> str:
        if goal == "a":
            assert begun.wait(_LONGEST)
            raise error
        begun.set()
        time.sleep(0.3)  # until after the error
        return "A text.\n"

    with Run(tmp_path, write) as run:
        found, ended = soon(run.of("abcde", jobs=2))
        assert ended is error
        assert goals(found) == ["b"]
        assert sorted(run.asked) == ["a", "b"]
        assert run.kept == {"b": "arrived"}


def test_when_the_caller_stops_no_text_is_begun_and_those_in_progress_are_kept(
    tmp_path: Path,
) -> None:
    closed = Event()

    def write(goal: str) -> str:
        assert goal == "a" or closed.wait(_LONGEST)
        return "A text.\n"

    with Run(tmp_path, write) as run:
        with closing(run.of("abcd")) as deliveries:  # type: ignore[type-var]
            next(deliveries)
            until(lambda: "b" in run.asked)
        closed.set()
        until(lambda: len(run.reported) == 4)
        time.sleep(0.05)
        assert run.asked == ["a", "b"]
        assert run.kept == {"a": "arrived", "b": "arrived"}


class _SlowLedger(Ledger):
    """A ledger whose first write takes until all texts are there; a later one may fail."""

    def __init__(self, root: str, error: LedgerError | None = None) -> None:
        super().__init__(root)
        self.writes: list[str] = []
        self.full = Event()
        self._error = error

    def arrived(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        self.writes.append("".join(one.request.goal for one in arrivals))
        if len(self.writes) == 1:
            assert self.full.wait(_LONGEST)
            time.sleep(0.1)  # the others wait for the ledger by now
        elif self._error is not None:
            raise self._error
        return super().arrived(arrivals)


def slowly(root: Path, error: LedgerError | None = None) -> tuple[Run, _SlowLedger]:
    """A run whose texts all arrive while the first is written to disk."""

    def write(_: str) -> str:
        if len(run.asked) == 6:
            ledger.full.set()
        return "A text.\n"

    ledger = _SlowLedger(str(root), error)
    run = Run(root, write, ledger)
    return run, ledger


def test_texts_that_arrive_while_the_ledger_writes_share_its_next_write(tmp_path: Path) -> None:
    run, ledger = slowly(tmp_path)
    with run:
        found, error = soon(run.of("abcdef", jobs=6))
        assert error is None
        assert sorted(goals(found)) == list("abcdef")
        assert run.kept == dict.fromkeys("abcdef", "arrived")
        assert len(ledger.writes[0]) == 1
        assert len(ledger.writes) < 6
        assert sorted("".join(ledger.writes)) == list("abcdef")
        texts = {one.goal: one.id for one in history(str(tmp_path))}
        assert {one.order.request.goal: one.stored and one.stored.id for one in found} == texts


def test_if_the_ledger_refuses_a_write_nobody_waits_for_it(tmp_path: Path) -> None:
    full = LedgerError("the disk is full")
    run, ledger = slowly(tmp_path, full)
    with run:
        found, error = soon(run.of("abcdef", jobs=6))
        assert error is full
        assert goals(found) == list(ledger.writes[0])
        until(lambda: len(run.reported) == 12)  # every thread has returned
