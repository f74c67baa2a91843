"""GitLab Code Quality: the keys that GitLab requires, and stable fingerprints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.report import Report
from jit_guard.text.printable import printable, true_name
from reports import HOSTILE, finding, hostile, moved, orphan, report, reports, text

# What GitLab's documentation requires of reports from other tools.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": "^\\./"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def issues(sample: Report, prefix: str = "") -> list[dict[str, Any]]:
    """The issues of a report, checked to be readable by GitLab."""
    from jsonschema import Draft202012Validator

    shown = text("gitlab", sample, prefix)
    assert shown.isascii()
    found: list[dict[str, Any]] = json.loads(shown)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def prints(sample: Report, prefix: str = "") -> list[str]:
    """The fingerprints of a report."""
    return [issue["fingerprint"] for issue in issues(sample, prefix)]


def test_an_issue_says_what_is_wrong_where_and_what_to_do() -> None:
    (issue,) = issues(report(finding(3)), "packages/bot")
    assert issue["description"] == (
        "JG201 missing-component: GOAL_3/persona: components/personas/3.txt does not exist "
        "(`jit-guard --fix` writes it)"
    )
    assert issue["check_name"] == "JG201"
    assert issue["severity"] == "major"
    assert issue["location"] == {"path": "packages/bot/goal_map.json", "lines": {"begin": 3}}


def test_an_orphan_is_reported_at_the_first_line_of_its_file() -> None:
    (issue,) = issues(report(orphan("components/x.txt")))
    assert issue["location"] == {"path": "components/x.txt", "lines": {"begin": 1}}
    assert "components/x.txt" in issue["description"]


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"severity": "warning"}, "minor"),
        ({}, "major"),
        ({"code": "JG001"}, "critical"),
        ({"code": "JG401"}, "critical"),
    ],
)
def test_severities_are_those_of_gitlab(fields: dict[str, Any], severity: str) -> None:
    (issue,) = issues(report(finding(**fields)))
    assert issue["severity"] == severity


def test_a_clean_report_is_an_empty_array() -> None:
    assert issues(report()) == []


def test_a_fingerprint_is_stable_across_releases() -> None:
    # Changing it closes and reopens every issue of every project, so it needs a good reason.
    assert prints(report(finding())) == ["294fa50379f3fcaefc4df220154eb94d"]


@given(reports, st.integers(0, 500))
def test_fingerprints_are_unique_and_survive_moved_lines(sample: Report, by: int) -> None:
    before = prints(sample)
    assert len(set(before)) == len(before)
    assert prints(moved(sample, by)) == before


@given(reports)
def test_other_findings_change_no_fingerprint_of_another_identity(sample: Report) -> None:
    added = finding(7, code="JG206", goal="only this one")
    alone = set(prints(sample))
    assert alone < set(prints(report(*sample.findings, added, maps=sample.maps)))


def test_projects_of_one_repository_share_no_fingerprint() -> None:
    one, other = prints(report(finding()), "a"), prints(report(finding()), "b")
    assert one != other


def test_a_message_may_change_and_the_finding_stays_the_same() -> None:
    assert prints(report(finding())) == prints(report(finding(message="other words", hint=None)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    sample = hostile(name)
    for issue, found in zip(issues(sample), sample.findings, strict=True):
        assert printable(issue["description"]) == issue["description"]
        assert issue["location"]["path"] == true_name(found.map or found.path or "")
    assert "##[" not in text("gitlab", sample)
    assert "##vso[" not in text("gitlab", sample)
