"""The commit for other programs: a recovery that knows nothing of goals."""

from __future__ import annotations

from collections.abc import Callable, Collection

from jit_guard.commit import transaction
from jit_guard.commit.allowed import Allowed
from jit_guard.commit.commit_lock import TIMEOUT
from jit_guard.commit.replay import Keep, Recovery


def recover(
    root: str,
    *,
    maps: Collection[str],
    directories: Collection[str],
    may_replace: Callable[[bytes], bool] | None = None,
    may_move: bool = False,
    abandon: bool = False,
    timeout: float = TIMEOUT,
    keep: Keep | None = None,
) -> Recovery:
    """Finish or undo an interrupted commit. Without one, nothing is changed.

    The intent on disk is a file that anybody with access to the project can write, so it is
    carried out only within what the arguments allow, and refused as a whole otherwise.

    Args:
        root: the directory that all paths are relative to.
        maps: the JSON files that an intent may edit.
        directories: the directories below which it may place files; "" for all of the root.
        may_replace: decides whether an existing file with these bytes may be replaced, for
            placements with `replaces`; default: none.
        may_move: whether it may rename files below `directories`, for commits with `moves`.
        abandon: undo a decided commit as well, and move a refused intent aside.
        timeout: how long to wait for a commit in progress, in seconds.
        keep: called with path and bytes of each file that is not placed, before the intent that
            holds the bytes is removed.

    Raises:
        LockedError: a commit is in progress and takes too long.
        RefusedIntentError: the intent is corrupted, or not allowed. Nothing was changed.
        UnfinishedCommitError: it can be neither finished nor undone at the moment. The intent
            remains, and `recover` can be called again.
    """
    allowed = Allowed(
        maps=maps,
        components="",
        path_of=lambda _path, _keys, value: value,
        named=lambda _: False,
        is_draft=may_replace or (lambda _: False),
        tracked=False,
        directories=directories,
        may_move=may_move,
    )
    return transaction.recover(root, lambda: allowed, abandon=abandon, timeout=timeout, keep=keep)


def interrupted(root: str) -> str | None:
    """Return why `recover` is needed, or None. Creates nothing.

    Raises:
        jit_guard.errors.UnreadableError: that cannot be determined.
    """
    return transaction.interrupted(root)
