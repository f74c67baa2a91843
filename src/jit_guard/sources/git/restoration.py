"""Restoration of missing files from git, without the filters that git would run."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing

from jit_guard.errors import GitError
from jit_guard.sources.answers import GitState
from jit_guard.sources.git.attributes import attributes_of
from jit_guard.sources.git.environment import Standpoint, clean_environment
from jit_guard.sources.git.objects import Objects
from jit_guard.sources.git.parts import RepositoryPart, parts

LARGEST = 8 << 20  # bytes of a file that is restored; a larger one is left to git
# Attributes with which a file on disk differs from its blob in more than line endings.
_CONVERTING = ("filter", "working-tree-encoding")


def obstacles(root: str, states: Iterable[GitState]) -> dict[str, str]:
    """Return why some of these files can be restored by git only, by their paths.

    Args:
        root: the project's root.
        states: of files with a blob; their paths are relative to the root.

    Raises:
        GitError: git fails.
    """
    blobs = {state.path: state.blob for state in states if state.blob is not None}
    found: dict[str, str] = {}
    for part in parts(root, blobs):
        converted = (  # as the disk or the index says
            one
            for cached in ([], ["--cached"])
            for one in attributes_of(part.top, part.paths, _CONVERTING, *cached)
        )
        for path, attribute in converted:
            found[part.inside(path)] = f"only git can restore it, because it has a {attribute}"
        ids = {part.inside(path): blobs[part.inside(path)].id for path in part.paths}
        for path, size in _sizes(part, ids).items():
            if size is None:
                why = "the repository does not have its contents (a partial clone)"
                found.setdefault(path, why)
            elif size > LARGEST:
                found.setdefault(path, f"it is larger than {LARGEST >> 20} MB")
    return found


def contents(root: str, states: Iterable[GitState]) -> Generator[bytes, None, None]:
    """Yield the bytes of files with a blob, in order.

    Raises:
        GitError: git fails, or does not have one of them.
    """
    with ExitStack() as stack:
        opened: dict[str, Objects] = {}
        for state in states:
            (part,) = parts(root, [state.path])
            if part.top not in opened:
                standpoint = Standpoint(part.top, part.prefix, clean_environment())
                opened[part.top] = stack.enter_context(closing(Objects(standpoint)))
            found = opened[part.top].whole(state.blob.id) if state.blob else None
            if found is None:
                raise GitError(f"the repository does not have the contents of {state.path}")
            yield found[2]


def _sizes(part: RepositoryPart, ids: dict[str, str]) -> dict[str, int | None]:
    """Return the sizes of blobs by the paths of their files; None if git does not have one."""
    standpoint = Standpoint(part.top, part.prefix, clean_environment())
    with closing(Objects(standpoint, contents=False)) as objects:
        sizes = (found and found.size for found in objects.each(ids.values()))
        return dict(zip(ids, sizes, strict=True))
