"""What git knows of one file, in words: the rules quote it."""

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
