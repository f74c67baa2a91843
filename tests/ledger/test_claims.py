"""Claims: one worker a component, among threads and processes, and none outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from test_ledger import KEY, REQUEST, WANTED, arrival

from jit_guard.commit import kernel_lock
from jit_guard.generators.generator import Text
from jit_guard.ledger import claims
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Wanted

OTHER = Wanted("components/personas/other.txt", KEY._replace(goal="LEAVE"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}

WORKER = """
import os, sys, time
from test_claims import WANTED
from jit_guard.ledger.ledger import Ledger
ledger = Ledger(sys.argv[1])
(claim,) = ledger.claim([WANTED])
print("mine" if claim else "taken", flush=True)
sys.stdin.read()
if sys.argv[2:] == ["release"]:
    ledger.release([WANTED.component])
    ledger.close()
    print("released", flush=True)
"""

BUYER = """
import os, sys, time
from test_claims import WANTED, buy
print(buy(sys.argv[1], sys.argv[2]))
"""


def buy(root: str, counter: str) -> str:
    """What `Guard.ensure` does: claim, or wait for whoever did; the purchases are counted."""
    with Ledger(root) as ledger:
        while True:
            (claim,) = ledger.claim([WANTED])
            if claim is None:
                assert ledger.wait(WANTED.component, 30)
                continue
            try:
                if claim.stored is not None:
                    return claim.stored.content
                with open(counter, "ab") as file:
                    file.write(b"x")
                time.sleep(0.1)
                text = Text(f"bought by {os.getpid()}")
                (stored,) = ledger.arrived([Arrival(WANTED, REQUEST, text, 0.0)])
                return stored.content
            finally:
                ledger.release([WANTED.component])


def worker(root: Path, *argv: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(root), *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_component_is_claimed_by_one(tmp_path: Path) -> None:
    process = worker(tmp_path)
    with Ledger(str(tmp_path)) as ledger:
        mine, other = ledger.claim([WANTED, OTHER])
        assert mine is None
        assert other is not None
        assert not ledger.wait(WANTED.component, 0.05)
    end(process)


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    process = worker(tmp_path)
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) == [None]
        threading.Timer(0.1, process.kill).start()
        assert ledger.wait(WANTED.component, 10)
        assert ledger.claim([WANTED]) != [None]
    end(process)


def test_a_stopped_process_keeps_its_claim(tmp_path: Path) -> None:
    process = worker(tmp_path)
    process.send_signal(signal.SIGSTOP)
    with Ledger(str(tmp_path)) as ledger:
        assert not ledger.wait(WANTED.component, 0.2)
        assert ledger.claim([WANTED]) == [None]
    end(process)


def test_a_released_claim_is_free_while_its_process_lives(tmp_path: Path) -> None:
    process = worker(tmp_path, "release")
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) == [None]
        assert process.stdin is not None
        process.stdin.close()
        assert ledger.wait(WANTED.component, 10)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_claims_of_a_dead_process_do_not_come_back_with_its_number(tmp_path: Path) -> None:
    end(worker(tmp_path))
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([OTHER])  # takes the dead one's number
        process = subprocess.run(
            [sys.executable, "-c", WORKER, str(tmp_path)],
            input="",
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=True,
        )
        assert process.stdout == "mine\n"


def test_lock_files_are_used_again(tmp_path: Path) -> None:
    for _ in range(5):
        end(worker(tmp_path))
    names = [path.name for path in (tmp_path / ".jit-guard" / "claims").iterdir()]
    assert names == ["0.lock"]


def test_threads_keep_out_of_each_others_way(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        (claim,) = one.claim([WANTED])
        assert claim is not None
        assert other.claim([WANTED]) == [None]
        assert one.claim([WANTED]) == [None]
        assert not other.wait(WANTED.component, 0.05)
        one.release([WANTED.component])
        assert other.wait(WANTED.component, 1)
        assert other.claim([WANTED]) != [None]
        other.release([WANTED.component])


def test_a_process_holds_one_lock(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        one.claim([WANTED])
        other.claim([OTHER])
        assert len(list((tmp_path / ".jit-guard" / "claims").iterdir())) == 1


def test_the_last_ledger_of_a_process_gives_its_claims_up(tmp_path: Path) -> None:
    one, other = Ledger(str(tmp_path)), Ledger(str(tmp_path))
    one.claim([WANTED])
    one.close()
    one.close()
    assert other.claim([WANTED]) == [None]
    other.close()
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) != [None]


def test_a_component_that_is_wanted_twice_is_claimed_once(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        first, second = ledger.claim([WANTED, WANTED])
        assert first is not None
        assert second is None


def test_what_was_never_claimed_can_be_released(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.release(["nothing"])


def test_a_commit_releases_what_it_placed(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        ledger.arrived([arrival()])
        ledger.committed([], release=[WANTED.component])
        assert ledger.claim([WANTED]) != [None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_a_process_of_its_own(tmp_path: Path) -> None:
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


def test_threads_buy_once(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(buy(str(tmp_path), str(counter))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert counter.read_bytes() == b"x"


def buyers(root: Path, number: int) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen(
            [sys.executable, "-c", BUYER, str(root), str(root / "counter")],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for _ in range(number)
    ]


def test_processes_buy_once(tmp_path: Path) -> None:
    found = {process.communicate()[0] for process in buyers(tmp_path, 6)}
    assert len(found) == 1
    assert (tmp_path / "counter").read_bytes() == b"x"


def test_a_buyer_that_is_killed_leaves_the_purchase_to_another(tmp_path: Path) -> None:
    first, *others = buyers(tmp_path, 4)
    time.sleep(0.2)
    first.kill()
    first.communicate()
    found = {process.communicate()[0] for process in others}
    assert len(found) == 1
    assert "bought by" in found.pop()


def test_the_registry_forgets_projects_that_are_done_with(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).close()
    assert claims._holders == {}


@pytest.mark.parametrize("failing", ["lock", "is_at"])
def test_a_lock_that_fails_is_an_error_and_not_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kernel_lock, failing, fail)
    handles = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    holder = claims.Holder(str(tmp_path / "claims"))
    with pytest.raises(PermissionError):
        holder.take()
    assert [path.name for path in (tmp_path / "claims").iterdir()] == ["0.lock"]
    if handles:
        assert len(os.listdir("/proc/self/fd")) == handles


@pytest.mark.skipif(sys.platform == "win32", reason="flock is POSIX")
def test_only_a_busy_lock_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(PermissionError):
        kernel_lock.take(str(tmp_path / "0.lock"))
