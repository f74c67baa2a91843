"""What is beside a ledger, and how large it is, is known before SQLite opens it."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from jit_guard.ledger import files
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from ledger_work import arrival

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, FIFOs, modes and holes")
MAGIC = bytes.fromhex("d9d505f920a163d7")
MEBIBYTE = 1 << 20


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The file of a ledger with a text."""
    with Ledger(str(tmp_path)) as made:
        made.arrived([arrival()])
    return tmp_path / ".jit-guard/ledger.db"


def goals(ledger: Path) -> list[str]:
    return [one.goal for one in history(str(ledger.parents[1]))]


def journal(pages: int, page: int) -> bytes:
    return (MAGIC + struct.pack(">5I", 0, 1, pages, 512, page)).ljust(512, b"\0")


def test_a_journal_may_be_of_a_database_of_this_size_and_of_no_larger_one(ledger: Path) -> None:
    beside = ledger.with_name("ledger.db-journal")
    data = ledger.read_bytes()
    page = int.from_bytes(data[16:18], "big")
    pages = len(data) // page
    for why, made in {
        "belongs to a larger database": journal(pages + 1, page),
        "has no page size": journal(pages, 0),
        "names a super-journal": journal(pages, page) + MAGIC,
    }.items():
        beside.write_bytes(made)
        with pytest.raises(LedgerError, match=f"^.jit-guard/ledger.db-journal {why}; move it"):
            goals(ledger)
        assert ledger.read_bytes() == data
        assert beside.read_bytes() == made
    # SQLite does not roll back what does not start as a journal, such as the start of one.
    for made in (
        b"",
        b"abc",
        MAGIC[:7],
        b"another file, of a user".ljust(600),
        journal(pages, page),
    ):
        beside.write_bytes(made)
        assert goals(ledger) == ["GREET"], made
    beside.unlink(missing_ok=True)
    assert ledger.read_bytes() == data


def test_a_ledger_that_was_moved_aside_without_its_journal_is_begun_again(ledger: Path) -> None:
    ledger.rename(ledger.with_name("aside.db"))
    ledger.with_name("ledger.db-journal").write_bytes(journal(1000, 4096))
    with Ledger(str(ledger.parents[1])) as begun:
        begun.arrived([arrival()])
    assert goals(ledger) == ["GREET"]


def test_a_journal_that_ends_or_is_replaced_while_it_is_looked_at(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = ledger.with_name("ledger.db-journal")
    beside.write_bytes(journal(1, 4096))
    opened = os.open

    def gone(path: str, flags: int, *args: int, **more: int) -> int:
        if path == str(beside):
            raise FileNotFoundError(2, "No such file or directory")
        return opened(path, flags, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", gone)  # the transaction of another process has ended
        assert files.unsafe(str(ledger)) is None
    monkeypatch.setattr(files, "_no_file_of_ours", lambda _: None)  # it was a file then
    theirs = ledger.with_name("theirs")
    theirs.write_bytes(MAGIC)
    replacements: tuple[Callable[[Path], None], ...] = (
        os.mkfifo,
        lambda path: path.symlink_to(theirs),
    )
    for replace in replacements:
        beside.unlink()
        replace(beside)
        with pytest.raises(LedgerError, match=r"ledger\.db: "):
            goals(ledger)


def test_a_file_is_as_large_as_what_it_may_hold(tmp_path: Path) -> None:
    """A forged one claims any size; where a file system compresses, little disk holds much."""
    path = tmp_path / "file"
    for size, written, least, most in (
        (100, 100, 100, 100),
        (50 * MEBIBYTE, 0, 50 * MEBIBYTE, 50 * MEBIBYTE),
        (200 * MEBIBYTE, 4 * MEBIBYTE, 200 * MEBIBYTE, 200 * MEBIBYTE),
        (1 << 40, 4096, 50 * MEBIBYTE, 100 * MEBIBYTE),
    ):
        path.write_bytes(b"x" * written)
        os.truncate(path, size)
        assert least <= files.size(str(path)) <= most


def test_a_ledger_of_another_user_keeps_its_mode(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.chmod(0o640)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        files.close_to_others(str(ledger))
        assert stat.S_IMODE(ledger.stat().st_mode) == 0o640
    files.close_to_others(str(ledger))
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
