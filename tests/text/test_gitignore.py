"""Gitignore patterns match as in git, in polynomial time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jit_guard.text.gitignore import Ignored, SlowError
from jit_guard.text.globs import PatternError
from projects import processor_time
from repositories import repository

PIECES = (
    *("a", "b", "ab", "/", "/", "*", "*", "**", "?", "[ab]", "[a-c]", "[!a]", "[^/]", "[b-a]"),
    *("[]a]", "[]-b]", "[[:digit:]]", "[[:upper:][:punct:]]", "[[:nope:]]", "[a-[:digit:]-]"),
    *("[!b-a]", "[\\]a]", "[a\\-c]", "[x/]", "[", "]", "\\*", "\\/", "\\a", "\\", " ", "\\ "),
    *("!", "#", ".", "-", "1", "ü"),
)
NAMES = (
    "a",
    "b",
    "ab",
    "abc",
    "c",
    " ",
    "a.b",
    "*",
    "]",
    "-",
    "aab",
    "A",
    "1",
    "ü",
    "[",
    "!a",
    "#",
)
lines_of_text = st.lists(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=1, max_size=4
)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)


def ignored_by_git(root: Path, lines: Sequence[str], some: Sequence[str]) -> set[str]:
    (root / ".git" / "info" / "exclude").write_text("\n".join(lines) + "\n")
    # On Windows and macOS, git ignores case by default; our patterns match alike everywhere.
    command = ["git", "-c", "core.ignorecase=false", "check-ignore", "--no-index", "-z", "--stdin"]
    text = "".join(f"{path}\0" for path in some)
    ran = subprocess.run(command, cwd=root, input=text.encode(), capture_output=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    return set(filter(None, ran.stdout.decode().split("\0")))


def is_refused(line: str) -> bool:
    try:
        Ignored([line])
    except PatternError:
        return True
    return False


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository, whose `info/exclude` is written for each example."""
    return repository(tmp_path_factory.mktemp("ignored"), {})


@settings(max_examples=50)
@given(lines=lines_of_text, some=st.lists(paths, min_size=1, max_size=20, unique=True))
@example(["build", "!keep.log"], ["keep.log", "build/keep.log"])
@example(["*/", "!a.txt"], ["a.txt", "x/a.txt"])
@example(["doc/*", "!doc/b/"], ["doc/a", "doc/b/a"])
@example(["*", "!*/", "!*.log"], ["a.log", "a/b.log", "a/b.txt"])
@example(["a/**/"], ["a/b", "a/b/c", "a"])
@example(["a/**/b/*"], ["a/x/y/b/c/d"])
@example(["/fo**"], ["fo/a", "foo", "foo/a"])
@example(["a/b**/c"], ["a/bc", "a/b/x/c", "a/bx/y/c"])
@example(["a/**\\/b"], ["a/b", "a/x/b"])
@example(["?.b", "??.b"], ["ü.b", "a.b"])
@example(["[[:digit:]].b"], ["1.b", "a.b"])
@example(["!/", "/", "!", "  ", "\\ "], ["a", " "])
@example(["a[x/]b", "c[!y]d"], ["axb", "c/d", "cxd"])
def test_patterns_match_as_in_git(root: Path, lines: list[str], some: list[str]) -> None:
    # A path that is a file in one place is a directory in another: git asks the disk, and takes
    # what is not there for a file.
    files = [path for path in some if not any(other.startswith(f"{path}/") for other in some)]
    ignored = Ignored([line for line in lines if not is_refused(line)])  # git ignores them, too
    ours = {path for path in files if ignored.check(path)}
    assert ours == ignored_by_git(root, lines, files)


# The vectors of git's own tests that concern ignored files: pattern, path, ignored.
VECTORS = [
    ("foo", "foo", True),
    ("foo", "bar", False),
    ("/???", "foo", True),
    ("/??", "foo", False),
    ("*f", "foo", False),
    ("*foo*", "foo", True),
    ("*ob*a*r*", "foobar", True),
    ("f\\*", "f*", True),
    ("\\[ab]", "[ab]", True),
    ("[[]ab]", "[ab]", True),
    ("[[:]ab]", "[ab]", True),
    ("[[::]ab]", "[ab]", False),
    ("[[:digit]ab]", "[ab]", True),
    ("[\\[:]ab]", "[ab]", True),
    ("*[al]?", "ball", True),
    ("[z-a]", "z", True),  # the start of a reversed range is in the class
    ("[z-a]", "a", False),
    ("[ten]", "ten", False),
    ("/**[!te]", "ten", True),
    ("/**[!ten]", "ten", False),
    ("t[a-g]n", "ten", True),
    ("t[!a-g]n", "ten", False),
    ("ton[^a-g]", "tono", True),
    ("a[]]b", "a]b", True),
    ("a[]-]b", "a-b", True),
    ("a[]-]b", "aab", False),
    ("a[]a-]b", "aab", True),
    ("]", "]", True),
    ("foo/*/bar", "foo/baz/bar", True),
    ("foo/**/bar", "foo/baz/x/bar", True),
    ("foo/**/**/bar", "foo/bar", True),
    ("foo/*/bar", "foo/baz/x/bar", False),
    ("foo?bar", "foo/bar", False),
    ("**/foo", "XXX/foo", True),
    ("**/foo", "bar/baz/foo", True),
    ("*/foo", "bar/baz/foo", False),
    ("**/bar*", "foo/bar/baz", True),
    ("**/bar/*", "deep/foo/bar/baz", True),
    ("**/bar/**", "deep/foo/bar/baz/x", True),
    ("**/bar/*/*", "deep/foo/bar/baz/x", True),
    ("[a-c]b*", "baz", False),
    ("[[:alpha:]][[:digit:]][[:upper:]]", "a1B", True),
    ("[[:digit:][:upper:][:space:]]", "a", False),
    ("[[:digit:][:upper:][:spaci:]]", "1", False),
    ("[[:xdigit:]]", "5", True),
    ("[a-c[:digit:]x-z]", "q", False),
    ("[\\\\-^]", "]", True),
    ("[\\-_]", "-", True),
    ("a[]b", "ab", False),
    ("[!", "ab", False),
    ("[-", "ab", False),
    ("[--A]", "-", True),
    ("[ --]", "-", True),
    ("[,-.]", "-", True),
    ("[a-e-n]", "-", True),
    ("[!------]", "a", True),
    ("[]-a]", "[", False),
    ("[a^bc]", "^", True),
    ("[\\]", "\\", False),
    ("[A-\\\\]", "G", True),
    ("b*a", "aaabbb", False),
    ("*ba*", "aabcaa", False),
    ("-*-*-12-*-m-*-*", "-courier-bold--12-120-m-70-1", True),
    ("**/*a*b*g*n*t", "abcd/abcdefg/abcdefghijk/abcdefghijklmnop.txt", True),
    ("*/*/*", "foo/bb/aa/rr", True),  # its directory foo/bb/aa matches
    ("**/**/**", "foo", True),
]


def test_vectors_of_git(root: Path) -> None:
    for pattern, path, ignored in VECTORS:
        ours = not is_refused(pattern) and Ignored([pattern]).check(path)
        assert ours is ignored, (pattern, path)
        if os.name == "nt" and "\\" in path:
            continue  # it separates directories there
        assert (ignored_by_git(root, [pattern], [path]) == {path}) is ignored, (pattern, path)


@pytest.mark.parametrize("line", ["!", "/", "[a", "a\\", "[[:nope:]]", "!/"])
def test_a_pattern_that_can_never_match_is_refused(line: str) -> None:
    assert is_refused(line)


def test_the_patterns_that_decide_are_known() -> None:
    ignored = Ignored(["", "# x", "b", "!c/", "d"])
    assert [ignored.check(path) for path in ("b", "c/x", "e")] == [True, False, False]
    assert ignored.used == {2, 3}


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "*b", "a" * 250),
        ("**/a" * 200 + "/b", "/".join("a" * 1000)),
        ("?*" * 100 + "b", "a" * 250),
        ("**/*a*a*a*a*b/" * 40 + "c", "/".join(["a" * 50] * 60)),
        ("*" * 60 + "b", "a" * 250),
    ],
)
def test_matching_does_not_backtrack(pattern: str, path: str) -> None:
    began = processor_time()
    assert Ignored([pattern]).check(path) is False
    assert processor_time() - began < 2


def test_a_pattern_over_the_time_limit_is_named() -> None:
    with pytest.raises(SlowError) as caught:
        Ignored(["a", "b"], seconds=-1).check("c")
    assert caught.value.index == 1


def test_a_negated_class_matches_its_own_signs() -> None:
    for sign in "!^":
        ignored = Ignored([f"[{sign}a]"])
        assert [name for name in "ab!^[" if ignored.check(name)] == ["b", "!", "^", "["]
