"""The ledger on a PostgreSQL server: opening it, its rights and versions."""

from __future__ import annotations

import re
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from documents import block
from jit_guard.errors import UsageError
from jit_guard.ledger.batches import Batch
from jit_guard.ledger.choice import open_engine
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.postgresql import link, schema
from jit_guard.ledger.records import Placed
from ledger_machines import FIX, MISSING, SECRET, fix
from ledger_work import REQUEST, WANTED, arrival, offered
from postgresql_server import PostgresServer
from projects import call, lay_out
from relay import Relay


def test_projects_do_not_see_each_other(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        (stored,) = ledger.arrived([arrival()])
        ledger.claim([WANTED])
        monkeypatch.setenv("JIT_GUARD_PROJECT", "another")
        with Ledger(str(tmp_path)) as other:
            assert other.last() == 0
            assert offered(other) is None
            other.reject(stored.id, "of another project")
            assert list(history(str(tmp_path))) == []
        assert ledger.stored(WANTED) == stored


def test_the_log_says_in_which_project_there_is_no_text(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_PROJECT", "acme/prompts")
    done = call("log", cwd=lay_out(tmp_path, MISSING))
    assert (done.code, done.err) == (0, "jit-guard: no text was generated for acme/prompts yet\n")


def test_a_server_that_is_down_is_an_error_before_anything_is_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_LEDGER", f"postgresql://me:{SECRET}@127.0.0.1:1/prompts")
    monkeypatch.setenv("JIT_GUARD_PROJECT", "p")
    root = lay_out(tmp_path / "project", MISSING)
    code, err, bought = fix(root)
    assert (code, bought) == (2, 0)
    shown = block("machines.md", "jit-guard: error").text.replace("\n", " ").strip()
    before, after = shown.replace("db.example.com:5432", "127.0.0.1:1").split("…")
    assert f"\n{err}".find(f"\n{before}") >= 0
    assert after in err
    assert "refused" in err
    assert SECRET not in err
    assert "Traceback" not in err
    assert not (root / ".jit-guard/ledger.db").exists()


def test_a_wrong_password_is_reported_without_it(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute("DROP ROLE IF EXISTS guarded")
    server.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    url = server.url(f"guarded:{SECRET}", server.tcp)
    monkeypatch.setenv("JIT_GUARD_LEDGER", url)
    code, err, bought = fix(lay_out(tmp_path / "project", MISSING))
    assert (code, bought) == (2, 0)
    assert 'password authentication failed for user "guarded"' in err
    assert SECRET not in err


def test_the_first_example_fixes_with_the_ledger_of_a_server(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (variable, _), (command, _) = block("machines.md", "$ pip install").commands
    name, _, url = variable.removeprefix("export ").partition("=")
    assert url.startswith("postgresql://")
    monkeypatch.setenv(name, server.url())
    done = call(
        *command.split()[1:], "--yes", "--generator", "scaffold", cwd=lay_out(tmp_path, MISSING)
    )
    assert done.code == 1  # a draft is a finding
    assert [one.generator for one in history(str(tmp_path))] == ["scaffold"]
    assert not (tmp_path / ".jit-guard/ledger.db").exists()


def test_without_psycopg_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_LEDGER", "postgresql://db/prompts")
    for name in [name for name in sys.modules if name.startswith("jit_guard.ledger.postgresql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    code, err, bought = fix(lay_out(tmp_path / "project", MISSING))
    assert (code, bought) == (2, 0)
    assert "pip install 'jit-guard[postgres]'" in err


@pytest.mark.parametrize(
    ("error", "is_missing"),
    [
        (ImportError("No module named 'psycopg_c'", name="psycopg_c"), True),
        (ImportError("no pq wrapper available: libpq library not found"), True),
        (ImportError("No module named 'jit_guard.x'", name="jit_guard.x"), False),
        (ImportError("input/output error"), False),
    ],
)
def test_only_what_an_installation_cures_is_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: ImportError, is_missing: bool
) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "psycopg":
                raise error

    monkeypatch.setenv("JIT_GUARD_LEDGER", "postgresql://db/prompts")
    for name in list(sys.modules):
        if name.startswith(("psycopg", "jit_guard.ledger.postgresql")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(UsageError if is_missing else ImportError) as raised:
        open_engine(str(tmp_path))
    assert ("pip install 'jit-guard[postgres]'" in str(raised.value)) is is_missing


def test_the_url_is_hidden_from_git_and_from_texts(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url(f"owner:{SECRET}")
    monkeypatch.setenv("JIT_GUARD_LEDGER", url)
    root = lay_out(tmp_path / "project", MISSING)
    for leak in (url, f"the password is {SECRET}"):
        done = call(*FIX, "--command", f"echo '{leak}'", cwd=root)
        assert "the text contains the value of JIT_GUARD_LEDGER" in done.out + done.err
        assert SECRET not in done.out + done.err
    from jit_guard.sources.git.environment import clean_environment

    assert "JIT_GUARD_LEDGER" not in clean_environment()


def test_a_server_that_may_lose_texts_is_refused(
    tmp_path: Path, started_server: PostgresServer, server: PostgresServer
) -> None:
    started_server.execute("ALTER SYSTEM SET synchronous_commit = off")
    started_server.execute("ALTER SYSTEM SET fsync = off")
    started_server.execute("SELECT pg_reload_conf()")
    try:
        while started_server.execute("SHOW fsync") != [("off",)]:
            time.sleep(0.02)
        with pytest.raises(LedgerError, match=r"postgres: its server runs with fsync = off"):
            Ledger(str(tmp_path))
    finally:
        started_server.execute("ALTER SYSTEM RESET fsync")
        started_server.execute("SELECT pg_reload_conf()")
    while started_server.execute("SHOW fsync") != [("on",)]:
        time.sleep(0.02)
    try:
        with Ledger(str(tmp_path)) as ledger:
            assert ledger._engine.read("SHOW synchronous_commit") == [("on",)]
    finally:
        started_server.execute("ALTER SYSTEM RESET ALL")
        started_server.execute("SELECT pg_reload_conf()")


def test_a_connection_pooler_is_refused(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_process(data: bytes) -> bytes:
        """Poolers answer with a key of their own for cancelling."""
        return re.sub(
            rb"(?s)(K\x00\x00\x00\x0c)....", lambda found: found[1] + struct.pack("!i", 7), data
        )

    with Relay(server.port) as relay:
        relay.reply = other_process
        monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=relay.host))
        with pytest.raises(LedgerError, match="behind a connection pooler"):
            Ledger(str(tmp_path))


# Rights and versions


def granted(role: str) -> list[str]:
    """The statements of the documentation."""
    return block("machines.md", "GRANT").text.replace("prompt_writers", role).splitlines()


def test_the_documented_rights_are_enough_and_none_is_too_much(
    tmp_path: Path, server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(tmp_path)
    server.execute("DROP ROLE IF EXISTS writer")
    server.execute("CREATE ROLE writer LOGIN")
    theirs = database.replace("owner@", "writer@")
    monkeypatch.setenv("JIT_GUARD_LEDGER", theirs)
    with pytest.raises(
        LedgerError,
        match=r"tables do not exist, and the role writer may not create them; run",
    ):
        Ledger(root)
    monkeypatch.setenv("JIT_GUARD_LEDGER", database)
    assert list(history(root)) == []
    monkeypatch.setenv("JIT_GUARD_LEDGER", theirs)
    with pytest.raises(LedgerError, match=r"role writer may not .*docs/machines\.md"):
        Ledger(root)

    def work() -> None:
        with Ledger(root) as ledger:
            assert ledger.claim([WANTED]) != [None]
            (stored,) = ledger.arrived([arrival()])
            ledger.committed([Placed(stored.id, "x", b"")], [WANTED.component])
            assert ledger.wait(WANTED.component, 5)
            ledger.reject(stored.id, "no")
            batch = Batch("a", "http://127.0.0.1", "m", 1.0)
            ledger.batches.add(batch)
            ledger.batches.add_texts(batch, [(WANTED, REQUEST)])
            assert list(ledger.batches.pending()) == [WANTED.component]
            assert ledger.batches.close(batch, "no")

    with psycopg.connect(database, autocommit=True) as owner:
        for statement in granted("writer"):
            owner.execute(statement)
        work()
        assert [one.status for one in history(root)] == ["rejected"]
        with monkeypatch.context() as later:
            later.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE jit_guard.x ()"))
            with pytest.raises(LedgerError, match=r"older than .* role writer may not change them"):
                Ledger(root)
        with psycopg.connect(theirs, autocommit=True) as writer:
            for name in ("texts", "batches", "batch_texts"):
                for forbidden in (
                    f"DELETE FROM jit_guard.{name}",
                    f"SELECT * FROM jit_guard.all_{name}",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        writer.execute(forbidden)
        owner.execute("REVOKE INSERT, UPDATE ON jit_guard.texts FROM writer")
        assert len(list(history(root))) == 1
        with pytest.raises(LedgerError, match=r"permission denied.*docs/machines\.md"):
            work()
        owner.execute("DROP OWNED BY writer")
    server.execute("DROP ROLE writer")


def test_several_processes_may_create_the_tables_at_once(tmp_path: Path, database: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        links = [link.Link(database, str(number)) for number in range(6)]
        list(pool.map(link.Link.open, links))
    for one in links:
        one.close()
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT version FROM jit_guard.version").fetchall()
    assert rows == [(len(schema.MIGRATIONS),)]


def test_older_tables_are_migrated_and_newer_ones_refused(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
    more = "ALTER TABLE jit_guard.all_texts ADD COLUMN note text"
    with monkeypatch.context() as later:
        later.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, more))
        with Ledger(str(tmp_path)) as ledger:
            assert offered(ledger) == "Hello.\n"
        with psycopg.connect(database) as connection:
            connection.execute("SELECT note FROM jit_guard.all_texts")
    with pytest.raises(LedgerError, match="written by a newer jit-guard; upgrade"):
        Ledger(str(tmp_path))
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM jit_guard.version")
    with pytest.raises(LedgerError, match="version is empty"):
        Ledger(str(tmp_path))


def test_a_failed_migration_changes_nothing(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ledger(str(tmp_path)).close()
    with monkeypatch.context() as later:
        bad = "DROP VIEW jit_guard.texts; SELECT 1/0"
        later.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, bad))
        with pytest.raises(LedgerError, match="division by zero"):
            Ledger(str(tmp_path))
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.last() == 0


def test_rows_of_another_program_are_an_error(tmp_path: Path, database: str) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE jit_guard.all_texts SET content = '\\xff'")
        with pytest.raises(LedgerError, match=r"was changed by another program \(the content of"):
            ledger.stored(WANTED)
