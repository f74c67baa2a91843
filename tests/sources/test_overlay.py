"""What lies over a source, what a walk finds, and where git keeps what belongs to a work tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from jit_guard.errors import UnreadableError
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.sources.answers import Blob, DirectoryListing, GitState, Origin, Twin
from jit_guard.sources.git.directories import files_on_disk
from jit_guard.sources.glob_walk import holds_files, walk
from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.overlay import Overlay
from jit_guard.sources.repository import below, git_directory
from jit_guard.sources.tree import Tree
from jit_guard.sources.twins import find_twins
from projects import lay_out


class Recorded(Memory):
    """A source that remembers how it was asked."""

    def __init__(self, files: Mapping[str, str | Link | Other], bad: Iterable[str] = ()) -> None:
        super().__init__(files)
        self.sizes: list[bool] = []
        self.not_text: list[object] = []
        self._bad = set(bad)

    def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
        """Return the names, unless the directory cannot be read."""
        self.sizes.append(sizes)
        if path in self._bad:
            raise UnreadableError(path, "no")
        return super().directory(path)

    def filtered(self, texts: object, not_text: object) -> Mapping[str, str]:
        """Say that two files are filtered."""
        self.not_text.append(not_text)
        return {"a": "filter=x", "b": "filter=x"}


def test_what_lies_over_a_source_is_as_it_was_written() -> None:
    base = Recorded({"a": "", "b": "", "d/c": ""})
    over = Overlay(base, {"a": "new"})
    assert over.filtered({"": ["a", "b"]}, ["a", "b"]) == {"b": "filter=x"}
    assert base.not_text == [["b"]]
    over.directory("")
    Tree(base).directory("")
    Tree(base, sizes=True).directory("")
    assert base.sizes == [False, False, True]


def test_a_walk_goes_on_after_what_cannot_be_read() -> None:
    files = {f"d{number}/x.txt": "" for number in range(20)}
    tree = Tree(Recorded({**files, "bad/x.txt": ""}, ["bad"]))
    assert set(walk(TreeGlobs(["*/*.txt"]), tree)) == {f"d{number}" for number in range(20)}


def test_a_link_or_a_pipe_in_a_directory_counts_as_a_file() -> None:
    files = {"a/b/x": Link("y"), "c/p": Other("FIFO"), "d/e/": "", "f/x": "", "g/h": ""}
    tree = Tree(Recorded(files, ["g"]))
    assert [holds_files(tree, one) for one in ("a", "c", "d", "f", "g")] == [
        *(True, True, False, True, True)
    ]


def test_in_memory_the_only_orphan_with_the_committed_text_is_a_twin() -> None:
    source = Memory({"b": "x", "c": "x", "d": "y"}, committed={"a": b"x", "e": b"y", "f": b"z"})
    assert source.same_text(["a", "e", "f", "g"], ["b", "c", "d"]) == {"e": Twin("d")}


@pytest.mark.parametrize(("alike", "found"), [(50, {"gone": Twin("d0")}), (51, {})])
def test_a_file_that_very_many_directories_have_says_nothing(
    alike: int, found: dict[str, Twin]
) -> None:
    orphans = {f"d{number}": {"x": {"1"}} for number in range(alike)}
    orphans["d0"]["y"] = {"2"}
    orphans |= {f"e{number}": {"y": {"2"}} for number in range(60)}
    assert find_twins({"gone": {"x": "1", "y": "2"}}, orphans) == found


@pytest.mark.parametrize(
    ("content", "real"),
    [
        ("gitdir: ../there\n", "there"),
        ("gitdir: ../there\r\n", "there"),
        ("../there\n", "here/.git"),
        ("gitdir: ../the\0re\n", "here/.git"),
    ],
)
def test_a_file_may_say_where_the_git_directory_is(tmp_path: Path, content: str, real: str) -> None:
    lay_out(tmp_path, {"here/.git": content})
    top = os.path.realpath(tmp_path)
    assert git_directory(str(tmp_path / "here")) == os.path.join(top, *real.split("/"))
    assert git_directory(str(tmp_path)) == os.path.join(top, ".git")


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_a_path_is_relative_to_a_directory_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [below("/a", one) for one in ("/a", "/a/b/c", "/a/b/", "/ab", "/")] == [
        *("", "b/c", "b", "../ab", "..")
    ]

    def other_drive(*_: object) -> str:
        raise ValueError

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert below("/a", "/b") == ".."
    assert below("/a", "/a/b") == "b"


def test_so_many_links_are_followed_as_on_linux() -> None:
    links = {f"l{number}": Link(f"l{number + 1}") for number in range(41)}
    tree = Tree(Memory({**links, "l41": "x"}))
    assert tree.resolve("l1").kind == "file"
    assert tree.resolve("l0").kind == "broken"


def test_links_of_git_annex_have_contents_outside_the_tree() -> None:
    annexed = ".git/annex/objects/x/y"
    tree = Tree(
        Memory(
            {
                "a": Link(annexed),
                "b": Link("a"),
                "c": Link(".git/annex/other"),
                "d": Link(".git/x/objects/y"),
                "e": Link("../x"),
            }
        )
    )
    for path, links in (("a", ("a",)), ("b", ("b", "a"))):
        place = tree.resolve(path)
        assert (place.kind, place.spelled, place.real, place.links) == ("unknown", path, "a", links)
        assert "git-annex" in place.what
    for path in ("c", "d", "e", annexed):
        assert tree.resolve(path).kind == "outside"
    assert tree.resolve("").spelled == ""


def test_nothing_of_git_is_part_of_the_tree() -> None:
    files = {"l": Link("x"), ".git": Link("y"), "d/p": Other("FIFO"), "d/.GIT": Other("FIFO")}
    tree = Tree(Memory(files))
    assert tree.directory("") == DirectoryListing(set(), {"d"}, {"l": "x"}, {})
    assert tree.directory("d") == DirectoryListing(set(), set(), {}, {"p": "FIFO"})


def test_a_record_says_only_what_it_was_given() -> None:
    state = GitState("a", "untracked", "is untracked", None)
    assert (state.held, state.ignored, state.blob) == (False, False, None)
    assert Twin("a").whole
    assert Blob("1", executable=False).staged
    assert Origin("worktree", "worktree").born


def test_files_below_directories_are_listed_without_links_and_git(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {"d/a": "", "d/e/b": "", "d/.git/c": "", "d/to": Link("e"), "f/g": "", "e/": ""},
    )
    found = files_on_disk(str(tmp_path), ["gone", "d", "f", "e"])
    assert found
    assert {one: sorted(files) for one, files in found.items()} == {
        "gone": [],
        "d": ["a", "e/b", "to"],
        "f": ["g"],
        "e": [],
    }
