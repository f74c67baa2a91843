"""The report for people."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable

import pytest

from jit_guard.formats import Options, render
from jit_guard.report import Failed, Finding, Fixed, PlannedFix, Report, Skipped
from jit_guard.rules import series
from projects import SOUND, TEXT, Files, report_on, sound
from reports import finding, report

FILES: Files = {
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
    shown = {"read": read(FILES), "columns": 110}
    styled = text(report, color=True, rules="file:///rules.html", **shown)
    assert any("\x1b[" in line for line in styled)
    assert any("\x1b]8;;file:///rules.html#JG301\x1b\\" in line for line in styled)
    bare = [re.sub(r"\x1b\[[\d;]*m|\x1b\]8;;.*?\x1b\\", "", line) for line in styled]
    assert bare == text(report, **shown)
    assert not any("\x1b" in line for line in bare)


def test_an_error_is_red_a_warning_is_yellow_and_a_hint_is_dim() -> None:
    lines = text(report(finding(1), finding(2, severity="warning")), color=True)
    for place, colour in ((":1:17", 31), (":2:17", 33)):
        (line,) = [one for one in lines if place in one]
        assert f"\x1b[1;{colour}mJG201\x1b[0m" in line
    assert any(one.startswith("\x1b[2m    hint: `jit-guard --fix` writes it") for one in lines)
    assert not any("\x1b[2m    hint" in one for one in text(report(finding(1))))


def test_what_a_finding_is_about_is_its_entry_or_else_its_path() -> None:
    at = finding(1, goal=None, component_type=None, hint=None)
    for fields, about in (
        ({"entry": "skills[0]"}, "skills[0]: "),
        ({}, "components/personas/1.txt: "),
        ({"path": "goal_map.json"}, ""),
        ({"map": None}, ""),
        ({"goal": "A"}, "A: "),
        ({"goal": "A", "component_type": "t"}, "A/t: "),
    ):
        (line, *_) = text(report(at._replace(**fields)))
        assert f" JG201 missing-component  {about}components/personas/1.txt does not" in line


def read(files: Files) -> Callable[[str], bytes | None]:
    def of(path: str) -> bytes | None:
        content = files.get(path)
        return content.encode() if isinstance(content, str) else content

    return of


def test_the_line_of_the_map_is_shown_with_a_caret_between_finding_and_hint() -> None:
    lines = text(report_on(FILES), read=read(FILES))
    assert lines[1:3] == ['  2 |   "GOAL": {"protocol": "gone.txt"}', "    | " + " " * 23 + "^"]
    assert lines[3].startswith("    hint: ")


def test_an_excerpt_fits_on_a_narrow_terminal() -> None:
    wide = {**FILES, "goal_map.json": '{"GOAL": {"protocol": "' + "gone/" * 40 + 'x.txt"}}'}
    lines = text(report_on(wide), read=read(wide), columns=40)
    shown, caret = next(pair for pair in itertools.pairwise(lines) if "^" in pair[1])
    assert shown.startswith("  1 | ")
    assert len(shown) == 40
    assert shown.endswith("…")
    assert shown[caret.index("^")] == '"'


def test_findings_at_one_position_share_its_line() -> None:
    files = {"goal_map.json": '{"GOAL": {"t": "a:b"}}', "components/ts/a:b": ""}
    lines = text(report_on(files), read=read(files))
    parts = [found[0] for line in lines if (found := re.findall(r": (JG\d+)|(\^)|(hint:)", line))]
    assert ["".join(part) for part in parts] == ["JG206", "^", "hint:", "JG208", "hint:"]


def test_all_that_is_wrong_with_one_file_comes_together() -> None:
    files = {**SOUND, "components/aux.md": TEXT, "components/b": TEXT, "components/con.md": TEXT}
    found = [line.split()[:2] for line in text(report_on(files)) if ": JG" in line]
    assert found == [
        ["components/aux.md:", "JG208"],
        ["components/aux.md:", "JG301"],
        ["components/b:", "JG301"],
        ["components/con.md:", "JG208"],
        ["components/con.md:", "JG301"],
    ]


GONE: Files = {
    "goal_map.json": json.dumps({f"G{number:03}": {"t": f"{number}"} for number in range(120)}),
    **{f"components/ts/{letter}": TEXT for letter in "abc"},
}


def test_a_hint_is_said_once_for_all_findings_of_a_group_that_have_it() -> None:
    lines = text(report_on(GONE))
    hints = [line for line in lines if line.startswith("    hint: ")]
    assert len(hints) == len(set(hints)) == 4  # each orphan has its own
    assert hints[0].endswith(" (the same for 49 more below)")


@pytest.mark.parametrize("most", [10_000, 0], ids=["stored", "generated"])
def test_only_the_first_50_of_a_code_are_shown_and_the_others_are_counted(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(series, "_MANY", most)
    report = report_on(GONE)
    lines = text(report)
    assert sum(": JG201 " in line for line in lines) == 50
    assert sum(": JG301 " in line for line in lines) == 3
    assert "and 70 more JG201 missing-component; to show all, use --show-all" in lines
    assert lines[-1].startswith("123 errors in ")
    whole = text(report, show_all=True)
    assert sum(": JG201 " in line for line in whole) == 120
    assert not any(" more JG201 " in line for line in whole)
    assert len(text(report, quiet=True)) == 123


def test_statistics_count_the_findings_of_each_code() -> None:
    report = report_on(GONE)._replace(fixes={"components/ts/7": PlannedFix("restore", None, 0)})
    assert text(report, statistics=True) == [
        "120  JG201  missing-component  1 fixable",
        "  3  JG301  orphan-component",
        "",
        "123 errors in 120 entries, 3 components",
        "1 fixable with --fix",
    ]


def test_statistics_are_ordered_by_number_then_by_code() -> None:
    given = enumerate(("JG9", "JG3", "JG5", "JG5"))
    found = [finding(line, code=code, name=f"n{code}") for line, code in given]
    lines = text(report(*found), statistics=True)[:3]
    assert [line.split()[:3] for line in lines] == [
        ["2", "JG5", "nJG5"],
        ["1", "JG3", "nJG3"],
        ["1", "JG9", "nJG9"],
    ]


def test_only_the_first_50_entries_with_the_same_reason_are_shown() -> None:
    pending = [Failed(f"G{number}", "t", "it is pending") for number in range(1_055)]
    report = report_on(SOUND)._replace(failed=(Failed("A", "t", "no description"), *pending))
    lines = text(report)
    assert lines[50:-1] == [
        "not fixed  G49/t: it is pending",
        "not fixed  1,005 more: it is pending; to show all, use --show-all",
    ]
    assert "not fixed  G1054/t: it is pending" in text(report, show_all=True)[-2]


def test_what_a_fix_did_comes_before_what_is_left() -> None:
    report = report_on(FILES)._replace(
        fixed=(Fixed("relinked", "A", "t", "components/ts/x"),),
        failed=(Failed("GOAL", "protocol", "no description"),),
    )
    assert text(report)[:4] == [
        "relinked   A/t: components/ts/x",
        "not fixed  GOAL/protocol: no description",
        "",
        text(report_on(FILES))[0],
    ]
    # The reason is what to do about it; a hint would say to run the fix again.
    assert "hint:" not in text(report)[4]
    assert "hint:" in text(report._replace(failed=()))[3]


def test_every_field_that_comes_from_a_file_is_made_printable() -> None:
    loud = "a\x1b\n\u202e"
    finding = Finding(
        "JG201", "missing-component", "error", loud, loud, loud, loud, 1, 1, loud, loud, loud
    )
    report = Report(loud, loud, (loud,), 1, 1, (finding, finding._replace(map=None)))
    for line in text(report):
        assert line.isprintable(), line
