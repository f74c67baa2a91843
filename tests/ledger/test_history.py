"""What the log accepts from a ledger, and what it says about a text, at the limits."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jit_guard.generators.generator import Text, Usage
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import Record, history
from jit_guard.ledger.ledger import Ledger, keep
from jit_guard.ledger.records import Placed
from ledger_work import REQUEST, arrival

LATEST = 32_503_680_000.0  # the year 3000
LARGEST = (1 << 63) - 1


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A project whose ledger has a text."""
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
    return str(tmp_path)


def alter(root: str, column: str, value: object) -> None:
    """Change a column of the text as another program could."""
    with closing(sqlite3.connect(f"{root}/.jit-guard/ledger.db")) as connection:
        connection.execute(f"UPDATE texts SET {column} = ?", [value])
        connection.commit()


def read(root: str) -> list[Record]:
    """Read the ledger from both ends, which agree."""
    records = list(history(root))
    assert list(history(root, newest_first=True)) == records
    return records


@pytest.mark.parametrize(
    ("column", "accepted", "refused"),
    [
        ("id", [1, 2, LARGEST - 1], [0, -1, -7, -(1 << 62) - 1, -LARGEST]),
        ("path", ["", "x" * 4096], ["x" * 4097, b"x"]),
        ("asked", [0.0, 0.5, LATEST - 1], [-0.5, LATEST, "noon"]),
        ("arrived", [0.0, 0.5, LATEST - 1], [-0.5, LATEST, b""]),
        (
            "usage",
            ["{}", '{"retries": 0, "more": []}', '{"input_tokens": null}'],
            ['{"retries": -1}', "5"],
        ),
        ("status", ["arrived"], []),
        ("reason", [None, "why"], [b"why"]),
        ("sha256", [None, "0"], [b"0"]),
    ],
)
def test_a_column_has_its_limits(
    root: str, column: str, accepted: list[object], refused: list[object]
) -> None:
    for value in accepted:
        alter(root, column, value)
        (record,) = read(root)
        if column != "usage":
            assert getattr(record, column) == value
    for value in refused:
        alter(root, column, value)
        for newest_first in (False, True):
            with pytest.raises(LedgerError, match="does not have the form that jit-guard writes"):
                list(history(root, newest_first=newest_first))


def test_each_column_is_checked_whatever_the_others_are(root: str) -> None:
    """One that is as it must be excuses no other."""
    for column, value in (
        ("goal", b"x"),
        ("reason", b"x"),
        ("asked", -1.0),
        ("status", b"x"),
        ("content", "x"),
        ("usage", "["),
    ):
        with closing(sqlite3.connect(f"{root}/.jit-guard/ledger.db")) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            ((before,),) = connection.execute(f"SELECT {column} FROM texts").fetchall()
            connection.execute(f"UPDATE texts SET {column} = ?", [value])
            connection.commit()
            with pytest.raises(LedgerError, match="text 1 does not have the form"):
                read(root)
            connection.execute(f"UPDATE texts SET {column} = ?", [before])
            connection.commit()
        assert len(read(root)) == 1


def test_a_row_that_is_returned_twice_is_an_error(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a forged database, a tree can reach one page many times."""
    real = Embedded.read
    monkeypatch.setattr(Embedded, "read", lambda *words: real(*words) * 2)
    for newest_first in (False, True):
        with pytest.raises(LedgerError, match=r"\(text 1 is out of order\)"):
            list(history(root, newest_first=newest_first))


def recorded(root: Path, content: str, details: dict[str, Any] | None = None) -> Record:
    """Return the record of a text that arrived."""
    with Ledger(str(root)) as ledger:
        text = Text(content, Usage(), "", details or {})
        (stored,) = ledger.arrived([arrival()._replace(text=text)])
    return next(one for one in history(str(root)) if one.id == stored.id)


def test_the_answer_as_it_arrived_is_its_text_or_the_whole_message(tmp_path: Path) -> None:
    assert recorded(tmp_path, "Hé.\n").raw() == "Hé.\n"
    assert recorded(tmp_path, "Hé.\n", {"message": "x"}).raw() == "Hé.\n"
    message = {"refusal": None, "reasoning": "Grüße"}
    record = recorded(tmp_path, "Hé.\n", {"message": message})
    assert "Grüße" in record.raw()
    assert json.loads(record.raw()) == {"content": "Hé.\n", **message}
    assert record._replace(details="[5]").raw() == "Hé.\n"
    for details in ("{", "[" * 100_000):
        with pytest.raises(LedgerError, match=rf"^text {record.id} of the ledger has no valid"):
            record._replace(details=details).raw()


FENCED = "Here it is:\n\n```text\nYou greet.\n```\n"


def test_the_component_of_an_answer_is_known_by_its_text(tmp_path: Path) -> None:
    record = recorded(tmp_path, FENCED)
    component = record.component()
    assert component is not None
    assert record.holds(FENCED.encode())
    assert record.holds(component.encode())
    assert not record.holds(b"another")
    assert record.state(component.encode()) == "as generated"
    edited = recorded(tmp_path, FENCED, {"edited": True})
    assert edited.component() == FENCED
    assert edited.state(FENCED.encode()) == "edited by hand"
    # The name of the file says what a component may be.
    record = recorded(tmp_path, "Plain words.\n")
    components = [
        record._replace(path=path).component()
        for path in ("a.txt", "x/a.txt", "a.json", "x/a.json")
    ]
    assert components == ["Plain words.\n"] * 2 + [None] * 2
    nothing = recorded(tmp_path, "")
    assert nothing.component() is None
    assert nothing.holds(b"")
    assert not nothing.holds(b"another")
    assert not recorded(tmp_path, "lone \udc80").holds(b"another")


def test_a_text_is_kept_once(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        (stored,) = ledger.arrived([arrival("Hello.\n")])
        ledger.committed([Placed(stored.id, REQUEST.path, b"Placed.\n")])
    for data in (b"Hello.\n", b"Placed.\n", b"New.\n", b"New.\n"):
        keep(str(tmp_path), "components/p/x.txt", data)
    first, kept = history(str(tmp_path))
    assert first.content == "Hello.\n"
    assert (kept.path, kept.generator, kept.goal) == ("components/p/x.txt", "recovered", "")
    assert kept.holds(b"New.\n")
    with closing(sqlite3.connect(tmp_path / ".jit-guard/ledger.db")) as connection:
        names = connection.execute("SELECT filename FROM texts WHERE id = ?", [kept.id])
        assert names.fetchall() == [("x.txt",)]
