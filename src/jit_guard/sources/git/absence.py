"""Why a snapshot of git lacks files that are on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jit_guard.errors import GitError
from jit_guard.sources.answers import GitState
from jit_guard.sources.git import commands
from jit_guard.sources.git.parts import parts
from jit_guard.sources.git.tracking import untracked


def explain_missing(root: str, missing: Sequence[str], source: str) -> dict[str, GitState]:
    """Those missing files that are on disk, each with why git lacks it.

    git is asked without the environment that it gave: a partial commit leaves out what the
    index has, and only the true index can tell. Where git cannot say, nothing is said.

    Args:
        root: the project's root on disk.
        missing: relative to it.
        source: the name of the snapshot that lacks them.
    """
    on_disk = [path for path in missing if os.path.isfile(os.path.join(root, path))]
    if not on_disk:
        return {}
    found: dict[str, GitState] = {}
    wanted: dict[str, set[str]] = {}
    for part in parts(root, on_disk):
        for path in map(part.inside, part.paths):
            found[path] = _left_out(root, path, source)
            if part.inner:
                why = f"it is on disk, in the repository {part.inner}, which is judged by itself"
                found[path] = GitState(path, why, None)
                continue
            folder, _, name = path.rpartition("/")
            wanted.setdefault(folder, set()).add(name)
    try:
        lacking = untracked(root, os.path.commonpath(wanted), wanted) if wanted else []
    except GitError:
        return {}
    for state in lacking:
        found[state.path] = state._replace(why=f"it is on disk, and git lacks it: {state.why}")
    return found


def _left_out(root: str, path: str, source: str) -> GitState:
    if source in ("index", "commit"):
        why = "it is on disk and staged, and this commit leaves it out"
    else:
        why = f"it is on disk and in the index, and {source} is without it"
    return GitState(path, why, commands.command_below(root, ["commit"], [path]))
