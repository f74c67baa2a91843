"""The files of the configured registries, with their parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING

from jit_guard.errors import ConfigError
from jit_guard.registry.goal_map import MapFault
from jit_guard.registry.registry import Registry, read
from jit_guard.registry.selection import SelectionError
from jit_guard.registry.syntax.syntax import MissingLibraryError
from jit_guard.registry.table import Table
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.glob_walk import walk
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join

if TYPE_CHECKING:
    from jit_guard.config import Settings

Parse = Callable[[str, bytes], Registry | MapFault]


def by_table(tables: Sequence[Table], tree: Tree) -> Iterator[tuple[str, list[tuple[str, Parse]]]]:
    """Yield the files of each table with their parsers, and the path that JG004 names.

    The tables of one preset count as one. A parser raises ConfigError: an expression takes too
    long, or a library is not installed.
    """
    for _, group in groupby(tables, key=lambda table: table.number):
        alike = list(group)
        listed: list[tuple[str, Parse]] = [
            (path, partial(_parse, table)) for table in alike for path in files(table, tree)
        ]
        match listed:
            case [(only, _)]:
                yield only, listed
            case _:
                yield alike[0].file, listed


def files(table: Table, tree: Tree) -> list[str]:
    """Return the paths of a table's files; a file need not exist, unless it matches a glob."""
    if not table.several:
        return [table.file]
    found = walk(TreeGlobs([table.file]), tree)
    return sorted(
        join(directory, name)
        for directory, (names, _, links, others) in found.items()
        for name in chain(names, links, others)
    )


def is_registry(path: str, settings: Settings, tree: Tree) -> bool:
    """Check whether a path is the file of a table."""
    return any(path in files(table, tree) for table in settings.registry)


def _parse(table: Table, path: str, data: bytes) -> Registry | MapFault:
    try:
        return read(table, path, data)
    except (SelectionError, MissingLibraryError) as error:
        raise ConfigError([f"registry {path}: {error}"]) from None
