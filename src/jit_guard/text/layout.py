"""Lines that fit on a terminal, without breaking a path, a word or a command.

In a file or a pipe every line stays whole, so that it can be searched and parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jit_guard.text.width import width

_STYLED = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;;.*?\x1b\\")
# A command between backticks can be copied only if it stays whole.
_WORD = re.compile(r"(\s*)(\S*`[^`]*`\S*|\S+)")
_NARROWEST = 20  # columns beside an indent


def hang(head: str, text: str, indent: int, columns: int | None) -> Iterator[str]:
    """Yield a head and a text as lines; all but the first are indented.

    Args:
        head: the start of the first line, which may have colours and hyperlinks.
        text: printable words. One that is too long for a line has a line of its own.
        indent: of the other lines.
        columns: the width of the terminal; None: one line.
    """
    line = head
    if columns is None or columns < indent + _NARROWEST:
        yield line + text
        return
    used = width(_STYLED.sub("", head))
    for space, word in _WORD.findall(text):
        size = width(word)
        if used > indent and used + len(space) + size > columns:
            yield line.rstrip(" ")
            line, used, space = " " * indent, indent, ""
        line += space + word
        used += len(space) + size
    yield line
