"""Empty files found by a second process: the same as one process finds, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.findings import Finding
from jit_guard.sources import survey, worktree
from jit_guard.sources.memory import Link
from jit_guard.sources.survey import Survey
from jit_guard.sources.worktree import Worktree
from projects import TEXT, Files, lay_out

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no survey on Windows")

FILES: Files = {
    "goal_map.json": '{"A": {"t": "x", "u": "deep/y", "v": "z"}, "B": {"t": "\\u00e9 b"}}',
    "components/ts/x": "",
    "components/ts/é b": "",
    "components/us/deep/y": "",
    "components/vs/z": TEXT,
    "components/vs/alias": Link("z"),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose every check has a survey."""
    monkeypatch.setattr(worktree, "_MANY", 0)
    monkeypatch.setattr(survey, "is_possible", lambda: True)
    return lay_out(tmp_path, FILES)


@pytest.fixture
def surveys(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Survey]]:
    """Those that were begun; all are ended when the test is."""
    begun: list[Survey] = []

    class Seen(Survey):
        def __init__(self, root: str, top: str) -> None:
            super().__init__(root, top)
            begun.append(self)

    monkeypatch.setattr(survey, "Survey", Seen)
    yield begun
    assert [one._process for one in begun] == [None] * len(begun)


def empties(root: Path) -> list[str | None]:
    found = Guard(root=root, ignore=("JG207", "JG501")).check().findings
    return [one.path for one in found if one.code == "JG206"]


EMPTY = ["components/ts/x", "components/us/deep/y", "components/ts/é b"]


def test_a_survey_finds_every_empty_file_and_is_ended(project: Path, surveys: list[Survey]) -> None:
    assert empties(project) == EMPTY
    assert len(surveys) == 1
    assert surveys[0]._told.keys() == {
        "components",
        "components/ts",
        "components/us",
        "components/us/deep",
        "components/vs",
    }


def test_its_answers_are_taken_and_no_file_is_looked_at_again(
    project: Path, surveys: list[Survey], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object, **__: object) -> os.stat_result:
        raise AssertionError("a file was looked at")

    source = Worktree(str(project))
    source.survey("components", ["goal_map.json"])
    assert source.folder("components/ts", sizes=True)
    monkeypatch.setattr(os, "lstat", looked)
    assert list(source.hollow("components/ts", ["x", "é b", "other"])) == [
        ("x", True),
        ("é b", True),
    ]
    source.close()


def test_a_name_that_is_no_text_comes_through(tmp_path: Path) -> None:
    name = "\udcff\n\u2028"
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / name).touch()
    found = Survey(str(tmp_path), "c")
    assert found.hollow("c") == {name}
    found.close()


@pytest.mark.parametrize("after", [0, 1])
def test_a_survey_that_is_killed_leaves_the_look_to_us(
    project: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    class Killed(Survey):
        def hollow(self, folder: str) -> set[str] | None:
            if self._process is not None and len(self._told) >= after:
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.wait()
                assert self._process.stdout is not None
                self._process.stdout.read()
            return super().hollow(folder)

    monkeypatch.setattr(survey, "Survey", Killed)
    assert empties(project) == EMPTY


def test_without_a_program_to_run_we_look_ourselves(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(project / "nowhere"))
    assert empties(project) == EMPTY


def test_a_folder_that_it_cannot_read_is_asked_for_again(tmp_path: Path) -> None:
    lay_out(tmp_path, {"c/x": "", "goal_map.json": "{}"})
    found = Survey(str(tmp_path), "c")
    assert found.hollow("c/gone") is None
    assert found.hollow("c") == {"x"}


def test_a_components_folder_that_is_a_link_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surveys: list[Survey]
) -> None:
    monkeypatch.setattr(worktree, "_MANY", 0)
    lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"t": "x"}}',
            "lib/ts/x": "",
            "components": Link("lib"),
        },
    )
    assert empties(tmp_path) == ["lib/ts/x"]
    assert surveys == []


def test_a_small_map_has_none(tmp_path: Path, surveys: list[Survey]) -> None:
    lay_out(tmp_path, FILES)
    assert empties(tmp_path) == EMPTY
    assert surveys == []


def test_it_is_begun_once(project: Path, surveys: list[Survey]) -> None:
    source = Worktree(str(project))
    source.survey("components", ["goal_map.json"])
    source.survey("components", ["goal_map.json"])
    assert len(surveys) == 1
    source.close()


def test_it_is_ended_when_a_check_is_interrupted(
    project: Path, surveys: list[Survey], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("jit_guard.check.read_maps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        empties(project)
    assert len(surveys) == 1


def test_one_processor_has_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert not survey.is_possible()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert survey.is_possible()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert not survey.is_possible()


def test_a_finding_is_the_same_with_and_without(project: Path) -> None:
    def found() -> tuple[Finding, ...]:
        return tuple(Guard(root=project, ignore=("JG207", "JG501")).check().findings)

    with_it = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "is_possible", lambda: False)
        assert found() == with_it
