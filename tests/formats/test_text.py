"""The report for people."""

from __future__ import annotations

import re

import pytest

from jit_guard.formats import Options, render
from jit_guard.report import Finding, Report, Skipped
from projects import SOUND, TEXT, report_on, sound

FILES = {
    "goal_map.json": '{\n  "GOAL": {"protocol": "gone.txt"}\n}\n',
    "components/aux.md": TEXT,
    "components/x.tmp": TEXT,
}


def text(report: Report, **options: object) -> list[str]:
    return list(render("text", report, Options(**options)))  # type: ignore[arg-type]


def test_a_finding_is_one_line_with_position_code_name_entry_and_message() -> None:
    lines = text(report_on(FILES))
    assert lines[0] == (
        "goal_map.json:2:24: JG201 missing-component  GOAL/protocol: "
        "components/protocols/gone.txt does not exist"
    )


def test_a_finding_without_a_position_in_a_map_starts_with_its_path() -> None:
    lines = text(report_on(FILES))
    assert "components/aux.md: JG301 orphan-component  no entry references this file" in lines


def test_hints_follow_their_finding() -> None:
    lines = text(report_on(FILES))
    assert lines[1].startswith("    hint: ")


def test_the_summary_shows_counts_and_the_time() -> None:
    report = report_on(FILES)
    assert text(report)[-1] == "2 errors, 2 warnings in 1 entry, 2 components"
    with pytest.MonkeyPatch.context() as patch:  # measured at the end, after all other lines
        patch.setattr("jit_guard.formats.text.perf_counter", lambda: 11.234)
        assert text(report, started=10.0)[-1].endswith(" (1.23 s)")
    assert text(report_on(SOUND))[-1] == "nothing wrong in 1 entry, 1 component"
    many = sound({f"G{number}": {"t": str(number)} for number in range(1_200)})
    assert text(report_on(many))[-1] == "nothing wrong in 1,200 entries, 1,200 components"


def test_only_warnings_are_counted_as_such() -> None:
    report = report_on({**SOUND, "goal_map.json.tmp": ""})
    assert text(report)[-1] == "1 warning in 1 entry, 1 component"


def test_quiet_shows_findings_only() -> None:
    lines = text(report_on(FILES), quiet=True)
    assert len(lines) == 4
    assert all(re.search(r": JG\d{3} ", line) for line in lines)
    assert text(report_on(SOUND), quiet=True) == []


def test_what_was_skipped_is_reported() -> None:
    report = Report(".", "worktree", ("m",), 0, 0, skipped=(Skipped("JG301", "m\n", "why\x1b"),))
    assert text(report)[0] == r"skipped JG301 for m\n: why\x1b"


def test_an_incomplete_read_never_says_nothing_wrong() -> None:
    report = Report(".", "worktree", ("m",), 0, 0, unreadable=("x cannot be read: y",))
    assert text(report)[-1].startswith("not everything could be read")


def test_only_jit_guard_adds_colors_and_without_them_the_text_is_the_same() -> None:
    report = report_on(FILES)
    colored = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in text(report, color=True)]
    plain = text(report)
    assert [re.sub(" +", " ", line) for line in colored] == [re.sub(" +", " ", x) for x in plain]
    assert any("\x1b[" in line for line in text(report, color=True))
    assert not any("\x1b" in line for line in plain)


def test_on_a_terminal_the_columns_of_a_group_are_aligned() -> None:
    map_text = '{\n"A": {"t": "gone"},\n"B": {"long_type_name": "./x"}\n}'
    lines = text(report_on({"goal_map.json": map_text}), color=True)
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    found = [line for line in plain if " JG2" in line]
    assert len(found) == 2
    assert len({line.index("JG2") for line in found}) == 1
    assert len({line.index("/") for line in found}) == 1


def test_every_field_that_comes_from_a_file_is_made_printable() -> None:
    loud = "a\x1b\n\u202e"
    finding = Finding(
        "JG201", "missing-component", "error", loud, loud, loud, loud, 1, 1, loud, loud, loud
    )
    report = Report(loud, loud, (loud,), 1, 1, (finding, finding._replace(map=None)))
    for line in text(report):
        assert line.isprintable(), line
