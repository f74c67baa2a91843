"""The report for programs."""

from __future__ import annotations

import json
from typing import Any

from jit_guard import __version__
from jit_guard.formats import NAMES, Options, render
from jit_guard.report import Failed, Finding, Fixed, Report
from projects import SOUND, TEXT, report_on


def parsed(report: Report) -> Any:
    return json.loads("\n".join(render("json", report, Options())))


def test_the_formats_that_are_named_exist() -> None:
    for name in NAMES:
        assert list(render(name, report_on(SOUND), Options())) is not None


def test_the_sound_report_of_the_contract() -> None:
    assert parsed(report_on(SOUND)) == {
        "version": 1,
        "tool": f"jit-guard {__version__}",
        "root": ".",
        "source": "memory",
        "maps": ["goal_map.json"],
        "summary": {"entries": 1, "components": 1, "errors": 0, "warnings": 0, "findings": 0},
        "findings": [],
        "skipped": [],
        "fixed": [],
        "failed": [],
    }


def test_what_a_fix_did_has_the_goal_or_the_place_of_an_entry() -> None:
    place = {"map": "skills.json", "entry": "[0].path"}
    report = report_on(SOUND)._replace(
        fixed=(
            Fixed("relinked", "A", "persona", "a.txt"),
            Fixed("restored", None, None, "b.txt", **place),
        ),
        failed=(Failed("A", "persona", "no"), Failed(None, None, "no", **place)),
    )
    made = parsed(report)
    names = {"action", "goal", "component_type", "path", "generator", "origin"}
    assert [{*one} for one in made["fixed"]] == [names, names | {"map", "entry"}]
    assert made["failed"] == [
        {"goal": "A", "component_type": "persona", "reason": "no"},
        {"goal": None, "component_type": None, "reason": "no", **place},
    ]


def test_a_finding_holds_everything_that_the_contract_names() -> None:
    report = report_on({"goal_map.json": '{\n  "A/B~": {"protocol": "x.txt"}\n}'})
    (finding,) = parsed(report)["findings"]
    assert finding.pop("hint")
    assert finding == {
        "code": "JG201",
        "name": "missing-component",
        "severity": "error",
        "message": "components/protocols/x.txt does not exist",
        "map": "goal_map.json",
        "path": "components/protocols/x.txt",
        "line": 2,
        "column": 24,
        "pointer": "/A~1B~0/protocol",
        "goal": "A/B~",
        "component_type": "protocol",
        "related": [],
        "fixable": finding["fixable"],
    }


def test_an_orphan_has_no_position_in_a_map() -> None:
    (finding,) = parsed(report_on({**SOUND, "components/x": TEXT}))["findings"]
    keys = ("map", "line", "column", "pointer", "goal", "component_type")
    assert [finding[key] for key in keys] == [None] * 6


def test_names_are_exact_and_only_bytes_that_are_not_utf8_are_escaped() -> None:
    name = "a\x1b\n\u202e日🎉\\x\udcff"
    (finding,) = parsed(report_on({**SOUND, f"components/personas/{name}": TEXT}))["findings"][-1:]
    assert finding["path"] == "components/personas/a\x1b\n\u202e日🎉\\x\\xff"


def test_the_text_is_ascii_and_contains_no_runner_command() -> None:
    loud = "##[x ##vso[y ###[z \\##[ ::error:: \u2028"
    finding = Finding("JG201", "n", "error", loud, loud, loud, loud, 1, 1, loud, loud, loud)
    report = Report(loud, loud, (loud,), 1, 1, (finding,))
    lines = list(render("json", report, Options()))
    for line in lines:
        assert line.isascii()
        assert "##[" not in line
        assert "##vso[" not in line
    assert json.loads("\n".join(lines))["findings"][0]["goal"] == loud
