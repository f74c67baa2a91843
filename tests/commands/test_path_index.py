"""What `init` knows of a tree: its files, and the directories that hold one."""

from __future__ import annotations

import pytest

from jit_guard.commands import path_index
from jit_guard.commands.path_index import PathIndex
from jit_guard.sources.memory import Link, Memory
from jit_guard.sources.tree import Tree

FILES = {
    "a.md": "x",
    "docs/b.md": "x",
    "docs/deep/c.tar.gz": "x",
    "docs/link.md": Link("b.md"),
    "empty/": "",
    "empty/deeper/": "",
    "docs/odd\n.md": "x",
    "odd*/x.md": "x",
    "!not.md": "x",
    "odd[1]/x.md": "x",
    "node_modules/y.md": "x",
    ".git/z.md": "x",
}


def index(files: dict[str, object] | None = None) -> PathIndex:
    return PathIndex(Tree(Memory(FILES if files is None else files)))  # type: ignore[arg-type]


def test_files_and_links_are_known_and_odd_names_and_tools_are_not() -> None:
    known = index()
    assert list(known.files) == ["a.md", "docs/b.md", "docs/link.md", "docs/deep/c.tar.gz"]
    assert known.directories == {
        "": ["a.md"],
        "docs": ["b.md", "link.md"],
        "docs/deep": ["c.tar.gz"],
    }


def test_a_directory_above_a_file_is_known_although_it_has_none_itself() -> None:
    known = index({"a/b/c/d.md": "x", "a/e/": ""})
    assert known.directories == {"": [], "a": [], "a/b": [], "a/b/c": ["d.md"]}


def test_a_huge_tree_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_index, "_MOST_PATHS", 3)
    many: dict[str, object] = {
        f"{letter}/{number}.md": "x" for letter in "abc" for number in range(2)
    }
    known = index(many)
    assert list(known.files) == ["a/0.md", "a/1.md", "b/0.md", "b/1.md"]


def test_a_directory_that_is_gone_meanwhile_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Tree.directory
    monkeypatch.setattr(Tree, "directory", lambda *given: None if "a" in given else read(*given))
    assert list(index({"a/x.md": "x", "b/y.md": "x"}).files) == ["b/y.md"]


@pytest.mark.parametrize(
    ("base", "text", "path"),
    [
        ("", "a.md", "a.md"),
        ("docs", "b.md", "docs/b.md"),
        ("", "docs/b.md", "docs/b.md"),
        ("", "docs", "docs/"),
        ("", "docs/", "docs/"),
        ("docs", "deep", "docs/deep/"),
        ("docs", "./b.md", "docs/b.md"),
        ("docs", "../a.md", "a.md"),
        ("docs", "./deep/", "docs/deep/"),
        ("docs", "./deep", "docs/deep/"),
        ("", "docs//b.md", "docs/b.md"),
        ("", "./docs//deep/c.tar.gz", "docs/deep/c.tar.gz"),
        ("", "a.md/", None),
        ("", "./a.md/", None),
        ("", "empty", None),
        ("docs", "c.md", None),
        ("docs", "./c.md", None),
        ("", "../a.md", None),
        ("docs", "../../a.md", None),
        ("docs", "..", None),
        ("docs", "../", None),
        ("", "", None),
        ("", "./", None),
        ("docs", "", "docs/"),
    ],
)
def test_a_text_leads_to_a_file_or_to_a_directory(base: str, text: str, path: str | None) -> None:
    assert index().has(base, text) == path


@pytest.mark.parametrize(
    ("word", "paths"),
    [
        ("b.md", ["docs/b.md"]),
        ("b", ["docs/b.md"]),
        ("deep", ["docs/deep/"]),
        ("c.tar.gz", ["docs/deep/c.tar.gz"]),
        ("c.tar", ["docs/deep/c.tar.gz"]),
        ("c", ["docs/deep/c.tar.gz"]),
        ("docs", ["docs/"]),
        ("", []),
        ("nothing", []),
        ("docs/b.md", []),
    ],
)
def test_a_word_is_a_name_with_or_without_its_suffixes(word: str, paths: list[str]) -> None:
    assert index().find(word) == paths


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain", {"plain"}),
        ("a.md", {"a.md", "a"}),
        (".hidden", {".hidden"}),
        (".hidden.md", {".hidden.md", ".hidden"}),
        ("the-alert-triage.md", {"alert-triage", "triage"}),
        ("the_alert-triage", {"alert-triage", "triage"}),
        ("tail-", {"tail-"}),
        ("_private-x.md", {"private-x", "x"}),
    ],
)
def test_the_end_of_a_name_after_a_dash_is_a_word(name: str, words: set[str]) -> None:
    known = index({name: "x"})
    assert {word for word in words if known.find(word) == [name]} == words
    assert known.find("the") == known.find("md") == known.find("") == []


def test_a_long_name_has_few_words() -> None:
    name = "1-2-3-4-5-6.a.b.c.d.e"
    known = index({name: "x"})
    assert known.find("1-2-3-4-5-6.a") == known.find("5-6.a") == [name]
    assert known.find("1-2-3-4-5-6") == known.find("6.a") == []


def test_few_of_many_paths_with_a_word_are_kept() -> None:
    known = index({f"{number}/same.md": "x" for number in range(path_index.MOST + 5)})
    assert len(known.find("same")) == path_index.MOST
