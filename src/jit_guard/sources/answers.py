"""Records that sources return: names in a directory, the git state of a file, what was checked."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    # untracked, ignored: never added. announced: by name only (`git add -N`). removed: from the
    # index, but it exists on disk; with `ignored`, a pattern covers it now. renamed: git has it in
    # another case. nested: in a repository inside the project. staged, uncommitted: in the index,
    # but not in what was checked. deleted, sparse, conflict: the index has it, the disk does not.
    # submodule: in one that is not checked out. gone: only HEAD has it.
    StateKind = Literal[
        "untracked",
        "ignored",
        "announced",
        "removed",
        "renamed",
        "nested",
        "staged",
        "uncommitted",
        "deleted",
        "sparse",
        "conflict",
        "submodule",
        "gone",
    ]


SUBMODULE = "submodule"  # in `DirectoryListing.others`


class Blob(NamedTuple):
    """The contents of a file in git. `staged`: they are in the index, not only in HEAD."""

    id: str
    executable: bool
    staged: bool = True


class GitState(NamedTuple):
    """A file for which git and the snapshot differ.

    Args:
        path: relative to the root.
        kind: the difference.
        why: the difference in words, as a predicate such as "is untracked".
        command: the command that fixes it, ready to run in the working directory; None if no
            single command does, or none should be suggested.
        held: the index has the file and the disk does not.
        ignored: git ignores the file.
        blob: its contents in git, if git has them and no sparse checkout leaves them out.
    """

    path: str
    kind: StateKind
    why: str
    command: str | None
    held: bool = False
    ignored: bool = False
    blob: Blob | None = None


class Twin(NamedTuple):
    """An existing file or directory with the last committed contents of a missing one.

    `whole`: all of it; otherwise most files of a directory.
    """

    path: str
    whole: bool = True


class Origin(NamedTuple):
    """The state of the project that a snapshot shows.

    Args:
        kind: the worktree; the index, as it would be committed; the head, a branch that is
            checked out, so that a commit changes it; or any other revision.
        name: what messages call it.
        born: the repository has a commit.
    """

    kind: Literal["worktree", "index", "head", "revision"]
    name: str
    born: bool = True


class DirectoryListing(NamedTuple):
    """The names in one real directory, by kind. The sets may be shared; never modify one."""

    files: set[str]
    directories: set[str]
    links: dict[str, str]  # name -> target, as written in the link
    others: dict[str, str]  # name -> what it is: "FIFO", "socket", "device", "submodule"
