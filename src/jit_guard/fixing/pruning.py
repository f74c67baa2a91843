"""Removing orphans: what no entry names, and git can bring back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.errors import UsageError
from jit_guard.report import Report
from jit_guard.sources.git import worktree


class Pruned(NamedTuple):
    """What becomes of one orphan: removed, or kept for a reason."""

    path: str
    kept: str | None = None


def plan(root: str, report: Report, *, force: bool) -> list[Pruned]:
    """What `prune` would do with the orphans of a report.

    Raises UsageError when the orphans are not known.
    """
    withheld = [skipped.reason for skipped in report.skipped if skipped.code == "JG301"]
    if withheld or report.unreadable:
        raise UsageError(f"the orphans are not known: {[*withheld, *report.unreadable][0]}")
    orphans = [one.path for one in report.findings if one.code == "JG301" and one.path]
    if force or not orphans or worktree.top(root) is None:
        return [Pruned(path) for path in orphans]
    safe = worktree.recoverable(root, orphans)
    why = "git could not bring it back (--force removes it all the same)"
    return [Pruned(path, None if path in safe else why) for path in orphans]


def remove(root: str, pruned: Sequence[Pruned], components: str) -> None:
    """Remove what the plan does not keep, and the folders that this leaves empty."""
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
