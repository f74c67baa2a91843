"""The words of a command line, as POSIX shells and as Windows programs see them."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.text.command_line import split_words

# From Microsoft's page on the parsing of C command-line arguments, and what people have.
WINDOWS = {
    r'"a b c" d e': ["a b c", "d", "e"],
    r'"ab\"c" "\\" d': ['ab"c', "\\", "d"],
    r'a\\\b d"e f"g h': [r"a\\\b", "de fg", "h"],
    r"a\\\"b c d": [r"a\"b", "c", "d"],
    r'a\\\\"b c" d e': [r"a\\b c", "d", "e"],
    'a"b"" c d"': ['ab" c d'],
    r'"C:\Program Files\Python\python.exe" write.py': [
        r"C:\Program Files\Python\python.exe",
        "write.py",
    ],
    "it's one 'two words'": ["it's", "one", "'two", "words'"],
    ' \tx  "" \t': ["x", ""],
    "": [],
}


def windows_words(line: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", "nt")
        return split_words(line)


def test_windows_has_its_own_rules() -> None:
    assert {line: windows_words(line) for line in WINDOWS} == WINDOWS


@given(st.lists(st.text(alphabet="a \\\"\t'", max_size=6), max_size=4))
def test_what_is_quoted_is_split_into_the_same_words(words: list[str]) -> None:
    assert windows_words(subprocess.list2cmdline(words)) == words
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", "posix")
        assert split_words(shlex.join(words)) == words


def test_a_quotation_that_is_not_closed_is_an_error() -> None:
    for split in (windows_words, split_words):
        with pytest.raises(ValueError, match="No closing quotation"):
            split('python "write.py')
