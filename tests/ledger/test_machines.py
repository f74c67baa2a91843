"""Many machines with one ledger: nothing is bought twice, nothing is lost, the checkouts are equal.

A machine is a process with a home, a checkout and a connection of its own. Each text has a number
that no other one has, and is noted in a file before it is stored, as a bill would be.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jit_guard.ledger.history import history
from ledger_machines import TEXTS, Machines, check
from postgresql_server import PostgresServer
from projects import lay_out
from relay import Relay

if TYPE_CHECKING:
    import pytest

FIXES = """
import os, shlex, sys
from jit_guard import cli
from jit_guard.fixing import run
from jit_guard.ledger.postgresql import server
program = f"echo x >>{shlex.quote(sys.argv[1])}; echo 'You are of use.' $$ $(date +%N)"
command = shlex.join(["sh", "-c", program])
processes = {}
for root in sys.argv[2:]:
    process = os.fork()
    if process == 0:
        os.chdir(root)
        os.environ["HOME"] = root
        os._exit(cli.main(["--fix", "--yes", "--no-input", "--command", command]))
    processes[process] = root
for _ in processes:
    process, status = os.wait()
    assert status == 0, (processes[process], status)
"""


def test_eight_checkouts_that_are_fixed_at_once_buy_each_text_once_and_end_equal(
    tmp_path: Path, server: PostgresServer
) -> None:
    texts = TEXTS // 2
    goals = {f"GOAL_{number}": {"persona": f"{number}.txt"} for number in range(texts)}
    checkouts = [
        lay_out(tmp_path / f"machine{number}", {"goal_map.json": json.dumps(goals, indent=2)})
        for number in range(8)
    ]
    bill = tmp_path / "bill"
    subprocess.run(
        [sys.executable, "-c", FIXES, str(bill), *map(str, checkouts)],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    assert len(bill.read_text().splitlines()) == texts
    first, *others = map(files, checkouts)
    assert len(first) == 1 + texts
    assert all(other == first for other in others)
    assert [one.status for one in history(str(tmp_path))] == ["committed"] * texts


def files(checkout: Path) -> dict[str, bytes]:
    """What git would see in a checkout."""
    found = (path for path in checkout.rglob("*") if ".jit-guard" not in path.parts)
    return {str(path.relative_to(checkout)): path.read_bytes() for path in found if path.is_file()}


def test_a_killed_machine_loses_nothing_and_holds_nothing(
    tmp_path: Path, server: PostgresServer
) -> None:
    machines = Machines(tmp_path, slow=0.02)
    for number in range(3):
        machines.wait_for(5 + 10 * number)
        machines.kill(number)
    # What each of them had bought and not stored yet is bought again: at most one text.
    check(machines, tmp_path, killed=3, more=3)


def test_a_server_that_stops_and_starts_again_loses_nothing(
    tmp_path: Path, server: PostgresServer
) -> None:
    """An immediate shutdown, then a kill."""
    machines = Machines(tmp_path, slow=0.02)
    for bought, how in ((10, signal.SIGQUIT), (25, signal.SIGKILL)):
        machines.wait_for(bought)
        server.stop(how)
        server.start()
    # A claim that was lost with the server may be bought by one more; no acknowledged text is.
    check(machines, tmp_path, more=2 * 8)


def test_a_slow_link_changes_nothing_and_a_cut_one_loses_nothing(
    tmp_path: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay(server.port) as relay:
        relay.delay = 0.005
        monkeypatch.setenv("JIT_GUARD_LEDGER", server.url(host=relay.host))
        machines = Machines(tmp_path, texts=20)
        machines.wait_for(8)
        components = [line.partition(" ")[0] for line in machines.bought]
        assert len(components) == len({*components})
        relay.delay = 0
        relay.cut()
        machines.wait_for(14)
        relay.cut()
        check(machines, tmp_path, more=2 * 8)
