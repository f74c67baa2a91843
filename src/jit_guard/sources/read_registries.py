"""Reading of the registries of a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from jit_guard.errors import ConfigError, OutsideError, UnreadableError
from jit_guard.registry.goal_map import MapFault
from jit_guard.registry.registry import Registry, read
from jit_guard.registry.selection import SelectionError
from jit_guard.registry.syntax.syntax import MissingLibraryError
from jit_guard.registry.table import Table
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.glob_walk import walk
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Tree

if TYPE_CHECKING:
    from jit_guard.config import Settings
    from jit_guard.sources.read_maps import Maps


def add_registries(maps: Maps, source: Source, tables: Sequence[Table], tree: Tree) -> Maps:
    """Read the files of every table, and add them to the maps.

    Raises ConfigError: an expression takes too long, or a library is not installed.
    """
    found: list[Registry] = []
    faults = dict(maps.faults)
    absent = dict.fromkeys(maps.absent)
    unreadable = dict.fromkeys(maps.unreadable)
    empty: list[str] = []
    for _, group in groupby(tables, key=lambda table: table.number):
        alike = list(group)  # the tables of one preset, or one table
        listed = [(table, path) for table in alike for path in files(table, tree)]
        sizes = []
        for table, path in listed:
            one = _read(source, table, path)
            if isinstance(one, Registry):
                found.append(one)
                sizes.append(one.size + len(one.problems))
            elif isinstance(one, MapFault):
                faults[path] = one
            elif isinstance(one, UnreadableError):
                unreadable[one] = None
            else:
                absent[path] = None
        if len(sizes) == len(listed) and not any(sizes):
            empty.append(listed[0][1] if len(listed) == 1 else alike[0].file)
    return maps._replace(
        faults=faults,
        absent=tuple(absent),
        unreadable=tuple(unreadable),
        registries=tuple(found),
        empty=tuple(empty),
    )


def files(table: Table, tree: Tree) -> list[str]:
    """Return the paths of a table's files; a file need not exist, unless it matches a glob."""
    if not table.several:
        return [table.file]
    return sorted(item.path for item in walk(TreeGlobs([table.file]), tree))


def is_registry(path: str, settings: Settings, tree: Tree) -> bool:
    """Check whether a path is the file of a table."""
    return any(path in files(table, tree) for table in settings.registry)


def _read(source: Source, table: Table, path: str) -> Registry | MapFault | UnreadableError | None:
    """Read one file; None if it does not exist."""
    try:
        data = source.read(path)
        return None if data is None else read(table, path, data)
    except OutsideError as error:
        return MapFault("JG205", 1, 1, error.reason)
    except UnreadableError as error:
        return error
    except (SelectionError, MissingLibraryError) as error:
        raise ConfigError([f"registry {path}: {error}"]) from None
