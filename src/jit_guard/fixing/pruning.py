"""Removal of orphans: what git can restore at once, anything else only if the user agrees."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.file_status import is_unchanged
from jit_guard.commit.transaction import at_rest
from jit_guard.errors import UsageError
from jit_guard.report import Report
from jit_guard.sources.git import worktree
from jit_guard.sources.git.parts import parts
from jit_guard.text.names import is_git

_CHANGED = "it was changed in the meantime"


class Pruned(NamedTuple):
    """One orphan: to be removed, or kept for a reason.

    `loss` says why it cannot be restored once it is removed; None: git has its text.
    """

    path: str
    kept: str | None = None
    loss: str | None = None
    status: os.stat_result | None = None  # when it was listed


def prune(
    root: str,
    components: str,
    check: Callable[[], Report],
    *,
    dry_run: bool,
    force: bool,
    agree: Callable[[list[Pruned]], bool],
) -> list[Pruned]:
    """Remove orphans; see `Guard.prune`. `check` reports what they are now."""
    pruned = plan(root, orphans_of(check()))
    lost = [one for one in pruned if one.kept is None and one.loss is not None]
    if lost and not force and not agree(lost):
        pruned = [
            one._replace(kept=one.kept or f"{one.loss} (use --force to remove it anyway)")
            if one.loss is not None
            else one
            for one in pruned
        ]
    if dry_run or all(one.kept is not None for one in pruned):
        return pruned

    def remove_them() -> list[Pruned]:
        return remove(root, pruned, components, set(orphans_of(check())))

    done = at_rest(root, remove_them)  # no commit may give them an entry meanwhile
    return remove_them() if done is None else done


def orphans_of(report: Report) -> list[str]:
    """Return the orphans of a report. Raises UsageError if they are unknown."""
    withheld = [skipped.reason for skipped in report.skipped if skipped.code == "JG301"]
    if withheld or report.unreadable:
        raise UsageError(f"cannot determine the orphans: {[*withheld, *report.unreadable][0]}")
    return [one.path for one in report.findings if one.code == "JG301" and one.path]


def plan(root: str, orphans: Sequence[str]) -> list[Pruned]:
    """Plan what `prune` does with the orphans."""
    # Before their texts are compared, so that a later change is noticed.
    with Directories(root) as directories:
        status = {
            path: _location(directories, path).status() for path in orphans if not _refusal(path)
        }
    git = bool(orphans) and worktree.top(root) is not None
    safe = worktree.recoverable(root, orphans) if git else set()
    loss = "git could not restore it" if git else "it is not in a git repository"
    return [
        Pruned(path, _refusal(path), None if path in safe else loss, status.get(path))
        for path in orphans
    ]


def _refusal(path: str) -> str | None:
    """Return why this command never removes a path; None if it may."""
    if path.endswith("/"):
        return "it is a directory; remove it yourself"
    return "it is in a .git directory" if any(map(is_git, path.split("/"))) else None


def _location(directories: Directories, path: str) -> Location:
    parent, _, name = path.rpartition("/")
    return directories.at(parent).location(name)


def remove(
    root: str, pruned: Sequence[Pruned], components: str, orphans: Collection[str]
) -> list[Pruned]:
    """Remove the orphans that are not kept, and the directories that become empty.

    Args:
        root: the project's root.
        pruned: the plan.
        components: the components directory.
        orphans: the orphans now: an entry may name a file by now.

    Returns:
        The plan with what was kept after all.

    Raises:
        OSError: a directory was replaced with a link in the meantime.
    """
    done: list[Pruned] = []
    with Directories(root) as directories:
        top = os.path.realpath(os.path.join(directories.top.path, components))
        for one in pruned:
            if one.kept is None:
                location = _location(directories, one.path)
                now = location.status()
                if now is not None and one.path not in orphans:
                    done.append(one._replace(kept="an entry names it by now"))
                    continue
                if now is not None and not (one.status and is_unchanged(one.status, now)):
                    done.append(one._replace(kept=_CHANGED))
                    continue
                durable.remove(location)
                directory = location.directory
                while directory.path.startswith(top + os.sep) and durable.remove_directory(
                    directory
                ):
                    directory = directory.place.directory
            done.append(one)
    return done


def restore_commands(root: str, paths: Sequence[str]) -> list[str]:
    """Return the git commands that bring removed files back, one per repository."""
    words = ["restore", "--source=HEAD"]
    return [part.command(words, part.paths) for part in parts(root, paths)]
