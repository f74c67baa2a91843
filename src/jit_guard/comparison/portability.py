"""The portability of the names in a tree to other systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from jit_guard.comparison.result import Comparison, Missing, directories_around
from jit_guard.named_tuple import NamedTuple
from jit_guard.sources.answers import DirectoryListing
from jit_guard.text.names import (
    all_folded,
    fold,
    join,
    may_be_unportable,
    never_counts,
    unportable,
)
from jit_guard.text.names import unfolded as unfolded_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.tree import Tree

_BATCH = 50_000  # names checked at once; bounds the memory of the bulk checks


class Portability(NamedTuple):
    """Names that are invalid on some systems, with the reason, and groups of colliding paths.

    The path of a directory ends with a slash.
    """

    unportable: tuple[tuple[str, str], ...]
    collisions: tuple[tuple[str, ...], ...]

    @property
    def clean(self) -> bool:
        """True if every name is portable."""
        return not (self.unportable or self.collisions)


def check_portability(comparison: Comparison, tree: Tree) -> Portability:
    """Check every name in the trees, those that entries name, and the directories around them."""
    directories = comparison.directories
    odd: set[str] = set()
    unfolded: set[str] = set()
    listings = _listings(comparison, tree)
    for paths, joined in _batches(listings):
        if may_be_unportable(joined):
            odd.update(paths)
        if not all_folded(joined):
            unfolded.update(paths)
    bad = _unportable(directories, comparison.top, odd.intersection(directories))
    bad.update(_missing(comparison.missing))
    collisions = _collisions(comparison, listings, unfolded) if unfolded else ()
    return Portability(tuple(sorted(bad.items())), tuple(sorted(collisions)))


def _listings(comparison: Comparison, tree: Tree) -> dict[str, DirectoryListing]:
    """Return the directories with names to check, and those around them, as they are."""
    found: dict[str, DirectoryListing] = {}
    for path in chain(comparison.directories, comparison.served, comparison.named):
        while path not in found:
            listing = tree.directory(path)
            if listing is not None:
                found[path] = listing
            elif not path:
                break
            path = path.rpartition("/")[0]
    return found


def _batches(directories: dict[str, DirectoryListing]) -> Iterator[tuple[list[str], str]]:
    """Yield directories with their joined names: several small ones, or a part of a large one."""
    paths: list[str] = []
    waiting: list[str] = []
    for path, directory in directories.items():
        paths.append(path)
        names = chain(*directory)
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
    comparison: Comparison, listings: dict[str, DirectoryListing], unfolded: set[str]
) -> Iterator[tuple[str, ...]]:
    """Yield the groups of paths of which some systems can hold only one.

    At least one path of each group is in a tree, or named by an entry, or around such a path.
    Directories are reported by what collides in them, or else themselves.
    """
    groups = list(_groups(comparison, listings, unfolded))
    inside = {
        above
        for group in groups
        if len({directory for directory, _ in group}) > 1
        for directory, _ in group
        for above in _with_parents(directory)
    }
    for group in groups:
        is_directory = [name in listings[directory].directories for directory, name in group]
        paths = [join(*one) for one in group]
        if not (all(is_directory) and inside.issuperset(paths)):
            slashes = ("/" if one else "" for one in is_directory)
            yield tuple(sorted(map("".join, zip(paths, slashes, strict=True))))


def _groups(
    comparison: Comparison, listings: dict[str, DirectoryListing], unfolded: set[str]
) -> Iterator[list[tuple[str, str]]]:
    """Yield the groups of directory and name of which some systems can hold only one."""
    inner: dict[str, set[str]] = {}
    for paths in _merged(listings):
        if len(paths) == 1 and paths[0] not in unfolded:
            continue
        for group in _alike(paths, listings):
            same = len({name for _, name in group}) == 1 and all(
                name in listings[path].directories for path, name in group
            )  # one name, or directories in directories that collide themselves
            if same:
                continue
            inner = inner or directories_around(listings)
            if any(_counts(comparison, inner, *one) for one in group):
                yield group


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _merged(directories: Iterable[str]) -> Iterable[list[str]]:
    """Group the directories that are one directory on some systems."""
    # Usually a parent comes before its contents, so that each name is folded once.
    merged: dict[str, list[str]] = {}
    folded: dict[str, str] = {}
    for path in directories:
        parent, _, name = path.rpartition("/")
        folded[path] = join(folded[parent], fold(name)) if parent in folded else fold(path)
        merged.setdefault(folded[path], []).append(path)
    return merged.values()


def _alike(
    paths: list[str], listings: dict[str, DirectoryListing]
) -> Iterable[list[tuple[str, str]]]:
    """Group the names in directories by their folded form, if there are several."""
    groups: dict[str, list[tuple[str, str]]] = {}
    if len(paths) == 1:
        names = frozenset(chain(*listings[paths[0]]))
        for folded, some in unfolded_names(names).items():
            same = [folded, *some] if folded in names else some
            groups[folded] = [(paths[0], name) for name in same]
    else:
        for path in paths:
            for name in chain(*listings[path]):
                groups.setdefault(fold(name), []).append((path, name))
    return [group for group in groups.values() if len(group) > 1]


def _counts(comparison: Comparison, inner: dict[str, set[str]], directory: str, name: str) -> bool:
    """Check whether a name is in a tree, or is named by an entry, or leads to such a name."""
    listing = comparison.directories.get(directory)
    return (
        (listing is not None and any(name in names for names in listing))
        or name in comparison.served.get(directory, ())
        or name in comparison.named.get(directory, ())
        or name in inner.get(directory, ())
    )
