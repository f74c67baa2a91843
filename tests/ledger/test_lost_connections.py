"""A lost connection to the ledger on a server: no text is lost, and none counts twice."""

from __future__ import annotations

import os
import shlex
import sqlite3
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.pq import DiagnosticField

from jit_guard.fixing.delivery import Order, deliver
from jit_guard.generators.generator import Request, Text, Writer
from jit_guard.generators.judgement import Rejection
from jit_guard.generators.progress import Unreported
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link, session
from jit_guard.ledger.postgresql import server as engine
from jit_guard.ledger.records import Arrival, Placed, Stored, values_of
from ledger_machines import FIX, MISSING, command, cut_off, fix, is_held, link_of, root_of, second
from ledger_work import OTHER, REQUEST, WANTED, arrival, without_waiting
from postgresql_server import PostgresServer
from projects import call, lay_out
from relay import Relay


def test_a_text_that_arrives_after_the_connection_was_lost_is_stored(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ledger:
        ledger.claim([WANTED])
        cut_off(server)
        (stored,) = ledger.arrived([arrival()])
        assert not stored.theirs
        # The claim was taken again.
        server_key = link.join(*link_of(ledger)).lock_key("component", WANTED.component)
        assert is_held(server, server_key)
        link.leave(link._links[link_of(ledger)])
        cut_off(server)
        ledger.committed([Placed(stored.id, "x", b"Hello.\n")], [WANTED.component])
        cut_off(server)
        ledger.release([WANTED.component])
        cut_off(server)
        assert ledger.claim([WANTED]) != [None]
    (record,) = history(str(tmp_path / "a"))
    assert record.status == "committed"


def test_a_session_that_the_server_ends_is_lost_before_its_stream_ends(
    tmp_path: Path, server: PostgresServer
) -> None:
    ended: dict[int, bytes | None] = {DiagnosticField.SEVERITY_NONLOCALIZED: b"FATAL"}
    used: list[session.Connection] = []

    def action(connection: session.Connection) -> int:
        used.append(connection)
        if len(used) == 1:
            raise psycopg.errors.AdminShutdown("unexpected postmaster exit", info=ended)
        return len(used)

    with Ledger(root_of(tmp_path / "a")) as ledger:
        assert link._links[link_of(ledger)].run(action) == 2
        first, second_one = used
        assert first.closed
        assert not second_one.closed


def test_what_another_machine_bought_meanwhile_counts_and_ours_is_kept(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        (claim,) = ours.claim([WANTED])
        assert claim is not None
        assert theirs.claim([WANTED]) == [None]
        cut_off(server)
        assert theirs.wait(WANTED.component, 10)
        assert theirs.claim([WANTED]) != [None]
        first, _ = theirs.arrived([arrival("Theirs.\n"), arrival("Later.\n")])
        theirs.release([WANTED.component])
        (stored,) = ours.arrived([arrival("Ours.\n")])
        assert stored == first._replace(theirs=True)
        (edited,) = ours.arrived([edit("Edited.\n")])  # the user's decision
        assert (edited.theirs, edited.edited) == (False, True)
        ours.reject(edited.id, "no")
        # What this claim has seen is not new to it; what it rejects is not offered.
        (again,) = ours.arrived([arrival("Another.\n")])
        assert not again.theirs
        assert ours.stored(WANTED) == again
    records = list(history(str(tmp_path / "a")))
    texts = ["Theirs.\n", "Later.\n", "Ours.\n", "Edited.\n", "Another.\n"]
    assert [one.content for one in records] == texts
    assert [one.status for one in records] == ["arrived"] * 2 + ["rejected"] * 2 + ["arrived"]
    assert records[2].reason == (
        f"the connection was lost, and text {first.id} of another machine came first"
    )


def edit(content: str) -> Arrival:
    return arrival()._replace(text=Text(content, details={"edited": True}))


def test_the_text_of_another_machine_that_still_works_is_not_taken_for_ours(
    tmp_path: Path, server: PostgresServer
) -> None:
    """We lost the claim, another machine has it, and our text arrives before its own."""
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])
        cut_off(server)
        assert theirs.claim([WANTED]) != [None]
        (stored,) = ours.arrived([arrival("Ours.\n")])
        assert not stored.theirs
        (late,) = theirs.arrived([arrival("Theirs.\n")])
        assert late == stored._replace(theirs=True)
        assert theirs.stored(WANTED) == stored


def test_an_invalid_text_of_ours_does_not_reject_that_of_another_machine(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])

        def write(_: Request) -> Text:
            cut_off(server)
            assert theirs.wait(WANTED.component, 10)
            theirs.claim([WANTED])
            theirs.arrived([arrival("Theirs.\n")])
            return Text("No component.\n")

        (done,) = deliver(
            [Order(WANTED, REQUEST)],
            Writer(write),
            ours,
            1,
            Unreported(),
            check=lambda request, text: Rejection("not this"),
        )
        assert done.reason == "not this"
        stored = ours.stored(WANTED)
        assert stored is not None
        assert stored.content == "Theirs.\n"


def test_two_texts_that_are_stored_at_the_same_moment_do_not_both_count(
    tmp_path: Path, server: PostgresServer
) -> None:
    with Ledger(root_of(tmp_path / "a")) as ours, second(ours) as theirs:
        ours.claim([WANTED])
        cut_off(server)
        assert theirs.claim([WANTED]) != [None]
        other = theirs._engine
        assert isinstance(other, engine.Server)
        with ThreadPoolExecutor(1) as pool:

            def store(connection: session.Connection) -> list[Stored]:
                with connection.transaction():
                    found = other._store(connection, [uuid4()], [values_of(arrival("Theirs.\n"))])
                    waiting.append(pool.submit(ours.arrived, [arrival("Ours.\n")]))
                    time.sleep(0.3)
                    assert not waiting[0].done()
                return found

            waiting: list[Future[list[Stored]]] = []
            (first,) = other._link.run(store)
            assert waiting[0].result(20) == [first._replace(theirs=True)]


def test_a_text_from_before_a_claim_is_not_of_another_machine(
    tmp_path: Path, server: PostgresServer
) -> None:
    """Another one was claimed earlier, and both texts arrive at the same time."""
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        (before,) = ledger.arrived([arrival("Before.\n", OTHER)])
        assert ledger.claim([OTHER], after=before.id) == [(OTHER.component, None)]
        stored = ledger.arrived([arrival("One.\n"), arrival("New.\n", OTHER)])
        assert [(one.content, one.theirs) for one in stored] == [
            ("One.\n", False),
            ("New.\n", False),
        ]


def test_a_lost_connection_is_opened_soon_then_less_often_for_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def opened(_: link.Link) -> session.Connection:
        raise psycopg.OperationalError("connection refused")

    one = link.Link("postgresql://db/prompts", "p")
    with monkeypatch.context() as patch:
        patch.setattr(link.Link, "_opened", opened)
        pauses = without_waiting(patch)
        for _ in range(2):  # then the patience is spent
            with pytest.raises(link.UnreachableError, match="cannot be used: connection refused"):
                one.run(lambda _: None)
    assert sum(pauses) == pytest.approx(60.0)
    assert pauses[0] == 0.05
    assert pauses[:-1] == sorted(pauses[:-1])
    assert max(pauses) == 1.0
    assert min(pauses) > 0
    assert len(pauses) < 80


def test_a_server_that_became_a_standby_is_left_for_the_one_that_can_write(
    tmp_path: Path, server: PostgresServer, database: str
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        assert isinstance(ledger._engine, engine.Server)
        ledger._engine._link.run(lambda one: one.execute("SET default_transaction_read_only = on"))
        (stored,) = ledger.arrived([arrival()])
        assert ledger.stored(WANTED) == stored
        ((name,),) = ledger._engine.read("SELECT current_database()")
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(LedgerError, match="session is read-only"):
        Ledger(str(tmp_path))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_cut_in_a_commit_stores_the_text_once(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    with Relay(server.port) as relay:
        monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=relay.host))
        cut: list[bytes] = []

        def reply(data: bytes) -> bytes | None:
            word = b"INSERT" if when == "before" else b"COMMIT"
            if word in data and not cut:
                cut.append(data)
                return None
            return data

        with Ledger(str(tmp_path)) as ledger:
            ledger.claim([WANTED])
            relay.reply = reply
            (stored,) = ledger.arrived([arrival()])
            assert cut
            assert not stored.theirs
            assert ledger.stored(WANTED) == stored
    assert [one.id for one in history(str(tmp_path))] == [stored.id]


def test_a_server_that_does_not_answer_any_more_is_left(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its system still acknowledges every packet, as that of a stopped process does."""
    with Relay(server.port) as relay:
        monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=relay.host))
        with Ledger(root_of(tmp_path / "a")) as ledger:
            ledger.claim([WANTED])
            monkeypatch.setattr(link.Link.run, "__defaults__", (0.5,))
            relay.silence()
            started = time.monotonic()
            (stored,) = ledger.arrived([arrival()])
            assert 0.4 < time.monotonic() - started < 20
            assert ledger.stored(WANTED) == stored


def test_a_fix_whose_connection_is_lost_while_the_model_works_loses_nothing(
    tmp_path: Path, server: PostgresServer
) -> None:
    cut = (
        "import psycopg, sys\n"
        "with psycopg.connect(sys.argv[1]) as server:\n"
        '    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "\n'
        "                   \"WHERE application_name = 'jit-guard'\")\n"
        "print('You greet people.')\n"
    )
    (tmp_path / "cut.py").write_text(cut)
    program = shlex.join([sys.executable, str(tmp_path / "cut.py"), server.url()])
    root = lay_out(tmp_path / "project", MISSING)
    done = call("--fix", "--yes", "--no-input", "--command", program, cwd=root)
    assert done.code == 0, done.err
    (record,) = history(str(root))
    assert (record.content, record.status) == ("You greet people.\n", "committed")


def test_both_sides_probe_a_silent_connection_as_the_url_says(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> list[object]:
        with Ledger(str(tmp_path)) as ledger:
            rows = [ledger._engine.read(f"SHOW {name}") for name in names]
            return [value for ((value,),) in rows]

    kept = "tcp_keepalives_"
    names: tuple[str, ...] = (f"{kept}idle", f"{kept}interval", f"{kept}count", "tcp_user_timeout")
    monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=server.tcp))
    assert shown() == ["10", "5", "3", "25000"]
    probes = {"tcp_user_timeout": 700, "keepalives_idle": 2}
    monkeypatch.setenv("JIT_GUARD_LEDGER", server.url("owner", server.tcp, **probes))
    assert shown() == ["2", "5", "3", "700"]
    names = ("statement_timeout", "idle_session_timeout")
    server.execute("ALTER ROLE owner SET idle_session_timeout = '5s'")
    server.execute("ALTER ROLE owner SET statement_timeout = '5s'")
    try:
        assert shown() == ["1min", "0"]
    finally:
        server.execute("ALTER ROLE owner RESET ALL")


def test_a_text_is_kept_here_when_the_server_does_not_come_back(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PATIENCE", 0.2)
    root = root_of(tmp_path / "a")
    with Relay(server.port) as relay:
        monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=relay.host))
        with Ledger(root) as ledger:
            ledger.claim([WANTED])
            relay.reply = lambda data: None
            relay.cut()
            with pytest.raises(
                LedgerError, match=r"is kept in \.jit-guard/ledger\.db, and the next"
            ):
                ledger.arrived([arrival()])
            started = time.monotonic()
            with pytest.raises(LedgerError, match="cannot be used"):
                ledger.reject(1, "x")  # the patience is spent
            assert time.monotonic() - started < 0.2
            ledger.release([WANTED.component])
    monkeypatch.setenv("JIT_GUARD_LEDGER", server.url())
    assert list(history(root)) == []
    with Ledger(root) as ledger:
        assert ledger.stored(OTHER) is None
        (claim,) = ledger.claim([WANTED])
        assert claim is not None
        assert claim.stored is not None
        assert claim.stored.content == "Hello.\n"
        assert ledger.stored(WANTED) == claim.stored
    (record,) = history(root)  # on the server now
    assert (record.content, record.asked, record.status) == ("Hello.\n", 1.5, "arrived")
    with Ledger(root) as ledger:
        ledger.reject(record.id, "no")
        assert ledger.stored(WANTED) is None  # the earlier copy does not come back
        assert len(list(history(root))) == 1


def test_texts_of_this_machine_are_used_after_a_change_over(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    url = os.environ["JIT_GUARD_LEDGER"]
    monkeypatch.delenv("JIT_GUARD_LEDGER")
    assert fix(root)[2] == 1
    lay_out(root, {"goal_map.json": MISSING["goal_map.json"]})
    for path in (root / "components/personas").iterdir():
        path.unlink()
    monkeypatch.setenv("JIT_GUARD_LEDGER", url)
    for generator in ((), command(root)):  # any one, if the user names none
        assert ": from the ledger, free\n" in call(*FIX, "--dry-run", *generator, cwd=root).out
    code, err, bought = fix(root)
    assert (code, bought) == (0, 1), err
    assert [one.status for one in history(str(root))] == ["committed"]


def test_the_first_text_of_a_database_may_come_from_this_machine(
    tmp_path: Path, database: str
) -> None:
    with closing(Embedded(str(tmp_path))) as here:
        here.store([values_of(arrival())])
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.stored(WANTED) == Stored(1, "Hello.\n", generator="command")
        assert ledger.stored(WANTED, after=1) is None


def test_a_forged_text_of_this_machine_does_not_reach_the_server(
    tmp_path: Path, server: PostgresServer
) -> None:
    with closing(Embedded(str(tmp_path))) as here:
        here.store([values_of(arrival())])
    with closing(sqlite3.connect(tmp_path / ".jit-guard/ledger.db")) as file:
        file.execute("UPDATE texts SET request = x'00'")
        file.commit()
    with Ledger(str(tmp_path)) as ledger:
        with pytest.raises(LedgerError, match="does not have the form that jit-guard writes"):
            ledger.claim([WANTED])
        assert ledger.last() == 0


def test_a_text_that_the_server_refuses_is_kept_here(
    tmp_path: Path, server: PostgresServer, database: str
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("ALTER TABLE jit_guard.all_texts ADD CHECK (length(content) < 3)")
        with pytest.raises(LedgerError, match=r"violates check.*kept in \.jit-guard/ledger\.db"):
            ledger.arrived([arrival()])
