"""Questions on a terminal: who is asked, what Enter means, and when it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from projects import SOUND, TEXT, call, lay_out
from typed import type_in

ORPHANS = ("components/protocols/page.md", "components/protocols/write.md")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two orphans whose entries are not certain."""
    return lay_out(tmp_path, {**SOUND, **dict.fromkeys(ORPHANS, TEXT)})


def test_a_closed_standard_input_answers_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    for argv in (("prune",), ("--fix", "--adopt", "--yes")):
        done = call(*argv, cwd=project)
        assert done.code == 1
        assert "?" not in done.err
    assert all((project / path).exists() for path in ORPHANS)


@pytest.mark.parametrize("answers", [[], ["ROLL_BACK"]])
def test_after_the_end_of_input_no_other_orphan_is_asked_about(
    project: Path, answers: list[str]
) -> None:
    err = type_in(answers, "--fix", "--adopt", cwd=project).err
    assert err.count("has no entry") == 1
    assert (err.count("Goal of it"), err.count("Component type?")) == (1, len(answers))
    assert (project / "goal_map.json").read_text() == SOUND["goal_map.json"]
    assert err.endswith("\n"), "the next line does not start behind the question"


@pytest.mark.parametrize("answers", [["-", "-"], ["ROLL_BACK", "-", "-"], ["-", "ROLL_BACK", "-"]])
def test_an_orphan_is_left_with_a_dash(project: Path, answers: list[str]) -> None:
    err = type_in(answers, "--fix", "--adopt", cwd=project).err
    assert err.count("has no entry") == 2
    assert (project / "goal_map.json").read_text() == SOUND["goal_map.json"]
