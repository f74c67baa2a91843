"""`python -m benchmarks.ledgers`: the ledger in a file, and on the server of `JIT_GUARD_LEDGER`.

Processes work at the same time: each claims a component, stores its text and records the commit
(three durable transactions), or only claims and releases. What a model would take is left out. Both
engines are measured in turn, in one run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from uuid import uuid4

from jit_guard.generators.generator import Request, Text
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Placed, Wanted

WORKERS = (1, 2, 4, 8, 16)
TEXT = Text("You welcome people, and ask what they need.\n" * 40)
Work = Callable[[Ledger, Wanted], None]


def buy(ledger: Ledger, wanted: Wanted) -> None:
    """Everything that a fix does for one text."""
    ledger.claim([wanted])
    request = Request(wanted.key.goal, "persona", "host.txt", wanted.component, "waves")
    (stored,) = ledger.arrived([Arrival(wanted, request, TEXT, time.time())])
    placed = Placed(stored.id, wanted.component, TEXT.content.encode())
    ledger.committed([placed], release=[wanted.component])


def claim(ledger: Ledger, wanted: Wanted) -> None:
    """Claim a component, and release it."""
    ledger.claim([wanted])
    ledger.release([wanted.component])


def work(pipe: Connection, root: str, one: Work, seconds: float) -> None:
    """Repeat it until the time is over; send how often."""
    name, done = uuid4().hex, 0
    with Ledger(root) as ledger:
        pipe.send("ready")
        pipe.recv()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            key = Key(f"{name}{done}", "persona", "host.txt", "waves", "command", "cat", "1")
            one(ledger, Wanted(f"{name}/{done}.txt", key))
            done += 1
    pipe.send(done)


def measure(one: Work, workers: int, seconds: float) -> float:
    """Return how often per second all processes together do it, with a new ledger."""
    os.environ["JIT_GUARD_PROJECT"] = f"benchmark {uuid4()}"
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as root:
        pipes = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            context.Process(target=work, args=(theirs, root, one, seconds), daemon=True).start()
            pipes.append(ours)
        for pipe in pipes:
            pipe.recv()
        for pipe in pipes:
            pipe.send("go")
        return float(sum(pipe.recv() for pipe in pipes)) / seconds


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each case runs")
    seconds = parser.parse_args().seconds
    url = os.environ.get("JIT_GUARD_LEDGER", "")
    if not url:
        parser.error("JIT_GUARD_LEDGER must name a server")
    print("| per second | file | server |", "| --- | --- | --- |", sep="\n")
    for what, one in (("texts bought", buy), ("claims", claim)):
        for workers in WORKERS:
            cells = []
            for engine in ("", url):
                os.environ["JIT_GUARD_LEDGER"] = engine
                cells.append(f"{measure(one, workers, seconds):,.0f}")
            print(f"| {what}, {workers} at a time | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
