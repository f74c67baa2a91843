"""The ledger: texts are stored durably and found again by their key."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from jit_guard.commit import durable
from jit_guard.commit.directories import Directory
from jit_guard.generators.generator import Text, Usage
from jit_guard.ledger import database, files
from jit_guard.ledger.database import LedgerFile
from jit_guard.ledger.embedded import Embedded
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history, replacements
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import row_of
from ledger_work import WANTED, arrival, in_a_fork, offered

# The log


def test_without_a_ledger_the_log_is_empty_and_creates_none(tmp_path: Path) -> None:
    assert list(history(str(tmp_path))) == []
    assert not database.exists(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_stored_in_another_ledger_as_one_that_just_arrived(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    odd = arrival()._replace(text=Text("Hello.\n", Usage(None, 7, 0), "", {"edited": True}))
    with Ledger(str(tmp_path / "here")) as ledger:
        for one in ledger.arrived([arrival(), odd]):
            ledger.reject(one.id, "no")
    ours = list(history(str(tmp_path / "here")))
    with closing(Embedded(str(tmp_path / "here"))) as here:
        with closing(Embedded(str(tmp_path / "there"))) as there:
            stored = there.store([row_of(here, one.id) for one in ours])
            assert [one.edited for one in stored] == [False, True]
        with pytest.raises(LedgerError, match="text 3 does not have the form"):
            row_of(here, 3)
    theirs = list(history(str(tmp_path / "there")))
    assert theirs == [one._replace(status="arrived", reason=None) for one in ours]


# The file


def test_git_ignores_the_directory(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    assert (tmp_path / ".jit-guard" / ".gitignore").read_bytes() == b"*\n"


def test_every_commit_is_on_disk(tmp_path: Path) -> None:
    file = LedgerFile(str(tmp_path))
    with file.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)
    file.close()
    assert not list((tmp_path / ".jit-guard").glob("ledger.db-*"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "x"), "permission denied"),
        (OSError("Something odd"), "something odd"),
    ],
)
def test_an_error_of_the_system_is_said_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(files, "unsafe", fail)
    with pytest.raises(LedgerError) as raised:
        LedgerFile(str(tmp_path))
    assert str(raised.value) == f".jit-guard/ledger.db: {words}"


def test_its_header_says_whose_it_is(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    assert (tmp_path / ".jit-guard/ledger.db").read_bytes()[68:72] == b"JGL1"


def test_the_time_of_a_call_is_limited_by_the_size_of_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "file")
    for size, work in ((0, 4), (200_000_000, 14)):
        with monkeypatch.context() as patch:
            patch.setattr(files, "size", lambda _, size=size: size)
            limit = database._Limit()
            for now, is_over in ((0.0, False), (work - 1.5, False), (work + 1.5, True)):
                patch.setattr(time, "thread_time", lambda now=now: 100.0 + now)
                if not now:
                    limit.start(path)
                assert limit.is_over() == is_over


def test_the_name_of_a_new_ledger_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite does so as well, unless it was built without that."""
    synced: list[str] = []

    def sync(directory: Directory, without: str) -> None:
        if without == "the ledger is lost, with all its texts":
            synced.append(directory.relative)

    monkeypatch.setattr(durable, "sync_directory", sync)
    for _ in range(2):
        LedgerFile(str(tmp_path)).close()
        assert synced == [".jit-guard"]


FOREIGN = {
    "no database": b"some other text in this place, longer than a header of SQLite\n" * 20,
    "a torn header": b"SQLite format 3\0" + b"\0" * 50,
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_not_a_ledger_is_refused_and_left_unchanged(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / ".jit-guard" / "ledger.db"
    path.parent.mkdir()
    path.write_bytes(data)
    message = r"\.jit-guard/ledger\.db is not a jit-guard ledger, or corrupted"
    with pytest.raises(LedgerError, match=message):
        Ledger(str(tmp_path))
    with pytest.raises(LedgerError, match=message):
        list(history(str(tmp_path)))
    assert path.read_bytes() == data


def test_another_database_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    path = tmp_path / ".jit-guard" / "ledger.db"
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="not a jit-guard ledger"):
        Ledger(str(tmp_path))
    assert path.read_bytes() == before


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    newer = sqlite3.connect(tmp_path / ".jit-guard" / "ledger.db")
    newer.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    newer.close()
    with pytest.raises(LedgerError, match="newer jit-guard"):
        Ledger(str(tmp_path))


def test_corruption_in_the_middle_is_reported(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival("x" * 5000) for _ in range(50)])
    path = tmp_path / ".jit-guard" / "ledger.db"
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(LedgerError, match="or corrupted"):
        list(history(str(tmp_path)))
    assert path.read_bytes() == bytes(data)


def test_several_processes_may_create_a_ledger_at_once(tmp_path: Path) -> None:
    for number in range(5):
        root = tmp_path / str(number)
        root.mkdir()
        with ThreadPoolExecutor(8) as pool:
            for ledger in pool.map(Ledger, [str(root)] * 8):
                ledger.close()


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / ".jit-guard").mkdir()
    (tmp_path / ".jit-guard" / "ledger.db").touch()
    with Ledger(str(tmp_path)) as ledger:
        assert offered(ledger) is None


def test_reading_leaves_an_empty_file_alone(tmp_path: Path) -> None:
    (tmp_path / ".jit-guard").mkdir()
    (tmp_path / ".jit-guard" / "ledger.db").touch()
    assert list(history(str(tmp_path))) == []
    assert [path.stat().st_size for path in (tmp_path / ".jit-guard").iterdir()] == [0]


@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_a_link_in_its_place_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / ".jit-guard").mkdir()
    (tmp_path / "there").touch()
    (tmp_path / ".jit-guard" / "ledger.db").symlink_to(tmp_path / target)
    with pytest.raises(LedgerError, match="is a link"):
        Ledger(str(tmp_path))
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "there").read_bytes() == b""


def test_a_removed_ledger_is_created_again(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        for path in sorted((tmp_path / ".jit-guard").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (tmp_path / ".jit-guard").rmdir()
        ledger.arrived([arrival()])
        assert ledger.claim([WANTED]) == [None]  # still being worked on here
        ledger.release([WANTED.component])
    assert [record.goal for record in history(str(tmp_path))] == ["GREET"]


def test_a_full_disk_is_an_error_and_loses_no_stored_text(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
        assert isinstance(ledger._engine, Embedded)
        with ledger._engine._file.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerError, match=r"ledger\.db: .*full"):
            ledger.arrived([arrival("x" * 100_000)])
        assert offered(ledger) == "Hello.\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("closes", [True, False], ids=["closes it", "reads it"])
def test_a_forked_child_does_not_disturb_a_commit(tmp_path: Path, closes: bool) -> None:
    """It has a copy of the connection, which would roll back what its parent is writing."""
    file = LedgerFile(str(tmp_path))

    def use() -> bytes:
        if not closes:
            assert file.rows("SELECT count(*) FROM claims") == [(0,)]
        file.close()
        return b"done"

    with file.transaction() as connection:
        connection.execute("INSERT INTO claims VALUES ('x', 1, 1.0)")
        assert in_a_fork(use) == b"done"
        assert (tmp_path / ".jit-guard/ledger.db-journal").exists()
    assert file.rows("SELECT component FROM claims") == [("x",)]
    file.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_sqlite_is_not_imported_without_a_ledger() -> None:
    program = (
        "import sys, jit_guard.ledger.ledger, jit_guard.ledger.history;"
        "assert not {'sqlite3', '_sqlite3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


KILLED = """
import os, signal, sys, threading, time
from ledger_work import arrival
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import row_of
ledger = Ledger(sys.argv[1])
while True:
    (stored,) = ledger.arrived([arrival("x" * 3000)])
    os.write(1, b"%d\\n" % stored.id)
"""


def test_a_committed_text_survives_a_kill(tmp_path: Path) -> None:
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        assert process.stdout is not None
        output = [process.stdout.readline() for _ in range(3)]
        process.kill()
        output += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        known = {record.id for record in history(str(tmp_path))}
        assert {int(line) for line in output if line.endswith(b"\n")} <= known


def test_without_a_ledger_no_text_was_placed(tmp_path: Path) -> None:
    assert replacements(str(tmp_path)) == {}
    assert not (tmp_path / ".jit-guard").exists()
