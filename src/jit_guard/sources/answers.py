"""What a source answers: the names in one directory, and what git knows of one file."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple


class GitState(NamedTuple):
    """One file in which git and the snapshot differ, why, and the command that mends it.

    `command` is exact for who stands in the working directory, and shows everything; None where
    no single command does it. `held`: git has the file, and the disk does not.
    """

    path: str
    why: str
    command: str | None
    held: bool = False


class Folder(NamedTuple):
    """The names in one real folder, by what they are. The sets may be shared: never change one."""

    files: set[str]
    folders: set[str]
    links: dict[str, str]  # name -> target, as written in the link
    others: dict[str, str]  # name -> what it is: "FIFO", "socket", "device", "submodule"
