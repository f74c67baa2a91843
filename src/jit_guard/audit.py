"""The names in a tree, judged for every system that may check it out."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.comparison import Comparison, Reference
from jit_guard.named_tuple import NamedTuple
from jit_guard.names import (
    colliding,
    fold,
    may_be_unportable,
    may_collide,
    never_counts,
    unportable,
)
from jit_guard.snapshot import Folder, join

_BATCH = 50_000  # names looked at together; bounds the memory of the bulk tests


class Audit(NamedTuple):
    """Names that some systems cannot hold, with the reason, and names that are one to some."""

    unportable: tuple[tuple[str, str], ...]
    collisions: tuple[tuple[str, ...], ...]

    @property
    def clean(self) -> bool:
        """True when every name is fit for every system."""
        return not any(self)


def audit(comparison: Comparison) -> Audit:
    """Judge every name below the components folder, and those of missing components."""
    bad = _unportable(comparison.folders, comparison.top)
    bad.update(_missing(comparison.missing))
    return Audit(tuple(sorted(bad.items())), tuple(_collisions(comparison.folders)))


def _unportable(folders: dict[str, Folder], top: str) -> dict[str, str]:
    found: dict[str, str] = {}
    odd_folders = may_be_unportable({path[len(top) :].rpartition("/")[2] for path in folders})
    inherited = _folder_reasons(folders, top) if odd_folders else {}
    for batch in _batches(folders):
        if not odd_folders and not may_be_unportable(set().union(*(names for _, names in batch))):
            continue
        for path, names in batch:
            for name in names:
                reason = unportable(name) or inherited.get(path)
                if reason and not never_counts(name):
                    found[join(path, name)] = reason
    return found


def _folder_reasons(folders: dict[str, Folder], top: str) -> dict[str, str]:
    """What is wrong with folders' names, their parents' included: those come first."""
    found: dict[str, str] = {}
    for path in folders:
        parent, _, name = path.rpartition("/")
        reason = found.get(parent) or (unportable(name) if path != top else None)
        if reason:
            found[path] = reason
    return found


def _missing(missing: list[Reference]) -> dict[str, str]:
    found: dict[str, str] = {}
    if not may_be_unportable({reference.path for reference in missing}):
        return found
    for reference in missing:
        if reason := _first_reason(reference.path.split("/")):
            found[reference.path] = reason
    return found


def _first_reason(names: list[str]) -> str | None:
    return next((reason for name in names if (reason := unportable(name))), None)


def _batches(folders: dict[str, Folder]) -> Iterator[list[tuple[str, set[str]]]]:
    batch: list[tuple[str, set[str]]] = []
    size = 0
    for path, folder in folders.items():
        # A folder's own name is judged with its files, which inherit what is wrong with it.
        names = folder.files | folder.links.keys() if folder.links else folder.files
        batch.append((path, names))
        size += len(names)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    yield batch


def _collisions(folders: dict[str, Folder]) -> Iterator[tuple[str, ...]]:
    # Folders that are one folder to some systems are judged together. A parent comes before
    # what it holds, so each name is folded once, however deep the tree.
    merged: dict[str, list[str]] = {}
    folded: dict[str, str] = {}
    for path in folders:
        parent, _, name = path.rpartition("/")
        folded[path] = join(folded[parent], fold(name)) if parent in folded else fold(path)
        merged.setdefault(folded[path], []).append(path)
    for paths in merged.values():
        if len(paths) == 1:
            names = folders[paths[0]].files
            if may_collide(names):
                yield from (
                    tuple(join(paths[0], name) for name in group) for group in colliding(names)
                )
        else:
            yield from colliding(join(path, name) for path in paths for name in folders[path].files)
