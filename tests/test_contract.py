"""The contract: what every code promises, with hand-written cases and exact places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard.config import TypeSettings
from jit_guard.formats.json import document
from jit_guard.report import Finding
from jit_guard.sources.memory import Link, Other
from projects import (
    HOST,
    MAP,
    SOUND,
    TEXT,
    Content,
    Files,
    call,
    codes,
    configured,
    found,
    git,
    judge,
    lay_out,
    only,
    sound,
)


def in_map(text: Content, **more: Content) -> dict[str, Content]:
    return {"goal_map.json": text, **more}


def place(finding: Finding) -> tuple[int | None, int | None, str | None]:
    return finding.line, finding.column, finding.pointer


# --- JG0xx: the map as a text -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "the file is empty"),
        ('{\n  "A": {"t": "f",}\n}', 2, 17, "a trailing comma"),
        ('{\r\n  "A": {"t": "f"},\r\n}\r\n', 2, 18, "a trailing comma"),
        ('{\n<<<<<<< HEAD\n  "A": {}\n', 2, 1, "a merge conflict marker"),
        ('{"日本🎉": NaN}', 1, 9, "NaN"),
        ("[" * 300 + "]" * 300, 1, 101, "nested deeper than 100 levels"),
        ('{"A": {"t": "f"}} {}', 1, 19, "more text"),
        ('{"A": {"t": "f"}', 1, 17, "ends too early"),
    ],
)
def test_jg001_says_where_reading_stopped(text: str, line: int, column: int, words: str) -> None:
    finding = only(found(in_map(text)), "JG001")
    assert (finding.line, finding.column) == (line, column)
    assert words in finding.message
    assert (finding.map, finding.path) == ("goal_map.json", "goal_map.json")
    assert finding.goal is None


def test_jg002_tells_both_places_and_the_last_one_is_judged_on() -> None:
    text = '{\n  "A": {"t": "gone.txt"},\n  "A": {"t": "x.txt", "t": "y.txt"}\n}'
    findings = found(in_map(text, **{"components/ts/y.txt": TEXT}))
    assert codes(findings) == ["JG002", "JG002"]
    assert place(findings[0]) == (3, 3, "/A")
    assert "2:3" in findings[0].message
    assert place(findings[1]) == (3, 23, "/A/t")
    assert "3:9" in findings[1].message
    assert findings[1].component_type == "t"


def test_jg002_withholds_nothing() -> None:
    text = '{"A": {"t": "gone.txt"}, "A": {"t": "x.txt"}}'
    report = judge(in_map(text, **{"components/ts/gone.txt": TEXT}))
    assert codes(report.findings) == ["JG002", "JG201", "JG301"]
    assert report.skipped == ()


def test_jg002_sees_through_escapes() -> None:
    text = '{"\\u0041": {"t": "x.txt"}, "A": {"t": "x.txt"}}'
    assert codes(found(in_map(text, **{"components/ts/x.txt": TEXT}))) == ["JG002"]


def test_jg002_names_every_repetition() -> None:
    text = '{"A": {"t": "x"}, "A": {"t": "x"}, "A": {"t": "x"}}'
    findings = found(in_map(text, **{"components/ts/x": TEXT}))
    assert [(one.code, one.column) for one in findings] == [("JG002", 19), ("JG002", 36)]
    assert all("1:2" in one.message for one in findings)  # where the first one stands


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"\xef\xbb\xbf" + MAP.encode(), 1, "byte order mark"),
        (MAP.encode("utf-16"), 1, "byte order mark"),
        ('{\n"é": 1'.encode("latin-1"), 2, "0xe9 is not UTF-8"),
    ],
)
def test_jg003_is_told_where_reading_stopped(data: bytes, line: int, words: str) -> None:
    finding = only(found(in_map(data)), "JG003")
    assert finding.line == line
    assert words in finding.message


@pytest.mark.parametrize("text", ["{}", '{"A": {}}', '{"$schema": "x"}', " {} "])
def test_jg004_a_map_without_an_entry_is_never_a_silent_pass(text: str) -> None:
    finding = only(found(in_map(text)), "JG004")
    assert (finding.map, finding.path) == ("goal_map.json", "goal_map.json")
    assert found(in_map(text), allow_empty=True) == []


def test_jg004_no_map_is_never_a_silent_pass() -> None:
    finding = only(found({"components/personas/.gitkeep": ""}), "JG004")
    assert (finding.map, finding.line) == ("goal_map.json", None)
    assert found({}, allow_empty=True) == []


def test_jg004_withholds_nothing() -> None:
    report = judge(in_map("{}", **{"components/ts/x": TEXT}))
    assert codes(report.findings) == ["JG004", "JG301"]
    assert report.skipped == ()


def test_jg004_is_told_for_the_one_of_several_maps_that_is_absent() -> None:
    findings = found(SOUND, maps=("goal_map.json", "other.json"))
    assert only(findings, "JG004").map == "other.json"


# --- JG101: the schema --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "keyword"),
    [
        ("[]", (1, 1, ""), "type"),
        (' \n"x"', (2, 1, ""), "type"),
        ('{"A":  "f"}', (1, 2, "/A"), "type"),  # a goal's finding stands at its key
        ('{"A": {"t":  1}}', (1, 14, "/A/t"), "type"),
        ('{"a/b~c": {"d~e/f": []}}', (1, 21, "/a~1b~0c/d~0e~1f"), "type"),
        ('{"日本🎉": {"é":\r\n  ""}}', (2, 3, "/日本🎉/é"), "minLength"),
        ('{"A": {"": "f"}}', (1, 8, "/A/"), "minLength"),
        ('{"": {"t": "f"}}', (1, 2, "/"), "minLength"),
        ('{"$schema": 1, "A": {"t": "x"}}', (1, 2, "/$schema"), "type"),
    ],
)
def test_jg101_tells_position_pointer_keyword_and_reason(
    text: str, where: tuple[int, int, str], keyword: str
) -> None:
    findings = [one for one in found(in_map(text)) if one.code == "JG101"]
    finding = only(findings, "JG101")
    assert place(finding) == where
    assert finding.message.endswith(f"({keyword})")


def test_jg101_withholds_orphans_for_the_whole_tree_and_judges_the_sound_entries() -> None:
    text = '{"A": {"t": 1}, "B": {"t": "gone"}}'
    report = judge(in_map(text, **{"components/ts/x": TEXT}))
    assert codes(report.findings) == ["JG101", "JG201"]
    assert [(one.code, one.map) for one in report.skipped] == [("JG301", "goal_map.json")]
    assert "JG101" in report.skipped[0].reason


def test_jg101_withholds_nothing_where_every_value_is_usable() -> None:
    report = judge(in_map('{"$schema": 1, "A": {"t": "x"}}', **{"components/ts/y": TEXT}))
    assert codes(report.findings) == ["JG101", "JG201", "JG301"]
    assert report.skipped == ()


@pytest.mark.parametrize("text", ["{", b"\xef\xbb\xbf{}"])
def test_a_map_that_cannot_be_read_withholds_orphans_and_the_other_maps_are_judged(
    text: Content,
) -> None:
    files = {
        "broken.json": text,
        "sound.json": '{"A": {"t": "gone"}}',
        "components/ts/orphan": TEXT,
    }
    report = judge(files, maps=("broken.json", "sound.json"))
    assert codes(report.findings)[0] in ("JG001", "JG003")
    assert codes(report.findings)[1:] == ["JG201"]
    assert [(one.code, one.map) for one in report.skipped] == [("JG301", "broken.json")]


def test_what_is_skipped_is_not_told_where_its_rule_is_deselected() -> None:
    assert judge(in_map("{"), ignore=("JG301",)).skipped == ()


# --- JG2xx: entries -----------------------------------------------------------------------------


def test_jg201_is_told_once_for_every_entry_at_its_value() -> None:
    text = '{\r\n  "日本🎉": {"protocol": "a.txt"},\r\n\t"x/y~z": {"protocol":"a.txt"}\r\n}\r\n'
    findings = found(in_map(text))
    assert codes(findings) == ["JG201", "JG201"]
    assert place(findings[0]) == (2, 23, "/日本🎉/protocol")
    assert place(findings[1]) == (3, 23, "/x~1y~0z/protocol")
    assert {one.path for one in findings} == {"components/protocols/a.txt"}
    assert findings[1].goal == "x/y~z"


def test_jg201_the_line_of_the_contract(tmp_path: Path) -> None:
    text = (
        '{\n  "$schema": "https://example.invalid/goal_map.schema.json",\n'
        '  "DIAGNOSE_ROOT_CAUSE": {\n    "protocol": "root_cause_analysis_drilldown.txt"\n  }\n}\n'
    )
    told = call("--root", str(lay_out(tmp_path, in_map(text))), cwd=tmp_path)
    assert told.code == 1
    line, hint, *_ = told.out.splitlines()
    assert line == (
        "goal_map.json:4:17: JG201 missing-component  DIAGNOSE_ROOT_CAUSE/protocol: "
        "components/protocols/root_cause_analysis_drilldown.txt is not in the tree"
    )
    assert hint.startswith("    hint: ")


@pytest.mark.parametrize(
    ("entry", "file"),
    [
        ("host.txt", "Host.txt"),
        ("é.txt", "e\u0301.txt"),
        ("sub/x.txt", "Sub/x.txt"),
        ("STRASSE.txt", "strasse.TXT"),
    ],
)
def test_jg202_another_case_or_normal_form_is_told_once_and_names_the_file(
    entry: str, file: str
) -> None:
    text = json.dumps({"A": {"persona": entry}})
    finding = only(found(in_map(text, **{f"components/personas/{file}": TEXT})), "JG202")
    assert finding.path == f"components/personas/{entry}"
    assert finding.related == (f"components/personas/{file}",)
    assert finding.fixable


@pytest.mark.parametrize("folder", ["Components/personas", "components/Personas"])
def test_jg202_the_folders_on_the_way_count(folder: str) -> None:
    assert codes(found(in_map(MAP, **{f"{folder}/host.txt": TEXT}))) == ["JG202"]


def test_jg202_both_spellings_there_is_a_collision_and_no_mismatch() -> None:
    files = sound({"A": {"persona": "x"}, "B": {"persona": "X"}})
    assert codes(found(files)) == ["JG302"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"components/personas/host.txt/.gitkeep": ""}, "a directory"),
        ({"components/personas/host.txt": Other("FIFO")}, "a FIFO"),
        ({"components/personas/host.txt": Other("socket")}, "a socket"),
        ({"components/personas/host.txt": Link("gone")}, "a broken link"),
        ({"components/personas/host.txt": Link("host.txt")}, "a broken link"),
        ({"components/personas/host.txt": Link(".")}, "a directory"),
    ],
    ids=["directory", "FIFO", "socket", "broken", "loop", "link to a directory"],
)
def test_jg204_what_is_there_and_no_file_says_what_it_is(made: Files, words: str) -> None:
    finding = only(found({"goal_map.json": MAP, **made}), "JG204")
    assert words in finding.message
    assert place(finding) == (1, 23, "/GREET/persona")


@pytest.mark.parametrize(
    "filename",
    ["/etc/passwd", "../x", "a/../b", "..", "a\\b", "a\0b", "\ud800", "C:/x", "\\\\host\\share"],
)
def test_jg205_a_path_that_could_leave_the_project_is_judged_no_further(filename: str) -> None:
    finding = only(found(in_map(json.dumps({"A": {"t": filename}}))), "JG205")
    assert finding.pointer == "/A/t"


@pytest.mark.parametrize(
    ("filename", "normal"), [("a/", "a"), ("./a", "a"), ("a//b", "a/b"), ("a/./b", "a/b")]
)
def test_jg205_gives_the_normal_form(filename: str, normal: str) -> None:
    files = in_map(json.dumps({"A": {"t": filename}}), **{f"components/ts/{normal}": TEXT})
    finding = only(found(files), "JG205")
    assert finding.hint is not None
    assert finding.hint.endswith(f" {normal}")


@pytest.mark.parametrize("component_type", ["a/b", "..", "/", "a\\b", "a\0"])
def test_jg205_a_component_type_that_is_no_folder_name(component_type: str) -> None:
    text = json.dumps({"A": {component_type: "x"}})
    assert codes(found(in_map(text, **{"components/a/bs/x": TEXT}))) in (
        ["JG205"],
        ["JG205", "JG301"],
    )


@pytest.mark.parametrize("target", ["../../../outside", "/etc/passwd", "/", "../../.."])
def test_jg205_a_link_that_leaves_the_project(target: str) -> None:
    made = {"components/personas/host.txt": Link(target)}
    assert codes(found({"goal_map.json": MAP, **made})) == ["JG205"]


def test_jg208_is_a_warning_told_once_per_component() -> None:
    goals = {"A": {"t": "a:b"}, "B": {"t": "a:b"}}
    finding = only(found(sound(goals)), "JG208")
    assert (finding.severity, finding.goal) == ("warning", "A")


# --- JG3xx: the tree ----------------------------------------------------------------------------


def test_jg301_has_no_place_in_a_map() -> None:
    finding = only(found({**SOUND, "components/personas/x.txt": TEXT}), "JG301")
    assert finding.path == "components/personas/x.txt"
    assert finding[finding._fields.index("map")] is None
    assert (finding.map, finding.line, finding.column, finding.pointer) == (None,) * 4
    assert (finding.goal, finding.component_type) == (None, None)


@pytest.mark.parametrize(
    "name", ["README", "README.md", ".gitkeep", ".gitignore", ".DS_Store", "x~", ".x.swp"]
)
@pytest.mark.parametrize("folder", ["components", "components/personas", "components/a/b"])
def test_jg301_some_base_names_never_count(folder: str, name: str) -> None:
    assert found({**SOUND, f"{folder}/{name}": TEXT}) == []


def test_jg301_what_an_ignored_pattern_names_is_silent_and_an_idle_pattern_is_noted() -> None:
    files = {**SOUND, "components/drafts/x.txt": TEXT, "components/personas/drafts": TEXT}
    report = judge(files, orphan_ignore=("drafts/", "*.idle", "# comment", ""))
    assert [one.path for one in report.findings] == ["components/personas/drafts"]
    assert report.notes == ("orphan-ignore: '*.idle' matches nothing",)


def test_jg301_patterns_are_relative_to_the_components_folder_also_behind_a_link() -> None:
    files = {
        "goal_map.json": MAP,
        "components": Link("lib/parts"),
        "lib/parts/personas/host.txt": HOST,
        "lib/parts/drafts/x.txt": TEXT,
    }
    assert found(files, orphan_ignore=("/drafts/",)) == []
    assert codes(found(files)) == ["JG301"]


def test_jg301_what_git_ignores_is_silent() -> None:
    files = {**SOUND, "components/x.log": TEXT}
    assert found(files, ignored=["components/x.log"]) == []


def test_jg301_an_entry_of_any_map_keeps_a_file() -> None:
    files = {
        "a.json": '{"A": {"t": "x"}}',
        "b.json": '{"B": {"t": "y"}}',
        "components/ts/x": TEXT,
        "components/ts/y": TEXT,
    }
    assert found(files, maps=("a.json", "b.json")) == []
    assert codes(found(files, maps=("a.json",))) == ["JG301"]


def test_a_folder_link_serves_entries_is_not_walked_and_is_an_orphan_when_unused() -> None:
    files = {
        "goal_map.json": '{"A": {"t": "lib/x"}}',
        "shared/x": TEXT,
        "shared/unused": TEXT,
        "components/ts/lib": Link("../../shared"),
    }
    assert found(files) == []
    unused = {**files, "goal_map.json": '{"A": {"t": "y"}}', "components/ts/y": TEXT}
    assert [(one.code, one.path) for one in found(unused)] == [("JG301", "components/ts/lib")]


def test_an_unmapped_broken_link_is_an_orphan() -> None:
    files = {**SOUND, "components/personas/x": Link("gone")}
    assert [(one.code, one.path) for one in found(files)] == [("JG301", "components/personas/x")]


@pytest.mark.parametrize(
    "path",
    [
        "goal_map.json.tmp",
        ".goal_map.json.tmp",
        ".jit-guard-x1",
        "components/personas/host.txt.tmp",
        "components/.jit-guard-x1",
    ],
)
def test_jg303_what_an_interrupted_writer_left_is_a_warning_and_no_orphan(path: str) -> None:
    finding = only(found({**SOUND, path: "{"}), "JG303")
    assert (finding.severity, finding.path) == ("warning", path)


def test_jg303_a_temporary_file_beside_the_map_that_is_not_its_own_is_silent() -> None:
    assert found({**SOUND, "other.json.tmp": "{", "notes.tmp": ""}) == []


def test_jg303_a_component_that_is_named_so_is_a_component() -> None:
    assert found(sound({"A": {"t": "x.tmp"}})) == []


# --- the report ---------------------------------------------------------------------------------

MANY: Files = {
    "b.json": '{\n"Z": {"t": "gone", "u": "x.txt"},\n"Y": {"t": 1}, "X": {"t": "../x"}\n}',
    "a.json": '{"A": {"t": "A.txt"}, "B": {"t": "gone"}}',
    "components/ts/a.txt": TEXT,
    "components/us/x.txt": "",
    "components/us/X.txt": TEXT,
    "components/us/a:b": TEXT,
    "components/us/y.tmp": TEXT,
}


def test_findings_are_ordered_by_map_line_column_code_and_path_with_the_tree_last() -> None:
    findings = found(MANY, maps=("b.json", "a.json"))
    keys = [
        (one.map is None, one.map or "", one.line, one.column, one.code, one.path)
        for one in findings
    ]
    assert keys == sorted(keys, key=lambda key: tuple((part is None, part) for part in key))
    assert len({one.code for one in findings}) >= 7


def test_the_order_of_maps_and_files_given_changes_nothing() -> None:
    backwards = dict(reversed(list(MANY.items())))
    assert judge(MANY, maps=("a.json", "b.json")).findings == (
        judge(backwards, maps=("b.json", "a.json")).findings
    )


@pytest.mark.parametrize(
    "files",
    [SOUND, {**SOUND, "components/personas/\udcff\x1b\n.txt": TEXT}, in_map("{"), MANY, {}],
    ids=["sound", "odd names", "no json", "many", "nothing"],
)
def test_the_json_report_satisfies_its_published_schema(files: Files) -> None:
    from importlib.resources import files as resources

    from jsonschema import Draft202012Validator

    schema = json.loads(resources("jit_guard.formats").joinpath("report.schema.json").read_text())
    maps = ("b.json", "a.json") if "b.json" in files else ("goal_map.json",)
    report = json.loads(json.dumps(document(judge(files, maps=maps))))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(report)
    assert list(report)[:4] == ["version", "tool", "root", "source"]
    assert report["version"] == 1


def test_the_json_report_holds_exactly_the_keys_of_the_contract() -> None:
    report = document(judge(in_map('{"A": {"t": "x"}}')))
    assert list(report) == [
        "version", "tool", "root", "source", "maps", "summary", "findings", "skipped", "fixed",
        "failed",
    ]  # fmt: skip
    assert list(report["summary"]) == ["entries", "components", "errors", "warnings", "findings"]
    assert list(report["findings"][0]) == [
        "code", "name", "severity", "message", "hint", "map", "path", "line", "column", "pointer",
        "goal", "component_type", "related", "fixable",
    ]  # fmt: skip


def test_the_summary_counts_entries_files_and_findings() -> None:
    files = {**sound({"A": {"t": "x", "u": "x"}, "B": {"t": "x"}}), "components/ts/aux": TEXT}
    summary = document(judge(files))["summary"]
    assert summary == {"entries": 3, "components": 3, "errors": 1, "warnings": 1, "findings": 2}


@pytest.mark.parametrize("pad", ["  ", "\t", "\r\n", "日本 "])
def test_a_column_counts_characters_whatever_stands_before_it(pad: str) -> None:
    key = f"k{pad.strip()}🎉"
    text = f'{{{pad if pad.isspace() else " "}"{key}": {{"t": "gone"}}}}'
    finding = only(found(in_map(text)), "JG201")
    offset = text.index('"gone"')
    before = text[:offset]
    assert (finding.line, finding.column) == (
        1 + before.count("\n"),
        offset - (before.rfind("\n") + 1) + 1,
    )


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "argv", "code"),
    [
        (SOUND, (), 0),
        ({**SOUND, "components/personas/x.txt": TEXT}, (), 1),
        ({**SOUND, "goal_map.json.tmp": ""}, (), 0),  # a warning
        ({**SOUND, "goal_map.json.tmp": ""}, ("--strict",), 1),
        ({**SOUND, "goal_map.json.tmp": ""}, ("--strict", "--ignore", "JG303"), 0),
        (in_map("{}"), (), 1),
        ({**in_map("{}"), "jit-guard.toml": "allow-empty = true"}, (), 0),
        (SOUND, ("--nope",), 2),
        (SOUND, ("nope",), 2),
        (SOUND, ("--map", "nope.json"), 2),
        (SOUND, ("--config", "nope.toml"), 2),
        (SOUND, ("--components", "nope"), 2),
        (SOUND, ("--schemafile", "nope.json"), 2),
        (SOUND, ("--root", "nope"), 2),
        (SOUND, ("--select", "XX9"), 2),
        (SOUND, ("--ignore", "JG9"), 2),
        (SOUND, ("--format", "nope"), 2),
        (SOUND, ("--format", "json="), 2),
        (SOUND, ("--color", "nope"), 2),
        ({**SOUND, "jit-guard.toml": "nope = 1"}, (), 2),
        ({**SOUND, "jit-guard.toml": "= 1"}, (), 2),
        ({**SOUND, "jit-guard.toml": "", "pyproject.toml": "[tool.jit-guard]"}, (), 2),
        (SOUND, ("--help",), 0),
        (SOUND, ("--version",), 0),
        (SOUND, ("check",), 0),
    ],
)
def test_exit_codes(tmp_path: Path, files: Files, argv: tuple[str, ...], code: int) -> None:
    told = call(*argv, cwd=lay_out(tmp_path, files))
    assert told.code == code, told
    assert bool(told.err) == (code == 2)


def test_a_map_that_is_configured_and_absent_is_a_finding_one_that_a_flag_names_is_trouble(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'maps = ["goal_map.json", "b.json"]'})
    assert call("--format", "json", cwd=root).codes == ["JG004"]
    assert call("--map", "b.json", cwd=root).code == 2


def test_a_schema_that_is_configured_and_absent_is_trouble(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'schema = "team.json"'})
    told = call(cwd=root)
    assert (told.code, "team.json" in told.err) == (2, True)


def test_an_absent_components_folder_is_missing_components(tmp_path: Path) -> None:
    told = call("--format", "json", cwd=lay_out(tmp_path, in_map(MAP)))
    assert (told.code, told.codes) == (1, ["JG201"])


def test_a_map_option_reports_on_that_map_and_the_configured_ones_still_count(
    tmp_path: Path,
) -> None:
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": 'maps = ["a.json", "b.json"]',
            "a.json": '{"A": {"t": "x", "u": "gone"}}',
            "b.json": '{"B": {"t": "y", "u": "gone"}}',
            "components/ts/x": TEXT,
            "components/ts/y": TEXT,
        },
    )
    told = call("--format", "json", "--map", "b.json", cwd=root)
    assert told.report["maps"] == ["b.json"]
    assert [(one["code"], one["map"]) for one in told.report["findings"]] == [("JG201", "b.json")]
    assert told.report["summary"]["entries"] == 2
    both = call("--format", "json", "--map", "b.json", "--map", "a.json", cwd=root)
    assert both.report["maps"] == ["b.json", "a.json"]
    assert both.codes == ["JG201", "JG201"]


def test_a_map_that_no_configuration_names_is_judged_beside_the_configured_ones(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, {**SOUND, "x.json": '{"A": {"persona": "gone.txt"}}'})
    told = call("--format", "json", "--map", "x.json", cwd=root)
    assert (told.report["maps"], told.codes) == (["x.json"], ["JG201"])


def test_paths_in_flags_are_relative_to_the_working_directory(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "maps/other.json": MAP, "deep/er/.keep": ""})
    told = call("--format", "json", "--map", "../../maps/other.json", cwd=root / "deep" / "er")
    assert told.report["maps"] == ["maps/other.json"]
    assert told.report["root"] == "../.."


def test_a_map_outside_the_root_is_trouble(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", SOUND)
    lay_out(tmp_path, {"x.json": MAP})
    told = call("--map", "../x.json", cwd=root)
    assert (told.code, "outside the root" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--select", "JG2"), ["JG202", "JG206"]),
        (("--select", "JG202"), ["JG202"]),
        (("--select", "JG2,JG301"), ["JG202", "JG206", "JG301"]),
        (("--select", "JG"), ["JG202", "JG206", "JG301", "JG303"]),
        (("--ignore", "JG3"), ["JG202", "JG206"]),
        (("--ignore", "JG2", "--select", "JG202"), ["JG202"]),  # the longer prefix wins
        (("--ignore", "JG202", "--select", "JG2"), ["JG206"]),
        (("--ignore", "JG2", "--select", "JG2"), []),  # a tie is ignored
        (("--ignore", "JG202, JG303 ,"), ["JG206", "JG301"]),
    ],
)
def test_selection_by_code_and_prefix(
    tmp_path: Path, argv: tuple[str, ...], told: list[str]
) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"t": "x"}, "B": {"t": "y"}}',
            "components/ts/X": TEXT,
            "components/ts/y": "",
            "components/ts/z": TEXT,
            "components/ts/w.tmp": TEXT,
        },
    )
    assert call("--format", "json", *argv, cwd=root).codes == told


def test_flags_win_over_the_configuration(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": 'components = "nowhere"\nselect = ["JG3"]\nignore = ["JG201"]\n',
            **SOUND,
            "components/personas/x": TEXT,
        },
    )
    told = call("--components", "components", "--select", "JG301", "--format", "json", cwd=root)
    assert told.codes == ["JG301"]
    told = call("--ignore", "JG301", "--select", "JG", "--format", "json", cwd=root)
    assert told.codes == ["JG201"]


def test_types_take_the_configured_folder(tmp_path: Path) -> None:
    types = configured(strategy=TypeSettings("strategies"), deep=TypeSettings("a/b"))
    files = {
        "goal_map.json": '{"A": {"strategy": "x", "deep": "y"}}',
        "components/strategies/x": TEXT,
        "components/a/b/y": TEXT,
    }
    assert found(files, **types) == []


def test_a_type_may_have_its_files_in_the_components_folder_itself(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"t": "x.txt"}}',
            "components/x.txt": TEXT,
            "jit-guard.toml": 'types.t.directory = "."',
        },
    )
    assert call("--format", "json", cwd=root).codes == []


def test_an_unmapped_folder_of_another_plural_is_named_with_the_line_to_configure() -> None:
    files = {"goal_map.json": '{"A": {"strategy": "x"}}', "components/strategies/x": TEXT}
    missing, orphan = found(files)
    assert (missing.code, orphan.code) == ("JG201", "JG301")
    assert missing.hint is not None
    assert 'types.strategy.directory = "strategies"' in missing.hint


def test_the_line_to_configure_can_be_pasted_for_any_type(tmp_path: Path) -> None:
    files = {"goal_map.json": '{"A": {"my strategy": "x"}}', "components/my strategies/x": TEXT}
    root = lay_out(tmp_path, files)
    hint: str = call("--format", "json", cwd=root).report["findings"][0]["hint"]
    (root / "jit-guard.toml").write_text(hint[hint.index("types.") :])
    assert call("--format", "json", cwd=root).codes == []


def test_the_root_is_found_upwards_and_not_above_the_git_top(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "inner/deep/x": "", "repo/.git/HEAD": "", "repo/sub/x": ""})
    assert call("--format", "json", cwd=root / "inner" / "deep").report["root"] == "../.."
    assert call("--format", "json", cwd=root / "repo" / "sub").codes == ["JG004"]


def test_in_a_repository_orphans_that_git_ignores_are_silent(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {**SOUND, ".gitignore": "*.log\n", "components/a.log": TEXT, "components/b": TEXT},
    )
    git(root, "init", "-q")
    git(root, "add", "-A")
    told = call("--format", "json", cwd=root)
    assert [one["path"] for one in told.report["findings"]] == ["components/b"]


def test_git_that_cannot_answer_is_trouble_after_everything_else_was_told(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            ".git": "gitdir: /nowhere\n",
            "goal_map.json": '{"A": {"t": "gone"}}',
            "components/ts/x": TEXT,
        },
    )
    told = call("--format", "json", cwd=root)
    assert told.code == 2
    assert "JG201" in told.codes
    assert "git" in told.err


def test_an_orphan_within_a_submodule_is_told_like_any_other(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "root", {**SOUND, "components/personas/x": TEXT})
    inner = lay_out(tmp_path / "inner", {"y": TEXT})
    for folder in (inner, root):
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "first")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner),
        "components/vendored")  # fmt: skip
    told = call("--format", "json", cwd=root)
    assert told.code == 1, told.err
    assert [one["path"] for one in told.report["findings"]] == [
        "components/personas/x",
        "components/vendored/y",
    ]


def test_the_same_findings_on_the_same_project_every_time(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**MANY, "jit-guard.toml": 'maps = ["a.json", "b.json"]'})

    def told() -> Any:
        return call("--format", "json", cwd=root).report

    assert told() == told()
    in_memory = json.loads(json.dumps(document(judge(MANY, maps=("a.json", "b.json")))))
    assert told()["findings"] == in_memory["findings"]
