"""The files of whole directories: in a tree object, or on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from jit_guard.sources.answers import Twin
from jit_guard.sources.git.index import EMPTY_BLOBS
from jit_guard.sources.git.listing import DIRECTORY, LINK, MODULE, entries
from jit_guard.sources.git.objects import Objects
from jit_guard.sources.twins import find_twins
from jit_guard.text.names import is_git, join

_MOST = 20_000  # files and directories that are listed at once


def files_of(objects: Objects, names: Mapping[str, str]) -> dict[str, dict[str, str]] | None:
    """Return the ids of the files of directories, by their paths below each; None: too many.

    Empty files, links and submodules are omitted, as are directories without other files.

    Args:
        objects: the reader of objects.
        names: directory -> the name of its tree.

    Raises:
        GitError: git has exited.
    """
    found: dict[str, dict[str, str]] = {}
    listed = 0
    for directory, name in names.items():
        files: dict[str, str] = {}
        waiting = [("", name)] if "\n" not in name else []
        while waiting:
            path, tree = waiting.pop()
            read = objects.whole(tree)
            if read is None or read[1] != "tree":
                continue
            for mode, base, id_ in entries(read[2], len(read[0]) // 2):
                listed += 1
                if listed > _MOST:
                    return None
                if mode == DIRECTORY:
                    waiting.append((join(path, base), id_))
                elif mode not in (LINK, MODULE) and id_ not in EMPTY_BLOBS:
                    files[join(path, base)] = id_
        if files:
            found[directory] = files
    return found


def renamed(
    objects: Objects, missing: Mapping[str, str], orphans: Mapping[str, str]
) -> dict[str, Twin]:
    """Return missing directory -> the only orphan with its files; both with the names of trees.

    Raises GitError: git has exited.
    """
    before = files_of(objects, missing) if orphans else None
    after = files_of(objects, orphans) if before else None
    contents = {
        one: {path: {id_} for path, id_ in files.items()} for one, files in (after or {}).items()
    }
    return find_twins(before or {}, contents)


def files_on_disk(root: str, directories: Iterable[str]) -> dict[str, list[str]] | None:
    """Return the paths of the files below directories, without links; None: there are too many.

    Args:
        root: the project's root.
        directories: real paths, relative to it.
    """
    found: dict[str, list[str]] = {}
    listed = 0
    for directory in directories:
        files = found[directory] = []
        for path, is_directory in _walk(os.path.join(root, directory)):
            listed += 1
            if listed > _MOST:
                return None
            if not is_directory:
                files.append(path)
    return found


def _walk(top: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths below a directory, and whether each is a directory itself."""
    waiting = [""]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(os.path.join(top, here)) as names:
                for one in names:
                    path = join(here, one.name)
                    is_directory = one.is_dir(follow_symlinks=False)
                    yield path, is_directory
                    if is_directory and not is_git(one.name):
                        waiting.append(path)
        except OSError:
            continue
