"""Generated components: their names, and the mark of an unedited draft.

The name `autogen_{component_type}_for_{goal}{suffix}` records for which goal and type a component
was generated, so that a later run finds it again. A draft contains `jit-guard:draft sha256=<hash
of the rest>`. While the hash matches, the draft is unedited and a generator may replace it.
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
_MAX_SUFFIX_BYTES = 64  # anything longer is a sentence with a dot in it

_WORDS = "jit-guard:draft sha256="
_MARK = re.compile(_WORDS.encode() + b"([0-9a-f]{64})")

_MARK_LINE = re.compile(rf"(?m)^[^\w\n]*(?:\$comment\": \")?{_WORDS}[0-9a-f]{{64}}\W*?$\n?")

# Start and end of a comment by suffix; other files get a plain line.
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
    """Yield names for the component of a goal and type, best first, without end.

    Names are NFC, lower case and at most 255 bytes long. Letters and digits of any script and
    `_ - .` are kept, everything else becomes `_`. All names but the first contain a hash of goal
    and type (and, from the second on, a number); so does the first if characters were replaced.

    Args:
        goal: as written in the map.
        component_type: as written in the map.
        filename: as written in the map; its suffix is kept (`.txt` if it has none).
        plain: False if another goal of the map has the same plain name.
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
    """Return the key that is equal for two goals with the same plain name; see `candidates`."""
    return fold(_clean(goal)[0])


def lossless(goal: str) -> bool:
    """Check whether the plain name keeps every character of a goal, except for case."""
    return _clean(goal)[1]


def is_for(name: str, goal: str, component_type: str) -> bool:
    """Check whether a component of this name may have been generated for the goal and type.

    True for the plain name and for the first two hashed ones, with any suffix.
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
    """Return the text as part of a name, and whether every character was kept."""
    if text.isascii():  # almost all names of a large map
        whole = text.lower()
        cleaned = _OTHER_ASCII.sub("_", whole)
        return cleaned, cleaned == whole
    from unicodedata import normalize

    # Lower-casing may decompose a letter (the Turkish dotted I), so normalize before and after.
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
    goal = goal.replace("\0", "\0\0")  # or two goals could have the same identity
    identity = "\0".join((component_type, goal, *([str(number)] if number else [])))
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def _cut(text: str, size: int) -> str:
    """Truncate the text to so many bytes, at a character boundary."""
    return text.encode()[:size].decode("utf-8", "ignore")


def mark(text: str, suffix: str) -> str:
    """Return the text as a draft: with LF line ends, and the mark in a line of its own.

    The mark is the last line, written as a comment if the file type has comments. In a JSON
    object of several lines, it is the first member, `$comment`.

    Args:
        text: the draft, without a mark.
        suffix: `.txt`, `.md`, …; an unknown one gets a plain line.
    """
    rest = text.replace("\r\n", "\n")
    kind = suffix.lower()
    before, after = _COMMENTS.get(kind, ("", ""))
    if kind == ".json" and rest.startswith("{\n"):
        start, end = f"{{\n{before}{_WORDS}", f"{after}\n{rest[2:]}"
    elif kind == ".json":  # not an object, so no mark can keep it valid JSON
        start, end = f"{_ended(rest)}{_WORDS}", "\n"
    else:
        start, end = f"{_ended(rest)}{before}{_WORDS}", f"{after}\n"
    return f"{start}{digest((start + end).encode())}{end}"


def unmarked(text: str) -> str:
    """Return the text without the lines that mark it as a draft, for one that was edited."""
    return _MARK_LINE.sub("", text)


def untouched(data: bytes) -> bool:
    """Check whether the data is an unedited draft."""
    return any(
        digest(data[: found.start(1)] + data[found.end(1) :]) == found[1].decode()
        for found in _MARK.finditer(data)
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def digest(data: bytes) -> str:
    """Return the sha256 of a text, independent of its line endings."""
    return sha256(data.replace(b"\r\n", b"\n")).hexdigest()
