"""`--descriptions`: which of them fit nothing in the map, and where they are read from."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from projects import Files, Outcome, call, lay_out

HOLES: Files = {
    "goal_map.json": json.dumps(
        {"DIAGNOSE_ROOT_CAUSE": {"protocol": "rca.txt"}, "GREET": {"persona": "host.txt"}}
    ),
    "components/personas/host.txt": "You welcome people.\n",
}
FIX = ("--fix", "--no-input", "--generator", "scaffold")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one missing component."""
    return lay_out(tmp_path, HOLES)


def fix(project: Path, descriptions: object, *more: str) -> Outcome:
    (project / "d.json").write_text(json.dumps(descriptions))
    return call(*FIX, "--descriptions", "d.json", *more, cwd=project)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_unknown_goal_is_a_warning_with_the_nearest_one(
    project: Path, more: tuple[str, ...]
) -> None:
    done = fix(project, {"DIAGNOSE_ROOT_CASUE": {"protocol": "Find it", "persona": "x"}}, *more)
    warning = (
        "warning: --descriptions: no map has the goal 'DIAGNOSE_ROOT_CASUE'; "
        "did you mean 'DIAGNOSE_ROOT_CAUSE'?"
    )
    assert done.err.count(warning) == 1
    assert done.code == 1


def test_an_unknown_type_is_a_warning_with_the_nearest_one(project: Path) -> None:
    done = fix(project, {"DIAGNOSE_ROOT_CAUSE": {"protocl": "Find it"}})
    assert (
        "the goal 'DIAGNOSE_ROOT_CAUSE' has no component type 'protocl'; did you mean 'protocol'?"
    ) in done.err


def test_descriptions_of_existing_entries_are_no_warning(project: Path) -> None:
    described = {"DIAGNOSE_ROOT_CAUSE": {"protocol": "Find it"}, "GREET": {"persona": "Kind"}}
    assert "warning" not in fix(project, described).err
    assert list((project / "components/protocols").glob("autogen_*"))


def test_a_long_list_of_unknown_goals_is_cut(project: Path) -> None:
    done = fix(project, {f"NO_{number}": {"protocol": "x"} for number in range(50)})
    assert done.err.count("no map has the goal") == 20
    assert "warning: --descriptions: … and 30 more" in done.err


def test_a_map_that_cannot_be_read_has_no_unknown_goals(project: Path) -> None:
    (project / "goal_map.json").write_text("{")
    assert "no map has the goal" not in fix(project, {"X": {"protocol": "x"}}).err


def test_a_name_in_a_warning_is_escaped(project: Path) -> None:
    done = fix(project, {"X\n::error::\x1b[2J": {"protocol": "x"}})
    assert "no map has the goal" in done.err
    assert "\x1b" not in done.err
    assert "\n::" not in done.err


def test_standard_input(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = json.dumps({"DIAGNOSE_ROOT_CAUSE": {"protocol": "Find the one cause"}})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    call(*FIX, "--descriptions", "-", cwd=project)
    (draft,) = (project / "components/protocols").glob("autogen_*")
    assert "Find the one cause" in draft.read_text()


@pytest.mark.parametrize("given", ["", "[]", '{"X": "y"}', "{"])
def test_standard_input_in_another_form_is_an_error(
    project: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    done = call(*FIX, "--descriptions", "-", cwd=project)
    assert done.code == 2
    assert "standard input" in done.err


def test_closed_standard_input_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    done = call(*FIX, "--descriptions", "-", cwd=project)
    assert done.code == 2
    assert "standard input, which is closed" in done.err
