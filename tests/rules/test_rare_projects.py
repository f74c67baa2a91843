"""Findings in projects that few people have: their places, their paths and their hints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jit_guard.check import check
from jit_guard.project import load
from jit_guard.report import Finding
from jit_guard.sources.memory import Link, Memory
from jit_guard.text.generated import mark
from projects import HOST, MAP, SOUND, TEXT, Files, call, found, lay_out

PERSONAS = "components/personas"


def by_code(files: Files) -> dict[str, Finding]:
    """Return the findings of a project in memory, one of each code."""
    source = Memory(files)
    return {one.code: one for one in check(source, load(source.read).settings).findings}


def test_a_file_in_another_case_belongs_to_the_entry_that_means_it() -> None:
    goals = '{"A": {"persona": "Aux.txt"}}'
    findings = found({"goal_map.json": goals, f"{PERSONAS}/aux.txt": HOST})
    assert [(one.code, one.line, one.column, one.goal) for one in findings] == [
        ("JG202", 1, 19, "A"),
        ("JG208", 1, 19, "A"),
    ]
    assert findings[1].hint == "rename the file and update the map"


def test_a_type_is_not_renamed_to_one_that_the_goal_has() -> None:
    goals = '{"A": {"personna": "y.txt"}, "B": {"persona": "x.txt", "personna": "y.txt"}}'
    files = {f"{PERSONAS}/x.txt": HOST, f"{PERSONAS}/y.txt": TEXT}
    hints = {
        one.goal: str(one.hint) for one in found({"goal_map.json": goals, **files}) if one.goal
    }
    assert 'Rename the component type to "persona"' in hints["A"]
    assert "persona" not in hints["B"]


def test_behind_a_link_a_file_is_named_as_entries_name_it() -> None:
    goals = '{"A": {"persona": "host.txt"}, "B": {"persona": "b.txt"}}'
    linked = {
        "goal_map.json": goals,
        "components": Link("lib"),
        "lib/personas/hosts.txt": HOST,
        "lib/personas/b.txt": TEXT,
    }
    findings = by_code(linked)
    assert "did you mean lib/personas/hosts.txt" in str(findings["JG201"].hint)
    assert 'Change the entry to "hosts.txt", or move' in str(findings["JG201"].hint)
    assert 'Change the entry A/persona to "hosts.txt", or move' in str(findings["JG301"].hint)
    empty = {"goal_map.json": MAP, "components": Link("lib"), "lib/personas/host.txt": ""}
    findings = by_code(empty)
    assert [*findings] == ["JG206"]
    assert (findings["JG206"].path, findings["JG206"].pointer) == (
        "lib/personas/host.txt",
        "/GREET/persona",
    )


def test_of_links_to_links_the_broken_one_is_named() -> None:
    links = {
        f"{PERSONAS}/host.txt": Link("a"),
        f"{PERSONAS}/a": Link("b"),
        f"{PERSONAS}/b": Link("c"),
    }
    (one,) = found({"goal_map.json": MAP, **links})
    assert one.message == f"{PERSONAS}/host.txt is a broken link ({PERSONAS}/b), not a file"


def test_a_draft_of_a_map_that_is_not_configured_is_fixed_in_it(tmp_path: Path) -> None:
    draft = mark("# Purpose\n\nTo be written.\n", ".txt")
    goals = '{"A": {"persona": "autogen_a.txt"}}'
    lay_out(tmp_path, {**SOUND, "other.json": goals, f"{PERSONAS}/autogen_a.txt": draft})
    report = call("--map", "other.json", "--format", "json", cwd=tmp_path).report
    hints = [one["hint"] for one in report["findings"] if one["code"] == "JG501"]
    assert [hint.partition(", or ")[2] for hint in hints] == [
        "run `jit-guard --fix --generator openai --map other.json` to have a model write it"
    ]


def test_a_repeated_key_is_found_at_any_depth_of_a_registry() -> None:
    table = '[[registry]]\nfile = "r.json"\nentries = "$.a[*].at"\ntarget = "{value}"\n'
    text = '{"a": [1, {"at": "x.md", "id": 1, "id": 2}], "b": [{"c": 1}], "z": 0}'
    findings = by_code({"jit-guard.toml": table, "r.json": text, "x.md": TEXT})
    assert [*findings] == ["JG002"]
    assert (findings["JG002"].column, findings["JG002"].pointer) == (35, "/a/1/id")
    assert "already defined at 1:26; parsers keep" in findings["JG002"].message


def test_a_component_type_is_not_renamed_to_one_that_the_goal_has() -> None:
    goals = '{"A": {"Persona": "a.txt", "persona": "b.txt"}}'
    files = {"goal_map.json": goals, f"{PERSONAS}/a.txt": HOST, f"{PERSONAS}/b.txt": TEXT}
    (one,) = found(files)
    assert (one.code, one.component_type) == ("JG202", "Persona")
    assert one.hint == 'keep one of the two entries, with the component type "persona"'
    files["goal_map.json"] = '{"A": {"Persona": "a.txt"}, "B": {"persona": "b.txt"}}'
    (one,) = found(files)
    assert one.hint == 'rename the component type to "persona"'


def test_a_map_with_values_of_another_kind_is_searched_for_repeated_keys_nevertheless() -> None:
    """Only where they are goals and component types."""
    more = '{"A": 5, "B": {"persona": "host.txt", "persona": "host.txt"}}'
    findings = found({"goal_map.json": more, f"{PERSONAS}/host.txt": HOST})
    assert [(one.code, one.pointer) for one in findings] == [
        ("JG101", "/A"),
        ("JG002", "/B/persona"),
    ]
    findings = found({"goal_map.json": '[{"a": 1, "a": 2}]', f"{PERSONAS}/host.txt": HOST})
    assert {one.code for one in findings} == {"JG101"}


def test_a_missing_directory_is_added_and_a_missing_file_generated() -> None:
    table = '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}"\n'
    source = Memory({"jit-guard.toml": table, "r.json": '["p/a.md", "p/b/", "p/c.md"]'})
    findings = check(source, load(source.read).settings).findings
    generate = "run `jit-guard --fix` to generate it, or correct or remove the entry"
    add = "add the directory, or correct or remove the entry"
    assert [one.hint for one in findings] == [generate, add, generate]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_map_that_is_a_link_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(MAP)
    root = lay_out(tmp_path / "p", {**SOUND, "goal_map.json": Link("../outside.json")})
    (one,) = call("--format", "json", cwd=root).report["findings"]
    assert (one["code"], one["map"], one["path"]) == ("JG205", "goal_map.json", "goal_map.json")
    assert one["message"].startswith("the map is not read: ")
    assert one["hint"].startswith("keep the map itself, or a link to a file inside the project")
