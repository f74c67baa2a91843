"""The fuzzer: it accepts correct output, notices wrong output, and finds faults put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from fuzz import commands, outputs
from fuzz.decisions import Decisions
from fuzz.fuzz_check import one_input, random_inputs
from fuzz.outputs import codes
from fuzz.worlds import SECRET, World, build
from jit_guard import selftest
from jit_guard.commands import COMMANDS
from jit_guard.comparison import rename_keys
from jit_guard.formats import NAMES
from jit_guard.rules import fault, load_rules
from jit_guard.text.names import fold
from projects import SOUND, Outcome, call, lay_out


@pytest.fixture(autouse=True)
def _stay_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIT_GUARD_NO_NETWORK", "1")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A sound project without a configuration, in a sandbox."""
    lay_out(tmp_path / "outside", {"secret.txt": SECRET})
    return World(lay_out(tmp_path / "project", SOUND), (), configured=False)


def some(world: World, data: bytes = b"") -> None:
    """Run the commands that these bytes choose."""
    commands.run_some(Decisions(data), world, world.root.parent)


def answers(monkeypatch: pytest.MonkeyPatch, answer: Callable[[tuple[str, ...]], Outcome]) -> None:
    """Give these answers in place of the command."""
    monkeypatch.setattr(commands, "call", lambda *argv, cwd: answer(argv))


def test_random_projects_are_handled() -> None:
    for data in (b"", *islice(random_inputs(20261126), 12)):
        one_input(data)


def test_an_input_is_always_the_same_project(tmp_path: Path) -> None:
    (first,), (again,) = (islice(random_inputs(3), 1) for _ in range(2))
    states = []
    for number, data in enumerate((first, again)):
        sandbox = tmp_path / str(number)
        sandbox.mkdir()
        root = build(Decisions(data), sandbox).root
        found = commands.state(root)
        states.append({path.removeprefix(bytes(root)): what for path, what in found.items()})
    assert states[0] == states[1]
    assert states[0] != {}


def test_every_command_and_format_is_run(world: World) -> None:
    runs = {name for name in COMMANDS if name != "check"}
    some_bytes = (bytes([number] * 200) for number in range(256))
    drawn = [
        make(Decisions(data), world)
        for data in some_bytes
        for make in (*commands.READING, *commands.CHANGING)
    ]
    assert {argv[0] for argv in drawn} >= runs
    for flag in ("--strict", "--fix", "--dry-run", "--map", "--update-baseline", "--adopt"):
        assert any(flag in argv for argv in drawn)
    assert {name for argv in drawn for name in argv if name in NAMES} == {*NAMES}


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (Outcome(3, "", ""), "exit code 3"),
        (Outcome(4, "", ""), "exit code 4"),
        (Outcome(-1, "", ""), "exit code -1"),
        (Outcome(2, "", "jit-guard: error: internal error: x"), "internal error"),
        (Outcome(0, "Traceback (most recent call last):\n", ""), "traceback"),
        (Outcome(0, "a\x07b\n", ""), "raw .*x07"),
        (Outcome(0, "a\u202eb\n", ""), "raw .*u202e"),
        (Outcome(0, "\x1b[2J", ""), "raw .*x1b"),
        (Outcome(0, f"{SECRET}\n", ""), "outside the project"),
        (Outcome(0, "", "forged\n"), "forged 'forged'"),
        (Outcome(0, "##[error]x\n", ""), "a command of a CI runner"),
        (Outcome(0, "x ##VSO[task]\n", ""), "a command of a CI runner"),
        (Outcome(0, " ::error::x\n", ""), "a command ' ::error::x'"),
    ],
)
def test_wrong_output_is_noticed(
    outcome: Outcome, message: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, lambda argv: outcome)
    with pytest.raises(AssertionError, match=message):
        some(world)


def test_a_selftest_may_be_silent_only_in_a_configured_project(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "READING", (lambda draw, world: ("selftest",),))
    silent = Outcome(3, "", "jit-guard: error: JG301 did not fire on an injected fault\n")
    answers(
        monkeypatch, lambda argv: silent if argv[0] == "selftest" else call(*argv, cwd=world.root)
    )
    with pytest.raises(AssertionError, match="exits with 3 without a configuration"):
        some(world)
    some(world._replace(configured=True))


def test_a_hang_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(argv: tuple[str, ...]) -> Outcome:
        while True:
            pass

    monkeypatch.setattr(commands, "SECONDS", 0.05)
    answers(monkeypatch, hang)
    with pytest.raises(AssertionError, match=r"a hang: more than 0.05 s"):
        some(world)


def test_another_answer_to_the_same_question_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "READING", (lambda draw, world: ("config",),))
    numbers = iter(range(100))
    answers(
        monkeypatch,
        lambda argv: (
            Outcome(0, f"{next(numbers)}\n", "")
            if argv == ("config",)
            else call(*argv, cwd=world.root)
        ),
    )
    some(world, b"\0\0\0")
    with pytest.raises(AssertionError, match="another answer"):
        some(world, b"\0\0\3")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("project/new.txt", "commands that only read changed the project"),
        ("project/goal_map.json", "commands that only read changed the project"),
        ("outside/secret.txt", "what is outside the project was changed"),
    ],
)
def test_a_change_is_noticed(
    path: str, message: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(argv: tuple[str, ...]) -> Outcome:
        outcome = call(*argv, cwd=world.root)
        (world.root.parent / path).write_text("changed")
        return outcome

    answers(monkeypatch, write)
    with pytest.raises(AssertionError, match=message):
        some(world)


def test_formats_that_disagree_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.root / "components/personas/orphan.txt").write_text("x")
    concise = bytes([NAMES.index("concise")])
    some(world, concise)
    answers(
        monkeypatch,
        lambda argv: (
            Outcome(1, "", "") if argv == ("--format", "concise") else call(*argv, cwd=world.root)
        ),
    )
    some(world, concise)  # no report at all is another matter, and seen by the exit code
    answers(
        monkeypatch,
        lambda argv: (
            Outcome(1, "goal_map.json:1:1: JG201 x\n", "")
            if argv == ("--format", "concise")
            else call(*argv, cwd=world.root)
        ),
    )
    with pytest.raises(AssertionError, match="JG201"):
        some(world, concise)


def broken(report: Any, *keys: Any, value: Any) -> str:
    """The report as JSON, with one value changed."""
    here = report
    for key in keys[:-1]:
        here = here[key]
    here[keys[-1]] = value
    return json.dumps(report)


def test_reports_that_are_wrong_in_their_format_are_noticed(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, **{f"components/personas/{n}.txt": "x" for n in "ab"}})
    reports = {name: call("--format", name, cwd=root) for name in NAMES}
    for name, outcome in reports.items():
        found = codes(name, outcome)
        assert found in (None, {"JG301": 2})

    def changed(name: str, *keys: Any, value: Any) -> Iterable[tuple[str, Outcome]]:
        text = broken(json.loads(reports[name].out), *keys, value=value)
        yield name, reports[name]._replace(out=text)

    result = ("runs", 0, "results", 0)
    place = (*result, "locations", 0, "physicalLocation")
    wrong = [
        *changed("json", "summary", "findings", value=3),
        *changed("json", "summary", "errors", value=1),
        *changed("json", "findings", 0, "line", value=1),
        ("json", reports["json"]._replace(code=0)),
        *changed("sarif", *result, "ruleId", value="JG201"),
        *changed("sarif", *result, "message", "text", value=""),
        *changed("sarif", *place, "artifactLocation", "uri", value="file:///x"),
        *changed("sarif", *place, "region", "startLine", value=0),
        *changed("gitlab", 0, "location", "lines", "begin", value=0),
        ("github", Outcome(1, "::error file=x::JG301\n", "")),
    ]
    for name in ("sarif", "gitlab"):
        report = json.loads(reports[name].out)
        issues = report["runs"][0]["results"] if name == "sarif" else report
        issues[1] = issues[0]
        wrong.append((name, reports[name]._replace(out=json.dumps(report))))
    page = reports["html"].out
    more = ("<img src=x>", "<p onclick=x>", '<a href="javascript:x">', "<script></script>")
    wrong += [("html", Outcome(1, page + one, "")) for one in (*more, '<p id="x"><p id="x">')]
    for name, outcome in wrong:
        with pytest.raises(AssertionError):
            codes(name, outcome)


def test_two_runs_may_differ_in_their_duration_alone() -> None:
    first, second = (Outcome(0, f"nothing wrong ({one} s)\n", "") for one in ("0.12", "1,234.5"))
    assert outputs.same(first) == outputs.same(second)
    assert outputs.same(first) != outputs.same(first._replace(out="1 error (0.12 s)\n"))


# Faults that an earlier fuzzer did not find in 148,295 inputs.


def found_within(count: int, seed: int) -> str:
    """What is wrong with the first of so many random projects that shows a fault."""
    for data in islice(random_inputs(seed), count):
        try:
            one_input(data)
        except AssertionError as error:
            return str(error)
    return "nothing"


def test_a_separator_within_a_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def folded(texts: Iterable[str]) -> list[str]:
        listed = list(texts)
        joined = "\0".join(listed)
        return joined.lower().split("\0") if joined.isascii() else [fold(one) for one in listed]

    monkeypatch.setattr(rename_keys, "_folded", folded)
    assert "internal error" in found_within(50, seed=0)


def test_a_component_type_that_is_no_directory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tuple(rule for rule in load_rules() if rule.code == "JG206")
    monkeypatch.setattr(selftest, "load_rules", lambda: empty)  # one rule takes no time
    monkeypatch.setattr(commands, "READING", (lambda draw, world: ("selftest",),))
    monkeypatch.setattr(commands, "SECONDS", 2)
    assert found_within(20, seed=4) == "nothing"
    monkeypatch.setattr(fault, "_is_directory_name", lambda component_type: True)
    assert "('selftest',)" in found_within(20, seed=4)
