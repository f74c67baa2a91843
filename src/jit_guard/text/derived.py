"""Names derived from file names: the goal that a file serves, the type that a directory holds."""

from __future__ import annotations

import re
from posixpath import splitext

# A file of this name is called after its directory, as in `skills/pdf/SKILL.md`.
_GENERIC = frozenset(("skill", "index", "main", "prompt", "system", "agent", "component"))


def singular(plural: str) -> str:
    """Return the English singular of a directory's name; the name itself if it is none."""
    lower = plural.lower()
    if len(plural) > 4 and lower.endswith("ies"):
        return f"{plural[:-3]}y"
    if lower.endswith(("sses", "xes", "ches", "shes", "zes")):
        return plural[:-2]
    if len(plural) > 1 and lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        return plural[:-1]
    return plural


def words_of(text: str) -> tuple[str, ...]:
    """Split a name into lower-case words: `rootCause-v2` -> `root`, `cause`, `v2`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return tuple(re.sub(r"[\W_]+", " ", apart).lower().split())


def goal_words(filename: str) -> tuple[str, ...]:
    """Return the words of the goal that a file serves by its name; () if it has none.

    The suffix does not count. Directories do, and a generic name (`SKILL.md`) means its own.
    """
    stem = splitext(filename)[0]
    directory, _, name = stem.rpartition("/")
    if directory and name.lower() in _GENERIC:
        stem = directory
    return words_of(stem)


def goal_name(filename: str) -> str:
    """Return the usual goal of a file: `root-cause.md` -> `ROOT_CAUSE`; "" if it has none."""
    return "_".join(goal_words(filename)).upper()
