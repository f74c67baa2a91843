"""One registry of the configuration: which nodes of which files name which paths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import regex

from jit_guard.registry.presets import preset
from jit_guard.registry.selection import Selection, SelectionError, refuse_counts
from jit_guard.registry.syntax.syntax import NAMES
from jit_guard.registry.target import Template, TemplateError, parse
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.text.globs import PatternError
from jit_guard.text.printable import quote

GOAL_MAP = "goal-map"
_WILD = frozenset("*?[")
_LONGEST = 1000  # characters of a pattern of `match`


class Table(NamedTuple):
    """A `[[registry]]` table, validated. Paths and globs are relative to the root.

    Args:
        file: the registry's file, or a glob of several.
        entries: selects the nodes that are entries.
        targets: what an entry names; the first that exists counts.
        tree: what some entry must name; None: nothing is configured, and none can be derived.
        base: what targets are relative to.
        match: field -> the pattern that its whole text must match.
        required: the entries of this registry alone must name everything in `tree`.
        text: the targets are text.
        syntax: the name of the syntax; None: by the suffix of each file.
        number: of the table in the configuration, from 1; a preset may have several.
        given: the table as configured, with the keys of its preset.
        contract: what a target must be; `project` makes the table a contracts.contract.Contract.
    """

    file: str
    entries: Selection
    targets: tuple[Template, ...]
    tree: tuple[str, ...] | None
    base: Template
    match: Mapping[str, regex.Pattern[str]]
    required: bool = False
    text: bool = True
    syntax: str | None = None
    number: int = 1
    given: Mapping[str, Any] = {}
    contract: Any = None

    @property
    def several(self) -> bool:
        """Whether `file` is a glob."""
        return not _WILD.isdisjoint(self.file)


def tables(value: Sequence[Any]) -> tuple[tuple[Table, ...], bool]:
    """Validate the array of `registry` tables.

    Returns:
        The tables, and whether one of them names the preset `goal-map`.

    Raises:
        ValueError: with a line for every problem.
    """
    found: list[Table] = []
    problems: list[str] = []
    with_goal_map = False
    for number, one in enumerate(value, start=1):
        try:
            if not isinstance(one, dict):
                raise ValueError(f" must be a table, not {quote(one)}")
            if one.get("preset") == GOAL_MAP:
                _refuse_keys(one)
                with_goal_map = True
                continue
            found += (_table(table, number) for table in _with_preset(one))
        except ValueError as error:
            problems += (f"[{number}]{line}" for line in str(error).split("\n"))
    if problems:
        raise ValueError("\n".join(problems))
    return tuple(found), with_goal_map


def _refuse_keys(given: Mapping[str, Any]) -> None:
    if len(given) > 1:
        raise ValueError(f": the preset {GOAL_MAP} has no other key; `maps` names its files")


def _with_preset(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of a preset with the keys beside it, or the table itself."""
    if "preset" not in given:
        return [dict(given)]
    own = {key: value for key, value in given.items() if key != "preset"}
    return [{**one, **own} for one in preset(given["preset"])]


def _table(given: Mapping[str, Any], number: int) -> Table:
    from jit_guard.text.printable import did_you_mean

    problems: list[str] = []
    fields: dict[str, Any] = {}
    for key, value in given.items():
        read = _KEYS.get(key)
        if read is None:
            problems.append(f": unknown key {quote(key)}{did_you_mean(key, _KEYS)}")
            continue
        try:
            fields[key] = read(value)
        except ValueError as error:
            problems += (f".{key}{line}" for line in str(error).split("\n"))
    problems += (f" has no {key!r}" for key in ("file", "entries", "target") if key not in given)
    if problems:
        raise ValueError("\n".join(problems))
    targets, base = fields["target"], fields.get("base", Template(()))
    return Table(
        file=fields["file"],
        entries=fields["entries"],
        targets=targets,
        tree=fields.get("tree", _derived(targets, base)),
        base=base,
        match=fields.get("match", {}),
        required=fields.get("required", False),
        text=fields.get("text", True),
        syntax=fields.get("format"),
        number=number,
        given=given,
        contract=fields.get("contract"),
    )


def _derived(targets: tuple[Template, ...], base: Template) -> tuple[str, ...] | None:
    """Return the globs of the targets; None if one of them could be anywhere."""
    if base.parts:
        return None
    globs = [one.glob for one in targets]
    return tuple(dict.fromkeys(filter(None, globs))) if all(globs) else None


def _glob(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f" must be a path or a glob, not {quote(value)}")
    if value.startswith("!") or value.endswith("/"):
        raise ValueError(f" must name files, not {quote(value)}")
    return _tree([value])[0]


def _tree(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f" must be a list of globs, not {quote(value)}")
    for one in value:
        try:
            TreeGlobs([one])
        except PatternError:
            raise ValueError(f": {quote(one)} is not a glob below the root") from None
    return tuple(value)


def _selection(value: Any) -> Selection:
    if not isinstance(value, str):
        raise ValueError(f" must be a JSONPath, not {quote(value)}")
    try:
        return Selection(value)
    except SelectionError as error:
        raise ValueError(f": {quote(value)} {error}") from None


def _template(value: Any) -> Template:
    if not isinstance(value, str) or not value:
        raise ValueError(f" must be a template such as {{value}}, not {quote(value)}")
    try:
        return parse(value)
    except TemplateError as error:
        raise ValueError(f": {quote(value)} {error}") from None


def _targets(value: Any) -> tuple[Template, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise ValueError(" must not be empty")
    return tuple(map(_template, listed))


def _match(value: Any) -> dict[str, regex.Pattern[str]]:
    if not isinstance(value, dict):
        raise ValueError(f" must be a table of fields and patterns, not {quote(value)}")
    found: dict[str, regex.Pattern[str]] = {}
    for field, pattern in value.items():
        if not isinstance(pattern, str) or len(pattern) > _LONGEST:
            raise ValueError(f".{field} must be a pattern of at most {_LONGEST:,} characters")
        try:
            refuse_counts(pattern)
        except SelectionError as error:
            raise ValueError(f".{field}: {error}") from None
        try:
            re.compile(pattern)  # the other engine also has recursion, which needs memory
            found[field] = regex.compile(pattern, regex.VERSION0)
        except (re.error, regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f".{field}: {quote(pattern)} is not a pattern: {error}") from None
    return found


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f" must be true or false, not {quote(value)}")
    return value


def _contract(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f" must be a table, not {quote(value)}")
    return value


def _format(value: Any) -> str:
    if value not in NAMES:
        raise ValueError(f" must be one of {', '.join(NAMES)}, not {quote(value)}")
    return str(value)


_KEYS = {
    "file": _glob,
    "entries": _selection,
    "target": _targets,
    "tree": _tree,
    "base": _template,
    "match": _match,
    "required": _boolean,
    "text": _boolean,
    "format": _format,
    "contract": _contract,
}
