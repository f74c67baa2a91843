"""The interface of a snapshot, implemented by the worktree, git trees and memory.

Imported only for its types, so that a check does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, Union

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import DirectoryListing, GitState, Origin, Twin

Chunks = Iterator[bytes]
_Answer = TypeVar("_Answer")
Answers = Iterator[tuple[str, Union[_Answer, UnreadableError, None]]]


class Source(Protocol):
    """A snapshot of a project; must be closed.

    `read`, `directory` and `ignored` may raise UnreadableError, and nothing else. `empty_files` and
    `chunks` yield it in place of a file's answer and continue; they answer in the order of the
    names.
    """

    name: str

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, following links; None if it does not exist."""

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
        """Return the names in a real directory (no link in its path); None if there is none.

        `sizes`: `empty_files` will be called for it, so sizes may be read now if that is cheaper.
        """

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        """Yield the empty files of a directory, with True; with None if one has vanished."""

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        """Yield each file of a directory with its bytes in bounded pieces; None: vanished."""

    def filtered(
        self, texts: Mapping[str, Iterable[str]], not_text: Sequence[str]
    ) -> Mapping[str, str]:
        """Return the files whose bytes here are what a filter of git wrote, with its attribute.

        Args:
            texts: directory -> the names of files that were read.
            not_text: the paths of those that are not UTF-8; in a worktree, only these can be such.
        """

    def inside(self, target: str) -> str | None:
        """Return an absolute link target relative to the root; None if it is outside."""

    def ignored(self, paths: list[str]) -> set[str]:
        """Return the paths that git ignores."""

    def interrupted(self) -> str | None:
        """Return why `jit-guard recover` is necessary; None if no commit was interrupted."""

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Return the files (directory -> names) that git does not have; none outside git.

        `scope` is the directory that contains most of them. Raises GitError if git fails.
        """

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return where else missing files exist: in the index, or (for a git tree) on disk.

        This and `same_text` examine every path, so call them with few.
        """

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, Twin]:
        """Return missing path -> the only orphan with its last committed text.

        Of a directory, whose path ends with a slash, -> the only one with its files.
        """

    def origin(self) -> Origin:
        """Return which state of the project this is, for messages and hints."""

    def tracked(self, scope: str, paths: list[str]) -> set[str]:
        """Return those of the paths that git has (for the index: that the last commit has).

        `scope` is as for `untracked`. If git fails, the result is empty, since it is for hints.
        """

    def close(self) -> None:
        """Release the resources used for reading."""
