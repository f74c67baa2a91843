"""Removal of orphans that git can restore."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.errors import UsageError
from jit_guard.report import Report
from jit_guard.sources.git import worktree


class Pruned(NamedTuple):
    """One orphan: to be removed, or kept for a reason."""

    path: str
    kept: str | None = None


def plan(root: str, report: Report, *, force: bool) -> list[Pruned]:
    """Plan what `prune` does with the orphans of a report.

    Raises UsageError if the orphans are unknown.
    """
    withheld = [skipped.reason for skipped in report.skipped if skipped.code == "JG301"]
    if withheld or report.unreadable:
        raise UsageError(f"cannot determine the orphans: {[*withheld, *report.unreadable][0]}")
    orphans = [one.path for one in report.findings if one.code == "JG301" and one.path]
    if force or not orphans or worktree.top(root) is None:
        return [Pruned(path) for path in orphans]
    safe = worktree.recoverable(root, orphans)
    why = "git could not restore it (use --force to remove it anyway)"
    return [Pruned(path, None if path in safe else why) for path in orphans]


def remove(root: str, pruned: Sequence[Pruned], components: str) -> None:
    """Remove the orphans that are not kept, and the directories that become empty."""
    top = os.path.join(root, components)
    for one in pruned:
        if one.kept is not None:
            continue
        full = os.path.join(root, one.path)
        os.unlink(full)
        folder = os.path.dirname(full)
        while folder.startswith(top + os.sep) and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
