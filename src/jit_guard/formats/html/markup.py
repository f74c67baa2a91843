"""Text from a repository as HTML: escaped, with invisible characters made visible."""

from __future__ import annotations

import re
from hashlib import sha256
from json import dumps

from jit_guard.text.printable import printable, printable_parts

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_CODE = re.compile(r"`([^`]+)`")


def name(text: str) -> str:
    """A name on one line, for an element or a quoted attribute."""
    return _escaped(printable(text))


def prose(text: str) -> str:
    """A message or hint, with what is between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", name(text))


def passage(text: str) -> str:
    """A text of several lines, for a `pre`; escaped characters are in a `b`."""
    return "".join(
        f"<b>{_escaped(part)}</b>" if escaped else _escaped(part)
        for part, escaped in printable_parts(text)
    )


def path(text: str) -> str:
    """A path whose directories may be dimmed."""
    above, slash, last = text.rstrip("/").rpartition("/")
    last += text[len(text.rstrip("/")) :]
    shown = name(last)
    return f'<span class="d">{name(above + slash)}</span>{shown}' if slash else shown


def breakable(text: str) -> str:
    """A name that may be broken into lines after underscores."""
    return name(text).replace("_", "_<wbr>")


def identifier(kind: str, *parts: str) -> str:
    """An id that depends on these names only, so that another component does not change it."""
    return f"{kind}-{sha256(dumps(parts).encode()).hexdigest()[:12]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _escaped(text: str) -> str:
    text = text.translate(_MARKUP)
    # A CI runner that prints the file must not find a command in it: see `quiet_line`.
    return text.replace("##", "#&#35;").replace("::", ":&#58;")
