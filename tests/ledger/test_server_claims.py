"""Claims on a server: advisory locks, which live as long as a connection."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from jit_guard.ledger.choice import open_engine
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link
from jit_guard.ledger.postgresql import server as engine
from ledger_machines import root_of, second
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
        ledger.release(one.component for one in wanted[:10])
        found = ledger.claim(wanted)
        assert [number for number, one in enumerate(found) if one] == list(range(10))


def test_a_release_on_another_machine_wakes_a_waiting_process_at_once(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_POLL", 30.0)
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED, OTHER])
        timer = threading.Timer(0.3, ours.release, [[WANTED.component]])
        timer.start()
        started = time.monotonic()
        assert theirs.wait(WANTED.component, 20)
        assert 0.2 < time.monotonic() - started < 10
        timer.join()
        assert not theirs.wait(OTHER.component, 0.05)


def test_waiting_goes_on_after_the_connection_was_lost(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours:
        ours.claim([WANTED])
        with second(ours) as theirs, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(theirs.wait, WANTED.component, 20)
            while not server.execute(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%pg_locks%%' "
                "AND pid <> pg_backend_pid() AND application_name = 'jit-guard'"
            ):
                time.sleep(0.01)
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
                "'%%pg_locks%%' AND pid <> pg_backend_pid() AND application_name = 'jit-guard'"
            )
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


def test_an_error_of_the_server_is_reported_with_its_words(
    tmp_path: Path, server: PostgresServer
) -> None:
    message = r'^the ledger on /.*/postgres: column "nonsense" does not exist'
    with closing(open_engine(str(tmp_path))) as opened, pytest.raises(LedgerError, match=message):
        opened.read("SELECT nonsense")
