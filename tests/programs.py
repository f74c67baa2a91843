"""Programs that write texts, and run out of time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jit_guard.generators.process import Process

if TYPE_CHECKING:
    import pytest


def count_from_the_first_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--timeout` begin when a program prints something, however slowly it starts."""
    wait = Process.wait

    def wait_once_it_prints(self: Process, timeout: float) -> int | None:
        started = time.monotonic()
        while not self.output.data and not self.output.ended and time.monotonic() - started < 60:
            time.sleep(0.01)
        return wait(self, timeout)

    monkeypatch.setattr(Process, "wait", wait_once_it_prints)
