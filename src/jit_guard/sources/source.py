"""The port to where snapshots come from: the worktree, git, and memory implement it.

Imported for its types only, so that a check does not pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar, Union

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import Folder, GitState

Chunks = Iterator[bytes]
_Answer = TypeVar("_Answer")
Answers = Iterator[tuple[str, Union[_Answer, UnreadableError, None]]]


class Source(Protocol):
    """Where a snapshot comes from. To be closed.

    `read`, `folder` and `ignored` may raise UnreadableError, and only that. The two that look
    at many files yield it in the place of the one file's answer, and go on; they answer in the
    order of the names.
    """

    name: str

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at a path (links followed); None when there is none."""

    def folder(self, path: str, *, sizes: bool = False) -> Folder | None:
        """The names in a real folder (no link on the way); None when there is none.

        `sizes`: `empty_files` will be asked of its files, so look now where that is cheaper.
        """

    def empty_files(self, folder: str, names: Iterable[str]) -> Answers[bool]:
        """Only those files of a folder that hold nothing: True; None when one has vanished."""

    def chunks(self, folder: str, names: Iterable[str]) -> Answers[Chunks]:
        """For each file of a folder its bytes, in pieces of bounded size; None: vanished."""

    def inside(self, target: str) -> str | None:
        """An absolute link target relative to the root; None when it leaves the project."""

    def ignored(self, paths: list[str]) -> set[str]:
        """Those of the paths that git ignores."""

    def interrupted(self) -> str | None:
        """Why `jit-guard recover` is due; None when no commit was interrupted."""

    def untracked(self, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
        """Those of the files (folder -> names) that git does not have; none outside git.

        `scope` is the folder that most of them are in. Raises GitError where git cannot tell.
        """

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """What else knows of missing files: the index, or the disk where git is judged.

        This and `same_text` look at every path that they are given: ask for few.
        """

    def same_text(self, missing: list[str], orphans: list[str]) -> dict[str, str]:
        """Missing path -> the one left-over file that has its last committed text."""

    def close(self) -> None:
        """Let go of what was needed for reading."""
