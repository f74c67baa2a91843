"""What a component must be: a `contract` table of the configuration, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jit_guard.config import inside_path, read_keys
from jit_guard.contracts.headings import heading
from jit_guard.registry.target import Template, TemplateError, parse
from jit_guard.text.printable import quote

FRONT_MATTER = "front-matter."
_LARGEST = 1_000_000_000_000


class Contract(NamedTuple):
    """What a component of a type, or of a registry, must be. Paths are relative to the root.

    Args:
        front_matter: the path of a JSON Schema that the front matter must satisfy.
        schema: the path of a JSON Schema that a JSON, YAML or TOML component must satisfy.
        headings: headings that the component has in this order; others may be between them.
        requires: files below the directory of the component.
        equal: templates that all expand to the same text.
        max_bytes: the largest size.
    """

    front_matter: str | None = None
    schema: str | None = None
    headings: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    max_bytes: int | None = None

    @property
    def table(self) -> dict[str, Any]:
        """The keys that are set, as in the configuration."""
        values = {key.replace("_", "-"): value for key, value in self._asdict().items() if value}
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
        }

    @property
    def compares_front_matter(self) -> bool:
        """Whether a template of `equal` has a field of the front matter."""
        fields = (part for one in self.equal for part, is_field in parse(one).parts if is_field)
        return any(field.startswith(FRONT_MATTER) for field in fields)


def parse_contract(given: Any) -> Contract:
    """Validate a `contract` table.

    Raises:
        ValueError: with a line for every problem, which continues the name of the table.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f" must be a table, not {quote(given)}")
    problems: list[str] = []
    fields = read_keys(given, _KEYS, problems)
    if not given:
        problems.append(f" is empty; it can have {', '.join(_KEYS)}")
    if problems:
        raise ValueError("\n".join(problems))
    return Contract(**fields)


def _several(read: Callable[[Any], str], what: str) -> Callable[[Any], tuple[str, ...]]:
    """Return what validates a list of texts, each with `read`."""

    def read_all(value: Any) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise ValueError(f" must be a list of {what}, not {quote(value)}")
        found = tuple(map(read, value))
        for number, one in enumerate(found):
            if one in found[:number]:
                raise ValueError(f": {quote(one)} is listed twice")
        return found

    return read_all


def _schema(value: Any) -> str:
    path = inside_path(value)
    if not path:
        raise ValueError(f" must be the path of a JSON Schema, not {quote(value)}")
    return path


def _heading(value: Any) -> str:
    found = heading(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f": {quote(value)} is not a heading such as '# Purpose'")
    return found.text


def _file(value: Any) -> str:
    path = inside_path(value)
    if not path or value.endswith("/"):
        raise ValueError(f": {quote(value)} is not the path of a file")
    return path


def _template(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f": {quote(value)} is not a template such as {{name}}")
    try:
        template = parse(value)
    except TemplateError as error:
        raise ValueError(f": {quote(value)} {error}") from None
    _refuse_no_field(value, template)
    return value


def _refuse_no_field(text: str, template: Template) -> None:
    for part, is_field in template.parts:
        if is_field and part.startswith("front-matter") and not part[len(FRONT_MATTER) :]:
            raise ValueError(f": {quote(text)} names no field, as {{front-matter.name}} does")


def _equal(value: Any) -> tuple[str, ...]:
    found = _several(_template, "templates")(value)
    if len(found) < 2:
        raise ValueError(" must have at least two templates")
    return found


def _max_bytes(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
        raise ValueError(f" must be a whole number from 1 to {_LARGEST:,}, not {quote(value)}")
    return value


_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "front-matter": _schema,
    "schema": _schema,
    "headings": _several(_heading, "headings"),
    "requires": _several(_file, "paths"),
    "equal": _equal,
    "max-bytes": _max_bytes,
}
