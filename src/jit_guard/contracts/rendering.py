"""A contract for those who write a component: in plain words for a model, as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jit_guard.contracts.agreement import Fields
from jit_guard.contracts.component import LoadedContract
from jit_guard.contracts.contract import FRONT_MATTER
from jit_guard.registry.syntax.syntax import syntax_name
from jit_guard.registry.target import Context, MissingFieldError, parse

_LONGEST_SCHEMA = 8_000  # characters that are shown as JSON
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "matches the regular expression {}",
    "format": "in the format {}",
    "const": "exactly {}",
}
_SHOWN = frozenset(("type", "enum", "description", "title", *_LIMITS))
_SHOWN_TOP = frozenset(("$schema", "$id", "title", "description", "type", "properties", "required"))


def settled(loaded: LoadedContract, path: str, context: Context) -> dict[str, str]:
    """Return what `equal` says of fields of the front matter that can be known beforehand.

    Args:
        loaded: the contract.
        path: of the component.
        context: of the entry that names it.

    Returns:
        The names of fields, with dots, and their texts.
    """
    texts, fields = [], Fields(path, context)
    alone: list[str] = []
    for template in loaded.contract.equal:
        parts = parse(template).parts
        if len(parts) == 1 and parts[0][1] and parts[0][0].startswith(FRONT_MATTER):
            alone.append(parts[0][0][len(FRONT_MATTER) :])
            continue
        try:
            texts.append(fields.expand(template))
        except MissingFieldError:
            continue
    return dict.fromkeys(alone, texts[0]) if texts else {}


def in_words(loaded: LoadedContract, path: str, context: Context) -> list[str]:
    """Return what a component must be, one sentence each, for a model that writes it."""
    contract = loaded.contract
    is_data = syntax_name(path) is not None and loaded.schema is not None
    found: list[str] = []
    if loaded.front_matter is not None and not is_data:
        found.append("Begin with YAML front matter: a line ---, keys and values, a line ---.")
        found += (
            f"In the front matter, {one}." for one in _of_schema(loaded.front_matter.document)
        )
    for name, text in settled(loaded, path, context).items():
        found.append(f"In the front matter, {name} is exactly {json.dumps(text)}.")
    if loaded.schema is not None and is_data:
        found += (f"In the document, {one}." for one in _of_schema(loaded.schema.document))
    if contract.headings and not is_data:
        listed = ", ".join(map(json.dumps, contract.headings))
        found.append(
            f"Have these headings in this order, with others between them if you like: {listed}."
        )
    if contract.max_bytes is not None:
        found.append(f"Have at most {contract.max_bytes} bytes.")
    return found


def as_json(loaded: LoadedContract, path: str, context: Context) -> dict[str, Any]:
    """Return what a component must be, as a value of JSON.

    The keys are those of the configuration, with the schemas themselves in place of their paths;
    `values` are the fields of the front matter that can be known beforehand.
    """
    found = loaded.contract.table
    schemas = {"front-matter": loaded.front_matter, "schema": loaded.schema}
    found |= {key: one.document for key, one in schemas.items() if one is not None}
    values = settled(loaded, path, context)
    return {**found, "values": values} if values else found


def _of_schema(document: Any) -> Iterator[str]:
    """Yield what a schema demands: of each property in words, and all of it if that is more."""
    if not isinstance(document, Mapping):
        return
    properties = document.get("properties", {})
    required = document.get("required", ())
    required = required if isinstance(required, list) else []
    properties = properties if isinstance(properties, Mapping) else {}
    for name in dict.fromkeys([*required, *properties]):
        yield _of_property(str(name), properties.get(name, {}), name in required)
    if document.get("additionalProperties") is False:
        yield "no other key is allowed"
    if not _is_in_words(document, properties):
        text = json.dumps(document, ensure_ascii=False)
        if len(text) <= _LONGEST_SCHEMA:
            yield f"the value satisfies this JSON Schema: {text}"


def _is_in_words(document: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    top = set(document) - _SHOWN_TOP - {"additionalProperties"}
    more = document.get("additionalProperties", True)
    return (
        not top
        and isinstance(more, bool)
        and all(isinstance(one, Mapping) and set(one) <= _SHOWN for one in properties.values())
    )


def _of_property(name: str, schema: Any, required: bool) -> str:
    words = [f"{name} is required" if required else f"{name} is optional"]
    if isinstance(schema, Mapping):
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        named = [_KINDS[one] for one in kinds if isinstance(one, str) and one in _KINDS]
        words += [" or ".join(named)] if named else []
        for key, text in _LIMITS.items():
            if key in schema:
                words.append(text.format(_shown(schema[key])))
        if isinstance(schema.get("enum"), list):
            words.append(f"one of {', '.join(map(_shown, schema['enum']))}")
        if isinstance(schema.get("description"), str):
            words.append(" ".join(schema["description"].split()).rstrip("."))
    return ", ".join(words)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
