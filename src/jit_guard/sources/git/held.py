"""The missing files that git has: deleted on disk, left out of a sparse checkout, unmerged, …."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from jit_guard.errors import GitError, NoGitError, UnreadableError
from jit_guard.sources.answers import Blob, GitState
from jit_guard.sources.git import call, reasons
from jit_guard.sources.git.index import EMPTY_BLOBS
from jit_guard.sources.git.parts import RepositoryPart, parts
from jit_guard.sources.repository import top
from jit_guard.text.names import join

_AT_ONCE = 1000  # paths in one call of git; a command line is limited
_MODULE, _LINK, _EXECUTABLE = "160000", "120000", "100755"
_Record = tuple[str, str, str, str, str]  # tag, mode, id, stage, path


def explain_missing(root: str, missing: Sequence[str]) -> dict[str, GitState]:
    """Return the missing files that git has; none outside git, or if git is not installed.

    An empty file, or a name without contents (`git add -N`), does not count. A directory, whose
    path ends with a slash, has no blob.

    Args:
        root: the project's root.
        missing: real paths, relative to the root.

    Raises:
        UnreadableError: there is a repository, but git fails.
    """
    found: dict[str, GitState] = {}
    if not missing or top(root) is None:
        return found
    for part in parts(root, missing):
        try:
            states = _in_repository(part)
        except NoGitError:
            return {}
        except GitError as error:
            raise UnreadableError(join(part.inner, ".git"), str(error)) from None
        found.update((path := part.inside(one.path), one._replace(path=path)) for one in states)
    return found


def _in_repository(part: RepositoryPart) -> list[GitState]:
    """Return the missing files that one repository has, by their paths below its top."""
    rest = dict.fromkeys(part.paths)
    modules: list[str] = []
    found: list[GitState] = []
    directories = [path for path in rest if path.endswith("/")]
    for tag, mode, blob, stage, path in _records(part):
        for directory in [one for one in directories if path.startswith(one)]:
            state = _state(part, tag, mode, blob, stage, path)
            if state is not None:
                found.append(_of_directory(part, directory, state))
                directories.remove(directory)
                del rest[directory]
        if mode == _MODULE:
            modules.append(path)
        elif path in rest:
            state = _state(part, tag, mode, blob, stage, path)
            if state is not None:
                found.append(state)
                del rest[path]
    for module in modules:
        for path in [one for one in rest if one.startswith(f"{module}/")]:
            why = f"is in the submodule {part.inside(module)}, which is not checked out"
            fix = part.command(["submodule", "update", "--init"], [module])
            found.append(GitState(path, "submodule", why, fix, held=True))
            del rest[path]
    return found + removed(part, [one for one in rest if not one.endswith("/")])


def _of_directory(part: RepositoryPart, directory: str, state: GitState) -> GitState:
    """Return the state of a missing directory, given that of a file in it; git restores it."""
    command = state.command
    if state.kind == "deleted":
        command = part.command(["restore", "--worktree"], [directory])
    return state._replace(path=directory, command=command, blob=None)


def removed(part: RepositoryPart, paths: Sequence[str]) -> list[GitState]:
    """Return the files that HEAD has, of files that neither the index nor the disk has."""
    blobs = reasons.blobs_of(part.top, "HEAD", paths) if paths else {}
    kept = [path for path, blob in blobs.items() if blob not in EMPTY_BLOBS]
    found: list[GitState] = []
    for start in range(0, len(kept), _AT_ONCE):
        words = ["ls-tree", "-z", "--full-tree", "HEAD", "--", *kept[start : start + _AT_ONCE]]
        for record in call.lines(call.ask(part.top, words)):
            fields, _, path = record.partition("\t")
            mode, _, blob = fields.split(" ")
            if mode != _LINK:
                why = "is in the last commit but was removed from the index"
                fix = part.command(["restore", "--staged", "--worktree"], [path])
                contents = Blob(blob, mode == _EXECUTABLE, staged=False)
                found.append(GitState(path, "gone", why, fix, held=True, blob=contents))
    return found


def _state(
    part: RepositoryPart, tag: str, mode: str, blob: str, stage: str, path: str
) -> GitState | None:
    if stage != "0":
        why = "has a merge conflict in git, which must be resolved first"
        fix = part.command(["checkout", "--merge"], [path])
        return GitState(path, "conflict", why, fix, held=True)
    if blob in EMPTY_BLOBS:
        return None
    if tag == "S":
        why = "exists in git but is outside the sparse checkout"
        fix = part.command(["sparse-checkout", "add"], [os.path.dirname(path)])
        return GitState(path, "sparse", why, fix, held=True)
    why = "exists in git but was deleted on disk"
    fix = part.command(["restore", "--worktree"], [path])
    contents = None if mode == _LINK else Blob(blob, mode == _EXECUTABLE)
    return GitState(path, "deleted", why, fix, held=True, blob=contents)


def _records(part: RepositoryPart) -> Iterator[_Record]:
    """Yield the records of the index for these paths, and for submodules around them."""
    wanted = [*part.paths, *_unused_directories(part.top, part.paths)]
    if len(wanted) > _AT_ONCE:  # list everything in their common directory
        wanted = [os.path.commonpath(wanted) or "."]
    answer = call.ask(part.top, ["ls-files", "-z", "-t", "--stage", "--", *wanted])
    if answer.returncode:
        raise call.complaint("ls-files", answer)
    for record in call.lines(answer):
        fields, _, path = record.partition("\t")
        tag, mode, blob, stage = fields.split(" ")
        yield tag, mode, blob, stage, path


def _unused_directories(repository: str, paths: Sequence[str]) -> list[str]:
    """List the directories of missing files that may be submodules: absent or empty ones."""
    found: dict[str, bool] = {}
    for path in paths:
        directory = os.path.dirname(path)
        while directory and directory not in found:
            found[directory] = _is_unused(os.path.join(repository, directory))
            directory = os.path.dirname(directory)
    return [directory for directory, unused in found.items() if unused]


def _is_unused(directory: str) -> bool:
    try:
        with os.scandir(directory) as names:
            return next(names, None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False
