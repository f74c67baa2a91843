"""The directory tree of a snapshot, and the resolution of paths in it.

A directory is a set of names, not an object per file, so that a million components fit into
memory. Paths are strings relative to the root with `/`, and "" is the root itself. Bytes of a
name that are not UTF-8 are surrogate escapes (PEP 383).
"""

from __future__ import annotations

from collections import deque
from itertools import chain, islice

from jit_guard.errors import UnreadableError
from jit_guard.named_tuple import NamedTuple
from jit_guard.sources.answers import DirectoryListing
from jit_guard.text.names import (
    GIT_FILES,
    IN_GIT,
    STATE_DIRECTORY,
    all_folded,
    fold,
    is_git,
    join,
    unfolded,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from jit_guard.sources.source import Source

    Kind = Literal["file", "directory", "absent", "broken", "outside", "other", "unknown"]

MAX_LINKS = 40  # as Linux
OUT = "points outside the project"
# Where the links of git-annex lead. What is there is not part of the tree, and may be absent.
_ANNEX = [(".git", False), ("annex", False), ("objects", False)]
_ANNEXED = "it is a link of git-annex, which keeps the contents outside the tree"


class Place(NamedTuple):
    """Where a path leads.

    Args:
        kind: what is there.
        spelled: the path as the directory listings spell it.
        real: the path with all links resolved.
        what: the kind of an "other" file, why the kind is "unknown", or where an
            "outside" path leads.
        links: the links that were followed.
    """

    kind: Kind
    spelled: str
    real: str
    what: str = ""
    links: tuple[str, ...] = ()


class Tree:
    """The directories of a snapshot, read once each, on demand; `sizes`: see `Source.directory`."""

    def __init__(self, source: Source, *, sizes: bool = False) -> None:
        self.source = source
        self._sizes = sizes
        self._expected: Mapping[str, set[str]] = {}
        self.unreadable: dict[str, str] = {}
        self._directories: dict[str, DirectoryListing | None] = {}
        self._unfolded: dict[str, dict[str, list[str]]] = {}

    def expect(self, files: Mapping[str, set[str]]) -> None:
        """Set the expected files of directories; an equal set is shared to save memory."""
        self._expected = files

    def directory(self, path: str) -> DirectoryListing | None:
        """Return the directory at a real path; None if it does not exist or is unreadable."""
        if path not in self._directories:
            try:
                found = self.source.directory(path, sizes=self._sizes)
            except UnreadableError as error:
                found = None
                self.unreadable[path] = error.reason
            if found is not None:
                found = _without_git(found)
            expected = self._expected.get(path)
            if found is not None and found.files == expected:
                found = found._replace(files=expected)
            self._directories[path] = found
        return self._directories[path]

    def without_state(self, path: str) -> DirectoryListing | None:
        """Return a directory without the state directory: it has the ledger, and no components."""
        found = self.directory(path)
        if found is not None and not path and STATE_DIRECTORY in found.directories:
            found = found._replace(directories=found.directories - {STATE_DIRECTORY})
        return found

    def walk(self, top: str) -> dict[str, DirectoryListing]:
        """Return every real directory at and below a path, without following links, in order."""
        found: dict[str, DirectoryListing] = {}
        waiting = [] if top.partition("/")[0] == STATE_DIRECTORY else [top]
        while waiting:
            path = waiting.pop()
            directory = self.without_state(path)
            if directory is not None:
                found[path] = directory
                names = sorted(directory.directories, reverse=True)
                waiting.extend(join(path, name) for name in names)
        return found

    def discard(self, path: str) -> None:
        """Remove a file that vanished during the check."""
        parent, _, name = path.rpartition("/")
        directory = self._directories.get(parent)
        if directory is not None:
            self._directories[parent] = directory._replace(files=directory.files - {name})
            self._unfolded.pop(parent, None)

    def resolve(self, path: str) -> Place:
        """Resolve a normalized path, link by link, using the directory listings only.

        A name that exists only in another case or normalization is followed; `Place.spelled`
        then differs from `path`.
        """
        here, spelled = "", ""
        links: list[str] = []
        waiting = deque((name, True) for name in path.split("/") if name)
        while waiting:
            name, own = waiting.popleft()
            if is_git(name) or (name == ".." and not here):
                return _outside(path, spelled, [(name, own), *islice(waiting, 2)], links)
            if name == "..":
                here = here.rpartition("/")[0]
                continue
            directory = self.directory(here)
            if directory is None:
                kind: Kind = "unknown" if here in self.unreadable else "absent"
                return Place(kind, path, here, self.unreadable.get(here, ""), tuple(links))
            kind_here = _kind(directory, name)
            if kind_here is None and own:
                name = self._twin(here, directory, name) or name
                kind_here = _kind(directory, name)
            if own:
                spelled = join(spelled, name)
            at = join(here, name)
            if kind_here == "directory":
                here = at
            elif kind_here == "link":
                links.append(at)
                target = self._target(directory.links[name])
                if target is None or len(links) > MAX_LINKS:
                    kind, what = ("outside", OUT) if target is None else ("broken", "")
                    return Place(kind, spelled, at, what, tuple(links))
                absolute, segments = target
                here = "" if absolute else here
                waiting.extendleft((segment, False) for segment in reversed(segments))
            elif kind_here is None or waiting:  # nothing, or a file instead of a directory
                kind = "absent" if own else "broken"
                return Place(kind, spelled if kind == "broken" else path, at, links=tuple(links))
            elif kind_here == "file":
                return Place("file", spelled, at, links=tuple(links))
            else:
                return Place("other", spelled, at, directory.others[name], tuple(links))
        return Place("directory", spelled, here, links=tuple(links))

    def plainly_absent(self, path: str, names: set[str]) -> set[str]:
        """Return the names that a directory does not have, in any case or normalization."""
        directory = self.directory(path)
        if directory is None:
            return set()
        absent = names - directory.files
        absent.difference_update(directory.directories, directory.links, directory.others)
        if all_folded("/".join(absent)):
            return absent.difference(self._odd_names(path, directory))
        return {name for name in absent if self._twin(path, directory, name) is None}

    def _target(self, target: str) -> tuple[bool, list[str]] | None:
        absolute = target.startswith("/")
        relative = self.source.inside(target) if absolute else target
        if relative is None:
            return None
        return absolute, [name for name in relative.split("/") if name not in ("", ".")]

    def _odd_names(self, path: str, directory: DirectoryListing) -> dict[str, list[str]]:
        """Return the names in a directory that differ from their folded form, by that form."""
        if path not in self._unfolded:
            self._unfolded[path] = unfolded(chain(*directory))
        return self._unfolded[path]

    def _twin(self, path: str, directory: DirectoryListing, name: str) -> str | None:
        """Return the first name that collides with this one on some system; files come first."""
        folded = fold(name)
        twins = self._odd_names(path, directory).get(folded, [])
        if _kind(directory, folded) is not None:
            twins = [folded, *twins]
        return min(twins, key=lambda twin: (twin not in directory.files, twin), default=None)


def _outside(path: str, spelled: str, rest: list[tuple[str, bool]], links: list[str]) -> Place:
    """Return where a path leads that leaves the project or enters `.git`; `rest`: from there on."""
    if rest == _ANNEX:
        return Place("unknown", spelled, links[-1], _ANNEXED, tuple(links))
    return Place("outside", path, "", OUT if rest[0][0] == ".." else IN_GIT, tuple(links))


def _kind(
    directory: DirectoryListing, name: str
) -> Literal["file", "directory", "link", "other"] | None:
    if name in directory.files:
        return "file"
    if name in directory.directories:
        return "directory"
    if name in directory.links:
        return "link"
    return "other" if name in directory.others else None


def _without_git(directory: DirectoryListing) -> DirectoryListing:
    """Return a directory without the names for which `is_git` is true.

    Of files, only `.git` in any case is removed: other spellings matter only for directories.
    """
    files, *rest = directory
    if files.isdisjoint(GIT_FILES) and not any(is_git(name) for one in rest for name in one):
        return directory
    _, directories, links, others = directory
    return DirectoryListing(
        files - GIT_FILES,
        {name for name in directories if not is_git(name)},
        {name: target for name, target in links.items() if not is_git(name)},
        {name: what for name, what in others.items() if not is_git(name)},
    )
