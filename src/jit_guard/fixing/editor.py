"""The user's editor. Whatever it saves is passed on at once, so that no crash loses it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from jit_guard.fixing import interrupts
from jit_guard.ledger.engine import LedgerError
from jit_guard.text.command_line import split_words
from jit_guard.text.printable import printable
from jit_guard.text.search_path import executable, not_here

_LOOK = 0.5  # seconds; a save is passed on when it is this old
_AT_ONCE = 1.0  # seconds; an editor that returns earlier has opened a window
_DEFAULT = "notepad" if os.name == "nt" else "vi"
_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)


def editor() -> str:
    """Return the user's editor, as a command line."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or _DEFAULT


def edit(content: str, name: str, saved: Callable[[str], object], terminal: TextIO) -> str | None:
    """Let the user edit a text.

    Args:
        content: the text.
        name: the name of the file that is edited.
        saved: called with every changed text that the editor saves.
        terminal: the stream that the editor writes to, if it is a terminal.

    Returns:
        What the user should know about the editor, or None.

    Raises:
        KeyboardInterrupt: Ctrl-C ended the editor; what it saved was passed on.
        LedgerError: from `saved`; it names the file that has the text.
    """
    directory = tempfile.mkdtemp(prefix="jit-guard-")
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(content.encode("utf-8", "surrogateescape"))
    watch = _Watch(path, content, saved)
    began = time.monotonic()
    try:
        try:
            code = _run(path, watch, terminal)
        except (OSError, ValueError) as error:
            return f"the editor {printable(editor())} could not be started: {error}"
        finally:
            watch.look(final=True)
    except LedgerError as error:
        raise LedgerError(f"{error}; the edited text is in {path}") from None
    shutil.rmtree(directory, ignore_errors=True)
    if code in _INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        kept = "what it saved is kept" if watch.changed else "the text is unchanged"
        return f"the editor exited with {code}; {kept}"
    if not watch.changed and time.monotonic() - began < _AT_ONCE:
        return "the text is unchanged; an editor with a window must wait: EDITOR='code --wait'"
    return None


class _Watch:
    """Passes on what the editor saves, once per state."""

    def __init__(self, path: str, content: str, saved: Callable[[str], object]) -> None:
        self._path = path
        self._known = self._seen = content
        self._saved = saved
        self.changed = False

    def look(self, *, final: bool = False) -> None:
        """Pass on the file, if it changed and is not being written."""
        try:
            with open(self._path, "rb") as file:
                text = file.read().decode("utf-8", "surrogateescape")
        except OSError:  # the editor is replacing the file, or removed it
            return
        is_stable, self._seen = text == self._seen, text
        if (is_stable or final) and text != self._known and text.strip():
            self._known, self.changed = text, True
            self._saved(text)


def _run(path: str, watch: _Watch, terminal: TextIO) -> int:
    words = split_words(editor()) or [_DEFAULT]
    screen = terminal if terminal.isatty() else None
    with interrupts.ignored(), _settings_restored():
        process = subprocess.Popen(
            [executable(words[0]), *words[1:], path],
            stdout=screen,
            stderr=screen,
            env={**os.environ, **not_here()},
        )
        while True:
            try:
                return process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                watch.look()


@contextmanager
def _settings_restored() -> Iterator[None]:
    """Restore the settings of the terminal, which an editor that crashed leaves changed."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        before = termios.tcgetattr(0)
    except termios.error:  # standard input is not a terminal
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)
