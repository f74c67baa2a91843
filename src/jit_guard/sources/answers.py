"""Records that sources return: the names in a directory, and the git state of a file."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple


class Blob(NamedTuple):
    """The contents of a file in git. `staged`: they are in the index, not only in HEAD."""

    id: str
    executable: bool
    staged: bool = True


class GitState(NamedTuple):
    """A file for which git and the snapshot differ.

    Args:
        path: relative to the root.
        why: the difference, as a predicate such as "is untracked".
        command: the command that fixes it, ready to run in the working directory; None if no
            single command does, or none should be suggested.
        held: git has the file and the disk does not.
        ignored: git ignores the file.
        blob: its contents in git, if git has them and no sparse checkout leaves them out.
    """

    path: str
    why: str
    command: str | None
    held: bool = False
    ignored: bool = False
    blob: Blob | None = None


class DirectoryListing(NamedTuple):
    """The names in one real directory, by kind. The sets may be shared; never modify one."""

    files: set[str]
    directories: set[str]
    links: dict[str, str]  # name -> target, as written in the link
    others: dict[str, str]  # name -> what it is: "FIFO", "socket", "device", "submodule"
