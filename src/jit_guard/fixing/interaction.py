"""Interaction with the user during a fix: questions on a terminal, none elsewhere."""

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
from jit_guard.text.search_path import executable

_PREVIEW_LINES = 24
_BAR = 24


class Review(NamedTuple):
    """The user's answer to a generated text. `content` is the text, possibly edited."""

    answer: Literal["accept", "again", "skip", "quit"]
    content: str = ""


class Interaction(Protocol):
    """The source of the user's answers."""

    def describe(self, entry: Entry, path: str, suggestion: str) -> str | None:
        """Return a one-line description of the missing component; None leaves it missing."""

    def agree(self, question: str) -> bool:
        """Return whether to continue and spend."""

    def review(self, path: str, content: str) -> Review:
        """Return what to do with this text."""

    def progress(self, done: int, failed: int, total: int) -> None:
        """Report progress."""


class Silent:
    """Answers without questions, for `--no-input` or without a terminal.

    Args:
        yes: accept suggested descriptions and the cost.
    """

    def __init__(self, *, yes: bool = False) -> None:
        self._yes = yes

    def describe(self, entry: Entry, path: str, suggestion: str) -> str | None:  # noqa: ARG002
        """Return the suggestion, if accepted beforehand."""
        return suggestion if self._yes else None

    def agree(self, question: str) -> bool:  # noqa: ARG002
        """Return whether the cost was accepted beforehand."""
        return self._yes

    def review(self, path: str, content: str) -> Review:  # noqa: ARG002
        """Accept the text as it is."""
        return Review("accept", content)

    def progress(self, done: int, failed: int, total: int) -> None:
        """Report nothing."""


class Terminal:
    """Questions on a terminal, as in the original algorithm, with suggested answers.

    Args:
        color: use colours.
        yes: accept everything without asking; only show progress.
        read: reads one line; raises EOFError at the end of input.
        out: the stream for questions; default: standard error, to keep standard output clean.
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
        """Ask for a description; Enter accepts the suggestion, `-` or EOF leaves the entry."""
        if self._yes:
            return suggestion
        name = style(printable(f"{entry.goal}/{entry.component_type}"), "bold", on=self._color)
        self._say(f"\n{name} names {printable(path)}, which does not exist.")
        self._say(f"What should it do, in one line?  (Enter: {printable(suggestion)}  -: skip)")
        answer = self._ask("> ")
        if answer is None or answer.strip() == "-":
            return None
        return " ".join(answer.split()) or suggestion

    def agree(self, question: str) -> bool:
        """Ask once before spending; the default is no."""
        if self._yes:
            return True
        answer = self._ask(f"\n{printable(question)} Continue? [y/N] ")
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
            elif review := _REVIEWS.get(answer.lower()):
                return review
            else:
                self._say(f"{printable(answer)!r} is not one of the choices.")
        return Review("accept", content)

    def progress(self, done: int, failed: int, total: int) -> None:
        """Redraw the progress bar on one line."""
        if total < 2 or not self._all:  # texts reviewed one by one need no progress bar
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
            self._say(style(f"… {more} more lines (edit to see all)", "dim", on=self._color))
        self._say(rule)

    def _edit(self, content: str, suffix: str) -> str:
        """Return the text as edited in the user's editor."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, f"component{suffix}")
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
            try:
                words = shlex.split(editor) or ["vi"]
                done = subprocess.run([*words, path], executable=executable(words[0]), check=False)
            except (OSError, ValueError) as error:
                self._say(f"the editor {printable(editor)} could not be started: {error}")
                return content
            if done.returncode:
                self._say(f"the editor exited with {done.returncode}; the text is unchanged")
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


_REVIEWS = {
    **dict.fromkeys(("a", "again"), Review("again")),
    **dict.fromkeys(("s", "skip"), Review("skip")),
    **dict.fromkeys(("q", "quit"), Review("quit")),
}
