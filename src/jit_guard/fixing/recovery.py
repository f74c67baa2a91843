"""Finish or undo an interrupted commit, within what the project allows an intent to do.

The commit package knows nothing of goals and settings, so this module turns them into values. They
are computed only if there is an intent to compare them with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jit_guard.commit.allowed import Allowed
from jit_guard.commit.errors import UnsafePathError, unfinished
from jit_guard.commit.location import refuse_unsafe
from jit_guard.commit.replay import Recovery
from jit_guard.commit.transaction import recover
from jit_guard.config import Settings
from jit_guard.ledger.ledger import keep
from jit_guard.registry.syntax.syntax import syntax_name
from jit_guard.sources.git.state import is_state_tracked
from jit_guard.sources.read_maps import read_all, read_maps
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.generated import untouched
from jit_guard.text.names import unsafe_filename, unsafe_type

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry, RegistryEntry


def recover_commit(
    root: str, settings: Callable[[], Settings], maps: Sequence[str], *, abandon: bool
) -> Recovery:
    """Finish or undo an interrupted commit; see `Guard.recover`.

    Args:
        root: the project's root.
        settings: a function that returns the current settings.
        maps: maps that the user named in addition to the configured ones.
        abandon: undo the commit, or set a refused intent aside.
    """
    return recover(
        root,
        lambda: _allowed(root, settings(), maps),
        abandon=abandon,
        keep=lambda path, text: keep(root, path, text),
    )


def _allowed(root: str, settings: Settings, more: Sequence[str]) -> Allowed:
    registries = _Registries(root, settings)
    maps = {*settings.maps, *more}.difference(registries.syntaxes)
    named: set[str] | None = None
    unread = False

    def path_of(path: str, keys: tuple[str, ...], value: str) -> str | None:
        if path in registries.syntaxes:
            return registries.path_of(path, keys, value)
        if len(keys) != 2 or unsafe_type(keys[1]) or not value or unsafe_filename(value):
            return None
        return settings.path(keys[1], value)

    def is_named(path: str) -> bool | None:
        nonlocal named, unread
        if named is None:
            found = read_maps(Worktree(root), sorted(maps))
            unread = bool(found.faults or found.unreadable)
            named = {
                settings.path(entry.component_type, entry.filename)
                for one in found.read
                for entry in one.entries()
            }
            unread |= registries.unread
        if path in named or registries.names(path):
            return True
        return None if unread else False

    return Allowed(
        maps.union(registries.syntaxes),
        settings.components,
        path_of,
        is_named,
        untouched,
        is_state_tracked(root),
        anywhere=registries.names,
        syntaxes=registries.syntaxes,
    )


class _Registries:
    """What an intent may do with the configured registries of other shapes, as they are now."""

    def __init__(self, root: str, settings: Settings) -> None:
        self._read: tuple[Registry, ...] = ()
        self.syntaxes: dict[str, str] = {}
        self._broken: set[str] = set()
        if not settings.registry:
            return
        source = Worktree(root)
        found = read_all(source, settings._replace(maps=()), Tree(source))
        self._read = found.registries
        self._broken.update(found.faults, (one.path for one in found.unreadable))
        self.syntaxes = {path: syntax_name(path) or "json" for path in self._broken}
        self.syntaxes.update((one.path, one.syntax) for one in self._read)

    @property
    def unread(self) -> bool:
        """Whether a registry cannot be read."""
        return bool(self._broken)

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(
            target.path
            for one in self._read
            for entry in one.entries()
            if entry.unsafe is None
            for target in entry.paths
            if not target.directory
        )

    @cached_property
    def _entries(self) -> dict[tuple[str, tuple[str, ...]], list[tuple[Registry, RegistryEntry]]]:
        found: dict[tuple[str, tuple[str, ...]], list[tuple[Registry, RegistryEntry]]] = {}
        for one in self._read:
            for entry in one.entries():
                found.setdefault((one.path, entry.keys), []).append((one, entry))
        return found

    def names(self, path: str) -> bool:
        """Check whether an entry names a file."""
        return path in self._named

    def path_of(self, path: str, keys: tuple[str, ...], value: str) -> str | None:
        """Return what an entry names if it has a value; None if no entry is there, or unsafe."""
        if path in self._broken:
            raise unfinished(f"{path} cannot be read; correct it first")
        paths: list[str] = []
        for registry, entry in self._entries.get((path, keys), ()):
            if not isinstance(registry.context_of(keys).value, str):
                return None
            after = registry.with_value(entry, value)
            if after is None or after.unsafe is not None:
                return None
            paths += (one.path for one in after.paths)
        return None if any(map(_is_unsafe, paths)) else next(iter(paths), None)


def _is_unsafe(path: str) -> bool:
    try:
        refuse_unsafe(path)
    except UnsafePathError:
        return True
    return False
