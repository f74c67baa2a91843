"""Traces of real commits and recoveries are behaviours of the model, and reordered ones are not."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from crash.deed import NEW, TEXT
from crash.disk_model import State, write_state
from crash.projects import (
    DRAFT,
    MANY,
    SIMPLE,
    Scenario,
    one_component,
    recover_with_space,
    scenarios,
)
from crash.test_power_loss import MUTATIONS
from crash.tracing import Recorder
from jit_guard.commit import durable, transaction
from spec.conformance import (
    FIX,
    RECOVERER,
    Action,
    Checker,
    Pair,
    Verdict,
    actions,
    is_behaviour,
    start,
)

GREET = Pair("goal_map.json", ("GREET", "protocol"), NEW, f"components/protocols/{NEW}", TEXT)
OTHER = "maps/real.json"
PERSONAS = "components/personas"
# Each map of the commit of many components, with each of its components.
PAIRS = [
    Pair(path, keys, new, component, data, number, at, replaces)
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
RECOVERIES = ("abandoned", "abandoned half done", "cleaned")


@pytest.fixture
def root(fast_directory: str) -> str:
    return fast_directory


def _scenario(root: str, name: str) -> Scenario:
    return next(one for one in scenarios(root) if one.name == name)


def _trace(root: str, before: State, run: Callable[[str], object], pair: Pair) -> list[Action]:
    write_state(root, before)
    with Recorder().active() as recorder:
        run(root)
    return actions(recorder.calls, root, pair)


def _recovery(root: str, name: str, checker: Checker) -> Verdict:
    scenario = _scenario(root, name)
    trace = _trace(root, scenario.before, scenario.run, GREET)
    begin = start(scenario.before, GREET)
    abandon = "abandoned" in name
    return is_behaviour(trace, begin, RECOVERER, checker=checker, abandon=abandon)


@pytest.mark.parametrize("name", ["one component", "refused"])
def test_a_commit_is_a_behaviour_of_the_model(name: str, root: str, checker: Checker) -> None:
    scenario = _scenario(root, name)
    trace = _trace(root, scenario.before, scenario.run, GREET)
    assert len(trace) > 20
    found = is_behaviour(trace, start(scenario.before, GREET), FIX, checker=checker)
    assert found.accepted, trace[found.matched :]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.map}-{pair.component}")
def test_each_pair_of_a_larger_commit_is_one(pair: Pair, root: str, checker: Checker) -> None:
    trace = _trace(root, MANY, _scenario(root, "many components").run, pair)
    found = is_behaviour(
        trace, start(MANY, pair), FIX, checker=checker, replaces=pair.replaces is not None
    )
    assert found.accepted, trace[found.matched :]


@pytest.mark.parametrize("name", RECOVERIES)
def test_a_recovery_is_a_behaviour_of_the_model(name: str, root: str, checker: Checker) -> None:
    assert _recovery(root, name, checker).accepted


REORDERED = [name for name in MUTATIONS if name != "no file is synced" or os.path.isdir("/proc")]


@pytest.mark.parametrize("mutation", REORDERED)
def test_a_changed_commit_is_none(
    mutation: str, root: str, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = _scenario(root, "one component")
    MUTATIONS[mutation](monkeypatch)
    try:
        trace = _trace(root, scenario.before, scenario.run, GREET)
    except Exception:  # noqa: BLE001  (it fails even without a crash)
        return
    assert not is_behaviour(trace, start(SIMPLE, GREET), FIX, checker=checker).accepted


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
        if {first.call, second.call} == {8}:
            continue  # two directories, synced in either order
        swapped = [*trace[:index], second, first, *trace[index + 2 :]]
        found = is_behaviour(swapped, begin, FIX, checker=checker)
        assert not found.accepted, (first, second)


class KilledError(BaseException):
    """Stands for a kill: nothing of the commit runs after it."""


@pytest.mark.parametrize("at", range(3, 18, 2))
def test_a_killed_commit_and_its_recovery_are_one(
    at: int, root: str, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at its n-th sync of 17, then recovered."""
    real, seen = durable.sync, 0

    def sync(handle: int, without: str) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise KilledError
        real(handle, without)

    def killed_then_recovered(root: str) -> None:
        with pytest.raises(KilledError):
            one_component(root)
        recover_with_space(root)

    monkeypatch.setattr(durable, "sync", sync)
    monkeypatch.setattr(transaction, "_undo", lambda *_: None)
    trace = _trace(root, SIMPLE, killed_then_recovered, GREET)
    found = is_behaviour(trace, start(SIMPLE, GREET), FIX | RECOVERER, checker=checker, kills=1)
    assert found.accepted, trace[found.matched :]
