"""The check: the parts of the report, and the calls to a source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.errors import ConfigError
from jit_guard.project import load
from jit_guard.registry.schema import Schema
from jit_guard.report import Report, Skipped
from jit_guard.sources.memory import Memory
from projects import MAP, SOUND, TEXT, Files, at, codes, lay_out, report_on
from repositories import NEEDS_GIT, repository


def test_a_clean_project_gives_a_report_without_findings_but_with_counts() -> None:
    assert report_on(SOUND) == Report(".", "memory", ("goal_map.json",), 1, 1)
    assert report_on(SOUND).ok


def test_warnings_are_ok_and_errors_are_not() -> None:
    warned = report_on({**SOUND, "goal_map.json.tmp": ""})
    assert (warned.ok, warned.errors, warned.warnings) == (True, 0, 1)
    wrong = report_on({**SOUND, "components/x": TEXT})
    assert (wrong.ok, wrong.errors, wrong.warnings) == (False, 1, 0)


def test_reported_maps_are_unique_and_in_the_given_order() -> None:
    source = Memory({"a.json": MAP, "b.json": MAP, "components/personas/host.txt": TEXT})
    settings = Settings(maps=("a.json",))
    report = check(source, settings, reported=["b.json", "a.json", "b.json"])
    assert report.maps == ("b.json", "a.json")
    assert report.entries == 2


def test_a_map_that_only_counts_as_a_reference_is_not_reported_on() -> None:
    files = {**SOUND, "b.json": '{"B": {"t": "gone"}}'}
    settings = Settings(maps=("goal_map.json", "b.json"))
    report = check(Memory(files), settings, reported=["goal_map.json"])
    assert report.findings == ()
    assert report.entries == 1


def test_an_unreadable_reference_map_skips_orphans_too() -> None:
    files = {**SOUND, "b.json": "{", "components/ts/x": TEXT}
    settings = Settings(maps=("goal_map.json", "b.json"))
    report = check(Memory(files), settings, reported=["goal_map.json"])
    assert report.findings == ()
    assert [(one.code, one.map) for one in report.skipped] == [("JG301", "b.json")]


def test_a_teams_schema_is_checked_in_addition_to_the_built_in_one() -> None:
    schema = Schema.load("team.json", b'{"maxProperties": 0}')
    report = check(Memory(SOUND), Settings(), schema=schema)
    assert codes(report.findings) == ["JG101"]
    assert report.skipped == ()


def test_a_violation_of_both_schemas_is_reported_once() -> None:
    schema = Schema.load("team.json", json.dumps({"type": "object"}).encode())
    report = check(Memory({"goal_map.json": "[]"}), Settings(), schema=schema)
    assert codes(report.findings) == ["JG101"]


@pytest.mark.parametrize("files", [{}, {"goal_map.json": "{"}, SOUND], ids=["none", "bad", "good"])
def test_a_schema_that_cannot_be_used_is_an_error_whatever_the_maps_are(files: Files) -> None:
    schema = Schema.load("team.json", b'{"pattern": "("}')
    with pytest.raises(ConfigError, match=r"team\.json: not a JSON Schema: cannot read"):
        check(Memory(files), Settings(), schema=schema)


def test_skipped_says_for_which_map_and_why() -> None:
    report = report_on({"goal_map.json": "{"})
    assert report.skipped == (
        Skipped(
            "JG301",
            "goal_map.json",
            "the map cannot be read (JG001), so the files it names are unknown",
        ),
    )


def test_registries_are_shown_unless_maps_are_asked_for() -> None:
    text = '[[registry]]\npreset = "goal-map"\n[[registry]]\npreset = "agent-skills"\n'
    index = ".well-known/skills/index.json"
    files = {**SOUND, "jit-guard.toml": text, index: '{"skills": [{"name": "gone"}]}'}
    source = Memory(files)
    settings = load(source.read).settings
    everything = check(source, settings)
    assert everything.maps == ("goal_map.json", index)
    assert everything.errors > 0
    asked = check(source, settings, reported=["goal_map.json"])
    assert (asked.maps, asked.errors) == (("goal_map.json",), 0)


def test_without_orphans_git_is_not_asked() -> None:
    class Silent(Memory):
        def ignored(self, paths: list[str]) -> set[str]:
            raise AssertionError(paths)

    assert check(Silent({"goal_map.json": '{"A": {"t": "gone"}}'}), Settings()).errors == 1


def test_a_report_cannot_be_changed() -> None:
    report: Any = report_on({**SOUND, "components/x": TEXT})
    for one in (report, report.findings[0]):
        for name in ("root", "message", "new"):
            with pytest.raises(AttributeError):
                setattr(one, name, "changed")
    with pytest.raises(TypeError):
        report.findings[0] = None


@NEEDS_GIT
def test_a_hint_publishes_no_file_that_only_a_link_leads_to(tmp_path: Path) -> None:
    text = '{"A": {"persona": "x.txt"}, "B": {"tone": "y.txt"}}'
    root = repository(tmp_path, {"goal_map.json": text, "elsewhere/.gitkeep": ""})
    lay_out(root, {"elsewhere/x.txt": TEXT, "components/tones/y.txt": TEXT})
    (root / "components/personas").symlink_to("../elsewhere")

    with at(root):
        found = Guard().check().findings
    hints = {one.path: one.hint or "" for one in found if one.code == "JG203"}
    assert set(hints) == {"components/personas", "components/tones/y.txt", "elsewhere/x.txt"}
    assert "git add -- components/personas`" in hints["components/personas"]
    assert "git add -- components/tones/y.txt`" in hints["components/tones/y.txt"]
    assert "git add" not in hints["elsewhere/x.txt"]


@NEEDS_GIT
def test_what_the_index_lacks_is_explained_by_the_map_on_disk(tmp_path: Path) -> None:
    root = repository(tmp_path, {"goal_map.json": '{"A": {"persona": "x.txt"}}'})
    (root / "goal_map.json").write_text("{}")
    with at(root):
        (missing,) = Guard().check("index").findings
    assert missing.code == "JG201"
    assert (
        missing.hint == "the map on disk no longer has this entry; run `git add -- goal_map.json`"
    )
