"""The batches in the ledger, with either engine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from jit_guard.generators.generator import Request, Text, Usage
from jit_guard.ledger import batches, database
from jit_guard.ledger.batches import Answered, Batch, pending
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Wanted
from ledger_work import OTHER, REQUEST, WANTED, arrival, offered

BATCH = Batch("a" * 32, "http://127.0.0.1:1/v1", "m", 12.5)
SECOND = BATCH._replace(token="b" * 32, since=13.25)
ODD = "nul \0, surrogate \udc80, quote ' and ☃"
TEXT = Text("Hello.\n", Usage(1, 2, 0), "m-2", {"batch": "x"})


def begun(ledger: Ledger, batch: Batch = BATCH, *wanted: Wanted) -> None:
    ledger.batches.add(batch)
    ledger.batches.add_texts(batch, [(one, REQUEST) for one in wanted or (WANTED, OTHER)])


def expected(ledger: Ledger, batch: Batch = BATCH) -> dict[str, str]:
    """What a batch is expected to bring, with whether it has."""
    keys = [one.key.digest() for one in (WANTED, OTHER)]
    found = ledger.batches.expected(batch, [*keys, *keys, "unknown"])
    return {one.component: "stored" if one.stored else "pending" for one in found.values()}


def answered(ledger: Ledger, wanted: Wanted, text: Text | None, fault: str | None) -> Answered:
    key = wanted.key.digest()
    return Answered(ledger.batches.expected(BATCH, [key])[key], text, fault)


@pytest.mark.usefixtures("engine")
def test_a_batch_is_remembered_with_what_it_will_bring(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.batches.open() == []
        assert ledger.batches.pending() == {}
        begun(ledger)
        begun(ledger)  # the connection was lost, and all of it is repeated
        begun(ledger, SECOND, WANTED._replace(component=ODD))
        assert ledger.batches.open() == [BATCH, SECOND]
        assert ledger.batches.count(BATCH) == 2
        named = BATCH._replace(file="file-1", name="batch-1")
        ledger.batches.remember(named)
        assert ledger.batches.open() == [named, SECOND]
        assert BATCH.shown == f"with the token {BATCH.token}"
        assert named.shown == "batch-1"
    waiting = pending(str(tmp_path))
    assert waiting[WANTED.component] == waiting[OTHER.component] == named
    assert len(waiting) == 3


@pytest.mark.usefixtures("engine")
def test_what_arrives_is_stored_once_and_the_rest_has_a_reason(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        begun(ledger)
        answer = answered(ledger, WANTED, TEXT, None)
        (stored,) = ledger.batches.store(BATCH, [answer])
        assert stored is not None
        assert stored.content == "Hello.\n"
        assert offered(ledger) == "Hello.\n"
        assert ledger.batches.store(BATCH, [answer]) == [stored]  # killed before it was recorded
        assert expected(ledger) == {WANTED.component: "stored", OTHER.component: "pending"}
        assert list(ledger.batches.pending()) == [OTHER.component]
        assert answer.expected.request == Request(*REQUEST[:5])
        failures = ledger.batches.close(BATCH, f"missing {ODD}", "why", "refused")
        assert [one.component for one in failures] == [OTHER.component]
        assert failures[0].reason.startswith("missing nul \\x00, surrogate \\udc80")
        assert ledger.batches.open() == []
        assert ledger.batches.pending() == {}
        rows = ledger._engine.read("SELECT request FROM batch_texts")  # which may be large
        assert rows == [("",), ("",)]
    (record,) = history(str(tmp_path))
    assert (record.model, record.asked, record.usage) == ("m-2", 12.5, Usage(1, 2, 0))
    assert record.path == REQUEST.path


@pytest.mark.usefixtures("engine")
def test_each_of_several_texts_is_stored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = OTHER._replace(key=OTHER.key._replace(goal="THIRD"))
    with Ledger(str(tmp_path)) as ledger:
        begun(ledger, BATCH, WANTED, OTHER, third)
        answers = [answered(ledger, one, TEXT, None) for one in (WANTED, OTHER, third)]
        for some in (200, 2, 1):  # in one statement
            monkeypatch.setattr(batches, "_SOME", some)
            stored = ledger.batches.store(BATCH, answers)
            assert [one.id for one in stored if one is not None] == [
                one.id for one in history(str(tmp_path))
            ]
            assert len(stored) == 3


@pytest.mark.usefixtures("engine")
def test_a_rejected_answer_is_kept_and_a_better_one_counts(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        begun(ledger)
        bad = answered(ledger, WANTED, TEXT._replace(content="cut"), "cut off")
        nothing = answered(ledger, OTHER, None, "400")
        assert ledger.batches.store(BATCH, [bad, nothing]) == [None, None]
        assert offered(ledger) is None
        (stored,) = ledger.batches.store(BATCH, [answered(ledger, WANTED, TEXT, None)])
        assert stored is not None
        assert stored.content == offered(ledger) == "Hello.\n"
        assert ledger.batches.store(BATCH, [bad]) == [None]
        assert offered(ledger) == "Hello.\n"
        (failure,) = ledger.batches.close(BATCH, "missing")
        assert failure == (OTHER.component, "400")


@pytest.mark.usefixtures("engine")
def test_refusals_are_kept_in_order_for_their_server_and_model(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        for number, (refusal, server) in enumerate(
            [("b", "s"), ("a", "s"), ("b", "s"), ("c", "t")]
        ):
            batch = Batch(str(number), server, "m", float(number))
            begun(ledger, batch)
            ledger.batches.close(batch, "", "", refusal)
        assert ledger.batches.refusals("s", "m") == ["b", "a"]
        assert ledger.batches.refusals("s", "other") == []


@pytest.mark.usefixtures("engine")
def test_a_batch_is_claimed_by_one(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        begun(one)
        assert one.batches.claim(BATCH)
        assert not other.batches.claim(BATCH)
        assert other.batches.claim(SECOND)
        one.batches.release(BATCH)
        assert other.batches.claim(BATCH)


def test_without_a_ledger_nothing_is_pending_and_none_is_created(tmp_path: Path) -> None:
    assert pending(str(tmp_path)) == {}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batches SET server = x'ff'",
        "UPDATE batches SET since = 'soon'",
        "UPDATE batches SET since = 1e300",
        "UPDATE batch_texts SET request = '{'",
        "UPDATE batch_texts SET request = '[]'",
        "UPDATE batch_texts SET request = replace(request, '\"goal\"', '\"x\"')",
        "UPDATE batch_texts SET request = replace(request, '12.5', '\"x\"')",
        "UPDATE batch_texts SET request = replace(request, '\"GREET\"', '5')",
    ],
)
def test_batches_of_another_program_are_an_error(tmp_path: Path, change: str) -> None:
    with Ledger(str(tmp_path)) as ledger:
        begun(ledger)
        with closing(sqlite3.connect(tmp_path / database.NAME)) as connection:
            connection.execute(change)
            connection.commit()
        read = ledger.batches.open if "UPDATE batches" in change else partial(expected, ledger)
        with pytest.raises(LedgerError, match="does not have the form that jit-guard writes"):
            read()
    with closing(sqlite3.connect(tmp_path / database.NAME)) as connection:
        connection.execute("UPDATE batches SET since = 1.0, server = ''")
        connection.execute("UPDATE batch_texts SET component = x'ff'")
        connection.commit()
    with Ledger(str(tmp_path)) as ledger, pytest.raises(LedgerError, match="no valid component"):
        ledger.batches.pending()
    with closing(sqlite3.connect(tmp_path / database.NAME)) as connection:
        connection.execute("UPDATE batch_texts SET status = 'failed', reason = x'ff'")
        connection.execute("UPDATE batches SET since = 1.0, server = ''")
        connection.commit()
    with Ledger(str(tmp_path)) as ledger, pytest.raises(LedgerError, match="no valid reason"):
        ledger.batches.close(BATCH, "missing")


def of_the_first_version(root: Path) -> Path:
    """Make a ledger with a text, as it was before there were batches."""
    with Ledger(str(root)) as ledger:
        ledger.arrived([arrival()])
    file = root / database.NAME
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "DROP TABLE batches; DROP TABLE batch_texts; PRAGMA user_version = 1"
        )
    return file


def test_a_ledger_of_the_first_version_is_migrated_with_its_texts(tmp_path: Path) -> None:
    file = of_the_first_version(tmp_path)
    with Ledger(str(tmp_path)) as ledger, Ledger(str(tmp_path)) as other:
        assert offered(ledger) == "Hello.\n"
        begun(other)
        assert ledger.batches.open() == [BATCH]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (database.VERSION,)


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = of_the_first_version(tmp_path)
    before = file.read_bytes()
    first, second = database._MIGRATIONS
    with monkeypatch.context() as patch:
        patch.setattr(database, "_MIGRATIONS", (first, f"{second}INSERT INTO texts VALUES (1);\n"))
        with pytest.raises(LedgerError, match="table texts has 20 columns but 1 values"):
            Ledger(str(tmp_path))
    assert file.read_bytes() == before
    with Ledger(str(tmp_path)) as ledger:
        assert offered(ledger) == "Hello.\n"
        assert ledger.batches.open() == []


def test_an_older_ledger_with_other_tables_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    file = tmp_path / database.NAME
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("DROP TABLE batches; PRAGMA user_version = 1")
    before = file.read_bytes()
    with pytest.raises(LedgerError, match="another program changed its tables"):
        Ledger(str(tmp_path))
    assert file.read_bytes() == before
