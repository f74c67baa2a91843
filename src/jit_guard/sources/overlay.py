"""A snapshot with changes in memory on top, for `selftest`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.memory import Link, Memory, Other, never_added
from jit_guard.text.names import PENDING, join

if TYPE_CHECKING:
    from jit_guard.sources.answers import GitState, Origin, Twin
    from jit_guard.sources.source import Answers, Chunks, Source


class Overlay:
    """A Source over another one.

    Args:
        base: the source of everything that is not changed.
        changes: path -> contents as for `Memory`, or None for a file that is removed.
    """

    def __init__(
        self, base: Source, changes: Mapping[str, bytes | str | Link | Other | None]
    ) -> None:
        self.name = base.name
        self._base = base
        self._gone = {path for path, content in changes.items() if content is None}
        self._added = Memory(
            {path: content for path, content in changes.items() if content is not None}
        )

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file; None if it does not exist."""
        if path in self._gone:
            return None
        added = self._added.read(path)
        return self._base.read(path) if added is None else added

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
        """Return the names in a directory: those of the base, with the changes applied."""
        below, above = self._base.directory(path, sizes=sizes), self._added.directory(path)
        if below is None or above is None:
            found = below or above
            if found is None:
                return None
            below, above = found, DirectoryListing(set(), set(), {}, {})
        gone = {name for name in below.files if join(path, name) in self._gone}
        taken = {*above.files, *above.directories, *above.links, *above.others}
        return DirectoryListing(
            (below.files - gone - taken) | above.files,
            (below.directories - taken) | above.directories,
            {**{k: v for k, v in below.links.items() if k not in taken}, **above.links},
            {**{k: v for k, v in below.others.items() if k not in taken}, **above.others},
        )

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files of a directory."""
        for source, some in self._split(directory, names):
            yield from source.empty_files(directory, some)

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file of a directory with its bytes."""
        for source, some in self._split(directory, names):
            yield from source.chunks(directory, some)

    def filtered(
        self, texts: Mapping[str, Iterable[str]], not_text: Sequence[str]
    ) -> Mapping[str, str]:
        """Return the files whose bytes are what a filter of git wrote."""
        below = [path for path in not_text if self._added.read(path) is None]
        found = self._base.filtered(texts, below)
        return {path: why for path, why in found.items() if self._added.read(path) is None}

    def inside(self, target: str) -> str | None:
        """Return an absolute link target relative to the root; None if it is outside."""
        return self._base.inside(target)

    def ignored(self, paths: list[str]) -> set[str]:
        """Return the paths that git ignores."""
        return self._base.ignored(paths)

    def interrupted(self) -> str | None:
        """Return why `jit-guard recover` is necessary; None if it is not."""
        added = self._added.interrupted()
        return added if added or PENDING in self._gone else self._base.interrupted()

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Return the files that git does not have, which includes all added files."""
        states: list[GitState] = []
        rest: dict[str, list[str]] = {}
        for directory, names in wanted.items():
            for name in names:
                path = join(directory, name)
                if self._added.read(path) is None:
                    rest.setdefault(directory, []).append(name)
                else:
                    states.append(never_added(path))
        return states + self._base.untracked(scope, rest)

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return where else missing files were found."""
        return self._base.explain_missing(missing)

    def origin(self) -> Origin:
        """Return which state of the project the base is."""
        return self._base.origin()

    def tracked(self, scope: str, paths: list[str]) -> set[str]:
        """Return the paths that git has in the base."""
        return self._base.tracked(scope, paths)

    def close(self) -> None:
        """Close the base."""
        self._base.close()

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, Twin]:
        """Return missing path -> the only orphan with its last committed text."""
        return self._base.same_text(missing, orphans)

    def _split(self, directory: str, names: Iterable[str]) -> Iterator[tuple[Source, list[str]]]:
        above: list[str] = []
        below: list[str] = []
        for name in names:
            added = self._added.read(join(directory, name)) is not None
            (above if added else below).append(name)
        yield self._added, above
        if below:
            yield self._base, below
