"""Questions that a command asks on a terminal."""

import os
import sys

from jit_guard.text.console import Console
from jit_guard.text.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.fixing.adoption import Unclear


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


class OrphanNames:
    """Asks for the entry of an orphan; after the end of input, every other one is left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ended = False
        self._path = ""

    def __call__(self, orphan: "Unclear") -> tuple[str, str] | None:
        """Return goal and component type; None leaves the orphan."""
        if self._ended:
            return None
        if orphan.path != self._path:
            self._console.err.write(f"\n{printable(orphan.path)} has no entry\n")
        self._path = orphan.path
        self._console.err.write(f"  {printable(orphan.reason)}\n")
        goal = ask(self._console, "Goal of it, or - to leave it?", orphan.goal)
        if goal is None:
            self._ended = True
        if goal in (None, "", "-"):
            return None
        kind = ask(self._console, "Component type?", orphan.component_type)
        if kind is None:
            self._ended = True
        return None if kind in (None, "", "-") else (str(goal), str(kind))
