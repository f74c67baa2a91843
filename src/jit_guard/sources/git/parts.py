"""Paths sorted by the repository that they lie in: git answers for no submodule's files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from jit_guard.sources import repository
from jit_guard.text.names import join


class RepositoryPart(NamedTuple):
    """The paths that lie in one repository, relative to its top, and how to say them."""

    top: str
    prefix: str  # of the project's root below the top
    inner: str  # of the top below the project's root; one of the two is ""
    paths: list[str]

    def outside(self, path: str) -> str:
        """A path relative to the root, said relative to the top."""
        if self.inner:
            return path[len(self.inner) + 1 :]
        return join(self.prefix, path) if path else self.prefix

    def inside(self, path: str) -> str:
        """A path relative to the top, said relative to the root."""
        return path[len(self.prefix) + 1 :] if self.prefix else join(self.inner, path)


def parts(root: str, paths: Iterable[str], *, nested: bool = True) -> list[RepositoryPart]:
    """The paths (relative to the root) by repository; those outside any are left out.

    Args:
        root: the project's root.
        paths: real paths, or of files that are not there.
        nested: look for repositories below the root, too.
    """
    real = os.path.realpath(root)
    above = repository.top(real)
    homes: dict[str, str] = {"": ""}  # folder -> the nearest repository below the root, or ""
    found: dict[str, RepositoryPart] = {}
    for path in paths:
        home = _home(real, path.rpartition("/")[0], homes) if nested else ""
        part = found.get(home)
        if part is None:
            if home:
                part = RepositoryPart(os.path.join(real, home), "", home, [])
            elif above is not None:
                part = RepositoryPart(above, repository.below(above, real), "", [])
            else:
                continue
            found[home] = part
        part.paths.append(part.outside(path))
    return list(found.values())


def _home(real: str, folder: str, homes: dict[str, str]) -> str:
    above: list[str] = []
    while folder not in homes:
        above.append(folder)
        folder = folder.rpartition("/")[0]
    home = homes[folder]
    for folder in reversed(above):
        home = folder if os.path.lexists(os.path.join(real, folder, ".git")) else home
        homes[folder] = home
    return home
