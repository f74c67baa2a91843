"""`python tests/recording.py`: record a session on a terminal as docs/recording.svg.

The session is a real run: the commands below are typed into a shell on a terminal of a fixed size,
in a small project in which one component was renamed and one was deleted.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from projects import git, lay_out
from terminals import Terminal, terminal

if TYPE_CHECKING:
    from pyte.screens import Char

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "recording.svg"
SIZE = (112, 60)
PROMPT = "$ "
COMMANDS = ("jit-guard", "jit-guard --fix", "git diff -U0 goal_map.json")
_FILES = {
    "goal_map.json": """\
{
  "GREET": {
    "persona": "host.txt",
    "protocol": "welcome.txt"
  },
  "ANSWER": {
    "persona": "expert.txt",
    "protocol": "cite.txt"
  }
}
""",
    "components/personas/host.txt": "You welcome people.\n",
    "components/personas/expert.txt": "You explain as to a capable colleague.\n",
    "components/protocols/welcome.txt": "Ask what brings them here.\n",
    "components/protocols/cite.txt": "Name the source of every fact.\n",
}
_SHELL = "import os; os.execlp('bash', 'bash', '--norc', '--noprofile', '--noediting', '-i')"


class Line(NamedTuple):
    """A line on the screen, and the number of the command that printed it."""

    cells: Sequence[Char]
    step: int
    typed: bool

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(cell.data for cell in self.cells).rstrip()


def project(directory: Path) -> Path:
    """A committed project; then a component is renamed, and another deleted."""
    lay_out(directory, _FILES)
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "All"),
        ("mv", "components/protocols/cite.txt", "components/protocols/sources.txt"),
    ):
        git(directory, *words)
    (directory / "components/personas/host.txt").unlink()
    return directory


def record(directory: Path) -> list[Line]:
    """Type the commands into a shell in the project; return what is on the screen in the end."""
    programs = str(Path(sys.executable).parent)
    environment = {
        "PS1": PROMPT,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(directory),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
        "BASH_SILENCE_DEPRECATION_WARNING": "1",
    }
    lines: list[Line] = []
    streams = ("stdin", "stdout", "stderr")
    with terminal(
        cwd=directory, size=SIZE, streams=streams, program=_SHELL, **environment
    ) as shell:
        shell.until(partial(_is_ready, printed=0))
        for step, command in enumerate(COMMANDS):
            shell.send(f"{command}\n")
            shell.until(partial(_is_ready, printed=len(lines) + 1))
            first = len(lines)
            lines.extend(
                Line(shell.cells(row), step, typed=row == first)
                for row in range(first, len(shell.lines) - 1)
            )
        shell.send("exit\n")
        shell.ended()
    return lines


def _is_ready(shell: Terminal, printed: int) -> bool:
    """Check whether the shell waits for a command, below the lines that were printed before."""
    return len(shell.lines) > printed and shell.lines[-1] == PROMPT.rstrip()


# How it is drawn: GitHub's dark colors, in a window of its own, so that it can be read on any page.
_WIDTH, _HEIGHT, _SIZE = 8.4, 19, 14  # of a character, in pixels
_MARGIN, _BAR = 16, 34
_COLORS = {
    "default": "#e6edf3",
    "black": "#6e7681",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
    "white": "#e6edf3",
}
_TYPING, _READING = 1.0, 2.5  # seconds before a command is run, and after what it prints
_STYLE = """\
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre }
.bold { font-weight: bold }
g g { animation: show 1ms both }
@keyframes show { from { visibility: hidden } }
@media (prefers-reduced-motion: reduce) { g g { animation: none } }"""


def drawn(lines: Sequence[Line]) -> str:
    """The session as an SVG: what follows the first command appears, and then everything stays."""
    width = 2 * _MARGIN + SIZE[0] * _WIDTH
    height = _BAR + _MARGIN + len(lines) * _HEIGHT
    title = f"A terminal: {', '.join(COMMANDS)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(chr(10).join(line.text for line in lines))}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height}" rx="10" fill="#0d1117" stroke="#30363d"/>',
    ]
    for place, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        parts.append(f'<circle cx="{22 + 20 * place}" cy="20" r="6" fill="{color}"/>')
    parts.append(f'<g fill="{_COLORS["default"]}">')
    for number, line in enumerate(lines):
        delay = line.step * (_TYPING + _READING) + (0 if line.typed or not line.step else _TYPING)
        top = _BAR + _HEIGHT * number + _SIZE
        parts.append(f'<g style="animation-delay: {delay:.1f}s">{"".join(_texts(line, top))}</g>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _texts(line: Line, top: int) -> Iterator[str]:
    """A text for each run of characters of one color, as wide as on the terminal."""
    column = 0
    for (color, bold), cells in groupby(line.cells, lambda cell: (cell.fg, cell.bold)):
        run = "".join(cell.data for cell in cells)
        shown = run.rstrip()
        if shown:
            place = f'x="{_MARGIN + column * _WIDTH:.1f}" y="{top}"'
            wide = f'textLength="{len(shown) * _WIDTH:.1f}"'
            fill = "" if color == "default" else f' fill="{_COLORS[color]}"'
            weight = ' class="bold"' if bold else ""
            yield f"<text {place} {wide}{weight}{fill}>{escape(shown)}</text>"
        column += len(run)


def main() -> None:
    """Record, and write the picture."""
    with tempfile.TemporaryDirectory() as directory:
        lines = record(project(Path(directory)))
    PICTURE.write_text(drawn(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
