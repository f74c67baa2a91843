"""Gitignore patterns match as in pathspec, without quadratic time."""

from __future__ import annotations

import re
import warnings
from time import monotonic

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from jit_guard.text.gitignore import Ignored, SlowError
from jit_guard.text.globs import PatternError

PIECES = (
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "/",
    "[ab]",
    "[a-c]",
    "\\*",
    " ",
    "!",
    "#",
    ".",
    "-",
    "[]a]",
)
NAMES = ("a", "b", "ab", "abc", "c", " ", "a.b", "*", "]", "-", "aab", "bab", "#")
patterns = st.lists(
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join).filter(str.strip),
    min_size=1,
    max_size=3,
)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map("/".join)


@given(patterns, paths)
@example(["*.bak", "!keep.bak"], "keep.bak")
@example(["drafts/", "!drafts/keep"], "drafts/keep")
@example(["a/**/"], "a/b")
@example(["a/**/b/*"], "a/x/y/b/c/d")
@example(["!/"], "a")
def test_patterns_match_as_in_pathspec(lines: list[str], path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            told = GitIgnoreSpec.from_lines(lines).check_file(path)
        except re.error:  # a reversed range: git ignores such a pattern
            return
        except ValueError:
            with pytest.raises(PatternError):
                Ignored(lines)
            return
    assert Ignored(lines).check(path) == (bool(told.include), told.index)


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("a[!b]c", "a/c", False),  # git: a class never matches a slash
        ("[z-a]", "z", False),  # git ignores it
        ("[ab", "[ab", False),
        ("*.txt", "x\n.txt", True),
        ("/x", "y/x", False),
        ("x/y", "x/y/z", True),
        ("x/", "x", False),
        ("**", "a/b", True),
    ],
)
def test_patterns_match_as_in_git(pattern: str, path: str, ignored: bool) -> None:
    assert Ignored([pattern]).check(path)[0] is ignored


def test_blank_lines_and_comments_keep_their_index() -> None:
    assert Ignored(["", "# x", "b"]).check("b") == (True, 2)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "*b", "a" * 250),
        ("**/a" * 200 + "/b", "/".join("a" * 1000)),
        ("?*" * 100 + "b", "a" * 250),
        ("**/*a*a*a*a*b/" * 40 + "c", "/".join(["a" * 50] * 60)),
    ],
)
def test_matching_does_not_backtrack(pattern: str, path: str) -> None:
    began = monotonic()
    assert Ignored([pattern]).check(path) == (False, None)
    assert monotonic() - began < 2


def test_a_pattern_over_the_time_limit_is_named() -> None:
    with pytest.raises(SlowError) as caught:
        Ignored(["a", "b"], seconds=-1).check("c")
    assert caught.value.index == 1
