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

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
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
_PLAIN = frozenset(
    ("const", "enum", "maxLength", "maxProperties", "minLength", "minProperties", "required")
) | {"type"}
_ONE = frozenset(("additionalProperties", "else", "if", "not", "propertyNames", "then"))
_MANY = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("$defs", "definitions", "properties"))
# Letters, classes, groups, anchors and counts mean the same in every regex dialect.
_PATTERN = re.compile(
    r"(?:[\w \-.,:;=@!#%&~'\"<>/^$*+?|()\[\]{}]|\\[-./$^*+?|()\[\]{}])*", re.ASCII
)
_DIALECT = re.compile(r"\(\?(?!:)|\[\[|\[\^?\]|&&|--|~~|\{,|[+*?}]\+")


class Violation(NamedTuple):
    """A value that violates the schema; `on_key`: its key does."""

    keys: tuple[str, ...]
    keyword: str
    reason: str
    on_key: bool = False


class Schema(NamedTuple):
    """A valid JSON Schema; `path` is its name in messages."""

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
        """Parse a team's own schema. Raises ConfigError if it is not JSON, or not a JSON Schema."""
        from jsonschema.exceptions import SchemaError

        try:
            schema = cls(path, strict_json.loads(strict_json.decode(data))[0])
        except strict_json.EncodingError as error:
            raise ConfigError([f"{path}: {error.reason}"]) from None
        except strict_json.JsonError as error:
            raise ConfigError([f"{path}: invalid JSON: {error.reason}"]) from None
        document = schema.document
        if not isinstance(document, (dict, bool)):
            raise ConfigError([f"{path}: not a JSON Schema: it must be an object, true or false"])
        try:
            schema._validator().check_schema(schema.document)
        except SchemaError as error:
            raise ConfigError([f"{path}: not a JSON Schema: {_shorten(error.message)}"]) from None
        except RecursionError:
            raise ConfigError([f"{path}: not a JSON Schema: it is nested too deeply"]) from None
        except Exception:  # noqa: BLE001 - jsonschema assumes that `$schema` is a URI
            raise ConfigError([f"{path}: not a JSON Schema: $schema is not a URI"]) from None
        return schema

    def violations(self, value: Any) -> list[Violation]:
        """Return all violations in a document. Raises ConfigError if it cannot be validated."""
        from referencing.exceptions import Unresolvable

        try:
            return sorted(map(_violation, self._validator().iter_errors(value)))
        except Unresolvable as error:
            problem = (
                f"$ref {error.ref} points outside the file; external references are not loaded"
            )
        except RecursionError:
            problem = "its $refs are circular"
        except Exception as error:  # noqa: BLE001 - what `check_schema` accepts: a bad pattern, …
            problem = f"cannot be applied: {_shorten(str(error))}"
        raise ConfigError([f"{self.path}: {problem}"])

    def _validator(self) -> Validator:
        from jsonschema import Draft202012Validator, validators
        from referencing import Registry

        made = validators.validator_for(self.document, default=Draft202012Validator)
        # An explicit registry: the package's own default would fetch remote references.
        return made(self.document, registry=Registry())


def _violation(error: ValidationError) -> Violation:
    keys = tuple(map(str, error.absolute_path))
    steps = list(error.absolute_schema_path)
    on_key = "propertyNames" in steps and steps[steps.index("propertyNames") - 1] != "properties"
    if on_key:
        keys = (*keys, str(error.instance))
    return Violation(keys, str(error.validator), _shorten(error.message), on_key)


def _shorten(reason: str) -> str:
    if len(reason) <= _LONGEST_REASON:
        return reason
    half = _LONGEST_REASON // 2
    return f"{reason[:half]} … {reason[-half:]}"


def certifies(document: Any, goal_map: GoalMap) -> bool:
    """Check whether a map certainly satisfies a schema. False means: ask `jsonschema`.

    Args:
        document: a valid JSON Schema.
        goal_map: the map; False unless it conforms to the built-in schema.
    """
    patterns: list[str] = []
    if not goal_map.conforms or not _is_plain(document, patterns, top=True):
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


def _are_plain(schemas: Iterable[Any], patterns: list[str]) -> bool:
    return all(_is_plain(one, patterns) for one in schemas)


def _is_plain_pattern(pattern: Any, patterns: list[str]) -> bool:
    patterns.append(pattern)
    if not isinstance(pattern, str) or not _PATTERN.fullmatch(pattern) or _DIALECT.search(pattern):
        return False
    try:
        re.compile(pattern)
    except re.error:  # `jsonschema` reports it
        return False
    return True
