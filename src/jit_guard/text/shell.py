"""Shell quoting for the commands in hints.

A command in a hint is enclosed in backticks, and nothing else in a hint is, so a program can
extract and run it. Paths in commands are relative to the project's root, as everywhere in a
finding; a command for another working directory changes to the root itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# git reads these in a path as a pattern, or as an instruction.
_MAGIC = re.compile(r"[*?\[\\]|\A:")

_IN_UTF8 = "jit-guard-streams" not in sys._xoptions  # noqa: SLF001 - set in `cli._use_utf8_names`


def quoted(word: str) -> str:
    """Quote a word for a POSIX shell, on one line and without a backtick.

    Control characters and bytes that are not UTF-8 use the `$'...'` form of bash, zsh and ksh, and
    so do all that are not ASCII if the terminal would pass them to the shell in another encoding.
    """
    if word.isprintable() and "`" not in word and (word.isascii() or _IN_UTF8):
        from shlex import quote

        return quote(word)
    return "$'" + "".join(map(_escaped, word.encode("utf-8", "surrogateescape"))) + "'"


def no_command(name: str) -> str:
    """Escape backticks in a name, so that they do not enclose a command in a hint."""
    return name.replace("`", r"\x60")


def git_command(directory: str, words: Iterable[str], paths: Iterable[str] = ()) -> str:
    """Return `git WORDS -- PATHS`, to be run in the working directory.

    Args:
        directory: what the paths are relative to, itself relative to the working directory.
        words: the subcommand and its options.
        paths: taken literally by git.
    """
    named = list(paths)
    git = ["git"]
    if directory != ".":
        git += ["-C", directory]
    if any(map(_MAGIC.search, named)):
        git.append("--literal-pathspecs")
    separator = ["--"] if named else []
    return " ".join(map(quoted, [*git, *words, *separator, *named]))


class Shell(NamedTuple):
    """How to write a command, given in paths relative to the root, for the working directory.

    Args:
        root: the project's root, relative to the working directory.
        options: the options with which jit-guard finds this project.
    """

    root: str = "."
    options: tuple[str, ...] = ()

    def init(self) -> str:
        """Return the call of `jit-guard init` for this root."""
        where = [] if self.root == "." else ["--root", self.root]
        return " ".join(map(quoted, ["jit-guard", "init", *where]))

    def path(self, path: str) -> str:
        """Return a path relative to the working directory."""
        return path if self.root == "." else f"{self.root}/{path}"

    def git(self, words: Iterable[str], paths: Iterable[str]) -> str:
        """Return a call of git."""
        return git_command(self.root, words, paths)

    def run(self, *commands: Sequence[str]) -> str:
        """Return commands that are run at the root, one after the other."""
        line = " && ".join(" ".join(map(quoted, words)) for words in commands)
        return line if self.root == "." else f"(cd -- {quoted(self.root)} && {line})"

    def jit_guard(self, *words: str, more: Iterable[str] = ()) -> str:
        """Return a call of jit-guard for this project; `more` are further options."""
        return " ".join(map(quoted, ["jit-guard", *words, *self.options, *more]))


def _escaped(byte: int) -> str:
    if byte in b"\\'":
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F and byte != 0x60 else f"\\{byte:03o}"
