"""Commands as somebody would type them: exact, also for names that a shell would spoil.

Where a hint tells a command it stands between backticks, and no hint holds two of them or any
other backtick: a program may run what it finds there.
"""

from __future__ import annotations


def quoted(word: str) -> str:
    """One word for a POSIX shell, without a backtick and on one line.

    Control characters and bytes that are not UTF-8 are written as bash, zsh and ksh read them,
    `$'...'`.
    """
    if word.isprintable() and "`" not in word:
        from shlex import quote

        return quote(word)
    return "$'" + "".join(map(_escaped, word.encode("utf-8", "surrogateescape"))) + "'"


def between_backticks(*words: str) -> str:
    """A command, for a hint."""
    return f"`{' '.join(map(quoted, words))}`"


def no_command(name: str) -> str:
    """A name for the prose of a hint, where no backtick of its own may frame a command."""
    return name.replace("`", r"\x60")


def _escaped(byte: int) -> str:
    if byte in b"\\'":
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F and byte != 0x60 else f"\\{byte:03o}"
