"""The data files of a project, and the expressions that their nodes fit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from posixpath import commonpath, splitext
from typing import Any, NamedTuple

from jit_guard.commands.path_index import PathIndex
from jit_guard.errors import JitGuardError
from jit_guard.registry.strict_json import EncodingError, ReadError
from jit_guard.registry.syntax.syntax import syntax, syntax_name
from jit_guard.sources.source import Source

STEMS = {"index", "manifest", "registry", "catalog", "skills", "prompts", "agents", "plugins"}
Location = tuple[str | int, ...]

_EXAMPLES = {"test", "tests", "testdata", "fixtures", "__tests__", "__fixtures__"}
_LOCKS = {"package-lock.json", "pnpm-lock.yaml", "poetry.lock", "Cargo.lock", "uv.lock"}
_MOST_FILES = 150
_MOST_BYTES = 2_000_000
_MOST_NODES = 8_000
_SAMPLE = 40  # files of a family that are read
_LEAST_FAMILY = 3  # files of one name
_LEAST_SIBLINGS = 8  # files in one directory
_MOST_NAMES = 4  # on a way whose names are all replaced, in turn
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Family(NamedTuple):
    """Files that one table may describe: one, or all that a glob matches."""

    file: str
    paths: tuple[str, ...]

    @property
    def is_named_so(self) -> bool:
        """Whether the file is called like a registry."""
        stem = splitext(self.file.rpartition("/")[2])[0].lower()
        words = re.split(r"[^a-z]+", stem)
        return any(one in STEMS or f"{one}s" in STEMS for one in words)


class Node(NamedTuple):
    """A node of a document, and the document."""

    location: Location
    value: Any
    document: Any
    path: str  # of the file

    @property
    def directory(self) -> str:
        """The directory of the file."""
        return self.path.rpartition("/")[0]


def families(index: PathIndex) -> Iterator[Family]:
    """Yield files that may be registries, the likely ones first: alone, or as a family."""
    paths = [path for path in index.files if _is_data(path)]
    by_name: dict[str, list[str]] = {}
    by_directory: dict[str, list[str]] = {}
    for path in paths:
        directory, _, name = path.rpartition("/")
        by_name.setdefault(name, []).append(path)
        if directory:
            by_directory.setdefault(f"{directory}/*{splitext(name)[1]}", []).append(path)
    found: list[Family] = []
    for name, alike in by_name.items():
        below = [path for path in alike if "/" in path]
        if len(below) >= _LEAST_FAMILY:
            found.append(Family(_glob(name, below), tuple(below)))
    found += (
        Family(glob, tuple(alike))
        for glob, alike in by_directory.items()
        if len(alike) >= _LEAST_SIBLINGS
    )
    first = {family.paths[0] for family in found}
    inner = {path for family in found for path in family.paths} - first
    alone = [Family(path, (path,)) for path in paths if path not in inner]
    yield from (one for one in alone if one.is_named_so)
    yield from found
    yield from [one for one in alone if not one.is_named_so][:_MOST_FILES]


def _is_data(path: str) -> bool:
    *above, name = path.split("/")
    return syntax_name(name) is not None and name not in _LOCKS and _EXAMPLES.isdisjoint(above)


def _glob(name: str, paths: Sequence[str]) -> str:
    """Return the glob of files of one name."""
    ways = [path.split("/")[:-1] for path in paths]
    if len({len(way) for way in ways}) == 1:
        columns = [set(column) for column in zip(*ways, strict=True)]
        return "/".join([*(one.pop() if len(one) == 1 else "*" for one in columns), name])
    around = commonpath(["/".join(way) for way in ways]) if all(ways) else ""
    return f"{around}/**/{name}" if around else f"**/{name}"


def read(source: Source, family: Family) -> tuple[list[Node], str | None]:
    """Return nodes of the files, and the `format` that the table needs."""
    nodes: list[Node] = []
    form: str | None = None
    step = max(1, len(family.paths) // _SAMPLE)
    for path in family.paths[::step][:_SAMPLE]:
        document, with_comments = _document(source, path)
        form = "jsonc" if with_comments else form
        for location, value in _nodes(document, ()):
            nodes.append(Node(location, value, document, path))
            if len(nodes) >= _MOST_NODES:
                return nodes, form
    return nodes, form


def _document(source: Source, path: str) -> tuple[Any, bool]:
    """Return what a file means, None if it is not read, and whether it is JSON with comments."""
    name = syntax_name(path) or "json"
    try:
        data = source.read(path)
        if data is None or len(data) > _MOST_BYTES:
            return None, False
        how = syntax(name)
        try:
            return how.read(how.decode(data)).value, False
        except ReadError:
            if name != "json":
                return None, False
            how = syntax("jsonc")
            return how.read(how.decode(data)).value, True
    except (JitGuardError, ReadError, EncodingError):
        return None, False


def _nodes(value: Any, location: Location) -> Iterator[tuple[Location, Any]]:
    if location:
        yield location, value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _nodes(one, (*location, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _nodes(one, (*location, index))


def expressions(location: Location) -> Iterator[str]:
    """Yield the expressions that a location fits, the strictest first."""
    names = [at for at, step in enumerate(location) if isinstance(step, str)]
    kept = [set(names)]
    if len(names) <= _MOST_NAMES:
        for size in range(len(names) - 1, -1, -1):
            kept += map(set, combinations(names, size))
    else:
        kept += [{names[0], names[-1]}, {names[0]}, {names[-1]}]
    for some in kept:
        yield "$" + "".join(_step(step, at in some) for at, step in enumerate(location))
    last = location[-1]
    if len(location) < 2 or not names:
        return
    tails = [_name(last)] if isinstance(last, str) else []
    if isinstance(last, int) and isinstance(location[-2], str):
        tails.append(f"{_name(location[-2])}[*]")
    for tail in tails:
        yield f"$..{tail}"
        if names[0] == 0 and tail != f"{_name(str(location[0]))}[*]":
            yield f"${_step(location[0], True)}..{tail}"
    if names[0] == 0:
        yield f"${_step(location[0], True)}..*"


def _step(step: str | int, kept: bool) -> str:
    if isinstance(step, int):
        return "[*]"
    if not kept:
        return ".*"
    name = _name(step)
    return name if name.startswith("[") else f".{name}"


def _name(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    quoted = json.dumps(name)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"['{quoted}']"
