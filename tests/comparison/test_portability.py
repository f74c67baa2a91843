"""The portability of names to every system that may check out the tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jit_guard.check import check
from jit_guard.project import load
from jit_guard.sources.memory import Link, Memory
from projects import TEXT, call, codes, found, only, sound
from repositories import NEEDS_GIT, repository


def test_two_files_in_a_directory_collide_and_each_names_the_other() -> None:
    files = sound({"A": {"persona": "x.txt"}, "B": {"persona": "X.txt"}})
    finding = only(found(files), "JG302")
    assert finding.path == "components/personas/x.txt"
    assert finding.related == ("components/personas/X.txt",)


def test_three_colliding_names_give_two_findings() -> None:
    files = sound({"A": {"p": "x"}, "B": {"p": "X"}, "C": {"p": "é"}, "D": {"p": "e\u0301"}})
    assert [(one.code, one.path) for one in found(files)] == [
        ("JG302", "components/ps/x"),
        ("JG302", "components/ps/é"),
    ]


def test_files_in_two_colliding_directories_collide() -> None:
    files = sound({"A": {"p": "Sub/x.txt"}, "B": {"p": "sub/X.txt"}, "C": {"p": "sub/y.txt"}})
    finding = only(found(files), "JG302")
    assert {finding.path, *finding.related} == {
        "components/ps/Sub/x.txt",
        "components/ps/sub/X.txt",
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["ps/Guide", "ps/guide/b.txt"], [("ps/guide/", "ps/Guide")]),
        (["ps/Warm/a.txt", "ps/warm/b.txt"], [("ps/warm/", "ps/Warm/")]),
        (["ps/u\u0308/a", "ps/\u00fc/b"], [("ps/\u00fc/", "ps/u\u0308/")]),
        (["ps/W/in/a", "ps/w/in/b"], [("ps/w/", "ps/W/")]),
        (["ps/W/in", "ps/w/in/b"], [("ps/w/in/", "ps/W/in")]),
        (["ps/W/Deep/a", "ps/w/deep/b"], [("ps/w/deep/", "ps/W/Deep/")]),
        (["ps/W/x", "ps/w/x", "ps/w/y"], [("ps/w/x", "ps/W/x")]),
        (["ps/W/x", "ps/w/x", "ps/v/X"], [("ps/w/x", "ps/W/x")]),
        (
            ["ps/AB/x", "ps/Ab/x", "ps/ab/y"],
            [("ps/Ab/x", "ps/AB/x"), ("ps/Ab/", "ps/AB/"), ("ps/ab/", "ps/AB/")],
        ),
    ],
)
def test_paths_whose_directories_collide(paths: list[str], expected: list[tuple[str, str]]) -> None:
    goals = {f"G{number}": {"p": path[3:]} for number, path in enumerate(paths)}
    files = sound(goals)
    collisions = found(files)
    assert {one.code for one in collisions} == {"JG302"}
    assert {(one.path, *one.related) for one in collisions} == {
        tuple(f"components/{one}" for one in pair) for pair in expected
    }


def test_the_components_directory_itself_and_what_is_around_it_may_collide() -> None:
    files = sound({"A": {"p": "x"}}, **{"Components/other.txt": TEXT, "Other/x": "", "other/y": ""})
    finding = only(found(files), "JG302")
    assert (finding.path, finding.related) == ("components/", ("Components/",))
    nested = {"goal_map.json": '{"A": {"p": "x"}}', "Lib/y": "", "lib/parts/ps/x": TEXT}
    finding = only(found(nested, components="lib/parts"), "JG302")
    assert (finding.path, finding.related) == ("lib/", ("Lib/",))


def test_a_link_may_collide_with_a_file() -> None:
    files = sound({"A": {"p": "x"}, "B": {"p": "y"}}, **{"components/ps/X": Link("y")})
    assert sorted(codes(found(files))) == ["JG301", "JG302"]


REGISTRY = """
[[registry]]
file = "plugins.json"
entries = "$[*]"
target = "{value}"
"""


@pytest.mark.parametrize(
    ("tree", "names", "paths", "expected"),
    [
        ('["plugins/*/"]', ["plugins/Warm/", "plugins/warm/"], [], "plugins/warm/"),
        ('["plugins/*/"]', ["plugins/guide/"], ["plugins/Guide"], "plugins/guide/"),
        ('["plugins/*/"]', ["plugins/a/"], ["Plugins/b.txt"], "plugins/"),
        ('["plugins/*.md"]', ["plugins/a.md"], ["plugins/A.md/x"], "plugins/a.md"),
        ("[]", ["docs/a.md"], ["docs/A.md"], "docs/a.md"),
        ("[]", ["docs/a/"], ["docs/A/y"], "docs/a/"),
        ('["plugins/*/"]', ["plugins/a/"], ["plugins/a/X", "plugins/a/x", "Q", "q"], None),
    ],
)
def test_collisions_in_the_trees_of_registries_and_with_what_entries_name(
    tree: str, names: list[str], paths: list[str], expected: str | None
) -> None:
    made = [f"{name}x.txt" if name.endswith("/") else name for name in names]
    files = dict.fromkeys([*made, *paths], TEXT)
    configuration = f"{REGISTRY}tree = {tree}\n"
    source = Memory({**files, "plugins.json": json.dumps(names), "jit-guard.toml": configuration})
    report = check(source, load(source.read).settings)
    assert [one.path for one in report.findings if one.code != "JG301"] == [
        one for one in [expected] if one is not None
    ]


@NEEDS_GIT
def test_collisions_in_what_git_has(tmp_path: Path) -> None:
    goals = {"A": {"p": "Guide"}, "B": {"p": "guide/b.txt"}}
    repository(tmp_path, sound(goals))
    for source in ("index", "HEAD"):
        outcome = call("--source", source, "--format", "json", cwd=tmp_path)
        assert outcome.codes == ["JG302"], source
        assert outcome.report["findings"][0]["path"] == "components/ps/guide/"


def test_a_collision_with_an_unmapped_file_is_an_orphan_too_and_each_names_the_other() -> None:
    files = sound({"A": {"p": "x"}}, **{"components/ps/X": TEXT})
    collision, orphan = sorted(found(files), key=lambda one: one.code, reverse=True)
    assert (collision.code, orphan.code) == ("JG302", "JG301")
    assert orphan.path == "components/ps/X"
    assert orphan.related == ("components/ps/x",)
    assert {collision.path, *collision.related} == {"components/ps/x", "components/ps/X"}


def test_equal_names_in_different_directories_do_not_collide() -> None:
    assert found(sound({"A": {"p": "x/a", "q": "x/a"}, "B": {"p": "y/a", "q": "y/A"}})) == []


@pytest.mark.parametrize("name", ["a:b.txt", "aux.txt", "a.txt.", "a ", "é" * 128, "a?b"])
def test_an_unportable_name_is_a_warning_at_its_first_entry(name: str) -> None:
    goals = {"B": {"persona": name}, "A": {"persona": name}}
    finding = only(found(sound(goals)), "JG208")
    assert (finding.severity, finding.goal, finding.path) == (
        "warning",
        "B",
        f"components/personas/{name}",
    )


def test_an_unmapped_file_has_an_unportable_name_too() -> None:
    files = sound({"A": {"p": "x"}}, **{"components/ps/a:b": TEXT})
    findings = found(files)
    assert codes(findings) == ["JG208", "JG301"]
    assert findings[0].map is None


def test_a_file_inherits_the_invalid_names_of_its_directories() -> None:
    finding = only(found(sound({"A": {"persona": "con/deep/x.txt"}})), "JG208")
    assert finding.path == "components/personas/con/deep/x.txt"


def test_directories_are_checked_if_the_components_directory_is_the_root() -> None:
    files = {"goal_map.json": '{"A": {"con.x": "y.txt"}}', "con.xs/y.txt": TEXT}
    assert codes(found(files, components="")) == ["JG208"]


def test_a_missing_component_with_an_unportable_name_is_reported_too() -> None:
    findings = found({"goal_map.json": '{"A": {"persona": "a:b"}}'})
    assert codes(findings) == ["JG201", "JG208"]


def test_a_name_that_is_never_an_orphan_is_not_checked() -> None:
    assert found(sound({"A": {"p": "x"}}, **{"components/ps/a:b~": TEXT})) == []


def test_the_name_of_a_link_is_checked() -> None:
    files = {
        "goal_map.json": '{"A": {"p": "a:b"}, "B": {"p": "x"}}',
        "components/ps/a:b": Link("x"),
        "components/ps/x": TEXT,
    }
    assert codes(found(files)) == ["JG208"]
