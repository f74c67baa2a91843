"""A value that meets a JSON Schema as far as a draft can: with its required keys, to be edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_DEEPEST = 8
_MOST_ITEMS = 20

Fill = Callable[[str], str]  # the text for a key


def sample(schema: Any, fill: Fill, key: str = "", depth: int = 0) -> Any:
    """Return a value for a schema, which may still violate it (a pattern, a reference).

    Args:
        schema: the schema of the value, from a file that may hold anything.
        fill: returns the text for a key.
        key: the key that the value is for.
        depth: of the value; a schema may be nested without end.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return fill(key)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, fill, depth)
    if kind == "array":
        least = schema.get("minItems", 0)
        count = min(least, _MOST_ITEMS) if isinstance(least, int) else 0
        return [sample(schema.get("items"), fill, key, depth + 1)] * count
    if kind in ("integer", "number"):
        least = schema.get("minimum", 0)
        return least if isinstance(least, (int, float)) else 0
    if kind == "boolean":
        return False
    return None if kind == "null" else _text(schema, fill(key))


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and kind:
        kind = kind[0]
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema or "required" in schema else "string"


def _object(schema: Mapping[str, Any], fill: Fill, depth: int) -> dict[str, Any]:
    properties, required = schema.get("properties"), schema.get("required")
    properties = properties if isinstance(properties, Mapping) else {}
    names = [one for one in required if isinstance(one, str)] if isinstance(required, list) else []
    return {name: sample(properties.get(name), fill, name, depth + 1) for name in names}


def _text(schema: Mapping[str, Any], text: str) -> str:
    most = schema.get("maxLength")
    return text[: max(most, 0)] if isinstance(most, int) else text
