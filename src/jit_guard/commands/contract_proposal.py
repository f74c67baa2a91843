"""The contracts that `init --contract` proposes: what all components of a type have in common.

A proposal holds for every component that exists, so that uncommenting it adds no finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Any, NamedTuple

from jit_guard.comparison.contracts import of_table, of_type
from jit_guard.config import Settings, toml_string
from jit_guard.contracts.agreement import own_name
from jit_guard.contracts.front_matter import find
from jit_guard.contracts.headings import headings_in
from jit_guard.errors import JitGuardError
from jit_guard.registry.strict_json import ReadError
from jit_guard.registry.syntax.syntax import MissingLibraryError, syntax_name
from jit_guard.sources.read_maps import read_all
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Tree
from jit_guard.text.generated import untouched

_FEWEST = 2  # components that can have something in common
_MOST = 2_000  # components of one contract
_MOST_BYTES = 1_000_000
_MOST_HEADINGS = 40
_FILE = re.compile(r"\W+")
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}


class _Component(NamedTuple):
    """What a proposal looks at of one component; front matter None: it has none."""

    path: str
    size: int
    headings: tuple[str, ...]
    front_matter: Mapping[str, Any] | None


def proposed_contracts(source: Source, settings: Settings) -> list[str]:
    """Return commented lines of a configuration; none if no components have enough in common."""
    lines: list[str] = []
    for where, paths in _groups(source, settings).items():
        found = list(islice(_read(source, paths), _MOST))
        if len(found) >= _FEWEST:
            lines += ["", *_block(where, found)] if lines else _block(where, found)
    return lines


def _groups(source: Source, settings: Settings) -> dict[str, list[str]]:
    """Return the components that entries name, by the table that their contract would have."""
    tree = Tree(source)
    maps = read_all(source, settings, tree)
    named: dict[str, dict[str, None]] = {}
    for goal_map in maps.read:
        for entry in goal_map.entries():
            if settings.is_text(entry.component_type):
                path = settings.path(entry.component_type, entry.filename)
                named.setdefault(of_type(entry.component_type), {})[path] = None
    for registry in maps.registries:
        for target in registry.entries() if registry.table.text else ():
            for one in target.paths if target.unsafe is None else ():
                if not one.directory:
                    named.setdefault(of_table(registry.table.number), {})[one.path] = None
    return {
        where: [path for path in paths if tree.resolve(path).kind == "file"]
        for where, paths in named.items()
        if where not in _existing(settings)
    }


def _existing(settings: Settings) -> set[str]:
    types = {of_type(name) for name, one in settings.types.items() if one.contract is not None}
    tables = {of_table(one.number) for one in settings.registry if one.contract is not None}
    return types | tables


def _read(source: Source, paths: Iterable[str]) -> Iterator[_Component]:
    for path in paths:
        try:
            data = source.read(path)
        except JitGuardError:  # the check reports it
            continue
        if not data or len(data) > _MOST_BYTES or untouched(data):
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        start, front_matter = 0, None
        try:
            block = None if syntax_name(path) else find(text)
            if block is not None:
                start, front_matter = block.rest, block.read(text).value
        except (ReadError, MissingLibraryError):
            pass
        headings = () if syntax_name(path) else islice(headings_in(text, start), _MOST_HEADINGS)
        words = tuple(one.text for one in headings)
        yield _Component(path, len(data), words, front_matter)


def _block(where: str, found: Sequence[_Component]) -> Iterator[str]:
    """Yield the commented table of one contract."""
    front_matter = [one.front_matter for one in found if one.front_matter is not None]
    schema = _schema(front_matter) if len(front_matter) == len(found) else None
    number = where.removeprefix("registry[").partition("]")[0]
    in_registry = number != where.partition("]")[0]
    yield f"# {len(found)} components have this in common:"
    yield f"# [registry.contract]  # below table {number}" if in_registry else f"# [{where}]"
    if schema is not None:
        name = f"registry-{number}" if in_registry else _FILE.sub("-", where.split(".", 1)[1])
        file = f"{name.removesuffix('-contract').strip('-')}.schema.json"
        yield f"# front-matter = {toml_string(file)}  # with this content:"
        yield f"#     {json.dumps(schema, ensure_ascii=False)}"
    headings = reduce(_longest, (one.headings for one in found))
    if headings:
        yield f"# headings = [{', '.join(map(toml_string, headings))}]"
    named = _named_by([] if schema is None else schema["required"], found)
    if named is not None:
        yield f'# equal = [{toml_string(f"{{front-matter.{named}}}")}, "{{stem}}"]'
    yield f"# max-bytes = {_rounded(max(one.size for one in found))}"


def _named_by(keys: Iterable[str], found: Sequence[_Component]) -> str | None:
    """Return the key of the front matter that is always the name of the component."""
    for key in keys:
        if all((one.front_matter or {}).get(key) == own_name(one.path) for one in found):
            return key
    return None


def _schema(found: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the schema of what all front matter has; None if it has no key in common."""
    shared = [key for key in found[0] if all(key in one for one in found)]
    if not shared:
        return None
    properties = {}
    for key in shared:
        kinds = {_KINDS.get(type(one[key])) for one in found}
        if kinds == {"integer", "number"}:
            kinds = {"number"}
        (kind,) = kinds if len(kinds) == 1 else (None,)
        properties[key] = {"type": kind} if kind else {}
    return {"type": "object", "required": shared, "properties": properties}


def _longest(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return headings that both texts have in the same order: the longest common subsequence."""
    rows: list[list[tuple[str, ...]]] = [[()] * (len(other) + 1)]
    for word in one:
        row: list[tuple[str, ...]] = [()]
        for number, there in enumerate(other):
            above, left = rows[-1][number + 1], row[-1]
            longer = above if len(above) >= len(left) else left
            row.append((*rows[-1][number], word) if word == there else longer)
        rows.append(row)
    return rows[-1][-1]


def _rounded(size: int) -> int:
    """Round a size up to two digits, and to whole thousands."""
    step: int = 10 ** max(3, len(str(size)) - 2)
    return -(-size // step) * step
