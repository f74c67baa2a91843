"""Ctrl-C, and Ctrl-Break on Windows, while something else must finish first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGBREAK") if name in signal.Signals.__members__
)


@contextmanager
def ignored() -> Iterator[None]:
    """Leave Ctrl-C to a child process. A handler, unlike SIG_IGN, is not inherited by it."""
    with _handled(lambda *_: None):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block; for a second Ctrl-C, at once.

    A commit is short, and afterwards it is certain what was committed.
    """
    pressed = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            signal.default_int_handler(number, frame)
        pressed = True

    with _handled(handle):
        yield
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def _handled(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle the signals that would raise KeyboardInterrupt here, and not what a program wants."""
    ours: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        ours += (one for one in _SIGNALS if signal.getsignal(one) is signal.default_int_handler)
    for one in ours:
        signal.signal(one, handle)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.default_int_handler)
