"""Globs of a tree: anchored, the last match wins, a final slash means directories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.text.globs import PatternError
from projects import processor_time


@pytest.mark.parametrize(
    ("patterns", "path", "accepted"),
    [
        (["*.md"], "a.md", True),
        (["*.md"], "x/a.md", False),
        (["*"], ".hidden", True),
        (["docs/**/*.md"], "docs/a.md", True),
        (["docs/**/*.md"], "docs/x/y/a.md", True),
        (["docs/**/*.md"], "other/docs/a.md", False),
        (["**/a.md"], "a.md", True),
        (["**/x/**/a.md"], "x/a.md", True),
        (["skills/**"], "skills/a/b", True),
        (["skills/**"], "skills", False),
        (["a/**/b/**"], "a/x/b/c/d", True),
        (["a/**/b/**"], "a/x/b", False),
        (["docs/**", "!docs/snippets/**"], "docs/snippets/a.md", False),
        (["docs/**", "!docs/snippets/**", "docs/snippets/a.md"], "docs/snippets/a.md", True),
        (["!docs/a.md", "docs/*.md"], "docs/a.md", True),
        (["docs/**", "!docs/_*/"], "docs/_x/y/a.md", False),
        (["a/*/"], "a/b", False),
        (["a/[xy].md"], "a/x.md", True),
        (["a/[!x].md"], "a/x.md", False),
        (["a/\\*.md"], "a/*.md", True),
        (["a/\\*.md"], "a/b.md", False),
    ],
)
def test_files(patterns: list[str], path: str, accepted: bool) -> None:
    assert TreeGlobs(patterns).accepts(path) is accepted


@pytest.mark.parametrize(
    ("patterns", "path", "accepted"),
    [
        (["plugins/*/"], "plugins/a", True),
        (["plugins/*/"], "plugins/a/b", False),
        (["plugins/*/", "!plugins/_*/"], "plugins/_a", False),
        (["plugins/*"], "plugins/a", False),
        (["**/"], "a/b", True),
        (["a/**/"], "a/b/c", True),
        (["a/**/", "!a/b/"], "a/b/c", False),
    ],
)
def test_directories(patterns: list[str], path: str, accepted: bool) -> None:
    assert TreeGlobs(patterns).accepts(path, directory=True) is accepted


@pytest.mark.parametrize("pattern", ["", "/a", "../a", "a/./b", "a//b", "a/[b", "!", "a\\", "/"])
def test_what_is_no_glob_below_the_root_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        TreeGlobs([pattern])


NAMES = st.lists(st.sampled_from(["a", "b", "ab", ".c"]), min_size=1, max_size=4).map("/".join)
GLOBS = st.lists(
    st.sampled_from(["a", "b", "*", "**", "a*", "?", ".c"]), min_size=1, max_size=4
).map("/".join)


@given(GLOBS, NAMES)
def test_a_walk_that_follows_leads_to_misses_nothing(pattern: str, path: str) -> None:
    globs = TreeGlobs([pattern])
    if globs.accepts(path):
        above = path.split("/")[:-1]
        assert all(globs.leads_to("/".join(above[:end])) for end in range(len(above) + 1))


def test_stars_do_not_take_long() -> None:
    started = processor_time()
    assert not TreeGlobs(["*a" * 200 + "b", "**/a/" * 100 + "b"]).accepts(
        "/".join(["a" * 200] * 50)
    )
    assert processor_time() - started < 1


@given(
    st.lists(
        st.sampled_from(["a/**", "**", "a/*", "a/**/b/**", "**/a", "a/b/**/", "!a/b", "!b/"]),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.sampled_from("ab"), max_size=3).map("/".join),
)
def test_all_files_in_a_directory_are_accepted_at_once_only_if_each_one_is(
    patterns: list[str], directory: str
) -> None:
    globs = TreeGlobs(patterns)
    if globs.accepts_all_in(directory):
        assert all(globs.accepts(f"{directory}/{name}".strip("/")) for name in ("a", "b", ".x"))


def test_a_whole_directory_is_accepted_at_once() -> None:
    globs = TreeGlobs(["p/**", "q/*"])
    assert [globs.accepts_all_in(one) for one in ("p", "p/x/y", "q", "")] == [
        True,
        True,
        False,
        False,
    ]
