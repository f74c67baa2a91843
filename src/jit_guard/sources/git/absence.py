"""Why a git tree does not have files that exist on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jit_guard.errors import GitError
from jit_guard.sources.answers import GitState
from jit_guard.sources.git import commands
from jit_guard.sources.git.parts import parts
from jit_guard.sources.git.tracking import untracked


def explain_missing(root: str, missing: Sequence[str], source: str) -> dict[str, GitState]:
    """Return the missing files that exist on disk, with the reason why git does not have them.

    git runs without the environment of a hook: a partial commit has its own index, but the
    answer is in the regular one. If git fails, the result is empty.

    Args:
        root: the project's root on disk.
        missing: paths relative to it.
        source: the name of the snapshot that was checked.
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
                why = f"exists on disk, in the nested repository {part.inner} (to be checked there)"
                found[path] = GitState(path, why, None)
                continue
            directory, _, name = path.rpartition("/")
            wanted.setdefault(directory, set()).add(name)
    try:
        states = untracked(root, os.path.commonpath(wanted), wanted) if wanted else []
    except GitError:
        return {}
    for state in states:
        found[state.path] = state._replace(why=f"exists on disk but {state.why}")
    return found


def _left_out(root: str, path: str, source: str) -> GitState:
    if source in ("index", "commit"):
        why = "exists on disk and is staged, but is not part of this commit"
    else:
        why = f"exists on disk and in the index, but not in {source}"
    return GitState(path, why, commands.command_below(root, ["commit"], [path]))
