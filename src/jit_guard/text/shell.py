"""Shell quoting for the commands in hints.

A command in a hint is enclosed in backticks, and no hint contains a second one or any other
backtick, so a program can extract and run it.
"""

from __future__ import annotations


def quoted(word: str) -> str:
    """Quote a word for a POSIX shell, on one line and without a backtick.

    Control characters and bytes that are not UTF-8 use the `$'...'` form of bash, zsh and ksh.
    """
    if word.isprintable() and "`" not in word:
        from shlex import quote

        return quote(word)
    return "$'" + "".join(map(_escaped, word.encode("utf-8", "surrogateescape"))) + "'"


def between_backticks(*words: str) -> str:
    """Return a quoted command between backticks, for a hint."""
    return f"`{' '.join(map(quoted, words))}`"


def no_command(name: str) -> str:
    """Escape backticks in a name, so that they do not enclose a command in a hint."""
    return name.replace("`", r"\x60")


def _escaped(byte: int) -> str:
    if byte in b"\\'":
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F and byte != 0x60 else f"\\{byte:03o}"
