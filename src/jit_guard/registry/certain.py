"""Certainty that a value satisfies a schema, from a validator in Rust.

For a large map, or for many values, `jsonschema` takes longer than the rest of a check; the
validator in Rust takes a fraction of that. Both agree on the keywords that almost every schema
consists of. If such a schema is satisfied according to the Rust validator, `jsonschema` is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from jit_guard.registry.goal_map import GoalMap

# What `jsonschema` and the compiled validator treat alike; see `certifies`.
_DRAFTS = (
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
_ANNOTATIONS = frozenset(("$comment", "default", "deprecated", "description", "examples", "title"))
_PLAIN = frozenset(("maxLength", "maxProperties", "minLength", "minProperties", "required")) | {
    "type"
}
_ONE = frozenset(("additionalProperties", "else", "if", "not", "propertyNames", "then"))
_MANY = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("$defs", "definitions", "properties"))
# Letters, classes, groups, anchors and counts mean the same in every regex dialect.
_PATTERN = re.compile(
    r"(?:[\w \-.,:;=@!#%&~'\"<>/^$*+?|()\[\]{}]|\\[-./$^*+?|()\[\]{}])*", re.ASCII
)
_COUNT = re.compile(r"(\)?)\{(?:\d*,)?(\d+)")
_LEVELS = 2  # of objects: goals, and their component types
_DIALECT = re.compile(r"\(\?(?!:)|\[\[|\[\^?\]|&&|--|~~|\{,|[+*?}]\+")


# What a value of any shape needs in addition: arrays, numbers, and formats, which say nothing here.
_LIMITS = frozenset(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"))
_OF_ANY_SHAPE = _LIMITS | {"format", "items", "maxItems", "minItems", "uniqueItems"}
# Where a pattern that matches less can make a value valid.
_REVERSING = frozenset(("if", "not", "oneOf", "patternProperties"))
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LARGEST = 2**53  # beyond it, numbers of JSON are read differently


class _Used(NamedTuple):
    """The patterns and keywords of a schema; `any_shape`: its values are not only goal maps."""

    patterns: list[Any]
    keywords: set[str]
    any_shape: bool = False

    @property
    def incomparable(self) -> tuple[type, ...]:
        """The types that the two validators may compare differently."""
        return (dict, list, int, float) if self.any_shape else (dict, list)


def certifies(document: Any, goal_map: GoalMap) -> bool:
    """Check whether a map certainly satisfies a schema. False means: ask `jsonschema`.

    This check cannot be interrupted, so a schema that may take long is not certain, either.

    Args:
        document: a JSON Schema; the compiled validator checks it first.
        goal_map: the map; False unless it conforms to the built-in schema.
    """
    used = _Used([], set())
    try:
        if not goal_map.conforms or not _is_plain(document, used, top=True):
            return False
        most = min(2e6, 20_000 + 2.5e9 / (len(goal_map.text) + 1))  # a few seconds in total
        if _weight(document, document, _LEVELS, {}) > most:
            return False
    except (RecursionError, LookupError, ValueError, TypeError, ArithmeticError):
        return False
    # Regex dialects differ in how `.` and `$` treat line ends, and in non-ASCII letters.
    if used.patterns and not (goal_map.text.isascii() and "\\" not in goal_map.text):
        return False
    try:
        from jsonschema_rs import validator_for

        return validator_for(document, validate_formats=False, offline=True).is_valid(
            goal_map.value
        )
    except Exception:  # noqa: BLE001 - not installed, or it rejects the schema
        return False


class Certifier:
    """Says of values of any shape whether they certainly satisfy a schema; see `certifies`."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._used = _Used([], set(), any_shape=True)
        self._weights: dict[tuple[int, int], float] = {}
        self._is_valid: Callable[[Any], bool] | None = None
        try:
            if _is_plain(document, self._used, top=True):
                from jsonschema_rs import validator_for

                made = validator_for(document, validate_formats=False, offline=True)
                self._is_valid = made.is_valid
        except Exception:  # noqa: BLE001 - not installed, or it rejects the schema
            self._is_valid = None

    def certifies(self, value: Any) -> bool:
        """Check whether a value certainly satisfies the schema. False means: ask `jsonschema`."""
        if self._is_valid is None:
            return False
        try:
            shape = _shape(value, characters=bool(self._used.patterns))
            if not self._agree(shape):
                return False
            most = min(2e6, 20_000 + 2.5e9 / (shape.size + 1))
            if _weight(self._document, self._document, shape.depth, self._weights) > most:
                return False
            return self._is_valid(value)
        except Exception:  # noqa: BLE001 - a reference that cannot be resolved, a huge number
            return False

    def _agree(self, shape: _Shape) -> bool:
        """Check whether both validators treat the strings, numbers and arrays of a value alike."""
        used = self._used
        if not shape.numbers or (shape.mixed and "uniqueItems" in used.keywords):
            return False
        if not used.patterns:
            return True
        # `$` also matches before a final line end in `re`, and only there.
        ends = shape.ends_line and any("$" in one for one in used.patterns)
        return not shape.odd and not (ends and used.keywords & _REVERSING)


class _Shape(NamedTuple):
    """What matters of a value.

    Args:
        depth: levels of objects and arrays.
        size: characters and values.
        numbers: all of them mean the same everywhere.
        mixed: an array has an element that is not a string.
        odd: a string has a character that dialects of patterns treat differently.
        ends_line: a string ends with a line end.
    """

    depth: int
    size: int
    numbers: bool
    mixed: bool
    odd: bool
    ends_line: bool


def _shape(value: Any, *, characters: bool) -> _Shape:
    """Look at all of a value; at the characters of its strings only if they matter."""
    depth, size, numbers, mixed = 0, 0, True, False
    strings: list[str] = []
    waiting = [(value, 0)]
    while waiting:
        one, level = waiting.pop()
        size += 1
        if isinstance(one, str):
            strings.append(one)
        elif isinstance(one, dict):
            depth = max(depth, level + 1)
            strings += one
            waiting += [(inner, level + 1) for inner in one.values()]
        elif isinstance(one, list):
            depth = max(depth, level + 1)
            mixed = mixed or not all(isinstance(inner, str) for inner in one)
            waiting += [(inner, level + 1) for inner in one]
        elif isinstance(one, (int, float)):
            numbers = numbers and abs(one) <= _LARGEST
    size += sum(map(len, strings))
    text = "\t".join((*strings, "")) if characters else ""
    return _Shape(depth, size, numbers, mixed, bool(_ODD.search(text)), "\n\t" in text)


def _is_plain_of_any_shape(keyword: str, value: Any, used: _Used) -> bool:
    if keyword == "items":
        return isinstance(value, (dict, bool)) and _is_plain(value, used)
    if keyword in _LIMITS:
        return type(value) in (int, float) and abs(value) <= _LARGEST
    return True


def _is_plain(schema: Any, used: _Used, *, top: bool = False) -> bool:
    """Check whether both validators agree on all keywords; collect what is used."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, dict) and all(
        _is_plain_keyword(keyword, value, used, top=top) for keyword, value in schema.items()
    )


def _is_plain_keyword(keyword: str, value: Any, used: _Used, *, top: bool) -> bool:
    used.keywords.add(keyword)
    if keyword in ("const", "enum"):  # objects and arrays take the compiled validator much memory
        values = value if keyword == "enum" and isinstance(value, list) else [value]
        return not any(isinstance(one, used.incomparable) for one in values)
    if keyword in _OF_ANY_SHAPE and used.any_shape:
        return _is_plain_of_any_shape(keyword, value, used)
    if keyword in _ANNOTATIONS or keyword in _PLAIN:
        return True
    if keyword == "$schema":
        return top and value in _DRAFTS
    if keyword == "$id":
        return top
    if keyword == "$ref":
        return isinstance(value, str) and (value == "#" or value.startswith("#/"))
    if keyword in _ONE:
        return _is_plain(value, used)
    if keyword in _MANY:
        return _are_plain(value, used)
    if keyword in _NAMED:
        return isinstance(value, Mapping) and _are_plain(value.values(), used)
    if keyword == "pattern":
        return _is_plain_pattern(value, used)
    if keyword == "patternProperties":
        named = isinstance(value, Mapping) and all(_is_plain_pattern(one, used) for one in value)
        return named and _are_plain(value.values(), used)
    return False


def _weight(schema: Any, document: Any, level: int, known: dict[tuple[int, int], float]) -> float:
    """Estimate how many steps a plain schema takes for one value; infinite if it is endless.

    Args:
        schema: a part of the document.
        document: the whole schema, in which references are resolved.
        level: how many levels of objects the value may still have.
        known: the weights of parts by level; infinite while a part is being visited, so that a
            reference to itself for the same value is infinite.

    Raises:
        LookupError, ValueError, TypeError: a reference cannot be resolved.
    """
    if isinstance(schema, bool):
        return 1
    key = id(schema), level
    if key in known:
        return known[key]
    known[key] = float("inf")

    def inner(parts: Iterable[Any], levels: int = 0) -> float:
        if levels > level:
            return 0  # a string has no members
        return sum(_weight(one, document, level - levels, known) for one in parts)

    total = 1.0
    for keyword, value in schema.items():
        if keyword == "$ref":
            total += inner([_referred(document, value)])
        elif keyword in ("additionalProperties", "items", "propertyNames"):
            total += inner([value], 1)
        elif keyword in ("patternProperties", "properties"):
            total += inner(value.values(), 1)
            total += sum(map(_pattern_weight, value if keyword == "patternProperties" else ()))
        elif keyword in _ONE:
            total += inner([value])
        elif keyword in _MANY:
            total += inner(value)
        elif keyword == "pattern":
            total += _pattern_weight(value)
        elif keyword in ("enum", "required"):
            total += len(value)
    known[key] = total
    return total


def _referred(document: Any, reference: str) -> Any:
    """Return the part of a document that a reference `#/…` points to."""
    from urllib.parse import unquote

    part = document
    for name in unquote(reference).split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        part = part[int(name)] if isinstance(part, list) else part[name]
    return part


def _pattern_weight(pattern: str) -> float:
    """Estimate the number of states of a pattern; a counted group multiplies them."""
    weight = float(len(pattern))
    for group, count in _COUNT.findall(pattern):
        weight = weight * int(count) if group else weight + int(count)
    return weight


def _are_plain(schemas: Iterable[Any], used: _Used) -> bool:
    return all(_is_plain(one, used) for one in schemas)


def _is_plain_pattern(pattern: Any, used: _Used) -> bool:
    used.patterns.append(pattern)
    if (
        not isinstance(pattern, str)
        or len(pattern) > 1000
        or not _PATTERN.fullmatch(pattern)
        or _DIALECT.search(pattern)
    ):
        return False
    try:
        re.compile(pattern)
    except re.error:  # `jsonschema` reports it
        return False
    return True
