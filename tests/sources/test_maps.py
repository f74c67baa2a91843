"""Maps and registries of a snapshot: which are read, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jit_guard.registry.goal_map import MapFault
from jit_guard.sources.memory import Memory
from jit_guard.sources.read_maps import Maps, read_all, read_maps
from jit_guard.sources.registry_files import by_table, files
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from projects import lay_out

GOOD = {"conforms": True, "repeats_keys": False, "goals": {"A": {"t": "x"}}, "sound": True}
REGISTRY = {"repeats_keys": False, "problems": (), "sound": True}


def maps(good: Mapping[str, Any], registry: Mapping[str, Any], **more: Any) -> Maps:
    read: Any = (SimpleNamespace(**good),)
    registries: Any = (SimpleNamespace(**registry),)
    return Maps(read, {}, (), ())._replace(registries=registries, **more)


@pytest.mark.parametrize(
    ("good", "registry", "more"),
    [
        ({"conforms": False}, {}, {}),
        ({"repeats_keys": True}, {}, {}),
        ({"goals": {"A": {}}}, {}, {}),
        ({"goals": {}}, {}, {}),
        ({}, {"repeats_keys": True}, {}),
        ({}, {"problems": ("x",)}, {}),
        ({}, {}, {"faults": {"x": "no"}}),
        ({}, {}, {"absent": ("x",)}),
        ({}, {}, {"unreadable": ("x",)}),
        ({}, {}, {"empty": ("x",)}),
    ],
)
def test_one_thing_that_is_wrong_is_enough(
    good: dict[str, Any], registry: dict[str, Any], more: dict[str, Any]
) -> None:
    assert maps(GOOD, REGISTRY).clean
    assert maps(GOOD, REGISTRY).complete
    found = maps({**GOOD, **good}, {**REGISTRY, **registry}, **more)
    assert not found.clean
    assert found.complete is not bool({"faults", "unreadable"} & set(more))
    assert not maps({**GOOD, "sound": False}, REGISTRY).complete


def test_a_map_that_cannot_be_read_does_not_hide_the_next(tmp_path: Path) -> None:
    lay_out(tmp_path, {"d/x": "", "b.json": '{"A": {"t": "x"}}', "c.json": "{"})
    found = read_maps(Worktree(str(tmp_path)), ["../a.json", "d", "gone.json", "c.json", "b.json"])
    assert [one.path for one in found.read] == ["b.json"]
    assert list(found.faults) == ["../a.json", "c.json"]
    fault = found.faults["../a.json"]
    assert isinstance(fault, MapFault)
    assert (fault.code, fault.line, fault.column) == ("JG205", 1, 1)
    assert found.absent == ("gone.json",)
    assert [one.path for one in found.unreadable] == ["d"]


class Asked(Memory):
    """A source that counts how often it is asked for filters."""

    count = 0

    def filtered(self, texts: object, not_text: object) -> Mapping[str, str]:
        """Count, and say that there are none."""
        self.count += 1
        return {}


def test_git_is_asked_for_filters_only_if_a_map_cannot_be_parsed() -> None:
    source = Asked({"a.json": '{"A": {"t": "x"}}', "b.json": "{}", "c.json": "{"})
    read_maps(source, ["a.json", "b.json"])
    assert source.count == 0
    read_maps(source, ["c.json"])
    assert source.count == 1


def test_a_registry_that_is_named_as_a_map_is_read_as_a_registry() -> None:
    settings: Any = SimpleNamespace(maps=("m.json",), registry=(table(1, "r.json", False),))
    source = Memory({"m.json": "{}"})
    found = read_all(source, settings, Tree(source), ["x.json", "r.json"])
    assert found.absent == ("x.json", "r.json")
    assert [one.path for one in found.read] == ["m.json"]


def table(number: int, file: str, several: bool) -> Any:
    return SimpleNamespace(number=number, file=file, several=several)


def test_the_files_of_a_preset_count_as_one() -> None:
    tree = Tree(Memory({"a/x.json": "", "b/x.json": "", "c/y.json": ""}))
    assert files(table(1, "*/x.json", True), tree) == ["a/x.json", "b/x.json"]
    assert files(table(1, "gone.json", False), tree) == ["gone.json"]
    tables = [
        table(1, "*/y.json", True),
        table(1, "*/z.json", True),
        table(2, "*/x.json", True),
        table(3, "*/z.json", True),
        table(3, "*/w.json", True),
    ]
    found = [(name, [path for path, _ in listed]) for name, listed in by_table(tables, tree)]
    assert found == [
        ("c/y.json", ["c/y.json"]),
        ("*/x.json", ["a/x.json", "b/x.json"]),
        ("*/z.json", []),
    ]
