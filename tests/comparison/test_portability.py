"""The portability of names to every system that may check out the tree."""

from __future__ import annotations

import pytest

from jit_guard.sources.memory import Link
from projects import TEXT, codes, found, only, sound


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
