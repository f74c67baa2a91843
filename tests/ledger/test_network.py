"""Machines in a network of their own, which is cut without a word: no packet says so."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from ledger_machines import Machines, check
from ledger_work import WANTED, arrival, started
from postgresql_server import PostgresServer
from projects import IS_ROOT

SUPPLIER = """
import sys
from ledger_work import WANTED, arrival
from jit_guard.ledger.ledger import Ledger
with Ledger(sys.argv[1]) as ledger:
    print(len(ledger.claim([WANTED])), flush=True)
    sys.stdin.readline()
    (stored,) = ledger.arrived([arrival("Late.\\n")])
    print(stored.content, end="", flush=True)
"""


_MADE = itertools.count()


class Network:
    """A network namespace, linked with this one by a pair of virtual devices."""

    def __init__(self) -> None:
        # The devices of a network that was removed are there for a while.
        number = (os.getpid() + 125 * next(_MADE)) % 250 + 1
        self.name = f"jg{number}"
        self.prefix = ("ip", "netns", "exec", self.name)
        self.server, self._client = f"10.213.{number}.1", f"10.213.{number}.2"
        self._device = f"{self.name}a"

    def make(self) -> None:
        """Create it. Raises CalledProcessError if the system refuses."""
        other = f"{self.name}b"
        _ip(f"netns add {self.name}")
        _ip(f"link add {self._device} type veth peer name {other} netns {self.name}")
        _ip(f"address add {self.server}/30 dev {self._device}")
        _ip(f"-n {self.name} address add {self._client}/30 dev {other}")
        _ip(f"-n {self.name} link set {other} up")
        self.restore()

    def cut(self) -> None:
        """Lose every packet from here on."""
        _ip(f"link set {self._device} down")

    def restore(self) -> None:
        """Let packets pass again."""
        _ip(f"link set {self._device} up")

    def remove(self) -> None:
        """Remove it, with its devices."""
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


@pytest.fixture
def network(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """A network from which the ledger of the environment is reached."""
    if not IS_ROOT or shutil.which("ip") is None:
        pytest.skip("only root can create a network namespace, with `ip` of iproute2")
    made = Network()
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        made.remove()
        pytest.skip(f"no network namespace here: {error.stderr.decode().strip()}")
    try:
        server.stop()
        server.start(("127.0.0.1", made.server))
        url = server.url("owner", f"{made.server}:{server.port}", **PROBES)
        monkeypatch.setenv("JIT_GUARD_LEDGER", url)
        yield made
    finally:
        made.remove()


PROBES = {
    "connect_timeout": 2,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 1500,
}


def test_a_network_that_is_cut_in_the_middle_loses_nothing(
    tmp_path: Path, network: Network
) -> None:
    machines = Machines(tmp_path, slow=0.02, prefix=network.prefix)
    machines.wait_for(10)
    network.cut()
    time.sleep(4)  # longer than both sides wait for a sign of life
    network.restore()
    check(machines, tmp_path, more=8)


def test_a_claim_does_not_outlive_the_network_of_its_holder(
    tmp_path: Path, network: Network, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = started(SUPPLIER, tmp_path, said="1", prefix=network.prefix)
    network.cut()
    monkeypatch.setenv("JIT_GUARD_LEDGER", server.url())
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) == [None]
        assert ledger.wait(WANTED.component, 30)
        assert ledger.claim([WANTED]) != [None]
        ledger.arrived([arrival("First.\n")])
        network.restore()
        out, _ = holder.communicate("\n", timeout=60)
        assert out == "First.\n"  # what counts on both machines
    found = [(one.content, one.status) for one in history(str(tmp_path))]
    assert found == [("First.\n", "arrived"), ("Late.\n", "rejected")]
