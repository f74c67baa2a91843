"""One line per finding, in the form that editors and agents parse."""

from __future__ import annotations

import re

from jit_guard.formats import Options, render
from jit_guard.report import Failed, Finding, Fixed, Report, Skipped
from projects import SOUND, TEXT, report_on

FILES = {
    "goal_map.json": '{\n  "GOAL": {"protocol": "gone.txt"}\n}\n',
    "components/left.md": TEXT,
}


def concise(report: Report, **options: object) -> list[str]:
    return list(render("concise", report, Options(**options)))  # type: ignore[arg-type]


def test_every_line_is_path_line_column_code_and_message() -> None:
    assert concise(report_on(FILES), color=True) == [
        "goal_map.json:2:24: JG201 GOAL/protocol: components/protocols/gone.txt does not exist",
        "components/left.md:1:1: JG301 no entry references this file",
    ]
    assert concise(report_on(SOUND)) == []


def test_what_was_not_checked_and_what_a_fix_did_has_a_line() -> None:
    report = Report(
        *(".", "worktree", ("m.json",), 0, 0),
        skipped=(Skipped("JG301", "m.json", "JG001"), Skipped("JG203", None, "git fails")),
        fixed=(Fixed("relinked", "A", "t", "components/ts/x"),),
        failed=(Failed("B", "t", "no description"),),
    )
    assert concise(report) == [
        "relinked A/t: components/ts/x",
        "not fixed B/t: no description",
        "m.json:1:1: JG301 was not checked: JG001",
        "m.json:1:1: JG203 was not checked: git fails",
    ]
    assert concise(report, quiet=True) == []


def test_all_findings_are_listed_and_every_name_is_printable() -> None:
    loud = "a\x1b\n\u202e"
    finding = Finding("JG201", "x", "error", loud, loud, loud, loud, 1, 1, loud, loud, loud)
    lines = concise(Report(loud, loud, (loud,), 1, 1, (finding,) * 60))
    assert len(lines) == 60
    assert all(re.fullmatch(r"[ -~]+", line) for line in lines)
