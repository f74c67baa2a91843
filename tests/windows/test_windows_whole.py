"""The whole suite, part by part: what each part gave, and what is run again."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from projects import lay_out

from . import __main__, whole
from .environment import Environment, run
from .session import read

pytestmark = pytest.mark.skipif(os.name == "nt", reason="`python -m tests.windows` runs on Linux")
FILES = ("tests/a/test_hangs.py", "tests/a/test_sound.py", "tests/b/test_fails.py")


class _Windows:
    """Runs a session of pytest for each part: writes what the plugin would have written."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.parts: list[list[str]] = []
        self.outcomes = {"hangs": "", "fails": "failed", "sound": "passed"}

    def run(self, _made: Environment, arguments: Sequence[str], *, seconds: float) -> int:
        part = [one for one in arguments if one.endswith(".py")]
        self.parts.append(part)
        outcomes = [self.outcomes[Path(file).stem.removeprefix("test_")] for file in part]
        with self._log.open("a", encoding="utf-8") as log:
            for file, outcome in zip(part, outcomes, strict=True):
                entry = {"test": f"{file}::test_it", "outcome": outcome, "seconds": 30.0}
                log.write(json.dumps(entry) + "\n" if outcome else "")
            if "" in outcomes:
                raise subprocess.TimeoutExpired("pytest", seconds)
            log.write('{"end": 0}\n')
        return 0


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Windows:
    """A project with three files of tests, two in a part."""
    made = _Windows(tmp_path / "session.jsonl")
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(whole, "ROOT", tmp_path)
    monkeypatch.setattr(whole, "_FILES", 2)
    monkeypatch.setattr(whole, "_commit", lambda: "abc1234")
    monkeypatch.setattr(whole, "stop", lambda made: None)
    monkeypatch.setattr(whole, "run", made.run)
    return made


def test_a_part_that_hangs_is_reported_and_the_others_are_run(
    windows: _Windows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert whole.run_whole(Environment(tmp_path), (), resume=False) == 1
    assert windows.parts == [[*FILES[:2]], [FILES[2]]]
    end = capsys.readouterr().out.split("ended after")[1].split("\n\n")
    assert end[-2].split("\n") == [
        "not finished: tests/a/test_hangs.py",
        "not finished: tests/a/test_sound.py",
        "failed: tests/b/test_fails.py::test_it",
    ]
    assert end[-1].split("\n")[2:] == [
        "| `tests/a` | 1 | 0 | 0 | 2 | 0.5 | abc1234 |",
        "| `tests/b` | 0 | 0 | 1 | 0 | 0.5 | abc1234 |",
        "| all | 1 | 0 | 1 | 2 | 1.0 | abc1234 |",
        "",
    ]


def test_only_what_failed_or_did_not_finish_is_run_again(windows: _Windows, tmp_path: Path) -> None:
    made = Environment(tmp_path)
    whole.run_whole(made, (), resume=False)
    windows.parts.clear()
    windows.outcomes = dict.fromkeys(windows.outcomes, "passed")
    assert whole.run_whole(made, (), resume=True) == 0
    assert windows.parts == [[file] for file in FILES]
    windows.parts.clear()
    assert whole.run_whole(made, (), resume=True) == 0
    assert windows.parts == []
    assert whole.run_whole(made, (), resume=False) == 0
    assert windows.parts == [[*FILES[:2]], [FILES[2]]]


def test_the_whole_suite_is_run_unless_a_path_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Sequence[str]]] = []

    def note(name: str) -> Any:
        return lambda _made, arguments, **_options: calls.append((name, arguments))

    for name in ("run", "run_whole"):
        monkeypatch.setattr(__main__, name, note(name))
    monkeypatch.setattr(__main__, "missing", lambda: None)
    monkeypatch.setattr(__main__, "prepare", lambda *_, with_git: None)
    __main__.main(["-q", "-n", "2"])
    __main__.main(["-q", "tests/test_cli.py::test_help"])
    __main__.main(["--fast", "-q"])
    assert [name for name, _ in calls] == ["run_whole", "run", "run"]
    assert calls[0][1] == ["-q", "-n", "2"]
    assert list(calls[1][1])[-2:] == ["-q", "tests/test_cli.py::test_help"]


def test_the_result_of_each_test_is_written_when_it_is_known(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_one="""
            import pytest

            @pytest.fixture
            def torn():
                yield
                raise OSError

            def test_passes(): pass
            def test_fails(): assert False
            def test_fails_at_its_end(torn): pass
            def test_is_skipped(): pytest.skip("why")
        """,
        test_other="import no_such_module",
    )
    log = pytester.path / "log"
    plugin = ("-p", "tests.windows.session", f"--keep-results={log}")
    pytester.runpytest_inprocess(*plugin, "--continue-on-collection-errors")
    one, other = read(log, ("test_one.py", "test_other.py"), "abc1234")
    assert (one.passed, one.skipped, len(one.failed)) == (1, 1, 2)
    assert other.failed == ["test_other.py"]
    assert [found.settled for found in read(log, ("test_empty.py",), "")] == [True]
    begun = log.read_text("utf-8").replace('{"end": 1}\n', '{"te')
    log.write_text(begun, "utf-8")  # as if it was killed
    assert [found.settled for found in read(log, ("test_empty.py",), "")] == [False]


def test_a_session_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = {"wine": "echo started; exec sleep 60", "wineserver": f"echo $1 >{tmp_path}/end"}
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    users = tmp_path / "made/wine/drive_c/users"
    lay_out(users, {"root/Temp/pytest-of-root/pytest-0/x": "", "root/x": ""})
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run(Environment(tmp_path / "made"), ["-m", "pytest"], seconds=0.1)
    assert time.monotonic() - start < 30
    assert (tmp_path / "end").read_text("utf-8") == "--kill\n"
    assert {path.name for path in users.rglob("*")} == {"root", "Temp", "x"}
    assert not list(users.glob("root/Temp/*"))
