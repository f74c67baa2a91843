"""Removal of orphans that git can restore."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.commit.directories import Directories
from jit_guard.commit.durable import remove_directory
from jit_guard.errors import UsageError
from jit_guard.report import Report
from jit_guard.sources.git import worktree
from jit_guard.text.names import is_git


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
    safe = set(orphans)
    if not force and orphans and worktree.top(root) is not None:
        safe = worktree.recoverable(root, orphans)
    return [Pruned(path, _reason_to_keep(path, path in safe)) for path in orphans]


def _reason_to_keep(path: str, safe: bool) -> str | None:
    if any(map(is_git, path.split("/"))):
        return "it is in a .git directory"
    return None if safe else "git could not restore it (use --force to remove it anyway)"


def remove(root: str, pruned: Sequence[Pruned], components: str) -> None:
    """Remove the orphans that are not kept, and the directories that become empty.

    Raises:
        OSError: a directory was replaced with a link in the meantime.
    """
    with Directories(root) as directories:
        top = os.path.realpath(os.path.join(directories.top.path, components))
        for one in pruned:
            if one.kept is not None:
                continue
            parent, _, name = one.path.rpartition("/")
            directory = directories.at(parent)
            directory.location(name).call(os.unlink)
            while directory.path.startswith(top + os.sep) and remove_directory(directory):
                directory = directory.place.directory
