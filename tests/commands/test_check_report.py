"""What the command adds to a check: the plan of a fix, excerpts, and where reports may go."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from jit_guard import cli
from jit_guard.errors import UnreadableError
from jit_guard.guard import Guard
from jit_guard.report import Report
from projects import TEXT, Files, at, call, lay_out
from repositories import NEEDS_GIT, repository
from typed import on_screen

GONE: Files = {"goal_map.json": '{"GREET": {"persona": "gone.txt"}}', "components/x/": b""}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a missing component."""
    return lay_out(tmp_path, GONE)


def test_text_counts_what_a_fix_fixes_and_json_has_its_plan(project: Path) -> None:
    assert call(cwd=project).out.endswith("\n1 fixable with --fix\n")
    assert "fixable" not in call("-q", cwd=project).out
    for argv in (("--format", "json"), ("--format", "json", "--format", "text=r.txt")):
        (finding,) = call(*argv, cwd=project).report["findings"]
        assert finding["fix"] == {
            "action": "generate",
            "path": "components/personas/autogen_persona_for_greet.txt",
            "cost": 0,
        }
    assert "fixable" not in call("--format", "concise", cwd=project).out


def test_a_plan_that_cannot_be_made_does_not_hide_the_findings(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Report:
        raise UnreadableError("x", "no plan")

    monkeypatch.setattr(Guard, "with_fixes", fail)
    for argv in ((), ("--format", "json"), ("-q",)):
        done = call(*argv, cwd=project)
        assert (done.code, done.err) == (1, "")
        assert "JG201" in done.out


def test_no_plan_is_made_for_what_nobody_reads(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Report:
        raise AssertionError("a plan is made")

    monkeypatch.setattr(Guard, "with_fixes", fail)
    for argv in (("-q",), ("--format", "concise"), ("--format", "github")):
        assert call(*argv, cwd=project).code == 1
    lay_out(project, {"components/personas/gone.txt": TEXT})
    for name in ("text", "json"):
        assert call("--format", name, cwd=project).code == 0


def test_a_map_that_cannot_be_read_again_has_no_excerpt(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "  1 | {" in call(cwd=project).out

    def fail(_: Guard, path: str, source: str = "worktree") -> bytes | None:
        raise UnreadableError(path, f"gone from the {source}")

    monkeypatch.setattr(Guard, "read", fail)
    done = call(cwd=project)
    assert (done.code, " | " in done.out, done.err) == (1, False, "")


def test_text_has_no_costs_for_which_the_ledger_would_be_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.fixing.forecast.planned_fixes", None)
    assert call(cwd=project).out.endswith("\n1 fixable with --fix\n")


def test_what_a_fix_did_fits_the_terminal(project: Path) -> None:
    fix = ("--fix", "--yes", "--generator", "scaffold", "--ignore", "JG501")
    done = on_screen(*fix, cwd=project, columns=40, NO_COLOR="1")
    assert done.code == 0
    assert done.out.splitlines()[:2] == [
        "generated  GREET/persona:",
        "           components/personas/autogen_persona_for_greet.txt",
    ]


@NEEDS_GIT
def test_what_a_fix_wrote_is_named_for_staging(tmp_path: Path) -> None:
    root = repository(tmp_path, GONE)
    done = call("--fix", "--yes", "--generator", "scaffold", cwd=root)
    assert "jit-guard: to stage the fix, run: git add -- " in done.err


def test_one_finding_is_accepted_in_the_singular(project: Path) -> None:
    argv = ("--baseline", "b", "--update-baseline")
    assert call(*argv, cwd=project).err == "jit-guard: b accepts 1 finding\n"
    (project / "goal_map.json").write_text('{"GREET": {"persona": "x.txt"}}')
    lay_out(project, {"components/personas/x.txt": TEXT})
    assert call(*argv, cwd=project).err == "jit-guard: b accepts 0 findings\n"


def test_details_are_for_the_verbose(project: Path) -> None:
    (project / "jit-guard.toml").write_text('orphan-ignore = ["*.bak"]\n')
    assert "*.bak" not in call(cwd=project).err
    assert "*.bak" in call("-v", cwd=project).err


@pytest.mark.parametrize("source", ["index", "HEAD"])
def test_a_map_that_a_flag_names_need_not_be_on_disk_for_another_source(
    project: Path, source: str
) -> None:
    done = call("--map", "more.json", "--source", source, cwd=project)
    assert done.code == 2
    assert "--map more.json does not exist" not in done.err
    assert "--map more.json does not exist" in call("--map", "more.json", cwd=project).err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--select", ""), ""),
        (("--select", " JG2 ,, JG3 "), ""),
        (("--select", "jg2"), "no rule code starts with 'jg2'"),
        (("--ignore", "JG9"), "'JG9'"),
    ],
)
def test_codes_are_a_list_with_commas(project: Path, given: tuple[str, ...], words: str) -> None:
    done = call(*given, "--format", "json", cwd=project)
    if words:
        assert done.code == 2
        assert words in done.err
    else:
        assert done.codes == ["JG201"]


@pytest.mark.parametrize(
    ("argv", "utf_8"),
    [
        (("--format", "markdown"), True),
        (("--format", "concise"), True),
        (("--format", "text=r.txt", "--format", "markdown"), True),
        ((), False),
        (("--format", "text"), False),
        (("--format", "markdown=r.md", "--format", "text"), False),
    ],
)
def test_programs_read_utf_8_and_people_what_their_terminal_has(
    project: Path, argv: tuple[str, ...], utf_8: bool
) -> None:
    lay_out(project, {"goal_map.json": '{"GREET": {"persona": "ä日.txt"}}'})
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, "iso8859-1", newline="\r\n")
    with at(project), redirect_stdout(out), redirect_stderr(io.StringIO()):
        assert cli.main(argv) == 1
        sys.stdout.flush()
    shown = raw.getvalue()
    assert ("ä日.txt".encode() in shown) == utf_8
    assert (b"\xe4\\u65e5.txt" in shown) != utf_8
    assert (b"\r\n" in shown) != utf_8
    out.detach()
