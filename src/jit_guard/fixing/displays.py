"""The displays of a run's progress: live on a terminal, lines in a pipe or in CI."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Event, Thread
from typing import Any, Protocol, TextIO

from jit_guard.fixing.progress import ELSEWHERE, Display, Tracker, duration
from jit_guard.text.width import cut, terminal_size, width

_EVERY = 0.125  # seconds between two pictures
_DELAY = 0.3  # seconds; a run that is faster needs no picture
_SILENCE = 10.0  # seconds; the longest in a pipe
_ROOM = 30  # columns for one text beside the whole
_SHORT = 1.0  # seconds; a shorter pause is not worth a line


def display(
    screen: TextIO,
    note: Callable[[str], None],
    *,
    quiet: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Display:
    """Choose a display.

    Args:
        screen: where to draw if it is a terminal.
        note: writes a line elsewhere.
        quiet: show nothing.
        environ: `CI` and `TERM` are read.
    """
    if quiet:
        return Display()
    if not is_terminal(screen) or environ.get("TERM") == "dumb" or environ.get("CI"):
        return Lines(note)
    return Live(RichScreen(screen) if find_spec("rich") else LineScreen(screen))


def is_terminal(stream: TextIO | None) -> bool:
    """Check whether a stream is a terminal; it may be missing or closed."""
    return stream is not None and not stream.closed and stream.isatty()


class Ticking(Tracker):
    """A tracker with a thread that is alive while there is something to show.

    Args:
        every: seconds between two calls of `tick`.
    """

    def __init__(self, every: float) -> None:
        super().__init__()
        self._every = every
        self._stop = Event()
        self._thread: Thread | None = None

    def tick(self) -> None:
        """Show the state; called in the thread."""

    def begin(self) -> None:
        """Start the thread, unless it runs."""
        with self.lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = Thread(target=self._run, name="jit-guard-progress", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self.tick()
            except (OSError, ValueError, ImportError):  # the terminal is gone, or rich is broken
                return


class Lines(Ticking):
    """Writes a line when something happens, and when nothing did for a while.

    Args:
        note: writes a line.
    """

    def __init__(self, note: Callable[[str], None], silence: float = _SILENCE) -> None:
        super().__init__(min(silence / 4, _SHORT))
        self._silence = silence
        self._note = note
        self._texts = self._committed = 0
        self._announced = self._last = self.clock()

    def expect(self, texts: int, generated: int, by: str) -> None:
        """Say how many texts will be generated."""
        super().expect(texts, generated, by)
        self._texts += texts
        if generated:
            self._say(f"generating {generated:,} {'text' if generated == 1 else 'texts'} with {by}")
            self.begin()

    def committed(self, path: str) -> None:
        """Say that a text is in place."""
        self._committed += 1
        self._say(f"{self._committed}/{max(self._texts, self._committed)} {path}")

    def waiting(self, path: str, seconds: float, reason: str) -> None:
        """Say how long, once for all texts that wait for the same moment."""
        super().waiting(path, seconds, reason)
        with self.lock:
            running = self._running.get(path)
            if running is None or not running.until > max(self._announced, self.clock()) + _SHORT:
                return
            self._announced = running.until
        self._say(f"waiting {duration(seconds)}: {running.reason}")

    @contextmanager
    def blocked(self, component: str, reason: str = ELSEWHERE) -> Iterator[None]:
        """Say soon which text another process generates."""
        with super().blocked(component, reason):
            self._last = self.clock() - self._silence + _SHORT
            self.begin()
            yield

    def tick(self) -> None:
        """Say that the run is alive."""
        if self.clock() - self._last < self._silence:
            return
        state = self.state()
        if state.running:
            oldest = state.running[0]
            whole = f"{state.words()}; " if state.wanted else ""
            self._say(f"{whole}{oldest.path}: {oldest.words(self.clock())}")

    def _say(self, words: str) -> None:
        with self.lock:
            self._last = self.clock()
            self._note(words)


class Screen(Protocol):
    """A part of the terminal that is drawn again and again."""

    def draw(self, tracker: Tracker) -> None:
        """Show the state of a run, in place of what was drawn before."""

    def clear(self) -> None:
        """Remove what was drawn."""


class Live(Ticking):
    """Draws the state of a run on a terminal, as long as no question is asked.

    Args:
        screen: where to draw.
    """

    def __init__(self, screen: Screen) -> None:
        super().__init__(_EVERY)
        self._screen = screen
        self._since = self.clock()
        self._questions = 0

    def started(self, path: str) -> None:
        """Add a text."""
        super().started(path)
        self.begin()

    @contextmanager
    def blocked(self, component: str, reason: str = ELSEWHERE) -> Iterator[None]:
        """Show a component that another process generates."""
        with super().blocked(component, reason):
            self.begin()
            yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Clear the screen for a question."""
        with self.lock:
            self._questions += 1
            self._screen.clear()
        try:
            yield
        finally:
            with self.lock:
                self._questions -= 1
                self._since = self.clock()

    def tick(self) -> None:
        """Draw."""
        with self.lock:
            if self._questions:
                return
            if not self._running:
                self._screen.clear()
            elif self.clock() - self._since >= _DELAY:
                self._screen.draw(self)

    def close(self) -> None:
        """Clear the screen for the report."""
        super().close()
        self._screen.clear()


class RichScreen:
    """Draws one line per text with rich, which knows terminals and consoles.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live: Any = None

    def draw(self, tracker: Tracker) -> None:
        """Draw the lines of the state."""
        from rich.text import Text

        columns, rows = terminal_size(self._stream)
        lines = tracker.state().lines(tracker.clock(), columns, rows)
        text = Text("\n".join(lines), no_wrap=True, overflow="crop", end="")
        if self._live is None:
            self._live = self._started(text)
        self._live.update(text, refresh=True)

    def clear(self) -> None:
        """Remove the lines."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _started(self, text: Any) -> Any:
        from rich.console import Console
        from rich.live import Live as RichLive

        console = Console(file=self._stream, color_system=None, force_terminal=True)
        live = RichLive(
            text,
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._stream.write("\r")  # the cursor is after a question whose answer was typed early
        live.start()
        return live


class LineScreen:
    """Draws the whole and the oldest text in one line, without rich.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._used = 0  # columns

    def draw(self, tracker: Tracker) -> None:
        """Draw the line."""
        state, now, columns = tracker.state(), tracker.clock(), terminal_size(self._stream)[0] - 1
        parts = [state.words(columns)] if state.wanted else []
        room = columns - sum(width(part) + 2 for part in parts)
        if state.running and room >= _ROOM:
            parts += state._replace(wanted=0, running=state.running[:1]).lines(now, room, 3)
        line = cut("; ".join(parts), columns)
        self._write(line, max(self._used - width(line), 0))
        self._used = width(line)

    def clear(self) -> None:
        """Remove the line."""
        if self._used:
            self._write("", self._used)
            self._stream.write("\r")
            self._stream.flush()
            self._used = 0

    def _write(self, line: str, blank: int) -> None:
        self._stream.write(f"\r{line}{' ' * blank}")
        self._stream.flush()
