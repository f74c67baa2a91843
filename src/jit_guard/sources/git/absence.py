"""Why a git tree does not have files that exist elsewhere: on disk, in the index, or in HEAD."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jit_guard.errors import GitError
from jit_guard.sources.answers import GitState, Origin
from jit_guard.sources.git import commands
from jit_guard.sources.git.held import removed
from jit_guard.sources.git.parts import parts
from jit_guard.sources.git.tracking import untracked


def explain_missing(root: str, missing: Sequence[str], origin: Origin) -> dict[str, GitState]:
    """Return the missing files that exist on disk, or are removed in the index.

    git runs without the environment of a hook: a partial commit has its own index, but the
    answer is in the regular one. If git fails, the result is empty. So it is for a revision that
    is not checked out: what is on disk does not explain it.

    Args:
        root: the project's root on disk.
        missing: paths relative to it.
        origin: what was checked.
    """
    if origin.kind not in ("index", "head"):
        return {}
    try:
        found = _on_disk(root, [one for one in missing if _is_file(root, one)], origin)
        if origin.kind == "index":
            for part in parts(root, [one for one in missing if not _exists(root, one)]):
                for state in removed(part, part.paths):
                    path = part.inside(state.path)
                    found[path] = state._replace(path=path)
    except GitError:
        return {}
    if origin.kind == "head":
        return {path: _committed(root, state) for path, state in found.items()}
    return found


def _on_disk(root: str, on_disk: Sequence[str], origin: Origin) -> dict[str, GitState]:
    found: dict[str, GitState] = {}
    wanted: dict[str, set[str]] = {}
    for part in parts(root, on_disk):
        for path in map(part.inside, part.paths):
            if part.inner:
                why = f"exists on disk, in the nested repository {part.inner} (to be checked there)"
                found[path] = GitState(path, "nested", why, None)
                continue
            found[path] = _left_out(path, origin)
            directory, _, name = path.rpartition("/")
            wanted.setdefault(directory, set()).add(name)
    states = untracked(root, os.path.commonpath(wanted), wanted) if wanted else []
    for state in states:
        found[state.path] = state._replace(why=f"exists on disk but {state.why}")
    return found


def _left_out(path: str, origin: Origin) -> GitState:
    """Return the state of a file that is in the regular index: the rule knows what to commit."""
    if origin.kind == "index":
        why = "exists on disk and is staged, but is not part of this commit"
        return GitState(path, "staged", why, None)
    return GitState(
        path, "uncommitted", f"exists on disk and in the index, but not in {origin.name}", ""
    )


def _committed(root: str, state: GitState) -> GitState:
    """Return a state whose command also commits the file."""
    if state.command is None:
        return state
    commit = commands.command_below(root, ["commit"], [state.path])
    return state._replace(command=" && ".join(filter(None, [state.command, commit])))


def _is_file(root: str, path: str) -> bool:
    return os.path.isfile(os.path.join(root, path))


def _exists(root: str, path: str) -> bool:
    return os.path.lexists(os.path.join(root, path))
