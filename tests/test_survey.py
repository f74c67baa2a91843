"""Empty files found by a second process: the same as one process finds, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard import Guard, drafts
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.report import Report
from jit_guard.sources import survey, worktree
from jit_guard.sources.memory import Link, Memory
from jit_guard.sources.survey import Survey
from jit_guard.sources.worktree import Worktree
from projects import TEXT, Files, lay_out

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no survey on Windows")

DRAFT = drafts.mark("# Gate\n\nStop.\n", ".txt")
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
FILES: Files = {
    "goal_map.json": """{
      "A": {"t": "x", "u": "deep/y", "v": "z", "w": "autogen_w"},
      "B": {"t": "\\u00e9 b", "u": "blank", "v": "bytes", "w": "pointer"},
      "C": {"t": "long", "u": "cut", "v": "versions"}
    }""",
    "components/ts/x": "",
    "components/ts/é b": "",
    "components/ts/long": TEXT * 9999 + "\udcff",
    "components/us/deep/y": "",
    "components/us/blank": " \n\u2003\x1c",
    "components/us/cut": "é" * ((1 << 15) - 1) + "x" + "é",  # a piece ends within a character
    "components/vs/z": TEXT,
    "components/vs/bytes": "\udcff",
    "components/vs/alias": Link("z"),
    "components/vs/versions": "version one, version two\n",
    "components/ws/autogen_w": DRAFT,
    "components/ws/pointer": POINTER,
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
        def __init__(self, root: str, top: str, *, texts: bool) -> None:
            super().__init__(root, top, texts=texts)
            begun.append(self)

    monkeypatch.setattr(survey, "Survey", Seen)
    yield begun
    assert [one._process for one in begun] == [None] * len(begun)


NAMES = ("JG207", "JG501")


def found(root: Path, ignore: tuple[str, ...] = ()) -> Report:
    return Guard(root=root, ignore=ignore).check()


def empties(root: Path) -> list[str | None]:
    return [one.path for one in found(root, NAMES).findings if one.code == "JG206"]


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
        "components/ws",
    }


@pytest.mark.parametrize("ignore", [(), NAMES, ("JG206",), ("JG207",), ("JG501",)])
def test_the_report_is_the_same_with_and_without(
    project: Path, surveys: list[Survey], ignore: tuple[str, ...]
) -> None:
    with_it = found(project, ignore)
    assert len(surveys) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "is_possible", lambda: False)
        assert found(project, ignore) == with_it
    assert len(surveys) == 1


def test_all_of_it_is_told() -> None:
    """What the test above compares is not nothing."""
    told = check(Memory(FILES), Settings())
    assert [one.code for one in told.findings].count("JG206") == 4
    assert [one.code for one in told.findings].count("JG207") == 2
    assert "JG501" in [one.code for one in told.findings]
    assert [one.code for one in told.skipped] == ["JG207"]


def opened(project: Path, *, texts: bool) -> Worktree:
    source = Worktree(str(project))
    source.survey("components", ["goal_map.json"], texts=texts)
    return source


def test_its_answers_are_taken_and_no_other_file_is_looked_at(
    project: Path, surveys: list[Survey]
) -> None:
    for texts in (False, True):
        source = opened(project, texts=texts)
        folder = source.folder("components/vs", sizes=True)
        assert folder is not None
        assert surveys[-1].odd("components/vs", 3) == ({"bytes", "versions"} if texts else set())
        (project / "components/vs/z").write_bytes(b"")  # as if it were there all the time
        assert list(source.hollow("components/vs", folder.files)) == []
        read = [name for name, _ in source.chunks("components/vs", folder.files)]
        assert read == (["bytes", "versions"] if texts else ["bytes", "versions", "z"])
        source.close()
        (project / "components/vs/z").write_text(TEXT)


def test_where_somebody_writes_meanwhile_all_of_the_folder_is_looked_at(
    project: Path, surveys: list[Survey]
) -> None:
    source = opened(project, texts=True)
    assert surveys[0].odd("components/vs", 3) is not None
    (project / "components/vs/new").write_bytes(b"")
    folder = source.folder("components/vs")
    assert folder is not None
    assert list(source.hollow("components/vs", folder.files)) == [("new", True)]
    assert len(list(source.chunks("components/vs", folder.files))) == 4
    source.close()


def test_a_name_that_is_no_text_comes_through(tmp_path: Path) -> None:
    name = "\udcff\n\u2028"
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / name).touch()
    found = Survey(str(tmp_path), "c", texts=False)
    assert found.odd("c", 1) == {name}
    found.close()


@pytest.mark.parametrize("after", [0, 1])
def test_a_survey_that_is_killed_leaves_the_look_to_us(
    project: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    class Killed(Survey):
        def odd(self, folder: str, size: int) -> set[str] | None:
            if self._process is not None and len(self._told) >= after:
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.wait()
                assert self._process.stdout is not None
                self._process.stdout.read()
            return super().odd(folder, size)

    monkeypatch.setattr(survey, "Survey", Killed)
    assert empties(project) == EMPTY


def test_without_a_program_to_run_we_look_ourselves(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(project / "nowhere"))
    assert empties(project) == EMPTY


def test_a_folder_that_it_cannot_read_is_left_to_us(tmp_path: Path) -> None:
    lay_out(tmp_path, {"c/x": "", "c/.git/x": ""})
    found = Survey(str(tmp_path), "c", texts=False)
    assert found.odd("c/gone", 0) is None
    assert found.odd("c/.git", 1) is None
    assert found.odd("c", 1) == {"x"}
    assert found.odd("c", 2) is None


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
    source = opened(project, texts=False)
    source.survey("components", ["goal_map.json"], texts=False)
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


@pytest.mark.parametrize("program", ["", "/usr/sbin/uwsgi", "/opt/jit-guard", None])
def test_what_is_no_python_is_not_started(
    program: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(sys, "executable", program)
    assert not survey.is_possible()
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3.13")
    assert survey.is_possible()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert not survey.is_possible()
