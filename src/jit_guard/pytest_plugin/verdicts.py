"""Assign the findings of a check to the map's tests, each finding to exactly one test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from jit_guard.pytest_plugin.parts import Key
from jit_guard.report import Finding, Report

UNREADABLE = " cannot be read: "  # the words of UnreadableError
# Findings about the map as a whole, even if they name a goal.
_OF_THE_MAP = ("JG0", "JG1", "JG4")


class Verdict(NamedTuple):
    """The result of one test: its findings, what could not be read, and why it was withheld."""

    findings: tuple[Finding, ...] = ()
    unread: tuple[str, ...] = ()
    withheld: str | None = None

    @property
    def errors(self) -> list[Finding]:
        """The findings that fail the test."""
        return [one for one in self.findings if one.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that are shown and do not fail the test."""
        return [one for one in self.findings if one.severity != "error"]


def distribute(
    report: Report, keys: Collection[Key], entries: Mapping[str, Iterable[Key]]
) -> dict[Key, Verdict]:
    """The result of each test that does not simply pass.

    Args:
        report: the report of the session's one check.
        keys: all tests.
        entries: path of a component -> the goals that name it; only used for paths that could
            not be read.
    """
    findings: dict[Key, list[Finding]] = {}
    unread: dict[Key, list[str]] = {}
    for finding in report.findings:
        findings.setdefault(_test_of(finding, report, keys), []).append(finding)
    for line in report.unreadable:
        for key in _unchecked(line, report, keys, entries):
            unread.setdefault(key, []).append(line)
    reasons = [f"{one.map}: {one.reason}" for one in report.skipped if one.code == "JG301"]
    withheld = {Key(report.maps[0], "orphans"): "; ".join(reasons)} if reasons else {}
    return {
        key: Verdict(tuple(findings.get(key, ())), tuple(unread.get(key, ())), withheld.get(key))
        for key in {**findings, **unread, **withheld}
    }


def _test_of(finding: Finding, report: Report, keys: Collection[Key]) -> Key:
    if finding.map is None and not finding.code.startswith(_OF_THE_MAP):
        return Key(report.maps[0], "orphans")
    path = finding.map if finding.map is not None else report.maps[0]
    goal = finding.goal if finding.identity is None else finding.identity
    if goal is not None and not finding.code.startswith(_OF_THE_MAP):
        key = Key(path, "goal", goal)
        if key in keys:  # otherwise the map was edited after the tests were collected
            return key
    return Key(path, "schema")


def _unchecked(
    line: str, report: Report, keys: Collection[Key], entries: Mapping[str, Iterable[Key]]
) -> list[Key]:
    """The tests that cannot pass because a path could not be read."""
    path = line.partition(UNREADABLE)[0]
    if path in report.maps:
        return [Key(path, "schema")]
    if path in entries:
        return list(entries[path])
    below = "" if path == "." else f"{path}/"
    goals = {key: None for named in entries if named.startswith(below) for key in entries[named]}
    return [*(key for key in keys if key in goals), Key(report.maps[0], "orphans")]
