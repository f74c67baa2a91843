"""An event loop in a thread of its own, for callers in other threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class ClosedError(Exception):
    """The loop was closed before the result was ready."""


class Background:
    """An event loop that starts with its first coroutine and ends with `close`.

    Args:
        finish: returns a coroutine to be awaited before the loop ends (a client's `close`).
    """

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._finish = finish
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine and return its result. Call it from any thread except the loop's.

        Raises:
            ClosedError: `close` was called before or during the run.
        """
        with self._lock:
            loop = None if self._closed else self._started()
            if loop is not None:
                future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        if loop is None:
            coroutine.close()
            raise ClosedError
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClosedError from None
        except BaseException:  # also Ctrl-C in the thread that waits
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel running tasks, and end the thread. Safe to call again."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            if self._thread is not threading.current_thread():  # a finalizer may run anywhere
                self._thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon, so that a process that exits without closing does not hang.
            self._thread = threading.Thread(
                target=self._serve, args=(self._loop,), name="jit-guard-openai", daemon=True
            )
            self._thread.start()
        return self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            # A coroutine submitted just before the stop is not a task yet.
            loop.call_soon(loop.stop)
            loop.run_forever()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(self._finish())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
