"""The options of `--fix` reach the fix, and win over the configuration."""

from __future__ import annotations

import io
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from jit_guard.generators import choice
from jit_guard.generators.generator import Generator, Options, Request, Text, Usage, Writer
from projects import call, lay_out
from typed import type_in

GOALS = {f"G{number}": {"persona": f"p{number}.txt"} for number in range(4)}
FIX = ("--fix", "--no-input", "--yes")


class Spy:
    """A generator that notes what it is given, and how many texts it writes at a time."""

    def __init__(self) -> None:
        self.options: Options | None = None
        self.requests: list[Request] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._met = threading.Condition(self._lock)
        self.together = 1

    def generator(self, name: str) -> Generator:
        return Generator(name, "a spy", self._start, network=name == "openai", paid=False)

    def _start(self, options: Options) -> Writer:
        self.options = options
        return Writer(self._write, options.model or "none")

    def _write(self, request: Request) -> Text:
        with self._met:
            self.requests.append(request)
            self._now += 1
            self.most = max(self.most, self._now)
            self._met.notify_all()
            self._met.wait_for(lambda: self.most >= self.together, timeout=5)
        with self._lock:
            self._now -= 1
        return Text(f"You are {request.goal}.\n", Usage(1, 1, 0))

    @property
    def given(self) -> dict[str, Any]:
        assert self.options is not None
        return self.options._asdict()


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    made = Spy()
    for name in ("command", "openai"):
        monkeypatch.setitem(choice.EMBEDDED, name, made.generator(name))
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which four personas are missing."""
    return lay_out(tmp_path, {"goal_map.json": json.dumps(GOALS), "components/x/": b""})


CONFIGURED = """
generator = "command"
model = "cat-1"
timeout = 7
jobs = 1
prompt = "house.txt"
descriptions = "said.json"
"""


def test_a_fix_uses_what_is_configured(project: Path, spy: Spy) -> None:
    said = json.dumps({"G1": {"persona": "Is first."}})
    lay_out(project, {"jit-guard.toml": CONFIGURED, "house.txt": "Be brief.\n", "said.json": said})
    done = call(*FIX, cwd=project)
    assert done.code == 0, done
    given = spy.given
    assert [given[name] for name in ("model", "timeout", "prompt", "command", "base_url")] == [
        *("cat-1", 7, "Be brief.\n", None, None)
    ]
    assert spy.most == 1
    described = {one.goal: one.description for one in spy.requests}
    assert described["G1"] == "Is first."
    assert set(described) == set(GOALS)


def test_flags_win_over_the_configuration(project: Path, spy: Spy) -> None:
    said = {"said.json": "{}", "own.json": json.dumps({"G1": {"persona": "Is mine."}})}
    lay_out(project, {"jit-guard.toml": CONFIGURED, "house.txt": "Be brief.\n", **said})
    spy.together = 3
    options = ("--generator", "openai", "--model", "dog-2", "--base-url", "http://localhost:1/v1")
    limits = ("--timeout", "2.5", "--jobs", "3", "--max-tokens-total", "999999999")
    done = call(*FIX, *options, *limits, "--descriptions", "own.json", cwd=project)
    assert done.code == 0, done
    given = spy.given
    assert [given[name] for name in ("model", "timeout", "base_url")] == [
        *("dog-2", 2.5, "http://localhost:1/v1")
    ]
    assert given["budget"].limit == 999_999_999
    assert spy.most == 3
    assert "Is mine." in [one.description for one in spy.requests]


def test_the_program_comes_from_the_flag_or_else_from_the_environment(
    project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_COMMAND", "from-the-environment")
    assert call(*FIX, "--limit", "1", cwd=project).code == 1
    assert spy.given["command"] == "from-the-environment"
    assert call(*FIX, "--limit", "1", "--command", "from-the-flag -x", cwd=project).code == 1
    assert spy.given["command"] == "from-the-flag -x"
    assert len(spy.requests) == 2, "one for each run"
    done = call(*FIX, "--command", "x", "--generator", "openai", cwd=project)
    assert done.code == 2
    assert "--command requires --generator command" in done.err


def test_a_fresh_text_is_written_although_one_is_stored(project: Path, spy: Spy) -> None:
    argv = (*FIX, "--command", "x", "--limit", "1")
    call(*argv, cwd=project)
    (written,) = (project / "components/personas").iterdir()
    written.unlink()
    assert "stored" in call("--fix", "--dry-run", "--yes", "--command", "x", cwd=project).out
    call(*argv, cwd=project)
    assert len({one.goal for one in spy.requests}) == len(spy.requests), "it was stored"
    written.unlink()
    spy.requests.clear()
    call(*FIX, "--command", "x", "--fresh", cwd=project)
    assert "G0" in {one.goal for one in spy.requests}


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--dry-run",), "--dry-run requires --fix"),
        (("--yes", "--no-input"), "--yes, --no-input require --fix"),
        (("--generate-anyway",), "--generate-anyway requires --fix"),
        (("--max-tokens-total", "5"), "--max-tokens-total requires --fix"),
        (("--fix", "--source", "index"), "--fix only works on the worktree; remove --source"),
        (("--fix", "--wait"), "--wait requires --batch"),
        (
            ("--fix", "--relink", "--generate-anyway"),
            "--relink and --generate-anyway cannot be combined",
        ),
        (("--fix", "--update-baseline"), "--fix and --update-baseline cannot be combined"),
        (("--fix", "--descriptions", "no.json"), "--descriptions no.json does not exist"),
        (("--fix", "--jobs", "0"), "'0' is not a positive whole number"),
        (("--fix", "--limit", "-1"), "'-1' is not a positive whole number"),
        (("--fix", "--timeout", "0"), "'0' is not a positive number of seconds"),
        (("--fix", "--timeout", "nan"), "'nan' is not a positive number of seconds"),
        (("--fix", "--timeout", "1e9"), "'1e9' is not a positive number of seconds"),
        (("--fix", "--max-tokens-total", "1.5"), "'1.5' is not a positive whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(
    project: Path, spy: Spy, argv: tuple[str, ...], words: str
) -> None:
    done = call(*argv, cwd=project)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert spy.options is None
    assert not (project / ".jit-guard").exists()


def test_what_excludes_each_other_makes_sense_alone(project: Path, spy: Spy) -> None:
    for option in ("--relink", "--generate-anyway"):
        assert "cannot be combined" not in call("--fix", option, cwd=project).err


def test_a_description_of_what_no_map_has_is_named(project: Path, spy: Spy) -> None:
    said = {"G9": {"persona": "x"}, "G1": {"person": "y", "persona": "z"}}
    lay_out(project, {"said.json": json.dumps(said)})
    argv = (*FIX, "--command", "x", "--descriptions", "said.json")
    err = call(*argv, cwd=project).err
    assert err.count("jit-guard: warning: --descriptions: ") == 2
    assert "G9" in err
    assert "person" in err
    assert spy.requests
    lay_out(project, {"goal_map.json": "{"})
    assert "warning" not in call(*argv, cwd=project).err, "goals are not known then"
    lay_out(project, {"other.json": '{"G9": {"persona": "p0.txt"}}'})
    lay_out(project, {"goal_map.json": json.dumps(GOALS)})
    err = call(*argv, "--map", "other.json", cwd=project).err
    assert ("G9" in err, "G1" in err) == (False, True), "only the maps of the run count"


def test_descriptions_are_read_from_standard_input(
    project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.BytesIO(json.dumps({"G2": {"persona": "Is piped."}}).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(said))
    argv = ("--fix", "--yes", "--command", "x", "--descriptions", "-")
    assert call(*argv, cwd=project).code == 0
    assert "Is piped." in [one.description for one in spy.requests]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[")))
    done = call(*argv, cwd=project)
    assert done.code == 2
    assert "standard input" in done.err
    monkeypatch.setattr(sys, "stdin", None)
    done = call(*argv, cwd=project)
    assert done.code == 2
    assert "--descriptions - reads standard input, which is closed" in done.err


def test_a_dry_run_asks_nothing_writes_nothing_and_says_whether_there_is_work(
    project: Path, spy: Spy
) -> None:
    before = sorted(project.rglob("*"))
    done = type_in([], "--fix", "--dry-run", "--command", "x", cwd=project)
    assert (done.code, done.err) == (1, "")
    assert done.out.count("generate  ") == len(GOALS)
    report = call("--fix", "--dry-run", "--command", "x", "--format", "json", cwd=project)
    assert report.code == 1
    assert {one["fix"]["action"] for one in report.report["findings"]} == {"generate"}
    assert sorted(project.rglob("*")) == before
    assert spy.requests == []
    call(*FIX, "--command", "x", cwd=project)
    done = call("--fix", "--dry-run", cwd=project)
    assert (done.code, done.out) == (0, "nothing to do\n")


def test_a_plan_cannot_forge_a_line(tmp_path: Path) -> None:
    goals = {"A\n::error::x\x1b[2J": {"persona": "x.txt"}}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})
    done = call("--fix", "--dry-run", "--yes", cwd=root)
    assert done.code == 1
    assert not any(one in done.out for one in ("\x1b", "\n::"))


def test_the_prompt_of_the_configuration_is_a_file_of_the_project(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": 'prompt = "gone.txt"\n'})
    done = call(*FIX, cwd=project)
    assert done.code == 2
    assert "gone.txt" in done.err


def test_a_file_of_descriptions_is_among_those_that_would_be_sent(
    project: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.dumps({"G1": {"persona": "Is mine."}})
    lay_out(project, {"said.json": said})
    argv = ("--fix", "--dry-run", "--yes", "--generator", "openai", "--model", "m")
    shown = call(*argv, "--descriptions", "said.json", cwd=project).out
    assert "shows     said.json\n" in shown
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(said.encode())))
    shown = call(*argv, "--descriptions", "-", cwd=project).out
    assert "Is mine." in shown
    assert "shows     -\n" not in shown


def test_a_report_does_not_need_what_only_a_fix_needs(project: Path) -> None:
    """A check of a project whose ledger cannot be read reports everything but the plan."""
    lay_out(project, {".jit-guard/ledger.db": "no ledger"})
    done = call("--format", "json", cwd=project)
    assert (done.code, done.codes) == (1, ["JG201"] * len(GOALS))
    assert call(*FIX, "--generator", "scaffold", cwd=project).code == 2
