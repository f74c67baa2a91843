"""Claims on a server: advisory locks, which live as long as a connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jit_guard.ledger import claims
from jit_guard.ledger.choice import open_engine
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link, session
from jit_guard.ledger.postgresql import server as engine
from ledger_machines import cut_off, link_of, root_of, second
from ledger_work import OTHER, WANTED
from postgresql_server import PostgresServer


def test_two_components_with_the_same_hash_only_wait_for_each_other(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link.Link, "lock_key", lambda *_: -5)
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        assert None not in ours.claim([WANTED, OTHER])
        assert theirs.claim([WANTED, OTHER]) == [None, None]
        ours.release([OTHER.component])
        assert theirs.claim([OTHER]) == [None]
        assert not theirs.wait(OTHER.component, 0.05)
        ours.release([WANTED.component])
        assert theirs.wait(OTHER.component, 5)
        assert None not in theirs.claim([OTHER])


def test_the_key_of_a_lock_depends_on_project_and_name() -> None:
    keys = {
        link.Link("", project).lock_key(what, name)
        for project in ("p", "q")
        for what in ("component", "text")
        for name in ("a", "b", "\udcff")
    }
    assert len(keys) == 12
    # Machines with different versions of jit-guard exclude each other.
    assert link.Link("", "p").lock_key("component", "a") == -8380316877630735338
    assert all(-1 << 63 <= key < 1 << 63 for key in keys)
    assert min(keys) < 0 < max(keys)


def test_claims_are_limited_by_the_locks_of_the_server(
    tmp_path: Path, server: PostgresServer
) -> None:
    ((capacity,),) = server.execute(
        "SELECT current_setting('max_locks_per_transaction')::int "
        "* current_setting('max_connections')::int / 16"
    )
    wanted = [WANTED._replace(component=f"c/{number}") for number in range(capacity + 5)]
    with Ledger(str(tmp_path)) as ledger:
        found = ledger.claim(wanted)
        assert [one is None for one in found] == [False] * capacity + [True] * 5
        assert ledger.claim(wanted[-2:]) == [None, None]
        ledger.release(one.component for one in wanted[:10])
        found = ledger.claim(wanted)
        assert [number for number, one in enumerate(found) if one] == list(range(10))


def test_a_server_with_few_locks_has_room_for_one_claim(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_SHARE", 10**9)
    with Ledger(str(tmp_path)) as ledger:
        assert [one is None for one in ledger.claim([WANTED, OTHER])] == [False, True]


def test_a_thread_that_waits_for_another_is_woken_within_its_time(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    limits: list[float] = []
    real = link.Link.run

    def run(self: link.Link, action: Any, limit: float = link.LIMIT) -> Any:
        limits.append(limit)
        return real(self, action, limit)

    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])

        def wait(left: float) -> None:
            waits.append(left)
            ledger.release([WANTED.component])

        monkeypatch.setattr(link._links[link_of(ledger)].changed, "wait", wait)
        monkeypatch.setattr(link.Link, "run", run)
        assert ledger.wait(WANTED.component, 0.9)
        monkeypatch.undo()
    (left,) = waits
    assert 0 < left <= 0.9
    # A server that does not answer is left a while after the time is up.
    (limit,) = limits
    assert link.LIMIT - 30 < limit <= link.LIMIT + 0.9


def test_a_thread_waits_for_another_until_its_time_is_up(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    waits: list[float] = []

    def wait(left: float) -> None:
        nonlocal now
        assert left > 0
        waits.append(left)
        now += left

    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        with monkeypatch.context() as patch:
            patch.setattr(link._links[link_of(ledger)].changed, "wait", wait)
            patch.setattr(time, "monotonic", lambda: now)
            assert not ledger.wait(WANTED.component, 0.5)
    assert waits == [0.5]


class Session:
    """A session in which a lock is held, and nothing is heard of it."""

    def __init__(self, held: int) -> None:
        self.now = 1000.0
        self.held = held
        self.listened = False
        self.keys: set[int] = set()
        self.pauses: list[float] = []

    def execute(self, query: str, values: tuple[int, int] = (0, 0)) -> Session:
        self.listened = self.listened or query == "LISTEN jit_guard"
        if values != (0, 0):
            self.keys.add((values[0] << 32 | values[1]) - ((values[0] >> 31) << 64))
        return self

    def fetchall(self) -> list[tuple[bool]]:
        self.held -= 1
        return [(self.held >= 0,)]

    def notifies(self, *, timeout: float, stop_after: int) -> Iterator[object]:
        assert stop_after == 1
        self.pauses.append(timeout)
        self.now += timeout
        yield object()


@pytest.mark.parametrize("key", [5, -5, 1 << 32, (1 << 63) - 1, -1 << 63])
def test_a_lock_is_looked_for_once_a_second_until_the_time_is_up(
    key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for held, free, pauses in ((0, True, []), (2, True, [1.0, 1.0]), (9, False, [1.0, 1.0, 0.5])):
        made = Session(held)
        with monkeypatch.context() as patch:
            patch.setattr(time, "monotonic", lambda made=made: made.now)
            assert engine._is_free_before(made, key, 1002.5) is free  # type: ignore[arg-type]
        assert (made.pauses, made.keys, made.listened) == (pauses, {key}, True)


WAITING = (
    "FROM pg_stat_activity WHERE application_name = 'jit-guard' AND state = 'idle' "
    "AND query LIKE '%pg_locks%'"
)


def await_waiting(server: PostgresServer) -> None:
    """Wait until a process has looked for a claim, and listens."""
    while not server.execute(f"SELECT pid {WAITING}"):
        time.sleep(0.01)


def test_a_release_on_another_machine_wakes_a_waiting_process_at_once(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_POLL", 60.0)
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED, OTHER])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(theirs.wait, WANTED.component, 60)
            await_waiting(server)
            assert not waiting.done()
            ours.release([WANTED.component])
            assert waiting.result(20)
        assert not theirs.wait(OTHER.component, 0.05)


def test_a_claim_that_ends_without_a_word_is_noticed_by_looking(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(theirs.wait, WANTED.component, 60)
            await_waiting(server)
            link_of_ours = link._links[link_of(ours)]
            link_of_ours.close()  # as the kernel does for a killed process
            assert waiting.result(20)


def test_a_claim_whose_connection_is_lost_can_be_released(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED, OTHER])
        cut_off(server)
        ours.release([WANTED.component])
        assert None not in theirs.claim([WANTED])
        assert ours.last() == 0  # which opens the connection, and takes the other claim again
        assert theirs.claim([OTHER]) == [None]


def test_a_claim_without_a_connection_can_be_released(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])
        link._links[link_of(ours)].close()
        ours.release([WANTED.component])
        ours.release([WANTED.component])
        assert None not in theirs.claim([WANTED])


def test_waiting_goes_on_after_the_connection_was_lost(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(theirs.wait, WANTED.component, 60)
            await_waiting(server)
            server.execute(f"SELECT pg_terminate_backend(pid) {WAITING}")
            await_waiting(server)
            assert not waiting.done()
            ours.release([WANTED.component])
            assert waiting.result(20)


def test_a_failed_claim_leaves_no_lock(
    tmp_path: Path, server: PostgresServer, database: str
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("ALTER VIEW jit_guard.texts RENAME TO gone")
            with pytest.raises(LedgerError, match='relation "texts" does not exist'):
                ledger.claim([WANTED])
            connection.execute("ALTER VIEW jit_guard.gone RENAME TO texts")
        with second(ledger) as other:
            assert other.wait(WANTED.component, 5)
            assert other.claim([WANTED]) != [None]


def test_a_closed_ledger_leaves_no_connection(tmp_path: Path, server: PostgresServer) -> None:
    one, other = Ledger(str(tmp_path)), Ledger(str(tmp_path))
    for ledger in (one, one, other):
        assert len(link._links) == 1
        ledger.close()
    assert link._links == {}


def test_the_file_of_this_machine_is_closed_as_well(tmp_path: Path, server: PostgresServer) -> None:
    Embedded(str(tmp_path)).close()
    with Ledger(str(tmp_path)):
        assert len(claims._holders) == len(link._links) == 1
    assert not claims._holders
    assert not link._links
    (tmp_path / ".jit-guard/ledger.db").write_bytes(b"something else" * 100)
    with pytest.raises(LedgerError, match="is not a jit-guard ledger, or corrupted"):
        Ledger(str(tmp_path))
    assert not claims._holders
    assert not link._links


def test_an_error_of_the_server_is_reported_with_its_words(
    tmp_path: Path, server: PostgresServer
) -> None:
    message = r'^the ledger on /.*/postgres: column "nonsense" does not exist'
    with closing(open_engine(str(tmp_path))) as opened, pytest.raises(LedgerError, match=message):
        opened.read("SELECT nonsense")
