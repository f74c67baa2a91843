"""A ledger that came with a checkout has no power, whatever is in it and beside it.

`log` and `--fix` refuse it with exit code 2, in bounded time and memory, before SQLite touches any
other file. Our own ledgers are used, even with the journal of a killed process.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.errors import JitGuardError
from jit_guard.generators.generator import Request, Text, Usage
from jit_guard.ledger import database, files
from jit_guard.ledger.database import LedgerFile
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history, replacements
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Placed, Wanted
from projects import Outcome, call, git, lay_out, run
from repositories import NEEDS_GIT, repository

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, FIFOs and modes")

HOLE = {
    "goal_map.json": '{"GREET": {"persona": "host.txt"}, "LEAVE": {"persona": "guide.txt"}}\n',
    "components/personas/host.txt": "You welcome people.\n",
}
FIX = ("--fix", "--no-input", "--yes", "--generator", "scaffold")
DOORS = (("log",), FIX)
MAGIC = bytes.fromhex("d9d505f920a163d7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a missing component, and a ledger with other texts."""
    made = lay_out(tmp_path / "project", HOLE)
    fill(made)
    return made


def fill(root: Path, texts: int = 1) -> None:
    """Write the ledger that a run would write."""
    path = "components/personas/other.txt"
    key = Key("OTHER", "persona", "other.txt", "waves", "command", "cat", "1")
    request = Request("OTHER", "persona", "other.txt", path, "waves")
    arrival = Arrival(Wanted(path, key), request, Text("Wave.\n", Usage(1, 2, 0)), 5.0)
    with Ledger(str(root)) as ledger:
        stored = ledger.arrived([arrival] * texts)
        ledger.committed([Placed(stored[0].id, path, b"Wave.\n")])


def path_of(root: Path, suffix: str = "") -> Path:
    return root / f".jit-guard/ledger.db{suffix}"


def alter(root: Path, *statements: str) -> None:
    """Change a ledger with SQLite."""
    with closing(sqlite3.connect(path_of(root))) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def refused(root: Path, *doors: tuple[str, ...]) -> list[Outcome]:
    """Check that every command refuses the ledger and says so."""
    outcome = []
    for words in doors or DOORS:
        done = call(*words, cwd=root)
        assert done.code == 2, (words, done)
        assert "internal error" not in done.err
        assert ".jit-guard" in done.err
        outcome.append(done)
    assert not (root / "components/personas/guide.txt").exists()
    return outcome


# The schema

FOREVER = (
    "SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT x FROM n)"
)
TABLE = "(SELECT sql FROM sqlite_master WHERE name = 'texts')"
SCHEMAS = {
    "a trigger before": f"CREATE TRIGGER t BEFORE INSERT ON texts BEGIN {FOREVER}; END",
    "a trigger on a change": f"CREATE TRIGGER t AFTER UPDATE ON texts BEGIN {FOREVER}; END",
    "a trigger on a removal": f"CREATE TRIGGER t AFTER DELETE ON claims BEGIN {FOREVER}; END",
    "a view": f"CREATE VIEW v AS {FOREVER}",
    "a table": "CREATE TABLE more (x)",
    "a table of statistics": "ANALYZE",
    "an index": "CREATE INDEX i ON texts (length(content))",
    "a unique index": "CREATE UNIQUE INDEX i ON texts (goal)",
    "a column": "ALTER TABLE texts ADD COLUMN more",
    "a generated column": "ALTER TABLE texts ADD COLUMN more AS (hex(zeroblob(9)))",
    "no index": "DROP INDEX texts_by_key",
    "no table": "DROP TABLE claims",
    "a name": "ALTER TABLE claims RENAME COLUMN since TO after",
    "a check": "UPDATE sqlite_master SET sql = replace(sql, '''arrived''', '''arrived'', ''x''')",
    "a default": "UPDATE sqlite_master SET sql = replace(sql, 'reason TEXT', "
    "'reason TEXT DEFAULT (hex(zeroblob(9)))')",
    "a comment of another kind": "UPDATE sqlite_master SET sql = replace(sql, 'reason TEXT', "
    "'reason /* */ TEXT')",
    "a comment in a string": "UPDATE sqlite_master SET sql = replace(sql, '''arrived''', "
    "'''arrived'' || ''--' || char(10) || '''')",
    "a lot of whitespace": "UPDATE sqlite_master SET sql = sql || printf('%20000s', '')",
}


@pytest.mark.parametrize("statement", SCHEMAS.values(), ids=SCHEMAS)
def test_a_changed_schema_is_refused(root: Path, statement: str) -> None:
    alter(root, statement)
    refused(root)


def test_a_view_in_place_of_a_table_is_refused(root: Path) -> None:
    alter(root, "ALTER TABLE texts RENAME TO old", f"CREATE VIEW texts AS {FOREVER}")
    refused(root)


def test_comments_and_whitespace_in_the_schema_may_differ(root: Path) -> None:
    alter(
        root,
        "UPDATE sqlite_master SET sql = replace(replace(sql, '-- ', '-- so: '), '    ', ' ')",
    )
    assert [one.goal for one in history(str(root))] == ["OTHER"]


def test_a_schema_name_that_is_not_utf8_is_an_error(root: Path) -> None:
    alter(root, "UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT) WHERE name = 'claims'")
    refused(root)


def test_a_long_schema_name_is_shortened(root: Path) -> None:
    alter(
        root,
        "UPDATE sqlite_master SET sql = 'CREATE TABLE x(' || printf('%099999d', 0) || ')' "
        "WHERE name = 'claims'",
    )
    assert all(len(done.err) < 1000 for done in refused(root))


def test_an_older_version_that_never_existed_is_refused(root: Path) -> None:
    alter(root, "PRAGMA user_version = 0")
    refused(root)


# Files beside it


def journal(
    root: Path, *, names: Path | None = None, pages: int = 0, page_size: int | None = None
) -> bytes:
    """Return a journal of this ledger that rolls back only its size."""
    data = path_of(root).read_bytes()
    page = int.from_bytes(data[16:18], "big")
    pages = pages or len(data) // page
    written = page if page_size is None else page_size
    made = (MAGIC + struct.pack(">5I", 0, 1, pages, 512, written)).ljust(512, b"\0")
    if names is not None:
        name = os.fsencode(names)
        made += struct.pack(">I", 0x40000000 // page + 1) + name
        made += struct.pack(">2I", len(name), sum(name)) + MAGIC
    return made


@pytest.mark.parametrize("words", [*DOORS, ("--fix", "--dry-run", "--no-input", "--yes")])
def test_a_super_journal_is_not_deleted(root: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    path_of(root, "-journal").write_bytes(journal(root, names=tmp_path / "diary.txt"))
    done = call(*words, cwd=root)
    assert (done.code, "super-journal" in done.err) == (2, True)
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_sqlite_alone_would_delete_the_super_journal(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    path_of(root, "-journal").write_bytes(journal(root, names=tmp_path / "diary.txt"))
    monkeypatch.setattr(files, "unsafe", lambda path: None)
    call("log", cwd=root)
    assert not (tmp_path / "diary.txt").exists()


@pytest.mark.parametrize("page_size", [None, 0])
def test_a_journal_of_a_larger_database_is_refused(root: Path, page_size: int | None) -> None:
    path_of(root, "-journal").write_bytes(journal(root, pages=1 << 30, page_size=page_size))
    before = path_of(root).stat().st_size
    refused(root)
    assert path_of(root).stat().st_size == before


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
@pytest.mark.parametrize("target", ["there.db", "nowhere.db", "directory"])
def test_links_are_not_followed(root: Path, tmp_path: Path, suffix: str, target: str) -> None:
    (tmp_path / "directory").mkdir()
    shutil.copy(path_of(root), tmp_path / "there.db")
    before = (tmp_path / "there.db").read_bytes()
    path_of(root, suffix).unlink(missing_ok=True)
    path_of(root, suffix).symlink_to(tmp_path / target)
    for done in refused(root):
        assert f"ledger.db{suffix} " in done.err
        assert "is a link" in done.err or "never creates" in done.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["directory", "project", "there.db"]
    assert (tmp_path / "there.db").read_bytes() == before


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "directory"])
def test_only_regular_files_are_opened(
    root: Path, suffix: str, make: Callable[[Path], None]
) -> None:
    path_of(root, suffix).unlink(missing_ok=True)
    make(path_of(root, suffix))
    for words in DOORS:
        assert call(*words, cwd=root).code == 2


@pytest.mark.parametrize("suffix", ["", "-journal"])
def test_hard_links_are_refused(root: Path, tmp_path: Path, suffix: str) -> None:
    other = tmp_path / "other"
    other.write_bytes(path_of(root).read_bytes() if not suffix else b"")
    before = other.read_bytes()
    path_of(root, suffix).unlink(missing_ok=True)
    os.link(other, path_of(root, suffix))
    refused(root)
    assert other.read_bytes() == before


def test_a_write_ahead_log_is_refused(root: Path) -> None:
    with closing(sqlite3.connect(path_of(root))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO claims VALUES ('x', 1, 1.0)")
        connection.commit()
        data = path_of(root, "-wal").read_bytes()
    path_of(root, "-wal").write_bytes(data)
    refused(root)


@pytest.mark.parametrize("suffix", ["", "-journal"])
def test_a_ledger_behind_a_linked_directory_is_refused(
    root: Path, tmp_path: Path, suffix: str
) -> None:
    os.rename(root / ".jit-guard", tmp_path / "elsewhere")
    (root / ".jit-guard").symlink_to(tmp_path / "elsewhere")
    refused(root)


def test_the_journal_of_a_killed_process_is_rolled_back(root: Path, tmp_path: Path) -> None:
    killed = lay_out(tmp_path / "killed", HOLE)
    (killed / ".jit-guard").mkdir()
    with closing(sqlite3.connect(path_of(root), isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE texts SET goal = 'HALF'")
        for number in range(50):
            connection.execute("INSERT INTO claims VALUES (?, 1, 1.0)", ["x" * 3000 + str(number)])
        for suffix in ("", "-journal"):
            shutil.copy(path_of(root, suffix), path_of(killed, suffix))
        connection.execute("ROLLBACK")
    assert b"HALF" in path_of(killed).read_bytes()
    assert [one.goal for one in history(str(killed))] == ["OTHER"]
    assert not path_of(killed, "-journal").exists()


# The rows

ROWS = {
    "usage that is not JSON": ("usage", "'{'"),
    "usage that is a list": ("usage", "'[1]'"),
    "usage that is a blob": ("usage", "x'00'"),
    "a number in quotes": ("usage", """'{"input_tokens": "12"}'"""),
    "a number that is true": ("usage", """'{"input_tokens": true}'"""),
    "a fraction": ("usage", """'{"output_tokens": 1.5}'"""),
    "a negative number": ("usage", """'{"retries": -1}'"""),
    "NaN": ("usage", """'{"input_tokens": NaN}'"""),
    "infinite usage": ("usage", """'{"input_tokens": 1e999}'"""),
    "a number of 400 digits": ("usage", f"""'{{"input_tokens": {"9" * 400}}}'"""),
    "a number of 5000 digits": ("usage", f"""'{{"input_tokens": {"9" * 5000}}}'"""),
    "deeply nested usage": ("usage", f"'{'[' * 100_000}'"),
    "a time that is a word": ("arrived", "'noon'"),
    "a time that is a blob": ("asked", "x'00'"),
    "an infinite time": ("arrived", "9e999"),
    "a time in the far future": ("arrived", "1e17"),
    "a time in the far past": ("asked", "-1e17"),
    "an unknown status": ("status", "'paid'"),
    "a status that is a blob": ("status", "x'00'"),
    "a goal that is a blob": ("goal", "x'ff'"),
    "a goal that is not UTF-8": ("goal", "CAST(x'ff' AS TEXT)"),
    "a goal with a lone surrogate": ("goal", "CAST(x'eda080' AS TEXT)"),
    "a model that is a blob": ("model", "x'00'"),
    "a path that is a blob": ("path", "x'00'"),
    "a path that is too long": ("path", "printf('%05000d', 0)"),
    "a reason that is a blob": ("reason", "x'00'"),
    "a hash that is a blob": ("sha256", "x'00'"),
    "a content that is a text": ("content", "'text'"),
    "a content that is a number": ("content", "7"),
}


@pytest.mark.parametrize(("column", "value"), ROWS.values(), ids=ROWS)
def test_an_invalid_column_is_an_error(root: Path, column: str, value: str) -> None:
    alter(root, f"UPDATE texts SET {column} = {value}")
    (done, fixed) = (call(*words, cwd=root) for words in DOORS)
    assert (done.code, done.out) == (2, "")
    assert ".jit-guard/ledger.db" in done.err
    assert fixed.code in (0, 1, 2)
    assert "internal error" not in fixed.err
    with pytest.raises(LedgerError):
        list(Guard(root).log())


def test_a_row_id_below_one_is_an_error(root: Path) -> None:
    alter(root, "UPDATE texts SET id = -7")
    refused(root, ("log",))


@pytest.mark.parametrize("value", ["x'ff'", "'text'", "7"])
def test_invalid_stored_content_is_an_error(root: Path, value: str) -> None:
    alter(root, f"UPDATE texts SET content = {value}")
    with Ledger(str(root)) as ledger, pytest.raises(LedgerError, match="content of text 1"):
        ledger.stored(
            Wanted("c", Key("OTHER", "persona", "other.txt", "waves", "command", "cat", "1"))
        )


@pytest.mark.parametrize("holder", ["'../../../x'", "'/tmp/x'", "-1", "10000", "1.5", "x'00'"])
def test_a_claim_without_a_valid_holder_is_an_error(
    root: Path, tmp_path: Path, holder: str
) -> None:
    component = "components/personas/guide.txt"
    alter(root, f"INSERT OR REPLACE INTO claims VALUES ('{component}', {holder}, 1.0)")
    refused(root, FIX)
    assert [one.name for one in tmp_path.iterdir()] == ["project"]


def test_a_nul_in_a_path_is_not_an_internal_error(root: Path) -> None:
    alter(root, "UPDATE texts SET path = 'a' || char(0) || 'b'")
    done = call("log", cwd=root)
    assert done.code in (0, 2)
    assert "internal error" not in done.err


def test_a_path_that_never_existed_does_not_relink_anything(root: Path) -> None:
    alter(
        root,
        "UPDATE texts SET component = 'components/personas/guide.txt', "
        "path = 'elsewhere/as/far/at/host.txt'",
    )
    assert call(*FIX, cwd=root).code in (0, 1)
    goals = json.loads((root / "goal_map.json").read_text())
    assert goals["LEAVE"]["persona"] != "host.txt"


def test_the_largest_row_id_is_an_error(root: Path) -> None:
    alter(root, f"UPDATE texts SET id = {(1 << 63) - 1}")
    refused(root, FIX)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((), (None, None, 0)),
        ((1, None, 0), (1, None, 0)),
        ((True, 2.5, "3"), (None, None, None)),
        (((1 << 63) - 1, 1 << 63, -1), ((1 << 63) - 1, None, None)),
    ],
)
def test_the_log_can_be_read_whatever_usage_a_plugin_reports(
    root: Path, given: Any, kept: Any
) -> None:
    key, request = Key("G", "t", "f", "d", "plugin", "", ""), Request("G", "t", "f", "p", "d")
    with Ledger(str(root)) as ledger:
        ledger.arrived([Arrival(Wanted("c", key), request, Text("x", Usage(*given)), 1.0)])
    (record,) = history(str(root), "G")
    assert tuple(record.usage) == kept


# B-trees that SQLite never writes

LEAF, INNER = 13, 5


class Pages:
    """The pages of a ledger, for rearranging them."""

    def __init__(self, root: Path) -> None:
        self._path = path_of(root)
        with closing(sqlite3.connect(self._path)) as connection:
            found = connection.execute("SELECT name, rootpage FROM sqlite_master").fetchall()
        self.roots = dict(found)
        self.data = self._path.read_bytes()
        self.size = int.from_bytes(self.data[16:18], "big")
        self.pages = [self.data[at : at + self.size] for at in range(0, len(self.data), self.size)]

    def inner(self, children: list[int], last: int) -> bytes:
        """Return an interior page with these children, whatever their keys are."""
        cells = [struct.pack(">IB", child, 1) for child in children]
        start = self.size - 5 * len(cells)
        head = struct.pack(">BHHHBI", INNER, 0, len(cells), start, 0, last)
        head += b"".join(struct.pack(">H", start + 5 * n) for n in range(len(cells)))
        return head + b"\0" * (start - len(head)) + b"".join(cells)

    def put(self, number: int, page: bytes) -> None:
        while len(self.pages) < number:
            self.pages.append(bytes(self.size))
        self.pages[number - 1] = page

    def write(self) -> None:
        first = bytearray(self.pages[0])
        struct.pack_into(">I", first, 28, len(self.pages))
        self._path.write_bytes(b"".join([bytes(first), *self.pages[1:]]))


@pytest.mark.parametrize("claimed", [0, 1 << 40])
def test_a_tree_that_reaches_one_page_many_times_ends(
    root: Path, claimed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WORK", 0.1)
    monkeypatch.setattr(database, "_RATE", 200_000_000)
    pages = Pages(root)
    top = pages.roots["texts"]
    leaf = len(pages.pages) + 1
    pages.put(leaf, pages.pages[top - 1])
    below = leaf
    for _ in range(8):  # 200 children each: far too many rows to read
        number = len(pages.pages) + 1
        pages.put(number, pages.inner([below] * 199, below))
        below = number
    pages.put(top, pages.inner([below] * 199, below))
    pages.write()
    if claimed:  # a hole at the end
        os.truncate(path_of(root), claimed)
    large, slow = "it contains more than its size allows", "reading it takes too long for its size"
    doors = ((("log", "NONE"), slow), (("log",), large), (FIX, large))
    began = time.thread_time()
    for words, why in doors[:1] if claimed else doors:
        done = call(*words, cwd=root)
        assert (done.code, f"corrupted ({why})" in done.err) == (2, True), done
    assert time.thread_time() - began < 10
    with pytest.raises(LedgerError):
        replacements(str(root))


def test_a_tree_with_one_level_per_page_ends(root: Path) -> None:
    pages = Pages(root)
    top = pages.roots["texts"]
    first = len(pages.pages) + 1
    for number in range(first, first + 20_000):
        pages.put(number, pages.inner([], number + 1))
    pages.put(top, pages.inner([], first))
    pages.put(first + 20_000, pages.pages[top - 1])
    pages.write()
    for words in DOORS:
        assert run(*words, cwd=root, timeout=40).code == 2


def test_more_content_than_the_file_size_is_an_error(root: Path) -> None:
    fill(root, 400)
    size = 1 << 20
    with closing(sqlite3.connect(path_of(root))) as connection:
        connection.execute("UPDATE texts SET content = zeroblob(?) WHERE id = 1", [size])
        connection.commit()
    assert size < path_of(root).stat().st_size
    pages = Pages(root)
    top = pages.roots["texts"]
    page = pages.pages[top - 1]
    assert page[0] == INNER
    (leaf,) = struct.unpack_from(">I", page, struct.unpack_from(">H", page, 12)[0])
    pages.put(top, pages.inner([leaf] * 199, leaf))
    pages.write()
    with pytest.raises(LedgerError, match=r"more than its size|out of order"):
        list(history(str(root)))
    file = database.LedgerFile(str(root))
    with closing(file), pytest.raises(LedgerError, match="more than its size"):
        file.rows("SELECT content FROM texts")


@contextmanager
def limited(megabytes: int) -> Iterator[None]:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (megabytes << 20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_huge_value_is_not_read(root: Path) -> None:
    if not hasattr(sqlite3.Connection, "setlimit"):
        pytest.skip("Python before 3.11 cannot set SQLite's limits")
    alter(root, "UPDATE texts SET content = zeroblob(100000000)")
    with limited(80):
        refused(root, ("log",))


def test_texts_are_not_all_read_at_once(root: Path) -> None:
    alter(
        root,
        "INSERT INTO texts SELECT NULL, key, component, goal, component_type, filename, "
        "description, generator, model, version, zeroblob(1500000), request, usage, details, "
        "asked, arrived, status, reason, path, sha256 FROM texts, "
        "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 60) "
        "SELECT x FROM n)",
    )
    with limited(55):
        assert sum(1 for _ in history(str(root))) == 61


def test_the_log_shortens_long_fields_and_texts(root: Path) -> None:
    long = "x" * 3_000_000
    with closing(sqlite3.connect(path_of(root))) as connection:
        for column in ("goal", "component_type", "description", "model", "reason"):
            connection.execute(f"UPDATE texts SET {column} = ?", [long])
        connection.execute("UPDATE texts SET content = ?", [long.encode()])
        connection.commit()
    done = call("log", cwd=root)
    assert (done.code, len(done.out) < 20_000) == (0, True)
    done = call("log", "-v", cwd=root)
    assert (done.code, len(done.out) < 1_100_000) == (0, True)
    assert "… and 2,000,000 more characters" in done.out


# File modes


@contextmanager
def masked(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
def test_a_new_ledger_is_private_to_its_owner(tmp_path: Path, mask: int) -> None:
    root = lay_out(tmp_path / "project", HOLE)
    (root / ".jit-guard").mkdir()  # its mode has its own test
    modes: list[int] = []
    with masked(mask), closing(LedgerFile(str(root))) as file:
        modes.append(path_of(root).stat().st_mode)
        with file.transaction() as connection:
            connection.execute("INSERT INTO claims VALUES ('x', 1, 1.0)")
            modes.append(path_of(root, "-journal").stat().st_mode)
    assert {stat.S_IMODE(mode) for mode in modes} == {0o600}


def test_a_ledger_that_others_can_read_is_made_private(root: Path) -> None:
    path_of(root).chmod(0o664)
    list(history(str(root)))
    assert stat.S_IMODE(path_of(root).stat().st_mode) == 0o600


# State that git tracks


@NEEDS_GIT
@pytest.mark.parametrize("what", ["ledger.db", "notes.txt", "claims/x"])
def test_tracked_state_is_refused(tmp_path: Path, what: str) -> None:
    origin = lay_out(tmp_path / "origin", {**HOLE, f".jit-guard/{what}": ""})
    fill(origin)
    repository(origin, {})
    git(origin, "add", "-f", f".jit-guard/{what}")
    git(origin, "commit", "-qm", "State")
    git(tmp_path, "clone", "-q", str(origin), "clone")
    for done in refused(tmp_path / "clone"):
        assert "git tracks .jit-guard" in done.err
    with pytest.raises(JitGuardError, match="git tracks"):
        Guard(tmp_path / "clone").ensure("LEAVE", "persona")


@NEEDS_GIT
def test_tracked_state_below_the_top_of_the_repository_is_refused(tmp_path: Path) -> None:
    top = repository(tmp_path, {f"desk/{path}": text for path, text in HOLE.items()})
    fill(top / "desk")
    assert call("log", cwd=top / "desk").code == 0
    git(top, "add", "-f", "desk/.jit-guard/ledger.db")
    refused(top / "desk")


@NEEDS_GIT
def test_a_submodule_as_state_directory_is_refused(tmp_path: Path) -> None:
    other = repository(tmp_path / "other")
    top = repository(tmp_path / "project", HOLE)
    words = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", "-f", str(other))
    git(top, *words, ".jit-guard")
    refused(top, FIX)


@NEEDS_GIT
def test_untracked_state_in_a_repository_is_used(tmp_path: Path) -> None:
    top = repository(tmp_path, HOLE)
    assert call(*FIX, cwd=top).code in (0, 1)
    assert "LEAVE/persona" in call("log", cwd=top).out
