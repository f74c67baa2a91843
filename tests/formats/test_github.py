"""Annotations: escaped for the runner, the worst first up to its limit, and never forged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given

from jit_guard.report import Report, Skipped
from jit_guard.text.printable import printable
from projects import MAP, call, git, lay_out
from reports import HOSTILE, finding, hostile, lines, orphan, report, reports

_NAMES = {"error", "warning", "notice"}


class Command(NamedTuple):
    """A workflow command, as the runner parses it."""

    name: str
    properties: dict[str, str]
    message: str


def understood(line: str) -> Command:
    """Parse a line like the runner (`ActionCommand.TryParseV2`)."""
    head, found, data = line.lstrip()[2:].partition("::")
    assert line.startswith("::")
    assert found
    name, _, listed = head.partition(" ")
    properties = {}
    for pair in filter(None, listed.split(",")):
        key, _, value = pair.partition("=")
        for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n")):
            value = value.replace(escape, character)
        properties[key] = value.replace("%25", "%")
    return Command(name, properties, _data(data))


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def commands(sample: Report, prefix: str = "") -> list[Command]:
    """The commands of a report, one per line."""
    return [understood(line) for line in lines("github", sample, prefix)]


def test_a_finding_is_an_annotation_at_its_line_with_its_hint() -> None:
    (line,) = lines("github", report(finding(3)))
    assert line == (
        "::error file=goal_map.json,line=3,col=17,title=JG201 missing-component::"
        "GOAL_3/persona: components/personas/3.txt does not exist"
        "%0Ahint: `jit-guard --fix` writes it"
    )


def test_a_warning_is_a_warning() -> None:
    (annotation,) = commands(report(finding(severity="warning")))
    assert annotation.name == "warning"


def test_an_orphan_is_reported_at_the_first_line_of_its_file() -> None:
    (annotation,) = commands(report(orphan("components/x.txt")), "packages/bot")
    assert annotation.properties["file"] == "packages/bot/components/x.txt"
    assert annotation.properties["line"] == "1"
    assert annotation.message == "components/x.txt: no entry references this file"


def test_a_clean_report_has_no_lines() -> None:
    assert lines("github", report()) == []


def test_a_path_comes_out_of_the_escapes_as_it_is() -> None:
    path = "components/a%b:c,d\ne\rf%0A%2C.txt"
    (annotation,) = commands(report(orphan(path)))
    assert annotation.properties["file"] == path
    (line,) = lines("github", report(orphan(path)))
    assert "file=components/a%25b%3Ac%2Cd%0Ae%0Df%250A%252C.txt," in line


def test_what_a_message_shows_of_a_percent_sign_is_a_percent_sign() -> None:
    (annotation,) = commands(report(finding(message="100%0Asure", hint=None)))
    assert annotation.message == "GOAL_1/persona: 100%0Asure"


def test_ten_of_a_kind_are_shown_worst_first_and_one_notice_counts_the_rest() -> None:
    many = [finding(number, severity="warning") for number in range(1, 31)]
    many += [finding(number) for number in range(31, 46)]
    broken = finding(99, code="JG001", name="invalid-json", map="z.json")
    annotations = commands(report(*many, broken))
    assert [command.name for command in annotations] == ["error"] * 10 + ["warning"] * 10 + [
        "notice"
    ]
    assert annotations[0].properties["title"] == "JG001 invalid-json"
    assert [command.properties["line"] for command in annotations[1:3]] == ["31", "32"]
    assert annotations[-1].message.startswith("+26 more: 6 errors, 20 warnings;")


def test_at_the_cap_nothing_is_omitted() -> None:
    annotations = commands(report(*(finding(number) for number in range(1, 11))))
    assert [command.name for command in annotations] == ["error"] * 10


@pytest.mark.parametrize(
    ("more", "words"), [(1, "1 error"), (2, "2 errors"), (2000, "2,000 errors")]
)
def test_one_more_is_one_error(more: int, words: str) -> None:
    annotations = commands(report(*(finding(number) for number in range(1, 11 + more))))
    assert annotations[-1].message.startswith(f"+{more:,} more: {words};")


def test_what_was_not_checked_is_reported() -> None:
    (annotation,) = commands(report(skipped=(Skipped("JG301", "goal_map.json", "it is broken"),)))
    assert annotation.name == "notice"
    assert annotation.message == "JG301 was not checked for goal_map.json: it is broken"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_forms_a_command(name: str) -> None:
    sample = hostile(name)
    for line in lines("github", sample):
        _is_one_command(line)
    annotations = [command for command in commands(sample) if command.name != "notice"]
    assert len(annotations) == len(sample.findings)
    for command, found in zip(annotations, sample.findings, strict=True):
        assert printable(found.message) in command.message or "##" in name


@given(reports)
def test_every_line_of_every_report_is_one_command(sample: Report) -> None:
    for line in lines("github", sample):
        _is_one_command(line)


def _is_one_command(line: str) -> None:
    command = understood(line)
    assert command.name in _NAMES
    assert set(command.properties) in ({"file", "line", "col", "title"}, {"title"})
    assert printable(line) == line, "something invisible got through"
    assert not re.search(r"(?i)##(\[|vso\[)", line)
    # A message has one line and perhaps a hint; no name adds another line.
    assert command.message.count("\n") <= 1
    assert "\r" not in command.message


def test_the_command_writes_them_untouched_and_relative_to_the_git_top(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = lay_out(tmp_path / "packages/bot", {"goal_map.json": MAP})
    result = call("--format", "github", cwd=root)
    assert result.code == 1
    assert result.out.startswith("::error file=packages/bot/goal_map.json,line=1,col=23,")
    written = call("--format", f"github={tmp_path / 'out'}", cwd=root)
    assert written.out == ""
    assert (tmp_path / "out").read_text() == result.out


def test_a_link_to_the_root_changes_no_path(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    lay_out(tmp_path / "packages/bot", {"goal_map.json": MAP})
    (tmp_path / "link").symlink_to("packages/bot")
    result = call("--format", "github", "--root", "link", cwd=tmp_path)
    assert "file=packages/bot/goal_map.json," in result.out


def test_without_git_paths_are_relative_to_the_root(tmp_path: Path) -> None:
    result = call("--format", "github", cwd=lay_out(tmp_path / "bot", {"goal_map.json": MAP}))
    assert "file=goal_map.json," in result.out


def test_several_formats_at_once_report_the_same_findings(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", {"goal_map.json": MAP, "components/personas/x": "text"})
    out = {name: tmp_path / f"{name}.out" for name in ("sarif", "gitlab", "markdown", "json")}
    asked = [part for name, file in out.items() for part in ("--format", f"{name}={file}")]
    result = call("--format", "text", "--format", "github", *asked, cwd=root)
    assert result.code == 1
    codes = ["JG201", "JG301"]
    assert re.findall(r"(?m)^::error .*title=(JG\d+)", result.out) == codes
    assert re.findall(r"(?m)^[^:\s].*: (JG\d+) ", result.out) == codes
    sarif = json.loads(out["sarif"].read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == codes
    gitlab = json.loads(out["gitlab"].read_text())
    assert [issue["check_name"] for issue in gitlab] == codes
    assert re.findall(r"(?m)^\| .* (JG\d+) ", out["markdown"].read_text()) == codes
    assert [found["code"] for found in json.loads(out["json"].read_text())["findings"]] == codes


def test_every_format_is_written_even_when_nothing_is_wrong(project: Path) -> None:
    names = ("text", "json", "github", "sarif", "gitlab", "markdown", "html")
    asked = [part for name in names for part in ("--format", f"{name}={name}.out")]
    result = call(*asked, cwd=project)
    assert (result.code, result.out, result.err) == (0, "", "")
    for name in names:
        assert (project / f"{name}.out").exists()
    assert json.loads((project / "gitlab.out").read_text()) == []
    assert json.loads((project / "sarif.out").read_text())["runs"][0]["results"] == []
    assert "nothing wrong" in (project / "markdown.out").read_text()


def test_a_text_report_in_a_file_contains_no_runner_command(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": MAP, "components/::error::x": "text"})
    call("--format", "text=out.txt", cwd=root)
    assert not re.search(r"(?m)^\s*::", (root / "out.txt").read_text())
