"""A snapshot in memory, for rule examples, tests and `selftest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jit_guard.sources.answers import DirectoryListing, GitState, Origin, Twin
from jit_guard.sources.twins import only_twins
from jit_guard.text.names import PENDING, join
from jit_guard.text.shell import git_command

if TYPE_CHECKING:
    from jit_guard.sources.source import Answers, Chunks


class Memory:
    """A Source over a mapping of paths to contents.

    Args:
        files: path relative to the root -> bytes, str, `Link` or `Other`; a path that ends in
            `/` is an empty directory.
        ignored: paths that git ignores.
        committed: the last committed text of files that no longer exist.
        tracked: paths that git has; None: the project is not in a repository.
    """

    name = "memory"

    def __init__(
        self,
        files: Mapping[str, bytes | str | Link | Other],
        ignored: Iterable[str] = (),
        committed: Mapping[str, bytes] | None = None,
        tracked: Iterable[str] | None = None,
    ) -> None:
        self._contents = {
            path: content.encode("utf-8", "surrogateescape")
            if isinstance(content, str) and not isinstance(content, (Link, Other))
            else content
            for path, content in files.items()
        }
        self._ignored = frozenset(ignored)
        self._committed = dict(committed or {})
        self._tracked = None if tracked is None else frozenset(tracked)
        self._directories: dict[str, DirectoryListing] = {
            "": DirectoryListing(set(), set(), {}, {})
        }
        for path, content in self._contents.items():
            self._place(path, content)

    def _place(self, path: str, content: bytes | str) -> None:
        parent, _, name = path.rpartition("/")
        here = self._make(parent)
        if isinstance(content, Link):
            here.links[name] = str(content)
        elif isinstance(content, Other):
            here.others[name] = str(content)
        elif name:
            here.files.add(name)

    def _make(self, path: str) -> DirectoryListing:
        if path not in self._directories:
            parent, _, name = path.rpartition("/")
            self._make(parent).directories.add(name)
            self._directories[path] = DirectoryListing(set(), set(), {}, {})
        return self._directories[path]

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file; None if it does not exist."""
        content = self._contents.get(path)
        return content if isinstance(content, bytes) else None

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:  # noqa: ARG002
        """Return the names in a directory; None if it does not exist."""
        return self._directories.get(path)

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files."""
        for name in sorted(names):
            if not self.read(join(directory, name)):
                yield name, True

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file with its bytes."""
        for name in sorted(names):
            yield name, iter([self.read(join(directory, name)) or b""])

    def filtered(self, texts: object, not_text: object) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing: there is no filter in memory."""
        return {}

    def inside(self, target: str) -> str | None:  # noqa: ARG002
        """Return None: no absolute path is inside a project in memory."""
        return None

    def ignored(self, paths: list[str]) -> set[str]:
        """Return the paths that are declared as ignored."""
        return set(self._ignored.intersection(paths))

    def interrupted(self) -> str | None:
        """Return the message for an intent, which no process works on in memory."""
        return "a commit was interrupted" if PENDING in self._contents else None

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:  # noqa: ARG002
        """Return the files that are not declared as tracked."""
        if self._tracked is None:
            return []
        paths = sorted(
            join(directory, name) for directory, names in wanted.items() for name in names
        )
        return [never_added(path) for path in paths if path not in self._tracked]

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:  # noqa: ARG002
        """Return nothing: there is no other place to look."""
        return {}

    def origin(self) -> Origin:
        """Return that this is like the worktree."""
        return Origin("worktree", self.name)

    def tracked(self, scope: str, paths: list[str]) -> set[str]:  # noqa: ARG002
        """Return the paths that are declared as tracked."""
        return set(self._tracked or ()).intersection(paths)

    def close(self) -> None:
        """Do nothing: no resource is held."""

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, Twin]:
        """Return missing path -> the only orphan with its last committed text."""
        return only_twins(
            {
                path: [orphan for orphan in orphans if self.read(orphan) == self._committed[path]]
                for path in missing
                if path in self._committed
            }
        )


def never_added(path: str) -> GitState:
    """Return the git state of an untracked file."""
    return GitState(path, "untracked", "is untracked", git_command(".", ["add"], [path]))


class Link(str):
    """A symbolic link with this target."""

    __slots__ = ()


class Other(str):
    """Something that is neither a file, a directory nor a link, such as a "FIFO"."""

    __slots__ = ()
