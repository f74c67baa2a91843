"""Registries of any shape are compared in columns, as goal maps are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from jit_guard.comparison.compare import compare
from jit_guard.comparison.result import Comparison
from jit_guard.project import load
from jit_guard.sources.memory import Link, Memory
from jit_guard.sources.read_maps import read_all
from jit_guard.sources.tree import Tree
from projects import TEXT, Content

if TYPE_CHECKING:
    import pytest

PAGES = """
[[registry]]
file = "pages.json"
entries = "$[*]"
target = "{value}"
tree = ["pages/**", "sets/*/"]
"""
WITH_GOAL_MAP = f"""{PAGES}
[[registry]]
preset = "goal-map"
"""


def compared(configuration: str, names: list[str], files: dict[str, Content]) -> Comparison:
    source = Memory(
        {"pages.json": json.dumps(names), "jit-guard.toml": configuration, **files},
    )
    settings = load(source.read).settings
    tree = Tree(source)
    return compare(read_all(source, settings, tree), tree, settings)


def test_files_are_matched_directory_by_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """To record files one by one, each time with a copy of the set, was quadratic."""
    recorded: Counter[str] = Counter()
    resolved: Counter[str] = Counter()
    serve, resolve = Comparison.serve, Tree.resolve

    def counted_serve(
        self: Comparison, directory: str, names: AbstractSet[str], opaque: bool
    ) -> None:
        recorded[directory] += 1
        serve(self, directory, names, opaque)

    def counted_resolve(self: Tree, path: str) -> object:
        resolved[path] += 1
        return resolve(self, path)

    monkeypatch.setattr(Comparison, "serve", counted_serve)
    monkeypatch.setattr(Tree, "resolve", counted_resolve)
    paths = [f"pages/{one}/{number}.md" for one in "ab" for number in range(50)]
    links = [f"pages/a/link{number}.md" for number in range(50)]
    files: dict[str, Content] = dict.fromkeys(paths, TEXT)
    files |= {path: Link(f"{number}.md") for number, path in enumerate(links)}
    comparison = compared(PAGES, [*paths, *links], files)
    assert comparison.clean
    assert comparison.served == {
        f"pages/{one}": {f"{number}.md" for number in range(50)} for one in "ab"
    }
    assert max(recorded.values()) <= 2
    assert set(paths).isdisjoint(resolved)


def test_orphans_of_goal_maps_and_of_trees_are_sorted_together() -> None:
    files: dict[str, Content] = {
        "goal_map.json": '{"A": {"page": "a.md"}}',
        "components/pages/a.md": TEXT,
        "components/pages/b.md": TEXT,
        "components/pages/c.md": TEXT,
        "pages/a": TEXT,
        "pages/a-b": TEXT,
        "pages/a.md": TEXT,
        "pages/d/x": TEXT,
        "pages/d-e/x": TEXT,
        "sets/a/x": TEXT,
        "sets/b/x": TEXT,
        "sets/b-c/x": TEXT,
    }
    found = compared(WITH_GOAL_MAP, ["components/pages/b.md", "pages/a.md", "sets/a/x"], files)
    assert list(found.orphans) == [
        "components/pages/c.md",
        "pages/a",
        "pages/a-b",
        "pages/d-e/x",
        "pages/d/x",
        "sets/b-c/",
        "sets/b/",
    ]


def test_the_file_of_a_registry_is_never_an_orphan() -> None:
    configuration = WITH_GOAL_MAP.replace("pages.json", "components/pages.json")
    files: dict[str, Content] = {
        "components/pages.json": "[]",
        "goal_map.json": '{"A": {"page": "a.md"}}',
        "components/pages/a.md": TEXT,
    }
    assert list(compared(configuration, [], files).orphans) == []


def test_a_file_that_an_entry_names_is_not_a_leftover_whatever_its_name_is() -> None:
    files: dict[str, Content] = {
        "goal_map.json": '{"A": {"page": "a.md"}}',
        "components/pages/a.md": TEXT,
        "components/pages/b.tmp": TEXT,
        "components/pages/c.tmp": TEXT,
    }
    found = compared(WITH_GOAL_MAP, ["components/pages/b.tmp"], files)
    assert found.temporaries == ["components/pages/c.tmp"]
