"""The report as a program reads it: what counts, and what does not pass."""

from __future__ import annotations

import pytest

from jit_guard.commands.check import exit_code
from jit_guard.report import Failed, Finding, Fixed, Report, Skipped, order
from projects import MAP, TEXT, found

ERROR = Finding("JG301", "orphan-component", "error", "no entry", path="components/a")
WARNING = Finding("JG303", "leftover-temporary", "warning", "left", path="components/b")
EMPTY = Report(".", "worktree", ("goal_map.json",), 1, 1)


@pytest.mark.parametrize(
    ("more", "ok", "code", "strict"),
    [
        ({}, True, 0, 0),
        ({"findings": (WARNING,)}, True, 0, 1),
        ({"findings": (ERROR,)}, False, 1, 1),
        ({"findings": (WARNING, ERROR)}, False, 1, 1),
        ({"unreadable": ("x cannot be read",)}, False, 2, 2),
        ({"unreadable": ("x cannot be read",), "findings": (ERROR,)}, False, 2, 2),
        ({"trouble": "the disk is full"}, False, 2, 2),
        ({"trouble": ""}, False, 2, 2),
        ({"trouble": "the disk is full", "findings": (WARNING,)}, False, 2, 2),
        ({"skipped": (Skipped("JG301", None, "no tree"),)}, True, 0, 0),
        ({"stale": ("[]",), "accepted": 3, "notes": ("x",)}, True, 0, 0),
        ({"fixed": (Fixed("relinked", "G", "t", "x"),), "written": ("x",)}, True, 0, 0),
        ({"failed": (Failed("G", "t", "no description"),)}, True, 0, 0),
    ],
)
def test_ok_is_what_the_exit_code_says(
    more: dict[str, object], ok: bool, code: int, strict: int
) -> None:
    report = EMPTY._replace(**more)  # type: ignore[arg-type]
    assert report.ok is ok
    assert exit_code(report, strict=False) == code
    assert exit_code(report, strict=True) == strict


def test_a_hook_that_wrote_files_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    report = EMPTY._replace(written=("goal_map.json",))
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert (exit_code(report, strict=False), exit_code(EMPTY, strict=False)) == (1, 0)
    monkeypatch.setenv("PRE_COMMIT", "0")
    assert exit_code(report, strict=False) == 0


def test_errors_and_warnings_are_counted() -> None:
    report = EMPTY._replace(findings=(ERROR, WARNING, ERROR))
    assert (report.errors, report.warnings) == (2, 1)


@pytest.mark.parametrize("field", ["findings", "unreadable", "skipped", "stale"])
def test_what_says_something_about_the_project(field: str) -> None:
    assert not EMPTY._replace(notes=("x",), messages=("x",)).has_content
    assert EMPTY._replace(**{field: (ERROR,)}).has_content  # type: ignore[arg-type]


def test_findings_are_in_order_of_the_map_and_the_tree_is_last() -> None:
    def at(line: int, column: int, code: str = "JG201", path: str = "p", name: str = "") -> Finding:
        return ERROR._replace(map="b", line=line, column=column, code=code, path=path, message=name)

    in_component = at(1, 1)._replace(in_path=True)
    ordered = [
        at(9, 9)._replace(map="a"),
        at(0, 5)._replace(line=None),
        at(1, 0, "JG203")._replace(column=None),
        at(1, 1),
        at(1, 2, "JG201", "o"),
        at(1, 2, "JG201", "p", "a"),
        at(1, 2, "JG201", "p", "b"),
        at(1, 2, "JG202", "o"),
        at(2, 1),
        at(10, 1),
        in_component,
        in_component._replace(path="q", line=0),
        ERROR._replace(path="a"),
        ERROR._replace(path="b"),
    ]
    backwards = ordered[::-1]
    assert sorted(backwards, key=order) == ordered


def test_what_no_fix_can_do_is_not_fixable() -> None:
    assert not WARNING.fixable
    missing, orphan = found({"goal_map.json": MAP, "components/personas/left.txt": TEXT})
    assert (missing.code, missing.fixable, orphan.code, orphan.fixable) == (
        "JG201",
        True,
        "JG301",
        False,
    )


def test_names_for_readers_are_of_the_goal_or_of_the_registry() -> None:
    for one in (Fixed("relinked", "G", "t", "x"), Failed("G", "t", "why")):
        assert one.name == "G/t"
        assert one._replace(entry="plugins[0]").name == "plugins[0]"
    assert ERROR._replace(map="m").file == "m"
    assert ERROR._replace(map="m", in_path=True).file == "components/a"
