"""Grouping of paths by repository, because git does not report the files of submodules."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from jit_guard.sources import repository
from jit_guard.text.names import join


class RepositoryPart(NamedTuple):
    """The paths in one repository, relative to its top, with conversions."""

    top: str
    prefix: str  # of the project's root below the top
    inner: str  # of the top below the project's root; one of the two is ""
    paths: list[str]

    @property
    def root(self) -> str:
        """The real path of the project's root."""
        inner = f"/{self.inner}".replace("/", os.sep) if self.inner else ""
        return self.top.removesuffix(inner) if inner else os.path.join(self.top, self.prefix)

    def command(self, words: Iterable[str], paths: Iterable[str]) -> str:
        """Return `git WORDS -- PATHS` for paths relative to the top; see `commands.command`."""
        from jit_guard.sources.git.commands import command

        return command(self.root, self.top, words, paths)

    def outside(self, path: str) -> str:
        """Convert a path relative to the root to one relative to the top."""
        if self.inner:
            return path[len(self.inner) + 1 :]
        return join(self.prefix, path) if path else self.prefix

    def inside(self, path: str) -> str:
        """Convert a path relative to the top to one relative to the root."""
        return path[len(self.prefix) + 1 :] if self.prefix else join(self.inner, path)


def parts(root: str, paths: Iterable[str]) -> list[RepositoryPart]:
    """Group paths (relative to the root) by repository; paths outside git are omitted.

    Args:
        root: the project's root.
        paths: real paths, or paths of missing files.
    """
    real = os.path.realpath(root)
    above = repository.top(real)
    nearest: dict[str, str] = {"": ""}  # directory -> the repository below the root, or ""
    found: dict[str, RepositoryPart] = {}
    for path in paths:
        inner = _inner(real, path.rpartition("/")[0], nearest)
        part = found.get(inner)
        if part is None:
            if inner:
                part = RepositoryPart(os.path.join(real, inner), "", inner, [])
            elif above is not None:
                part = RepositoryPart(above, repository.below(above, real), "", [])
            else:
                continue
            found[inner] = part
        part.paths.append(part.outside(path))
    return list(found.values())


def _inner(real: str, directory: str, nearest: dict[str, str]) -> str:
    above: list[str] = []
    while directory not in nearest:
        above.append(directory)
        directory = directory.rpartition("/")[0]
    inner = nearest[directory]
    for directory in reversed(above):
        inner = directory if os.path.lexists(os.path.join(real, directory, ".git")) else inner
        nearest[directory] = inner
    return inner
