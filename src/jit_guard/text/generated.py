"""Generated components: their names, and the mark of a draft that nobody has edited.

A name, `autogen_{component_type}_for_{goal}{suffix}`, says for which goal and type a component
was written, so that a later run finds it again. A draft carries `jit-guard:draft sha256=<hash of
the rest>`: while the hash is right, the text is untouched and a real generator may replace it;
after the first edit the file is somebody's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from jit_guard.text.names import GENERATED, MAX_NAME_BYTES, fold

PREFIX = GENERATED
DEFAULT_SUFFIX = ".txt"
_KEPT = frozenset("_-.")
_OTHER_ASCII = re.compile("[^a-z0-9_.-]")
_HASH_DIGITS = 8
_MAX_SUFFIX_BYTES = 64  # what is longer is a sentence with a dot in it

_WORDS = "jit-guard:draft sha256="
_MARK = re.compile(_WORDS.encode() + b"([0-9a-f]{64})")

# How a comment looks in a file of this kind; a line of its own where there are none.
_COMMENTS = {
    **dict.fromkeys((".md", ".markdown", ".html", ".htm", ".xml", ".svg"), ("<!-- ", " -->")),
    **dict.fromkeys((".yaml", ".yml", ".toml", ".py", ".sh", ".ini", ".cfg", ".r"), ("# ", "")),
    **dict.fromkeys((".js", ".ts", ".jsonc", ".json5", ".css", ".c", ".java"), ("/* ", " */")),
    **dict.fromkeys((".j2", ".jinja", ".jinja2"), ("{# ", " #}")),
    **dict.fromkeys((".hbs", ".handlebars", ".mustache"), ("{{! ", " }}")),
    ".rst": (".. ", ""),
    ".tex": ("% ", ""),
    ".sql": ("-- ", ""),
    ".json": ('  "$comment": "', '",'),
}


def candidates(
    goal: str, component_type: str, filename: str, *, plain: bool = True
) -> Iterator[str]:
    """Names for the component of a goal and type, the best one first, without an end.

    NFC, lower case; letters and digits of any script and `_ - .` are kept, everything else
    becomes `_`; at most 255 bytes. A hash of goal and type (and, from the second on, a number)
    makes every name but the first its own; where something was lost, the first has one, too.

    Args:
        goal: as it stands in the map.
        component_type: as it stands in the map.
        filename: what the map asks for; its suffix is kept (`.txt` when it has none).
        plain: False when another goal of the map has the same plain name.
    """
    stem, kept = _stem(goal, component_type)
    suffix, suffix_kept = _suffix(filename)
    name = f"{stem}{suffix}"
    if plain and kept and suffix_kept and len(name.encode()) <= MAX_NAME_BYTES:
        yield name
    number = 0
    while True:
        ending = f"_{_hash(goal, component_type, number)}{suffix}"
        yield _cut(stem, MAX_NAME_BYTES - len(ending.encode())) + ending
        number += 1


def plain_name(goal: str) -> str:
    """What two goals have in common when they would share a name; see `candidates`."""
    return fold(_clean(goal)[0])


def lossless(goal: str) -> bool:
    """Does the goal's name hold all of it, but for case and normal form?"""
    return _clean(goal)[1]


def is_for(name: str, goal: str, component_type: str) -> bool:
    """May this be the name of a component that was generated for the goal and type?

    Says yes to the plain name and to the first hashed ones, with any suffix.
    """
    if not name.startswith(PREFIX) or "/" in name:
        return False
    names = candidates(goal, component_type, name)
    return name in (next(names), next(names), next(names))


def _stem(goal: str, component_type: str) -> tuple[str, bool]:
    kind, kind_kept = _clean(component_type)
    purpose, purpose_kept = _clean(goal)
    return f"{PREFIX}{kind}_for_{purpose}", kind_kept and purpose_kept


def _clean(text: str) -> tuple[str, bool]:
    """The text as part of a name, and whether all of it is still there."""
    if text.isascii():  # nearly all of a large map
        whole = text.lower()
        cleaned = _OTHER_ASCII.sub("_", whole)
        return cleaned, cleaned == whole
    from unicodedata import normalize

    # Lower-casing may take a letter apart (the Turkish dotted I): composed before and after.
    whole = normalize("NFC", normalize("NFC", text).lower())
    cleaned = _letters(whole)
    return cleaned, cleaned == whole


def _letters(text: str) -> str:
    return "".join(one if one.isalnum() or one in _KEPT else "_" for one in text)


def _suffix(filename: str) -> tuple[str, bool]:
    from unicodedata import normalize

    stem, dot, suffix = filename.rpartition("/")[2].rpartition(".")
    if not dot or not stem or not suffix:
        return DEFAULT_SUFFIX, True
    whole = normalize("NFC", suffix)
    cleaned = _letters(whole)
    if len(cleaned.encode()) >= _MAX_SUFFIX_BYTES:
        return DEFAULT_SUFFIX, False
    return f".{cleaned}", cleaned == whole


def _hash(goal: str, component_type: str, number: int) -> str:
    identity = "\0".join((component_type, goal, *([str(number)] if number else [])))
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def _cut(text: str, size: int) -> str:
    """As much of the text as fits into so many bytes, whole characters only."""
    return text.encode()[:size].decode("utf-8", "ignore")


def mark(text: str, suffix: str) -> str:
    """The text as a draft: its lines end at LF, and one more line holds the mark.

    The mark is the last line, as a comment of that kind of file; in a JSON object that is
    spread over lines a first member, `$comment`.

    Args:
        text: the draft, without a mark.
        suffix: `.txt`, `.md`, …; anything unknown gets a plain line.
    """
    rest = text.replace("\r\n", "\n")
    kind = suffix.lower()
    before, after = _COMMENTS.get(kind, ("", ""))
    if kind == ".json" and rest.startswith("{\n"):
        start, end = f"{{\n{before}{_WORDS}", f"{after}\n{rest[2:]}"
    elif kind == ".json":  # no object: there is no place for a mark that leaves it JSON
        start, end = f"{_ended(rest)}{_WORDS}", "\n"
    else:
        start, end = f"{_ended(rest)}{before}{_WORDS}", f"{after}\n"
    return f"{start}{digest((start + end).encode())}{end}"


def untouched(data: bytes) -> bool:
    """Is it a draft that nobody has edited?"""
    return any(
        digest(data[: found.start(1)] + data[found.end(1) :]) == found[1].decode()
        for found in _MARK.finditer(data)
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def digest(data: bytes) -> str:
    """The sha256 of a text, whichever line endings git gave it on this machine."""
    return sha256(data.replace(b"\r\n", b"\n")).hexdigest()
