"""The files that no entry names: maybe a million, so each path is made when asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from jit_guard.named_tuple import NamedTuple
from jit_guard.sources.answers import Folder
from jit_guard.text.names import join


class Stretch(NamedTuple):
    """Names of one folder, sorted, between which no other folder's path would stand."""

    folder: str
    names: list[str]


class LeftOver:
    """Paths in their order, as the names of folders.

    Args:
        stretches: in the order of their paths.
    """

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self.stretches = tuple(stretches)

    def __len__(self) -> int:
        return sum(len(names) for _, names in self.stretches)

    def __iter__(self) -> Iterator[str]:
        for folder, names in self.stretches:
            if folder:
                for name in names:
                    yield f"{folder}/{name}"
            else:
                yield from names

    def without(self, paths: set[str]) -> LeftOver:
        """All but these paths."""
        if not paths:
            return self
        kept = (
            Stretch(folder, [name for name in names if join(folder, name) not in paths])
            for folder, names in self.stretches
        )
        return LeftOver(one for one in kept if one.names)


def left_over(names: Mapping[str, Iterable[str]], folders: Mapping[str, Folder]) -> LeftOver:
    """The paths of names in folders, in order.

    `x/a` stands before what `x/a/` holds, and that before `x/ab`: the names of a folder are cut
    where the paths of the folders in it stand.

    Args:
        names: folder -> names in it.
        folders: all folders that hold any, or lie between.
    """
    found: list[Stretch] = []
    for path, some in names.items():
        ordered = sorted(some)
        cuts = sorted({bisect_left(ordered, f"{name}/") for name in folders[path].folders})
        for start, end in zip([0, *cuts], [*cuts, len(ordered)], strict=True):
            if start < end:
                found.append(Stretch(path, ordered[start:end]))
    return LeftOver(sorted(found, key=lambda one: join(one.folder, one.names[0])))
