"""The contract: what every code promises, with hand-written cases and exact positions."""

from __future__ import annotations

import json
import os
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
    lay_out,
    only,
    report_on,
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
        ('{\n  "A": {"t": "f",}\n}', 2, 17, "trailing comma"),
        ('{\r\n  "A": {"t": "f"},\r\n}\r\n', 2, 18, "trailing comma"),
        ('{\n<<<<<<< HEAD\n  "A": {}\n', 2, 1, "merge conflict marker"),
        ('{"日本🎉": NaN}', 1, 9, "NaN"),
        ("[" * 300 + "]" * 300, 1, 101, "nested deeper than 100 levels"),
        ('{"A": {"t": "f"}} {}', 1, 19, "unexpected text"),
        ('{"A": {"t": "f"}', 1, 17, "unexpected end of file"),
    ],
)
def test_jg001_says_where_reading_stopped(text: str, line: int, column: int, words: str) -> None:
    finding = only(found(in_map(text)), "JG001")
    assert (finding.line, finding.column) == (line, column)
    assert words in finding.message
    assert (finding.map, finding.path) == ("goal_map.json", "goal_map.json")
    assert finding.goal is None


def test_jg002_reports_both_positions_and_the_last_value_counts() -> None:
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
    report = report_on(in_map(text, **{"components/ts/gone.txt": TEXT}))
    assert codes(report.findings) == ["JG002", "JG201", "JG301"]
    assert report.skipped == ()


def test_jg002_sees_through_escapes() -> None:
    text = '{"\\u0041": {"t": "x.txt"}, "A": {"t": "x.txt"}}'
    assert codes(found(in_map(text, **{"components/ts/x.txt": TEXT}))) == ["JG002"]


def test_jg002_names_every_repetition() -> None:
    text = '{"A": {"t": "x"}, "A": {"t": "x"}, "A": {"t": "x"}}'
    findings = found(in_map(text, **{"components/ts/x": TEXT}))
    assert [(one.code, one.column) for one in findings] == [("JG002", 19), ("JG002", 36)]
    assert all("1:2" in one.message for one in findings)  # the position of the first one


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"\xef\xbb\xbf" + MAP.encode(), 1, "byte order mark"),
        (MAP.encode("utf-16"), 1, "byte order mark"),
        ('{\n"é": 1'.encode("latin-1"), 2, "0xe9 is not UTF-8"),
    ],
)
def test_jg003_is_reported_where_reading_stopped(data: bytes, line: int, words: str) -> None:
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
    report = report_on(in_map("{}", **{"components/ts/x": TEXT}))
    assert codes(report.findings) == ["JG004", "JG301"]
    assert report.skipped == ()


def test_jg004_is_reported_for_the_one_map_of_several_that_does_not_exist() -> None:
    findings = found(SOUND, maps=("goal_map.json", "other.json"))
    assert only(findings, "JG004").map == "other.json"


# --- JG101: the schema --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "keyword"),
    [
        ("[]", (1, 1, ""), "type"),
        (' \n"x"', (2, 1, ""), "type"),
        ('{"A":  "f"}', (1, 2, "/A"), "type"),  # a goal's finding is at its key
        ('{"A": {"t":  1}}', (1, 14, "/A/t"), "type"),
        ('{"a/b~c": {"d~e/f": []}}', (1, 21, "/a~1b~0c/d~0e~1f"), "type"),
        ('{"日本🎉": {"é":\r\n  ""}}', (2, 3, "/日本🎉/é"), "minLength"),
        ('{"A": {"": "f"}}', (1, 8, "/A/"), "minLength"),
        ('{"": {"t": "f"}}', (1, 2, "/"), "minLength"),
        ('{"$schema": 1, "A": {"t": "x"}}', (1, 2, "/$schema"), "type"),
    ],
)
def test_jg101_reports_position_pointer_keyword_and_reason(
    text: str, where: tuple[int, int, str], keyword: str
) -> None:
    findings = [one for one in found(in_map(text)) if one.code == "JG101"]
    finding = only(findings, "JG101")
    assert place(finding) == where
    assert finding.message.endswith(f"({keyword})")


def test_jg101_withholds_all_orphans_and_checks_the_valid_entries() -> None:
    text = '{"A": {"t": 1}, "B": {"t": "gone"}}'
    report = report_on(in_map(text, **{"components/ts/x": TEXT}))
    assert codes(report.findings) == ["JG101", "JG201"]
    assert [(one.code, one.map) for one in report.skipped] == [("JG301", "goal_map.json")]
    assert "JG101" in report.skipped[0].reason


def test_jg101_withholds_nothing_where_every_value_is_usable() -> None:
    report = report_on(in_map('{"$schema": 1, "A": {"t": "x"}}', **{"components/ts/y": TEXT}))
    assert codes(report.findings) == ["JG101", "JG201", "JG301"]
    assert report.skipped == ()


@pytest.mark.parametrize("text", ["{", b"\xef\xbb\xbf{}"])
def test_an_unreadable_map_withholds_orphans_and_the_other_maps_are_checked(
    text: Content,
) -> None:
    files = {
        "broken.json": text,
        "sound.json": '{"A": {"t": "gone"}}',
        "components/ts/orphan": TEXT,
    }
    report = report_on(files, maps=("broken.json", "sound.json"))
    assert codes(report.findings)[0] in ("JG001", "JG003")
    assert codes(report.findings)[1:] == ["JG201"]
    assert [(one.code, one.map) for one in report.skipped] == [("JG301", "broken.json")]


def test_a_deselected_rule_is_not_reported_as_skipped() -> None:
    assert report_on(in_map("{"), ignore=("JG301",)).skipped == ()


# --- JG2xx: entries -----------------------------------------------------------------------------


def test_jg201_is_reported_once_per_entry_at_its_value() -> None:
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
    result = call("--root", str(lay_out(tmp_path, in_map(text))), cwd=tmp_path)
    assert result.code == 1
    line, excerpt, caret, hint, *_ = result.out.splitlines()
    assert line == (
        "goal_map.json:4:17: JG201 missing-component  DIAGNOSE_ROOT_CAUSE/protocol: "
        "components/protocols/root_cause_analysis_drilldown.txt does not exist"
    )
    assert excerpt == '  4 |     "protocol": "root_cause_analysis_drilldown.txt"'
    assert caret.index("^") == excerpt.index('"root')
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
def test_jg202_another_case_or_normal_form_is_reported_once_and_names_the_file(
    entry: str, file: str
) -> None:
    text = json.dumps({"A": {"persona": entry}})
    finding = only(found(in_map(text, **{f"components/personas/{file}": TEXT})), "JG202")
    assert finding.path == f"components/personas/{entry}"
    assert finding.related == (f"components/personas/{file}",)
    assert finding.fixable


@pytest.mark.parametrize("directory", ["Components/personas", "components/Personas"])
def test_jg202_parent_directories_count(directory: str) -> None:
    assert codes(found(in_map(MAP, **{f"{directory}/host.txt": TEXT}))) == ["JG202"]


def test_jg202_two_existing_spellings_are_a_collision_not_a_mismatch() -> None:
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
def test_jg204_says_what_exists_instead_of_a_file(made: Files, words: str) -> None:
    finding = only(found({"goal_map.json": MAP, **made}), "JG204")
    assert words in finding.message
    assert place(finding) == (1, 23, "/GREET/persona")


@pytest.mark.parametrize(
    "filename",
    ["/etc/passwd", "../x", "a/../b", "..", "a\\b", "a\0b", "\ud800", "C:/x", "\\\\host\\share"],
)
def test_jg205_an_unsafe_path_is_not_checked_further(filename: str) -> None:
    finding = only(found(in_map(json.dumps({"A": {"t": filename}}))), "JG205")
    assert finding.pointer == "/A/t"


@pytest.mark.parametrize(
    ("filename", "normal"), [("a/", "a"), ("./a", "a"), ("a//b", "a/b"), ("a/./b", "a/b")]
)
def test_jg205_suggests_the_normal_form(filename: str, normal: str) -> None:
    files = in_map(json.dumps({"A": {"t": filename}}), **{f"components/ts/{normal}": TEXT})
    finding = only(found(files), "JG205")
    assert finding.hint is not None
    assert finding.hint.endswith(f" {normal}")


@pytest.mark.parametrize("component_type", ["a/b", "..", "/", "a\\b", "a\0"])
def test_jg205_a_component_type_that_is_not_a_directory_name(component_type: str) -> None:
    text = json.dumps({"A": {component_type: "x"}})
    assert codes(found(in_map(text, **{"components/a/bs/x": TEXT}))) in (
        ["JG205"],
        ["JG205", "JG301"],
    )


@pytest.mark.parametrize("target", ["../../../outside", "/etc/passwd", "/", "../../.."])
def test_jg205_a_link_that_leaves_the_project(target: str) -> None:
    made = {"components/personas/host.txt": Link(target)}
    finding = only(found({"goal_map.json": MAP, **made}), "JG205")
    assert finding.message.startswith("the link components/personas/host.txt ")


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_jg205_a_map_that_is_a_link_out_of_the_project_is_reported_at_its_start(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path / "project", {"jit-guard.toml": 'maps = ["m.json"]\n'})
    (tmp_path / "m.json").write_text(MAP)
    (root / "m.json").symlink_to("../m.json")
    (finding,) = call("--format", "json", cwd=root).report["findings"]
    assert (finding["code"], finding["line"], finding["column"]) == ("JG205", 1, 1)


def test_jg208_is_a_warning_reported_once_per_component() -> None:
    goals = {"A": {"t": "a:b"}, "B": {"t": "a:b"}}
    finding = only(found(sound(goals)), "JG208")
    assert (finding.severity, finding.goal) == ("warning", "A")


# --- JG3xx: the tree ----------------------------------------------------------------------------


def test_jg301_has_no_position_in_a_map() -> None:
    finding = only(found({**SOUND, "components/personas/x.txt": TEXT}), "JG301")
    assert finding.path == "components/personas/x.txt"
    assert finding[finding._fields.index("map")] is None
    assert (finding.map, finding.line, finding.column, finding.pointer) == (None,) * 4
    assert (finding.goal, finding.component_type) == (None, None)


@pytest.mark.parametrize(
    "name", ["README", "README.md", ".gitkeep", ".gitignore", ".DS_Store", "x~", ".x.swp"]
)
@pytest.mark.parametrize("directory", ["components", "components/personas", "components/a/b"])
def test_jg301_some_base_names_never_count(directory: str, name: str) -> None:
    assert found({**SOUND, f"{directory}/{name}": TEXT}) == []


def test_jg301_ignores_matching_patterns_and_notes_patterns_without_a_match() -> None:
    files = {**SOUND, "components/drafts/x.txt": TEXT, "components/personas/drafts": TEXT}
    report = report_on(files, orphan_ignore=("drafts/", "*.idle", "# comment", ""))
    assert [one.path for one in report.findings] == ["components/personas/drafts"]
    assert report.notes == ("orphan-ignore: '*.idle' matches nothing",)


def test_jg301_patterns_are_relative_to_the_components_directory_even_behind_a_link() -> None:
    files = {
        "goal_map.json": MAP,
        "components": Link("lib/parts"),
        "lib/parts/personas/host.txt": HOST,
        "lib/parts/drafts/x.txt": TEXT,
    }
    assert found(files, orphan_ignore=("/drafts/",)) == []
    assert codes(found(files)) == ["JG301"]


def test_jg301_ignores_files_that_git_ignores() -> None:
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


def test_a_directory_link_serves_entries_is_not_walked_and_is_an_orphan_when_unused() -> None:
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
def test_jg303_a_temporary_file_is_a_warning_and_not_an_orphan(path: str) -> None:
    finding = only(found({**SOUND, path: "{"}), "JG303")
    assert (finding.severity, finding.path) == ("warning", path)


def test_jg303_ignores_temporary_files_of_others_beside_the_map() -> None:
    assert found({**SOUND, "other.json.tmp": "{", "notes.tmp": ""}) == []


def test_jg303_a_mapped_component_is_never_a_temporary_file() -> None:
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
    assert report_on(MANY, maps=("a.json", "b.json")).findings == (
        report_on(backwards, maps=("b.json", "a.json")).findings
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
    report = json.loads(json.dumps(document(report_on(files, maps=maps))))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(report)
    assert list(report)[:4] == ["version", "tool", "root", "source"]
    assert report["version"] == 1


def test_the_json_report_holds_exactly_the_keys_of_the_contract() -> None:
    report = document(report_on(in_map('{"A": {"t": "x"}}')))
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
    summary = document(report_on(files))["summary"]
    assert summary == {"entries": 3, "components": 3, "errors": 1, "warnings": 1, "findings": 2}


@pytest.mark.parametrize("pad", ["  ", "\t", "\r\n", "日本 "])
def test_a_column_counts_characters_whatever_precedes_it(pad: str) -> None:
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
    result = call(*argv, cwd=lay_out(tmp_path, files))
    assert result.code == code, result
    assert bool(result.err) == (code == 2)


def test_a_missing_map_is_a_finding_if_configured_and_an_error_if_a_flag_names_it(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'maps = ["goal_map.json", "b.json"]'})
    assert call("--format", "json", cwd=root).codes == ["JG004"]
    assert call("--map", "b.json", cwd=root).code == 2


def test_a_missing_configured_schema_is_an_error(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'schema = "team.json"'})
    result = call(cwd=root)
    assert (result.code, "team.json" in result.err) == (2, True)


def test_without_a_components_directory_every_component_is_missing(tmp_path: Path) -> None:
    result = call("--format", "json", cwd=lay_out(tmp_path, in_map(MAP)))
    assert (result.code, result.codes) == (1, ["JG201"])


def test_the_map_option_reports_on_that_map_while_the_configured_maps_still_count(
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
    result = call("--format", "json", "--map", "b.json", cwd=root)
    assert result.report["maps"] == ["b.json"]
    assert [(one["code"], one["map"]) for one in result.report["findings"]] == [("JG201", "b.json")]
    assert result.report["summary"]["entries"] == 2
    both = call("--format", "json", "--map", "b.json", "--map", "a.json", cwd=root)
    assert both.report["maps"] == ["b.json", "a.json"]
    assert both.codes == ["JG201", "JG201"]


def test_a_map_outside_the_configuration_is_checked_with_the_configured_maps(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, {**SOUND, "x.json": '{"A": {"persona": "gone.txt"}}'})
    result = call("--format", "json", "--map", "x.json", cwd=root)
    assert (result.report["maps"], result.codes) == (["x.json"], ["JG201"])


def test_paths_in_flags_are_relative_to_the_working_directory(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "maps/other.json": MAP, "deep/er/.keep": ""})
    result = call("--format", "json", "--map", "../../maps/other.json", cwd=root / "deep" / "er")
    assert result.report["maps"] == ["maps/other.json"]
    assert result.report["root"] == "../.."


def test_a_map_outside_the_root_is_an_error(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", SOUND)
    lay_out(tmp_path, {"x.json": MAP})
    result = call("--map", "../x.json", cwd=root)
    assert (result.code, "outside the root" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("argv", "expected"),
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
    tmp_path: Path, argv: tuple[str, ...], expected: list[str]
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
    assert call("--format", "json", *argv, cwd=root).codes == expected


def test_flags_override_the_configuration(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": 'components = "nowhere"\nselect = ["JG3"]\nignore = ["JG201"]\n',
            **SOUND,
            "components/personas/x": TEXT,
        },
    )
    result = call("--components", "components", "--select", "JG301", "--format", "json", cwd=root)
    assert result.codes == ["JG301"]
    result = call("--ignore", "JG301", "--select", "JG", "--format", "json", cwd=root)
    assert result.codes == ["JG201"]


def test_types_use_the_configured_directory(tmp_path: Path) -> None:
    types = configured(strategy=TypeSettings("strategies"), deep=TypeSettings("a/b"))
    files = {
        "goal_map.json": '{"A": {"strategy": "x", "deep": "y"}}',
        "components/strategies/x": TEXT,
        "components/a/b/y": TEXT,
    }
    assert found(files, **types) == []


def test_a_type_may_have_its_files_in_the_components_directory_itself(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"t": "x.txt"}}',
            "components/x.txt": TEXT,
            "jit-guard.toml": 'types.t.directory = "."',
        },
    )
    assert call("--format", "json", cwd=root).codes == []


def test_a_directory_with_another_plural_is_named_with_the_configuration_line() -> None:
    files = {"goal_map.json": '{"A": {"strategy": "x"}}', "components/strategies/x": TEXT}
    missing, orphan = found(files)
    assert (missing.code, orphan.code) == ("JG201", "JG301")
    assert missing.hint is not None
    assert 'types.strategy.directory = "strategies"' in missing.hint


def test_the_configuration_line_can_be_pasted_for_any_type(tmp_path: Path) -> None:
    files = {"goal_map.json": '{"A": {"my strategy": "x"}}', "components/my strategies/x": TEXT}
    root = lay_out(tmp_path, files)
    hint: str = call("--format", "json", cwd=root).report["findings"][0]["hint"]
    (root / "jit-guard.toml").write_text(hint[hint.index("types.") :])
    assert call("--format", "json", cwd=root).codes == []


def test_the_root_is_found_upwards_and_not_above_the_git_top(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "inner/deep/x": "", "repo/.git/HEAD": "", "repo/sub/x": ""})
    assert call("--format", "json", cwd=root / "inner" / "deep").report["root"] == "../.."
    assert call("--format", "json", cwd=root / "repo" / "sub").codes == ["JG004"]


def test_in_a_repository_files_that_git_ignores_are_no_orphans(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {**SOUND, ".gitignore": "*.log\n", "components/a.log": TEXT, "components/b": TEXT},
    )
    git(root, "init", "-q")
    git(root, "add", "-A")
    result = call("--format", "json", cwd=root)
    assert [one["path"] for one in result.report["findings"]] == ["components/b"]


def test_a_failing_git_is_an_error_after_everything_else_is_reported(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            ".git": "gitdir: /nowhere\n",
            "goal_map.json": '{"A": {"t": "gone"}}',
            "components/ts/x": TEXT,
        },
    )
    result = call("--format", "json", cwd=root)
    assert result.code == 2
    assert "JG201" in result.codes
    assert "git" in result.err


def test_an_orphan_in_a_submodule_is_reported_like_any_other(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "root", {**SOUND, "components/personas/x": TEXT})
    inner = lay_out(tmp_path / "inner", {"y": TEXT})
    for directory in (inner, root):
        git(directory, "init", "-q")
        git(directory, "add", "-A")
        git(directory, "commit", "-qm", "first")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner),
        "components/vendored")  # fmt: skip
    result = call("--format", "json", cwd=root)
    assert result.code == 1, result.err
    assert [one["path"] for one in result.report["findings"]] == [
        "components/personas/x",
        "components/vendored/y",
    ]


def test_the_same_findings_on_the_same_project_every_time(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**MANY, "jit-guard.toml": 'maps = ["a.json", "b.json"]'})

    def reported() -> Any:
        return call("--format", "json", cwd=root).report

    assert reported() == reported()
    in_memory = json.loads(json.dumps(document(report_on(MANY, maps=("a.json", "b.json")))))
    findings = [{**one, "fix": None} for one in reported()["findings"]]  # only the worktree has it
    assert findings == [{**one, "fix": None} for one in in_memory["findings"]]
