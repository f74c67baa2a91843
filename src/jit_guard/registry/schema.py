"""Validation against JSON Schemas: the built-in one and a team's own.

A conforming map is recognised without a validator (`GoalMap.conforms`). `jsonschema` is imported
if a map violates the built-in schema, or if a team has a schema of its own, unless what is checked
certainly satisfies it (`certain`). Every message comes from `jsonschema`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.errors import ConfigError
from jit_guard.registry import strict_json
from jit_guard.text.printable import cut_quotes, quote

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError, ValidationError
    from jsonschema.protocols import Validator


_LONGEST_REASON = 240


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
    if error.schema is False:  # which has no keyword
        return Violation(keys, "false", f"{quote(error.instance)} is not allowed", on_key)
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
