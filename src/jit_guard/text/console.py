"""Output to the terminal. Only this module writes to the streams, with lines made safe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from jit_guard.text.printable import printable, quiet_line, quiet_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_WITH_HYPERLINKS = ("Hyper", "iTerm.app", "terminology", "WezTerm", "vscode", "ghostty", "zed")


class Console:
    """Standard output and standard error, with or without colours.

    Args:
        color: "auto", "always" or "never"; `NO_COLOR` and `FORCE_COLOR` decide under "auto".
    """

    def __init__(
        self, color: str = "auto", out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.out = out if out is not None else sys.stdout
        self.err = err if err is not None else sys.stderr
        for stream in (self.out, self.err):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        self._choice = color
        self.color = self.colored(self.out)

    def colored(self, stream: TextIO) -> bool:
        """Check whether to use colours on a stream."""
        return _wants_color(self._choice, stream)

    def for_programs(self) -> None:
        """Make standard output what programs read: UTF-8 with line feeds, on every platform."""
        reconfigure = getattr(self.out, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")

    def columns(self) -> int | None:
        """Return the width of the terminal that standard output is; None if it is not one."""
        if not self.out.isatty():
            return None
        from jit_guard.text.width import terminal_size

        return terminal_size(self.out)[0]

    def has_hyperlinks(self) -> bool:
        """Check whether standard output is a terminal that shows hyperlinks to local files."""
        return self.out.isatty() and _knows_hyperlinks(os.environ)

    def clear(self) -> None:
        """Clear the terminal that standard output is, with what has scrolled away."""
        if self.out.isatty() and os.environ.get("TERM") != "dumb":
            self.out.write("\x1b[H\x1b[2J\x1b[3J")
            self.out.flush()  # before what goes to standard error

    def lines(self, lines: Iterable[str]) -> None:
        """Write finished lines, which may contain our own colours, to standard output."""
        self.out.writelines(quiet_lines(lines))

    def commands(self, lines: Iterable[str]) -> None:
        """Write lines that contain commands for a CI runner, as the `github` format does."""
        self.out.writelines(f"{line}\n" for line in lines)

    def error(self, *lines: str) -> None:
        """Write error lines to standard error, each prefixed with `jit-guard: error:`."""
        for line in lines:
            self.err.write(quiet_line(f"jit-guard: error: {printable(line)}") + "\n")

    def note(self, message: str) -> None:
        """Write a note to standard error."""
        self.err.write(quiet_line(f"jit-guard: {printable(message)}") + "\n")


def _wants_color(color: str, out: TextIO) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return out.isatty() and os.environ.get("TERM") != "dumb"


def _knows_hyperlinks(environ: Mapping[str, str]) -> bool:
    """Check whether a terminal shows hyperlinks (OSC 8), by what is known of terminals.

    The list is that of the crate `supports-hyperlinks`, which cargo and ruff use. On a remote
    machine the terminal could not open the file.
    """
    forced = environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if "SSH_CONNECTION" in environ or environ.get("TERM") == "dumb":
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        (vte.isdecimal() and int(vte) >= 5000)
        or environ.get("TERM_PROGRAM") in _WITH_HYPERLINKS
        or environ.get("TERM") in ("xterm-kitty", "alacritty", "alacritty-direct", "xterm-ghostty")
        or environ.get("COLORTERM") == "xfce4-terminal"
        or not environ.keys().isdisjoint(("DOMTERM", "WT_SESSION", "KONSOLE_VERSION"))
    )
