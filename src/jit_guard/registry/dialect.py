r"""The patterns of a schema, in the dialect of JSON Schema (ECMA-262).

A pattern that Python's `re` does not read, such as `\p{Lu}`, is matched by `regex`, if installed.
"""

from __future__ import annotations

import re
from typing import Any

_COUNT = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")
MOST_REPEATED = 10_000  # `regex` needs memory for each, before it looks at its time limit


def compile_pattern(pattern: str) -> Any:
    """Compile a pattern by the first engine that reads it. Raises re.error."""
    try:
        return re.compile(pattern)
    except re.error as error:
        found = _other_engine(pattern)
        if found is None:
            raise error from None
        return found


def _other_engine(pattern: str) -> Any:
    """Return the pattern compiled by `regex`; None if it does not read it, either."""
    try:
        import regex
    except ImportError:
        return None
    if repeats_too_often(pattern):
        return None
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def repeats_too_often(pattern: str) -> bool:
    """Check whether the counts of a pattern, multiplied, are too large for `regex`."""
    repeated = 1
    for count in _COUNT.finditer(pattern):
        repeated *= max([1, *(int(one[:9]) for one in count.groups("") if one)])
        if repeated > MOST_REPEATED:
            return True
    return False
