"""Questions that a command asks on a terminal."""

import os
import sys

from jit_guard.text.console import Console
from jit_guard.text.printable import printable


def can_ask(console: Console) -> bool:
    """Check whether a user can answer: inside a git hook, the terminal belongs to git."""
    if sys.stdin is None:  # the caller closed it (`<&-`)
        return False
    return sys.stdin.isatty() and console.err.isatty() and "PRE_COMMIT" not in os.environ


def ask(console: Console, question: str, default: str = "") -> str | None:
    """Ask for one line on standard error; return the answer, or None at the end of input.

    Args:
        console: where to ask.
        question: without the default, which is shown in brackets.
        default: the answer that Enter gives.
    """
    shown = f" [{printable(default)}]" if default else ""
    console.err.write(f"{printable(question)}{shown} ")
    console.err.flush()
    line = sys.stdin.readline()
    if not line:
        console.err.write("\n")
        return None
    return line.strip() or default


def agrees(console: Console, question: str) -> bool:
    """Ask a question to be answered with yes or no; Enter and the end of input are no."""
    answer = ask(console, f"{question} [y/N]")
    return (answer or "").lower() in ("y", "yes")
