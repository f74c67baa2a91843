"""Finish or undo an interrupted commit, within what the project allows an intent to do.

The commit package knows nothing of goals and settings, so this module turns them into values. They
are computed only if there is an intent to compare them with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jit_guard.commit.allowed import Allowed
from jit_guard.commit.replay import Recovery
from jit_guard.commit.transaction import recover
from jit_guard.config import Settings
from jit_guard.ledger.ledger import keep
from jit_guard.sources.git.state import is_state_tracked
from jit_guard.sources.read_maps import read_maps
from jit_guard.sources.worktree import Worktree
from jit_guard.text.generated import untouched
from jit_guard.text.names import unsafe_filename, unsafe_type


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
    maps = {*settings.maps, *more}
    named: set[str] | None = None
    unread = False

    def path_of(keys: tuple[str, ...], value: str) -> str | None:
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
        if path in named:
            return True
        return None if unread else False

    return Allowed(maps, settings.components, path_of, is_named, untouched, is_state_tracked(root))
