"""The portability of the names in a tree to other systems."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from jit_guard.comparison.result import Comparison, Missing
from jit_guard.named_tuple import NamedTuple
from jit_guard.sources.answers import DirectoryListing
from jit_guard.text.names import (
    all_folded,
    colliding,
    fold,
    join,
    may_be_unportable,
    never_counts,
    unportable,
)

_BATCH = 50_000  # names checked at once; bounds the memory of the bulk checks


class Portability(NamedTuple):
    """Names that are invalid on some systems, with the reason, and groups of colliding names."""

    unportable: tuple[tuple[str, str], ...]
    collisions: tuple[tuple[str, ...], ...]

    @property
    def clean(self) -> bool:
        """True if every name is portable."""
        return not (self.unportable or self.collisions)


def check_portability(comparison: Comparison) -> Portability:
    """Check every name below the components directory, and those of missing components."""
    directories = comparison.directories
    odd: set[str] = set()
    unfolded: set[str] = set()
    for paths, joined in _batches(directories):
        if may_be_unportable(joined):
            odd.update(paths)
        if not all_folded(joined):
            unfolded.update(paths)
    bad = _unportable(directories, comparison.top, odd)
    bad.update(_missing(comparison.missing))
    return Portability(tuple(sorted(bad.items())), tuple(_collisions(directories, unfolded)))


def _batches(directories: dict[str, DirectoryListing]) -> Iterator[tuple[list[str], str]]:
    """Yield directories with their joined names: several small ones, or a part of a large one."""
    paths: list[str] = []
    waiting: list[str] = []
    for path, directory in directories.items():
        paths.append(path)
        names = chain(directory.files, directory.links)
        while some := list(islice(names, _BATCH - len(waiting))):
            waiting += some
            if len(waiting) == _BATCH:
                yield paths, "/".join(waiting)
                paths, waiting = [path], []
    yield paths, "/".join(waiting)


def _unportable(
    directories: dict[str, DirectoryListing], top: str, odd: set[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    joined = "/".join(path[len(top) :].rpartition("/")[2] for path in directories)
    inherited = _directory_reasons(directories, top) if may_be_unportable(joined) else {}
    for path in directories if inherited else odd:
        # A directory's own name is checked with its files, which inherit its reason.
        directory = directories[path]
        for name in chain(directory.files, directory.links):
            reason = unportable(name) or inherited.get(path)
            if reason and not never_counts(name):
                found[join(path, name)] = reason
    return found


def _directory_reasons(directories: dict[str, DirectoryListing], top: str) -> dict[str, str]:
    """Return the reasons for directories with invalid names, or below such ones."""
    found: dict[str, str] = {}
    for path in directories:
        parent, _, name = path.rpartition("/")
        reason = found.get(parent) or (unportable(name) if path != top else None)
        if reason:
            found[path] = reason
    return found


def _missing(missing: Missing) -> dict[str, str]:
    found: dict[str, str] = {}
    for reference in missing.listed:
        if reason := _first_reason(reference.path.rstrip("/").split("/")):
            found[reference.path] = reason
    for component_type, filenames in missing.absent.items():
        base = missing.bases[component_type]
        if not may_be_unportable(base) and not may_be_unportable("/".join(filenames)):
            continue
        for path in (join(base, filename) for filename in filenames):
            if reason := _first_reason(path.split("/")):
                found[path] = reason
    return found


def _first_reason(names: list[str]) -> str | None:
    return next((reason for name in names if (reason := unportable(name))), None)


def _collisions(
    directories: dict[str, DirectoryListing], unfolded: set[str]
) -> Iterator[tuple[str, ...]]:
    # Directories that collide are checked together. A parent comes before its contents, so each
    # name is folded once, however deep the tree is.
    merged: dict[str, list[str]] = {}
    folded: dict[str, str] = {}
    for path in directories:
        parent, _, name = path.rpartition("/")
        folded[path] = join(folded[parent], fold(name)) if parent in folded else fold(path)
        merged.setdefault(folded[path], []).append(path)
    for paths in merged.values():
        if len(paths) == 1:
            groups = colliding(directories[paths[0]].files) if paths[0] in unfolded else ()
            yield from (tuple(join(paths[0], name) for name in group) for group in groups)
        else:
            yield from colliding(
                join(path, name) for path in paths for name in directories[path].files
            )
