"""The comparison of map and tree: served, missing and special files, and orphans."""

from __future__ import annotations

import json

import pytest

from jit_guard.comparison.compare import compare, components_directory
from jit_guard.comparison.result import Comparison
from jit_guard.config import Settings, TypeSettings
from jit_guard.errors import UnreadableError
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.read_maps import Maps
from jit_guard.sources.tree import Tree
from projects import TEXT, Content, Files, sound


def compared(files: Files, settings: Settings | None = None) -> Comparison:
    parsed = goal_map.parse("goal_map.json", str(files["goal_map.json"]).encode())
    assert isinstance(parsed, GoalMap)
    return compare(Maps((parsed,), {}, (), ()), Tree(Memory(files)), settings or Settings())


def test_matching_maps_and_trees_are_clean() -> None:
    comparison = compared(sound({"A": {"t": "x", "u": "a/b/y"}, "B": {"t": "x"}}))
    assert comparison.clean
    assert comparison.served == {"components/ts": {"x"}, "components/us/a/b": {"y"}}


def test_each_entry_of_a_missing_file_is_reported() -> None:
    text = json.dumps({"B": {"t": "x"}, "A": {"t": "x"}})
    comparison = compared({"goal_map.json": text})
    assert [one.entry.goal for one in comparison.missing] == ["B", "A"]


def test_two_types_may_share_a_directory() -> None:
    files = {
        "goal_map.json": '{"A": {"t": "x", "u": "y"}}',
        "components/ts/x": TEXT,
        "components/ts/y": TEXT,
    }
    settings = Settings(types={"u": TypeSettings("ts")})
    assert compared(files, settings).clean


def test_a_type_may_use_a_directory_below_that_of_another_type() -> None:
    files = {
        "goal_map.json": '{"A": {"t": "x", "u": "x"}}',
        "components/ts/x": TEXT,
        "components/ts/deep/x": TEXT,
    }
    assert compared(files, Settings(types={"u": TypeSettings("ts/deep")})).clean


def test_a_mapped_link_and_its_target_are_not_orphans() -> None:
    files: dict[str, Content] = {
        "goal_map.json": '{"A": {"t": "alias"}}',
        "components/ts/alias": Link("real"),
        "components/ts/real": TEXT,
    }
    assert compared(files).clean


def test_a_special_file_that_an_entry_names_is_not_an_orphan() -> None:
    comparison = compared(
        {"goal_map.json": '{"A": {"t": "pipe"}}', "components/ts/pipe": Other("FIFO")}
    )
    assert [one.place.what for one in comparison.not_files] == ["FIFO"]
    assert list(comparison.orphans) == []


def test_orphans_are_sorted_and_directories_are_not_orphans() -> None:
    files = {**sound({"A": {"t": "x"}}), "components/b": TEXT, "components/a/z": TEXT}
    assert list(compared({**files, "components/empty/": ""}).orphans) == [
        "components/a/z",
        "components/b",
    ]


def test_a_map_in_the_components_directory_is_not_an_orphan() -> None:
    parsed = goal_map.parse("components/goal_map.json", b'{"A": {"t": "x"}}')
    assert isinstance(parsed, GoalMap)
    source = Memory({"components/goal_map.json": "", "components/ts/x": TEXT})
    assert compare(Maps((parsed,), {}, (), ()), Tree(source), Settings()).clean


def test_the_contents_of_a_git_directory_are_not_components() -> None:
    files = sound({"A": {"t": "x"}}, **{"components/.git/config": "", "components/v/.git": "x"})
    assert compared(files).clean


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"components": "x"}, "it is a file, not a directory"),
        ({"components": Link("../x")}, "it is a link that points outside the project"),
        ({"components": Link("gone")}, "it is a broken link"),
        ({"components": Other("FIFO")}, "it is a FIFO"),
    ],
)
def test_a_components_directory_that_is_not_one_cannot_be_checked(
    made: dict[str, Content], reason: str
) -> None:
    with pytest.raises(UnreadableError) as caught:
        components_directory(Tree(Memory(made)), Settings())
    assert (caught.value.path, caught.value.reason) == ("components", reason)


def test_the_components_directory_may_be_absent_a_link_or_the_root() -> None:
    assert components_directory(Tree(Memory({"x": ""})), Settings()) is None
    linked = Tree(Memory({"components": Link("lib"), "lib/x": ""}))
    assert components_directory(linked, Settings()) == "lib"
    assert components_directory(Tree(Memory({"x": ""})), Settings(components="")) == ""


def test_a_components_directory_in_another_case_is_a_mismatch_of_every_entry() -> None:
    comparison = compared({"goal_map.json": '{"A": {"t": "x"}}', "Components/ts/x": TEXT})
    assert [one.place.spelled for one in comparison.misspelled] == ["Components/ts/x"]


def test_files_that_are_resolved_one_by_one_are_recorded_by_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Recording copies a set of names, so recording files one by one was quadratic."""
    noted: list[str] = []
    serve = Comparison.serve

    def seen(self: Comparison, directory: str, names: set[str], opaque: bool) -> None:
        noted.append(directory)
        serve(self, directory, names, opaque)

    monkeypatch.setattr(Comparison, "serve", seen)
    files: dict[str, Content] = {f"components/ts/name{number}": TEXT for number in range(50)}
    files |= {f"components/ts/link{number}": Link(f"name{number}") for number in range(25)}
    goals = {f"G{number}": {"t": f"NAME{number}"} for number in range(50)}
    goals |= {f"L{number}": {"t": f"link{number}"} for number in range(25)}
    comparison = compared({**files, "goal_map.json": json.dumps(goals)})
    assert len(comparison.misspelled) == 50
    assert comparison.served == {"components/ts": {f"name{number}" for number in range(50)}}
    assert noted.count("components/ts") <= 2
