"""A command line, split into words as the platform's own programs would."""

from __future__ import annotations

import os

_SPACE = " \t\r\n"


def split_words(line: str) -> list[str]:
    r"""Split a command line: on Windows as its C runtime does, elsewhere as a POSIX shell does.

    On Windows, backslashes are ordinary characters (they separate directories) unless a double
    quote follows them; a single quote is ordinary, too.

    Raises:
        ValueError: a quotation is not closed; the message says so.
    """
    if os.name == "nt":
        return _windows_words(line)
    import shlex

    return shlex.split(line)


def _windows_words(line: str) -> list[str]:
    """Reverse `subprocess.list2cmdline` (Microsoft, "Parsing C command-line arguments")."""
    words: list[str] = []
    word: str | None = None  # None between two words; "" is a word, too
    is_quoted = False
    at = 0
    while at < len(line):
        if line[at] in _SPACE and not is_quoted:
            if word is not None:
                words.append(word)
            word = None
            at += 1
            continue
        end = at
        while line[end : end + 1] == "\\":
            end += 1
        slashes = end - at
        if line[end : end + 1] != '"':
            end += not slashes  # an ordinary character, or the backslashes before one
            word = (word or "") + line[at:end]
        else:
            end += 1
            word = (word or "") + "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            elif is_quoted and line[end : end + 1] == '"':
                word += '"'
                end += 1
            else:
                is_quoted = not is_quoted
        at = end
    if is_quoted:
        raise ValueError("No closing quotation")
    return words if word is None else [*words, word]
