"""Gitignore patterns mean what pathspec makes of them, and take no square of the time."""

from __future__ import annotations

import re
import warnings
from time import monotonic

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from jit_guard.text.gitignore import Ignored, PatternError, SlowError

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
def test_patterns_mean_what_pathspec_makes_of_them(lines: list[str], path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            told = GitIgnoreSpec.from_lines(lines).check_file(path)
        except re.error:  # a range that runs backwards: git gives such a pattern up
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
        ("[z-a]", "z", False),  # git gives it up
        ("[ab", "[ab", False),
        ("*.txt", "x\n.txt", True),
        ("/x", "y/x", False),
        ("x/y", "x/y/z", True),
        ("x/", "x", False),
        ("**", "a/b", True),
    ],
)
def test_what_git_makes_of_a_pattern(pattern: str, path: str, ignored: bool) -> None:
    assert Ignored([pattern]).check(path)[0] is ignored


def test_a_blank_line_moves_no_index() -> None:
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
def test_no_pattern_is_tried_in_every_way(pattern: str, path: str) -> None:
    began = monotonic()
    assert Ignored([pattern]).check(path) == (False, None)
    assert monotonic() - began < 2


def test_when_the_time_is_over_the_pattern_is_named() -> None:
    with pytest.raises(SlowError) as caught:
        Ignored(["a", "b"], seconds=-1).check("c")
    assert caught.value.index == 1
