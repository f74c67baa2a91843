"""Traces of real commits and recoveries are behaviours of the model, and reordered ones are not."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crash.deed import NEW, TEXT
from crash.disk_model import State, write_state
from crash.projects import DRAFT, MANY, SIMPLE, Scenario, scenarios
from crash.test_power_loss import MUTATIONS
from crash.tracing import Call, Recorder, trace_command, why_not_strace
from sampling import sample
from spec.conformance import (
    FIX,
    LINKS,
    RECOVERER,
    SYNC,
    Action,
    Checker,
    Pair,
    actions,
    is_behaviour,
    start,
)
from spec.model import check

GREET = Pair("goal_map.json", ("GREET", "protocol"), NEW, f"components/protocols/{NEW}", TEXT)
OTHER = "maps/real.json"
PERSONAS = "components/personas"
# Each map of the commit of many components, with each of its components.
PAIRS = [
    Pair(path, keys, new, component, data, number, at, replaces, component.endswith("/there.txt"))
    for number, (path, keys, new) in enumerate(
        [
            ("goal_map.json", ("GREET", "protocol"), NEW),
            (OTHER, ("A", "persona"), "there.txt"),
        ]
    )
    for at, (component, data, replaces) in enumerate(
        [
            (f"components/protocols/{NEW}", TEXT, None),
            ("components/protocols/sub/new.txt", b"New.\n", None),
            (f"{PERSONAS}/there.txt", b"There already.\n", None),
            (f"{PERSONAS}/draft.txt", b"Written by a model.\n", DRAFT),
        ]
    )
]
# Programs that are traced by strace. `root` is where they run.
PROGRAMS = {
    "one component": "projects.one_component(root)",
    "two maps": "projects.many_components(root)",
    "without hard links": "projects._without_links(projects.one_component)(root)",
    "undone before the decision": "projects.refused(root)",
    "undone after the decision": """
from jit_guard.commit import durable
def refuse(*_):
    raise PermissionError(13, "Permission denied")
durable.place = durable.place_without_link = refuse
try:
    projects.one_component(root)
except transaction.TransactionError as error:
    assert "was undone" in str(error), error
""",
    "recovered": "projects.recover_with_space(root)",
    "abandoned": "projects.abandoned(root)",
}


class Traced:
    """A directory in which programs are traced."""

    def __init__(self, root: str, log: str) -> None:
        if reason := why_not_strace():
            pytest.skip(reason)
        self.root, self._log = root, log

    def run(self, program: str, before: State | None = None, kill_at: int = 0) -> list[Call]:
        """Run a program, perhaps killed at its n-th sync; return its calls."""
        if before is not None:
            write_state(self.root, before)
        head = "import sys; from crash import projects; from jit_guard.commit import transaction"
        code = f"{head}\nroot = sys.argv[1]\n{PROGRAMS[program]}"
        calls, ran = trace_command(
            [sys.executable, "-S", "-B", "-c", code, self.root],
            cwd=self.root,
            log=self._log,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
            inject=f"fsync:signal=KILL:when={kill_at}" if kill_at else "",
        )
        assert ran.returncode == (-signal.SIGKILL if kill_at else 0), ran.stderr.decode()
        return calls


@pytest.fixture
def root(fast_directory: str) -> str:
    return fast_directory


@pytest.fixture
def traced(root: str, tmp_path: Path) -> Traced:
    return Traced(root, str(tmp_path / "strace"))


def _scenario(root: str, name: str) -> Scenario:
    return next(one for one in scenarios(root) if one.name == name)


def _trace(root: str, before: State, run: Callable[[str], object], pair: Pair) -> list[Action]:
    write_state(root, before)
    with Recorder().active() as recorder:
        run(root)
    return actions(recorder.calls, root, pair)


# Real processes, traced by strace.


@pytest.mark.parametrize(
    ("program", "others", "refused"),
    [
        ("one component", "", 0),
        ("without hard links", "", LINKS),
        ("undone before the decision", "", 0),
        ("undone after the decision", "TROUBLE", 0),
    ],
)
def test_a_commit_is_a_behaviour_of_the_model(
    program: str, others: str, refused: int, traced: Traced, checker: Checker
) -> None:
    trace = actions(traced.run(program, SIMPLE), traced.root, GREET)
    assert len(trace) > 20
    found = is_behaviour(
        trace, start(SIMPLE, GREET), FIX, checker=checker, others=others, refused=refused
    )
    assert found.accepted, trace[found.matched :]
    if others or refused:
        assert not is_behaviour(trace, start(SIMPLE, GREET), FIX, checker=checker).accepted


def test_each_pair_of_a_commit_of_two_maps_is_one(traced: Traced, checker: Checker) -> None:
    calls = traced.run("two maps", MANY)
    for pair in PAIRS:
        trace = actions(calls, traced.root, pair)
        found = is_behaviour(
            trace, start(MANY, pair), FIX, checker=checker, replaces=pair.replaces is not None
        )
        assert found.accepted, (pair, trace[found.matched :])


@pytest.mark.parametrize("name", ["abandoned", "abandoned half done", "cleaned"])
def test_a_recovery_is_a_behaviour_of_the_model(
    name: str, traced: Traced, checker: Checker
) -> None:
    abandon = name.startswith("abandoned")
    before = _scenario(traced.root, name).before
    trace = actions(traced.run("abandoned" if abandon else "recovered", before), traced.root, GREET)
    begin, others = start(before, GREET), "ABANDON" if abandon else ""
    found = is_behaviour(trace, begin, RECOVERER, checker=checker, others=others)
    assert found.accepted, trace[found.matched :]
    other = "" if abandon else "ABANDON"
    assert not is_behaviour(trace, begin, RECOVERER, checker=checker, others=other).accepted


def test_a_killed_commit_and_its_recovery_are_one(traced: Traced, checker: Checker) -> None:
    """Killed at its n-th sync of 17, then recovered by another process."""
    begin = start(SIMPLE, GREET)
    for at in sample(range(1, 18), 3):
        calls = traced.run("one component", SIMPLE, kill_at=at) + traced.run("recovered")
        trace = actions(calls, traced.root, GREET)
        found = is_behaviour(trace, begin, FIX | RECOVERER, checker=checker, kills=1)
        assert found.accepted, (at, trace[found.matched :])
        assert not is_behaviour(trace, begin, FIX | RECOVERER, checker=checker).accepted, at


# Traces that are not behaviours, recorded in this process.


# Each change of the code of `crash.test_power_loss`, and the same change of the model.
SAME = {
    "no plan": "NO_PLAN",
    "no intent": "NO_INTENT",
    "components before the maps": "PLACE_FIRST",
    "temporary files removed first": "CLEAR_FIRST",
    "temporary files removed before the components are placed": "CLEAR_SECOND",
    "intent removed before the temporary files": "FORGET_THIRD",
    "intent removed before the components are placed": "FORGET_SECOND",
    "intent removed before the maps are set": "FORGET_FIRST",
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_changed_commit_is_none(
    mutation: str, root: str, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model notices the same change (see `test_model`), and takes the trace if it has it."""
    scenario = _scenario(root, "one component")
    MUTATIONS[mutation](monkeypatch)
    try:
        trace = _trace(root, scenario.before, scenario.run, GREET)
    except Exception:  # noqa: BLE001  (it fails even without a crash)
        return
    begin = start(SIMPLE, GREET)
    assert not is_behaviour(trace, begin, FIX, checker=checker).accepted
    if mutation in SAME:
        number = check.NUMBERS[SAME[mutation]]
        assert number in check.MUTATIONS
        found = is_behaviour(trace, begin, FIX, checker=checker, mutation=number)
        assert found.accepted, trace[found.matched :]


def test_a_commit_without_any_one_of_its_syncs_is_none(root: str, checker: Checker) -> None:
    scenario = _scenario(root, "one component")
    begin = start(SIMPLE, GREET)
    trace = _trace(root, scenario.before, scenario.run, GREET)
    for index, action in enumerate(trace):
        without = trace[:index] + trace[index + 1 :]
        assert not is_behaviour(without, begin, FIX, checker=checker).accepted, action


def test_two_steps_swapped_are_none(root: str, checker: Checker) -> None:
    """The map before the intent is synced; the intent removed before the component is placed."""
    scenario = _scenario(root, "one component")
    begin = start(SIMPLE, GREET)
    trace = _trace(root, scenario.before, scenario.run, GREET)
    for index in range(len(trace) - 1):
        first, second = trace[index : index + 2]
        if {first.call, second.call} == {SYNC}:
            continue  # two directories, synced in either order
        swapped = [*trace[:index], second, first, *trace[index + 2 :]]
        found = is_behaviour(swapped, begin, FIX, checker=checker)
        assert not found.accepted, (first, second)
