"""Validation against JSON Schemas: the built-in one and a team's own.

A conforming map is recognised without a validator (`GoalMap.conforms`). `jsonschema` is imported
if a map violates the built-in schema, or if a team has a schema of its own. For a large map it
takes longer than the rest of a check; a validator in Rust takes a fraction of that. Both agree on
the keywords that almost every schema consists of. If such a schema is satisfied according to the
Rust validator (`certifies`), `jsonschema` is skipped. Every message comes from `jsonschema`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.errors import ConfigError
from jit_guard.registry import strict_json
from jit_guard.registry.goal_map import GoalMap
from jit_guard.text.printable import cut_quotes, quote

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError, ValidationError
    from jsonschema.protocols import Validator


_LONGEST_REASON = 240

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


class Violation(NamedTuple):
    """A value that violates the schema; `on_key`: its key does.

    `member` is the first member that an object must not have.
    """

    keys: tuple[str, ...]
    keyword: str
    reason: str
    on_key: bool = False
    member: str = ""


class Schema(NamedTuple):
    """A JSON Schema; `path` is its name in messages.

    A team's own schema is applied by `bounded.apply`, since that may never finish.
    """

    path: str
    document: Any

    @classmethod
    def built_in(cls) -> Schema:
        """Return the built-in schema of a goal map."""
        from importlib.resources import files

        name = "goal_map.schema.json"
        text = files("jit_guard").joinpath(name).read_text("utf-8")
        return cls(name, strict_json.loads(text)[0])

    @classmethod
    def load(cls, path: str, data: bytes) -> Schema:
        """Parse a team's own schema. Raises ConfigError if it is not JSON."""
        try:
            schema = cls(path, strict_json.loads(strict_json.decode(data))[0])
        except strict_json.EncodingError as error:
            raise ConfigError([f"{path}: {error.reason}"]) from None
        except strict_json.JsonError as error:
            raise ConfigError([f"{path}: invalid JSON: {error.reason}"]) from None
        document = schema.document
        if not isinstance(document, (dict, bool)):
            raise ConfigError([f"{path}: not a JSON Schema: it must be an object, true or false"])
        return schema

    def check(self) -> None:
        """Raise ConfigError if this is not a JSON Schema."""
        from jsonschema.exceptions import SchemaError

        try:
            validator = self._validator()
            validator.check_schema(  # type: ignore[call-arg]  # not in its protocol
                self.document, format_checker=_formats(validator)
            )
            return
        except SchemaError as error:
            problem = _not_a_pattern(error) or _reason(error)
        except RecursionError:
            problem = "it is nested too deeply"
        except Exception:  # noqa: BLE001 - jsonschema assumes that `$schema` is a URI
            problem = "$schema is not a URI"
        raise ConfigError([f"{self.path}: not a JSON Schema: {problem}"])

    def violations(self, value: Any) -> list[Violation]:
        """Return all violations in a document. Raises ConfigError if it cannot be validated."""
        from referencing.exceptions import Unresolvable

        try:
            return sorted(map(_violation, self._validator().iter_errors(value)))
        except Unresolvable as error:
            problem = _unresolved(error.__cause__ or error)
        except RecursionError:
            problem = "its $refs are circular"
        except Exception as error:  # noqa: BLE001 - what `check_schema` accepts: a bad pattern, …
            problem = f"cannot be applied: {_shorten(cut_quotes(str(error)))}"
        raise ConfigError([f"{self.path}: {problem}"])

    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator, validators
        from referencing import Registry

        made = validators.validator_for(self.document, default=Draft202012Validator)
        # An explicit registry: the package's own default would fetch remote references.
        return made(self.document, registry=Registry())


def _formats(validator: Validator) -> FormatChecker:
    """Return the formats of a schema's draft, of which the patterns are those that can be read."""
    from jsonschema import FormatChecker

    from jit_guard.registry.dialect import compile_pattern

    def reads(pattern: object) -> bool:
        return not isinstance(pattern, str) or compile_pattern(pattern) is not None

    formats = FormatChecker(())
    formats.checkers = {**validator.FORMAT_CHECKER.checkers, "regex": (reads, re.error)}
    return formats


def _not_a_pattern(error: SchemaError) -> str | None:
    if (error.validator, error.validator_value) != ("format", "regex"):
        return None
    why = f": {error.cause}" if error.cause else ""
    return f"cannot read the pattern {quote(error.instance)} (the dialect is ECMA-262){why}"


def _unresolved(error: BaseException) -> str:
    """Return why a reference cannot be resolved."""
    from referencing.exceptions import NoSuchAnchor, PointerToNowhere

    if isinstance(error, (NoSuchAnchor, PointerToNowhere)):
        fragment = error.anchor if isinstance(error, NoSuchAnchor) else error.ref
        return f"$ref {quote(f'#{fragment}')} names nothing in this file"
    reference = quote(getattr(error, "ref", ""))
    return f"$ref {reference} points outside the file; external references are not loaded"


def _violation(error: ValidationError) -> Violation:
    keys = tuple(map(str, error.absolute_path))
    steps = list(error.absolute_schema_path)
    on_key = "propertyNames" in steps and steps[steps.index("propertyNames") - 1] != "properties"
    if on_key:
        keys = (*keys, str(error.instance))
    return Violation(keys, str(error.validator), _reason(error), on_key, _surplus(error))


def _surplus(error: ValidationError) -> str:
    """Return the first member that `additionalProperties` forbids; "" for any other error."""
    schema, instance = error.schema, error.instance
    if error.validator != "additionalProperties" or not isinstance(instance, dict):
        return ""
    assert isinstance(schema, Mapping)
    known, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    others = (
        key
        for key in instance
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    )
    return next(others, "")


def _reason(error: ValidationError | SchemaError) -> str:
    message = error.message
    quoted = [error.instance, error.validator_value]
    marks = ("\0", "\1")  # no repr contains these
    for mark, value in zip(marks, quoted, strict=True):
        message = message.replace(repr(value), mark)
    message = cut_quotes(message)
    for mark, value in zip(marks, quoted, strict=True):
        message = message.replace(mark, quote(value))
    return _shorten(message)


def _shorten(reason: str) -> str:
    if len(reason) <= _LONGEST_REASON:
        return reason
    half = _LONGEST_REASON // 2
    return f"{reason[:half]} … {reason[-half:]}"


def certifies(document: Any, goal_map: GoalMap) -> bool:
    """Check whether a map certainly satisfies a schema. False means: ask `jsonschema`.

    This check cannot be interrupted, so a schema that may take long is not certain, either.

    Args:
        document: a JSON Schema; the compiled validator checks it first.
        goal_map: the map; False unless it conforms to the built-in schema.
    """
    patterns: list[str] = []
    try:
        if not goal_map.conforms or not _is_plain(document, patterns, top=True):
            return False
        most = min(2e6, 20_000 + 2.5e9 / (len(goal_map.text) + 1))  # a few seconds in total
        if _weight(document, document, _LEVELS, {}) > most:
            return False
    except (RecursionError, LookupError, ValueError, TypeError, ArithmeticError):
        return False
    # Regex dialects differ in how `.` and `$` treat line ends, and in non-ASCII letters.
    if patterns and not (goal_map.text.isascii() and "\\" not in goal_map.text):
        return False
    try:
        from jsonschema_rs import validator_for

        return validator_for(document, validate_formats=False, offline=True).is_valid(
            goal_map.value
        )
    except Exception:  # noqa: BLE001 - not installed, or it rejects the schema
        return False


def _is_plain(schema: Any, patterns: list[str], *, top: bool = False) -> bool:
    """Check whether both validators agree on all keywords; collect the patterns."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, dict) and all(
        _is_plain_keyword(keyword, value, patterns, top=top) for keyword, value in schema.items()
    )


def _is_plain_keyword(keyword: str, value: Any, patterns: list[str], *, top: bool) -> bool:
    if keyword in ("const", "enum"):  # objects and arrays take the compiled validator much memory
        values = value if keyword == "enum" and isinstance(value, list) else [value]
        return not any(isinstance(one, (dict, list)) for one in values)
    if keyword in _ANNOTATIONS or keyword in _PLAIN:
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
        elif keyword in ("additionalProperties", "propertyNames"):
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


def _are_plain(schemas: Iterable[Any], patterns: list[str]) -> bool:
    return all(_is_plain(one, patterns) for one in schemas)


def _is_plain_pattern(pattern: Any, patterns: list[str]) -> bool:
    patterns.append(pattern)
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
