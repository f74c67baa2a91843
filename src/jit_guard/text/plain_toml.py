"""A fast parser for TOML files of plain `key = value` lines.

Almost every `jit-guard.toml` is such a file. Importing `tomllib` takes a third of the time of a
small check, since it imports `typing` and `datetime` and compiles patterns. Values are parsed as
JSON. A file with any other line is left to `tomllib`; a test compares the two on arbitrary files.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_ONE = r'(?:"[^"\\\x00-\x1f\x7f]*"|true|false|0|[1-9][0-9]{0,15})'
_MANY = rf"\[ *(?:{_ONE}(?: *, *{_ONE})*)? *\]"
_COMMENT = r"(?:#[^\x00-\x08\x0a-\x1f\x7f]*)?"
_LINE = rf"[ \t]*(?:({_KEY})[ \t]*=[ \t]*({_ONE}|{_MANY})[ \t]*)?{_COMMENT}"


def plain_table(text: str) -> dict[str, Any] | None:
    """Return the content of a TOML file of plain lines; None if it needs a TOML parser.

    Plain lines are comments and `key = value`, where the key is bare or dotted and the value is
    a string without escapes, a boolean, an integer, or a list of these on one line.
    """
    found: dict[str, Any] = {}
    matches = re.compile(_LINE).fullmatch
    for line in text.replace("\r\n", "\n").split("\n"):
        match = matches(line)
        if match is None:
            return None
        key, value = match.groups()
        if key is None:
            continue
        *parents, name = key.split(".")
        table = found
        for parent in parents:
            table = table.setdefault(parent, {})
            if not isinstance(table, dict):
                return None
        if name in table:
            return None
        table[name] = json.loads(value)
    return found
