"""Talking with whoever runs a fix: on a terminal with questions, elsewhere never."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TextIO

from jit_guard.registry.goal_map import Entry
from jit_guard.text.printable import printable, style

_PREVIEW_LINES = 24
_BAR = 24


class Review(NamedTuple):
    """What somebody says of a text. `content` is the text as it was edited."""

    answer: Literal["accept", "again", "skip", "quit"]
    content: str = ""


class Interaction(Protocol):
    """Whoever answers for the user."""

    def describe(self, entry: Entry, path: str, suggestion: str) -> str | None:
        """What should the missing component do, in one line? None: leave it missing."""

    def agree(self, question: str) -> bool:
        """Go on, and spend?"""

    def review(self, path: str, content: str) -> Review:
        """Is this text the component?"""

    def progress(self, done: int, failed: int, total: int) -> None:
        """So many of the texts are there."""


class Silent:
    """No terminal, or `--no-input`: nothing is asked.

    Args:
        yes: accept suggested descriptions, and the spending.
    """

    def __init__(self, *, yes: bool = False) -> None:
        self._yes = yes

    def describe(self, entry: Entry, path: str, suggestion: str) -> str | None:  # noqa: ARG002
        """The suggestion, if it was accepted beforehand."""
        return suggestion if self._yes else None

    def agree(self, question: str) -> bool:  # noqa: ARG002
        """What was said beforehand."""
        return self._yes

    def review(self, path: str, content: str) -> Review:  # noqa: ARG002
        """Nobody looks: the text is taken as it is."""
        return Review("accept", content)

    def progress(self, done: int, failed: int, total: int) -> None:
        """Nobody looks."""


class Terminal:
    """Questions on a terminal, as in the original algorithm, with a suggestion to accept.

    Args:
        color: show colours.
        yes: ask nothing, and accept everything; only the progress is shown.
        read: reads one line; raises EOFError at the end of the input.
        out: where questions go; standard error, so that a report can go elsewhere.
    """

    def __init__(
        self,
        *,
        color: bool,
        yes: bool = False,
        read: Callable[[], str] = input,
        out: TextIO | None = None,
    ) -> None:
        self._color = color
        self._yes = self._all = yes
        self._read = read
        self._out = out if out is not None else sys.stderr

    def describe(self, entry: Entry, path: str, suggestion: str) -> str | None:
        """Ask; Enter accepts the suggestion, `-` or the end of the input leaves the entry."""
        if self._yes:
            return suggestion
        name = style(printable(f"{entry.goal}/{entry.component_type}"), "bold", on=self._color)
        self._say(f"\n{name} names {printable(path)}, which is not there.")
        self._say(f"What should it do, in one line?  (Enter: {printable(suggestion)}  -: skip)")
        answer = self._ask("> ")
        if answer is None or answer.strip() == "-":
            return None
        return " ".join(answer.split()) or suggestion

    def agree(self, question: str) -> bool:
        """Ask once before spending; the default is no."""
        if self._yes:
            return True
        answer = self._ask(f"\n{printable(question)} Go on? [y/N] ")
        return (answer or "").strip().lower() in ("y", "yes")

    def review(self, path: str, content: str) -> Review:
        """Show the text, and ask what to do with it."""
        while not self._all:
            self._preview(path, content)
            answer = self._ask("Use it? [Y]es, [e]dit, [a]gain, [s]kip, [A]ll, [q]uit: ")
            answer = "q" if answer is None else answer.strip()
            if answer == "A":
                self._all = True
            elif answer.lower() in ("e", "edit"):
                content = self._edit(content, os.path.splitext(path)[1])
            elif answer.lower() in ("", "y", "yes"):
                break
            elif verdict := _VERDICTS.get(answer.lower()):
                return verdict
            else:
                self._say(f"{printable(answer)!r} is none of these.")
        return Review("accept", content)

    def progress(self, done: int, failed: int, total: int) -> None:
        """One line that is written over and over."""
        if total < 2 or not self._all:  # texts that are looked at one by one show it themselves
            return
        full = _BAR * done // total
        bar = "=" * full + " " * (_BAR - full)
        self._out.write(
            f"\r[{bar}] {done}/{total} written" + (f", {failed} failed" if failed else "")
        )
        self._out.write("\n" if done + failed >= total else "")
        self._out.flush()

    def _preview(self, path: str, content: str) -> None:
        lines = content.splitlines()
        rule = style("-" * 72, "dim", on=self._color)
        self._say(f"\n{style(printable(path), 'bold', on=self._color)}\n{rule}")
        for line in lines[:_PREVIEW_LINES]:
            self._say(printable(line.expandtabs(4)))
        if len(lines) > _PREVIEW_LINES:
            more = len(lines) - _PREVIEW_LINES
            self._say(style(f"… {more} more lines (edit shows all)", "dim", on=self._color))
        self._say(rule)

    def _edit(self, content: str, suffix: str) -> str:
        """The text as it comes back from the user's editor."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"component{suffix}")
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
            try:
                done = subprocess.run([*shlex.split(editor), path], check=False)
            except (OSError, ValueError) as error:
                self._say(f"the editor {printable(editor)} does not start: {error}")
                return content
            if done.returncode:
                self._say(
                    f"the editor gave up (exit code {done.returncode}); the text is as before"
                )
                return content
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()

    def _ask(self, prompt: str) -> str | None:
        self._out.write(prompt)
        self._out.flush()
        try:
            return self._read()
        except EOFError:
            self._say("")
            return None

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")


_VERDICTS = {
    **dict.fromkeys(("a", "again"), Review("again")),
    **dict.fromkeys(("s", "skip"), Review("skip")),
    **dict.fromkeys(("q", "quit"), Review("quit")),
}
