"""The snapshot of a git tree: the index as it would be committed, or any commit.

Tree objects are read on demand, one per directory, so that a small project in a huge repository
is checked as fast as a small repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from tempfile import TemporaryDirectory
from typing import NamedTuple

from jit_guard.errors import GitError, UnreadableError
from jit_guard.sources import gate
from jit_guard.sources.answers import SUBMODULE, DirectoryListing, GitState, Origin, Twin
from jit_guard.sources.git.absence import explain_missing
from jit_guard.sources.git.attributes import ATTRIBUTES, filters_in_tree
from jit_guard.sources.git.directories import renamed
from jit_guard.sources.git.environment import Standpoint, commit_standpoint, git_directory
from jit_guard.sources.git.listing import DIRECTORY, LINK, ids, listing
from jit_guard.sources.git.objects import Found, Objects
from jit_guard.sources.git.revision import LOST, origin, revision, tree_of, tree_of_index
from jit_guard.sources.source import Answers, Chunks
from jit_guard.sources.tree import Tree
from jit_guard.sources.twins import only_twins
from jit_guard.text.names import by_directory, join
from jit_guard.text.stored_form import POINTER_SIZE, lfs_pointer

_NOTHING = DirectoryListing(set(), set(), {}, {})


class _Seen(NamedTuple):
    """What is kept of a listed directory: id, empty files, and ids of its directories.

    The caller keeps the names.
    """

    tree: str
    empty: set[str]
    directories: dict[str, str]
    has_attributes: bool


class GitTree:
    """A Source over a git tree; must be closed.

    Args:
        name: the value of `--source`.
        root: the project's root on disk.
        standpoint: where git runs.
        tree: the id of the tree at the top.
        objects: the reader of objects.
        revision: the revision that has this tree; None for the index.
    """

    def __init__(
        self,
        name: str,
        root: str,
        standpoint: Standpoint,
        tree: str,
        objects: Objects,
        revision: str | None,
    ) -> None:
        self.name = name
        self._revision = revision
        self._origin: Origin | None = None
        self._root = root
        self._standpoint = standpoint
        self._prefix = standpoint.prefix
        self._objects = objects
        self._resources = ExitStack()
        self._top = tree
        self._directories: dict[str, _Seen | None] = {}
        self._latest: tuple[str, dict[str, bytes]] = ("", {})  # the tree whose ids were used last
        self._project = Tree(self)
        self._seen("")

    def own(self, resources: ExitStack) -> None:
        """Close these resources together with the snapshot."""
        self._resources = resources

    def close(self) -> None:
        """Terminate the git process, and remove what only it needs."""
        self._resources.close()

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, following links in the project; None if absent."""
        place = gate.find(self._project, path)
        if place is None:
            return None
        directory, _, name = place.real.rpartition("/")
        data = self._bytes(self._ids(join(self._prefix, directory))[name].hex(), path)
        found = self._fetched(data, place.real)
        return data if found is None else b"".join(found)

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:  # noqa: ARG002
        """Return the names in a directory; None if it does not exist."""
        found = self._list(join(self._prefix, path))
        return _NOTHING if found is None and not path else found

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files of a directory, which are known by their id."""
        seen = self._seen(join(self._prefix, directory))
        empty = seen.empty if seen is not None else set()
        yield from ((name, True) for name in sorted(empty.intersection(names)))

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file of a directory with its bytes in pieces."""
        ids = self._ids(join(self._prefix, directory))
        asked = sorted(names)
        found = self._objects.each(ids[name].hex() for name in asked if name in ids)
        failure = "git has exited"
        try:
            for name in asked:
                if name not in ids:
                    yield name, None
                    continue
                path = join(directory, name)
                try:
                    blob = next(found)
                except (GitError, StopIteration) as error:  # StopIteration: git failed before
                    failure = str(error) or failure
                    yield name, UnreadableError(path, failure)
                    continue
                yield name, _lost(path) if blob is None else self._text(blob, path)
        finally:
            found.close()

    def filtered(
        self,
        texts: Mapping[str, Iterable[str]],
        not_text: Sequence[str],  # noqa: ARG002
    ) -> Mapping[str, str]:
        """Return the files that git stores through a filter, with the attribute.

        Raises UnreadableError if git cannot read its attributes.
        """
        start = len(self._prefix) + 1 if self._prefix else 0
        outside = {join(self._prefix, directory): names for directory, names in texts.items()}
        paths = (join(directory, name) for directory, names in outside.items() for name in names)
        try:
            found = filters_in_tree(self._standpoint, self._attributes(outside), paths)
        except GitError as error:
            raise UnreadableError(ATTRIBUTES, str(error)) from None
        return {path[start:]: attribute for path, attribute in found.items()}

    def inside(self, target: str) -> str | None:  # noqa: ARG002
        """Return None: an absolute link is not valid in a clone."""
        return None

    def ignored(self, paths: list[str]) -> set[str]:  # noqa: ARG002
        """Return nothing: git does not ignore tracked files."""
        return set()

    def interrupted(self) -> str | None:
        """Return None: a commit can be interrupted only on disk."""
        return None

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:  # noqa: ARG002
        """Return nothing: every file is in git."""
        return []

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return the missing files that exist on disk or in HEAD, and why this does not have them.

        None if this is a revision that is not checked out.
        """
        return explain_missing(self._root, missing, self.origin()) if missing else {}

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, Twin]:
        """Return missing path -> the only orphan with its text in the commit before this one."""
        before_this = "HEAD" if self._revision is None else f"{self._revision}^"
        return {
            **self._same_file(before_this, _files(missing), _files(orphans)),
            **self._same_directory(before_this, _directories(missing), _directories(orphans)),
        }

    def _same_file(
        self, before_this: str, missing: list[str], orphans: list[str]
    ) -> dict[str, Twin]:
        asked = [path for path in missing if "\n" not in path] if orphans else []
        found = self._objects.each(f"{before_this}:{join(self._prefix, path)}" for path in asked)
        before = {path: blob.id for path, blob in zip(asked, found, strict=True) if blob}
        by_id: dict[str, list[str]] = {}
        for path in orphans if before else ():
            directory, _, name = path.rpartition("/")
            if name in (ids := self._ids(join(self._prefix, directory))):
                by_id.setdefault(ids[name].hex(), []).append(path)
        return only_twins({path: by_id.get(blob, ()) for path, blob in before.items()})

    def _same_directory(
        self, before_this: str, missing: list[str], orphans: list[str]
    ) -> dict[str, Twin]:
        names = {one: f"{before_this}:{join(self._prefix, one.rstrip('/'))}" for one in missing}
        seen = ((one, self._seen(join(self._prefix, one.rstrip("/")))) for one in orphans)
        now = {one: found.tree for one, found in seen if found is not None}
        return renamed(self._objects, names, now)

    def origin(self) -> Origin:
        """Return whether this is the index, the branch that is checked out, or another revision."""
        if self._origin is None:
            self._origin = origin(self._root, self.name, self._objects)
        return self._origin

    def tracked(self, scope: str, paths: list[str]) -> set[str]:  # noqa: ARG002
        """Return those of the paths that HEAD has if this is the index, otherwise all."""
        if self._revision is not None:
            return set(paths)
        try:
            tree = tree_of(self._objects, "HEAD")
            head = GitTree("HEAD", self._root, self._standpoint, tree, self._objects, "HEAD")
            listed = {one: head.directory(one) for one in by_directory(paths)}
        except (GitError, UnreadableError):
            return set()
        return {
            path
            for path, (directory, _, name) in ((path, path.rpartition("/")) for path in paths)
            if (found := listed[directory]) is not None and name in found.files
        }

    def _attributes(self, directories: Iterable[str]) -> dict[str, bytes]:
        """Return the `.gitattributes` that apply in directories, by their paths below the top."""
        waiting, asked = list(directories), {""}
        while waiting:
            if (path := waiting.pop()) not in asked:
                asked.add(path)
                waiting.append(path.rpartition("/")[0])
        return {
            join(path, ATTRIBUTES): self._bytes(
                self._ids(path)[ATTRIBUTES].hex(), join(path, ATTRIBUTES)
            )
            for path in sorted(asked)
            if (seen := self._seen(path)) is not None and seen.has_attributes
        }

    def _text(self, blob: Found, path: str) -> Iterator[bytes]:
        """Return the contents of a file in pieces, and not those of its Git LFS pointer."""
        found = _pieces(blob, path)
        if blob.size >= POINTER_SIZE:
            return found
        data = b"".join(found)
        return self._fetched(data, path) or iter((data,))

    def _fetched(self, data: bytes, path: str) -> Iterator[bytes] | None:
        """Return the contents of which this is the Git LFS pointer, if they are on this machine."""
        if not data.startswith(b"version https://") or (pointer := lfs_pointer(data)) is None:
            return None
        from jit_guard.sources.git import lfs

        return lfs.contents(pointer, git_directory(self._standpoint), self._root, path)

    def _seen(self, path: str) -> _Seen | None:
        """Return what is kept of a directory, by its path below the top."""
        if path not in self._directories and self._list(path) is None:
            self._directories[path] = None
        return self._directories[path]

    def _list(self, path: str) -> DirectoryListing | None:
        """Return the names in a directory, by its path below the top."""
        tree = self._top
        if path:
            parent, _, name = path.rpartition("/")
            above = self._seen(parent)
            if above is None or name not in above.directories:
                return None
            tree = above.directories[name]
        try:
            read = listing(self._tree(tree, path), len(tree) // 2)
        except GitError as error:
            raise UnreadableError(path or ".", str(error)) from None
        found = DirectoryListing(read.files, set(), {}, {})
        seen = self._directories[path] = _Seen(tree, read.empty, {}, ATTRIBUTES in read.files)
        for mode, name, blob in read.odd:
            if mode == DIRECTORY:
                found.directories.add(name)
                seen.directories[name] = blob
            elif mode == LINK:
                target = self._bytes(blob, join(path, name))
                found.links[name] = target.decode("utf-8", "surrogateescape")
            else:
                found.others[name] = SUBMODULE
        return found

    def _ids(self, path: str) -> dict[str, bytes]:
        """Return the ids of a directory's files, read again because keeping them costs memory."""
        seen = self._seen(path)
        if seen is None:
            return {}
        if self._latest[0] != seen.tree:
            self._latest = "", {}
            tree = self._tree(seen.tree, path)
            self._latest = seen.tree, ids(tree, len(seen.tree) // 2)
        return self._latest[1]

    def _tree(self, tree: str, path: str) -> bytes:
        return self._bytes(tree, path or ".")

    def _bytes(self, blob: str, path: str) -> bytes:
        try:
            found = self._objects.whole(blob)
        except GitError as error:
            raise UnreadableError(path, str(error)) from None
        if found is None:
            raise _lost(path)
        return found[2]


def open_tree(root: str, source: str) -> GitTree:
    """Open the snapshot that `--source` names: `index`, `commit`, or any tree-ish.

    Args:
        root: the project's root on disk.
        source: the value of `--source`.

    Raises:
        GitError: no git, no repository, no such revision, or unmerged files.
        UnreadableError: the tree at the top cannot be read.
    """
    standpoint = commit_standpoint(root)
    wanted = revision(source)
    with ExitStack() as stack:
        if wanted is None:
            directory = stack.enter_context(TemporaryDirectory(prefix="jit-guard-"))
            tree, standpoint = tree_of_index(standpoint, directory)
        objects = stack.enter_context(closing(Objects(standpoint)))
        if wanted is not None:
            tree = tree_of(objects, wanted)
        found = GitTree(source, os.path.abspath(root), standpoint, tree, objects, wanted)
        found.own(stack.pop_all())
        return found


def _files(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if not path.endswith("/")]


def _directories(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.endswith("/")]


def _lost(path: str) -> UnreadableError:
    return UnreadableError(path, LOST)


def _pieces(blob: Found, path: str) -> Iterator[bytes]:
    try:
        # `yield from` would close it, half read, together with this generator.
        for piece in blob.pieces:  # noqa: UP028
            yield piece
    except GitError as error:
        raise UnreadableError(path, str(error)) from None
