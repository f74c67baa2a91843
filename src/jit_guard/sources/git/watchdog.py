"""An end for a process that never answers, because it waits for a FIFO or a lock."""

from __future__ import annotations

import subprocess
from threading import Event, Thread
from time import monotonic

from jit_guard.sources.git.environment import PATIENCE

_LOOKS = 10  # in the time that a process has


class Watchdog:
    """Kills a process if the answer to a question takes too long.

    Attributes:
        process: the process.
        asked: when the open question was asked (`time.monotonic`); 0: there is none.
        expired: a process was killed.
    """

    def __init__(self, process: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
        self.process = process
        self.asked = 0.0
        self.expired = False
        self._patience = patience
        self._closed = Event()
        Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._patience / _LOOKS):
            asked = self.asked
            if asked and monotonic() - asked > self._patience:
                self.expired = True
                self.process.kill()
