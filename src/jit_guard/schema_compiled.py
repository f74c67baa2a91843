"""A compiled validator's word for the clean case; `jsonschema` has it in every other.

`jsonschema` takes longer for a large map than all the rest of a check, and a validator in Rust a
fraction of it. The two agree on what nearly every schema of a team is made of, and differ where
standards leave room (regular expressions, formats, drafts). So it is asked only about schemas of
the plain kind, believed only when it finds nothing, and may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jit_guard.goal_map import GoalMap

_DRAFTS = (
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
_TELLING = frozenset(("$comment", "default", "deprecated", "description", "examples", "title"))
_PLAIN = frozenset(
    ("const", "enum", "maxLength", "maxProperties", "minLength", "minProperties", "required")
) | {"type"}
_ONE = frozenset(("additionalProperties", "else", "if", "not", "propertyNames", "then"))
_MANY = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("$defs", "definitions", "properties"))
# Letters, classes, groups, anchors and counts: what every dialect reads alike.
_PATTERN = re.compile(
    r"(?:[\w \-.,:;=@!#%&~'\"<>/^$*+?|()\[\]{}]|\\[-./$^*+?|()\[\]{}])*", re.ASCII
)
_DIALECT = re.compile(r"\(\?(?!:)|\[\[|\[\^?\]|&&|--|~~|\{,|[+*?}]\+")


def certifies(document: Any, goal_map: GoalMap) -> bool:
    """Is it certain that a map satisfies a schema? False: ask `jsonschema`.

    Args:
        document: a JSON Schema that has been checked.
        goal_map: the map; only one of the built-in shape is certain.
    """
    patterns: list[str] = []
    if not goal_map.conforms or not _is_plain(document, patterns, top=True):
        return False
    # Dialects differ in what `.` and `$` make of line ends, and in the letters beyond ASCII.
    if patterns and not (goal_map.text.isascii() and "\\" not in goal_map.text):
        return False
    try:
        from jsonschema_rs import validator_for

        return validator_for(document, validate_formats=False, offline=True).is_valid(
            goal_map.value
        )
    except Exception:  # noqa: BLE001 - not installed, or it finds fault with the schema
        return False


def _is_plain(schema: Any, patterns: list[str], *, top: bool = False) -> bool:
    """Is a schema of keywords that mean the same to both? Its patterns are gathered."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, dict) and all(
        _is_plain_keyword(keyword, value, patterns, top=top) for keyword, value in schema.items()
    )


def _is_plain_keyword(keyword: str, value: Any, patterns: list[str], *, top: bool) -> bool:
    if keyword in _TELLING or keyword in _PLAIN:
        return True
    if keyword == "$schema":
        return top and value in _DRAFTS
    if keyword == "$id":
        return top
    if keyword == "$ref":
        return isinstance(value, str) and (value == "#" or value.startswith("#/"))
    if keyword in _ONE:
        return _is_plain(value, patterns)
    if keyword in _MANY:
        return _are_plain(value, patterns)
    if keyword in _NAMED:
        return isinstance(value, Mapping) and _are_plain(value.values(), patterns)
    if keyword == "pattern":
        return _is_plain_pattern(value, patterns)
    if keyword == "patternProperties":
        named = isinstance(value, Mapping) and all(
            _is_plain_pattern(one, patterns) for one in value
        )
        return named and _are_plain(value.values(), patterns)
    return False


def _are_plain(schemas: Iterable[Any], patterns: list[str]) -> bool:
    return all(_is_plain(one, patterns) for one in schemas)


def _is_plain_pattern(pattern: Any, patterns: list[str]) -> bool:
    patterns.append(pattern)
    if not isinstance(pattern, str) or not _PATTERN.fullmatch(pattern) or _DIALECT.search(pattern):
        return False
    try:
        re.compile(pattern)
    except re.error:  # `jsonschema` has a word to say about it
        return False
    return True
