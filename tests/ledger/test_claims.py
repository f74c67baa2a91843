"""Claims: one worker per component, among threads and processes, for as long as it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jit_guard.commit import kernel_lock
from jit_guard.commit.directories import Directories
from jit_guard.ledger import claims
from jit_guard.ledger.ledger import Ledger
from ledger_work import OTHER, WANTED, WORKER, end, environment, worker


def test_claims_of_a_dead_process_do_not_come_back_with_its_number(tmp_path: Path) -> None:
    end(worker(tmp_path))
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([OTHER])  # takes the number of the dead process
        process = subprocess.run(
            [sys.executable, "-c", WORKER, str(tmp_path)],
            input="",
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
        assert process.stdout == "mine\n"


def test_lock_files_are_reused(tmp_path: Path) -> None:
    for _ in range(5):
        end(worker(tmp_path))
    names = [path.name for path in (tmp_path / ".jit-guard" / "claims").iterdir()]
    assert names == ["0.lock"]


def test_a_process_holds_one_lock(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        one.claim([WANTED])
        other.claim([OTHER])
        assert len(list((tmp_path / ".jit-guard" / "claims").iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_claims(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                answer = ledger.claim([WANTED, OTHER])
                locks = len(list((tmp_path / ".jit-guard" / "claims").iterdir()))
                os.write(write, b"%d%d%d" % (answer[0] is None, answer[1] is not None, locks))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 3) == b"112"  # a lock of its own
        assert ledger.claim([WANTED]) == [None]  # the child took nothing from us
        os.close(read)
        os.close(write)


def test_the_registry_forgets_closed_projects(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    assert claims._holders == {}


@pytest.mark.parametrize("failing", ["lock", "is_at"])
def test_a_failing_lock_is_an_error_and_not_taken_for_a_held_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kernel_lock, failing, fail)
    handles = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    holder = claims.Holder(str(tmp_path))
    with pytest.raises(PermissionError):
        holder.take()
    assert [path.name for path in (tmp_path / ".jit-guard/claims").iterdir()] == ["0.lock"]
    if handles:
        assert len(os.listdir("/proc/self/fd")) == handles


@pytest.mark.skipif(sys.platform == "win32", reason="flock is POSIX")
def test_only_a_held_lock_counts_as_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(PermissionError), Directories(str(tmp_path)) as directories:
        kernel_lock.take(directories.top.location("0.lock"))
