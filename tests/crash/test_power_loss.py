"""Power loss: from every legal disk state the project is old or new, and what was done stays.

As a control, each sync, each order and each part of the protocol is removed, and the model
notices it.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

import jit_guard.commit
from crash.conftest import Record
from crash.deed import NEW, TEXT
from crash.disk_model import Disk, State, write_state
from crash.power_loss import explore, trace_here
from crash.projects import NEW_MAP, SIMPLE, SIMPLE_NEW, Scenario, scenarios
from crash.tracing import Recorder, trace_command, why_not_strace
from jit_guard.commit import durable, pending, recovery
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.intent import Intent
from sampling import FULL, sample

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no promise for power loss there")

NAMES = (
    "one component",
    "killed before its decision is durable, recovered",
    "killed before its end is durable, recovered",
    "many components",
    "without hard links",
    "refused",
    "undone",
    "many components, undone",
    "undone by a recovery",
    "abandoned",
    "abandoned half done",
    "cleaned",
    "killed over its own",
    "saved over",
    "written by hand",
    "set aside",
    "moved",
    "moved without hard links",
    "edited, then moved",
    "move abandoned",
    "entries added",
    "entries added, abandoned",
    "new directories",
)


@pytest.fixture
def root(fast_directory: str) -> str:
    return fast_directory


def _scenario(root: str, name: str) -> Scenario:
    return next(one for one in scenarios(root) if one.name == name)


def test_every_scenario_is_run(root: str) -> None:
    assert [one.name for one in scenarios(root)] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_power_loss_leaves_the_old_state_or_the_new_one(
    name: str, root: str, record: Record
) -> None:
    scenario = _scenario(root, name)
    disk, end = trace_here(root, scenario.before, scenario.run)
    assert scenario.check()(end, True) is None
    crashes = sample(list(disk.crashes()), 300)
    again = 3 if name.startswith("many components") else 30  # their recoveries take long
    found = explore(root, crashes, scenario.recover, scenario.check(), again=again)
    record(f"power loss, {name}: {found}")
    assert found.states > 1
    assert not found.bad


def test_the_original_algorithm_does_not_survive_power_loss(root: str, record: Record) -> None:
    """The control: temporary map, rename, then the component; no intent and no sync."""
    sound = [SIMPLE, SIMPLE_NEW, _BOTH_NEW]

    def check_state(state: State, returned: bool) -> str | None:
        return None if state in (sound[-1:] if returned else sound) else "neither"

    for count in (1, 2):
        sound = [SIMPLE, SIMPLE_NEW, _BOTH_NEW][: count + 1]
        disk, end = trace_here(root, SIMPLE, partial(_original, count=count))
        assert end == sound[-1]
        found = explore(root, disk.crashes(), lambda _: None, check_state, again=0)
        killed = [s for s in _after_each_call(root, count) if check_state(s, False)]
        record(
            f"power loss, control, the original algorithm, {count} components: "
            f"{len(found.bad)} bad of {found.states} states; kill -9: {len(killed)} bad"
        )
        assert killed
    assert len(found.bad) > 100


_PERSONA = "components/personas/autogen_persona_for_greet.txt"
_MAP_2 = NEW_MAP.replace(b"host.txt", b"autogen_persona_for_greet.txt")
_BOTH_NEW: State = {**SIMPLE_NEW, "goal_map.json": _MAP_2, _PERSONA: TEXT}


def _original(root: str, count: int) -> None:
    steps = [(NEW_MAP, f"components/protocols/{NEW}"), (_MAP_2, _PERSONA)]
    for new_map, path in steps[:count]:
        _write(os.path.join(root, "goal_map.json.tmp"), new_map)
        os.rename(os.path.join(root, "goal_map.json.tmp"), os.path.join(root, "goal_map.json"))
        with suppress(FileExistsError):
            os.mkdir(os.path.join(root, os.path.dirname(path)))
        _write(os.path.join(root, path), TEXT)


def _write(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(handle, data)
    os.close(handle)


def _after_each_call(root: str, count: int) -> Iterator[State]:
    """Yield the state after a kill at each call: every write is kept by the kernel."""
    write_state(root, SIMPLE)
    with Recorder().active() as recorder:
        _original(root, count)
    for made in range(len(recorder.calls)):
        yield Disk(root, SIMPLE).replay(recorder.calls[:made]).now()


# Each sync is needed.


def _labels_in_the_source() -> set[str]:
    """Collect every `without=` of the commit as a pattern (fields of f-strings match anything)."""
    found: set[str] = set()
    for module in Path(jit_guard.commit.__path__[0]).glob("*.py"):
        tree = ast.parse(module.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            values = [keyword.value for keyword in node.keywords if keyword.arg == "without"]
            if name in ("_sync_directories", "sync_directories"):
                values += node.args[1:2]
            for value in values:
                if isinstance(value, ast.Constant):
                    found.add(re.escape(str(value.value)))
                elif isinstance(value, ast.JoinedStr):
                    parts = (
                        re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*"
                        for part in value.values
                    )
                    found.add("".join(parts))
    return found


@contextmanager
def _syncs(do: Callable[[str], bool]) -> Iterator[None]:
    """Make only the syncs for whose label `do` returns True."""
    real = durable.sync

    def sync(handle: int, without: str) -> bool:
        return do(without) and real(handle, without)

    durable.sync = sync
    try:
        yield
    finally:
        durable.sync = real


def _labels_seen(root: str) -> dict[str, list[Scenario]]:
    """Map the label of every sync that is reached to the scenarios that reach it."""
    seen: dict[str, list[Scenario]] = {}
    for scenario in scenarios(root):
        for label in _labels_of(root, scenario):
            seen.setdefault(label, []).append(scenario)
    return seen


def _labels_of(root: str, scenario: Scenario) -> dict[str, None]:
    here: dict[str, None] = {}
    with _syncs(lambda without: here.setdefault(without) is None):
        trace_here(root, scenario.before, scenario.run)
    return here


def test_skipping_any_sync_causes_a_loss_that_is_noticed(root: str, record: Record) -> None:
    seen = _labels_seen(root)
    unreached = [
        pattern
        for pattern in _labels_in_the_source()
        if not any(re.fullmatch(pattern, label) for label in seen)
    ]
    assert not unreached, "a sync that no scenario reaches"
    chosen = sample(list(seen), 10)
    unnoticed = [
        label
        for label in chosen
        if not any(_is_noticed(root, scenario, label) for scenario in seen[label])
    ]
    record(
        f"power loss, syncs taken out one by one: {len(chosen)} of {len(seen)}, "
        f"unnoticed {len(unnoticed)}"
    )
    assert not unnoticed


def _is_noticed(root: str, scenario: Scenario, label: str) -> bool:
    with _syncs(lambda without: without != label):
        disk, _ = trace_here(root, scenario.before, scenario.run)
        found = explore(
            root, disk.crashes(), scenario.recover, scenario.check(), again=0, stop_at=1
        )
    return bool(found.bad)


# Each step, and each order.


def _without_phase(phase: str) -> Callable[[pytest.MonkeyPatch], None]:
    def mutate(patch: pytest.MonkeyPatch) -> None:
        real = pending.write

        def write(directories: Directories, intent: Intent) -> None:
            if intent.phase != phase:
                real(directories, intent)

        patch.setattr(pending, "write", write)

    return mutate


def _with_steps(*order: int) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(
        recovery, "STEPS", tuple(recovery.STEPS[index] for index in order)
    )


def _in_place(patch: pytest.MonkeyPatch) -> None:
    """Overwrite the map in place instead of by a rename."""

    real = durable.replace

    def replace(temporary: Location, final: Location) -> None:
        if final.name != "goal_map.json":
            return real(temporary, final)
        with open(temporary.path, "rb") as file:
            data = file.read()
        handle = os.open(final.path, os.O_WRONLY | os.O_TRUNC)
        os.write(handle, data)
        os.fsync(handle)
        os.close(handle)
        return None

    patch.setattr(durable, "replace", replace)


def _unsynced_names(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(durable, "sync_directory", lambda path, without: None)


def _unsynced_bytes(patch: pytest.MonkeyPatch) -> None:
    real = durable.sync

    def sync(handle: int, without: str) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            real(handle, without)

    patch.setattr(durable, "sync", sync)


MUTATIONS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no plan": _without_phase("plan"),
    "no intent": _without_phase("commit"),
    "components before the maps": _with_steps(1, 0, 2, 3),
    "temporary files removed first": _with_steps(2, 0, 1, 3),
    "temporary files removed before the components are placed": _with_steps(0, 2, 1, 3),
    "intent removed before the temporary files": _with_steps(0, 1, 3, 2),
    "intent removed before the components are placed": _with_steps(0, 3, 1, 2),
    "intent removed before the maps are set": _with_steps(3, 0, 1, 2),
    "intent never removed": _with_steps(0, 1, 2),
    "map written in place": _in_place,
    "no directory is synced": _unsynced_names,
    "no file is synced": _unsynced_bytes,
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_change_of_the_protocol_is_noticed(
    mutation: str, root: str, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    scenario = _scenario(root, "one component")
    MUTATIONS[mutation](monkeypatch)
    why = _first_fault(root, scenario)
    record(f"power loss, {mutation}: {why}")
    assert why


def _first_fault(root: str, scenario: Scenario) -> str:
    try:
        disk, end = trace_here(root, scenario.before, scenario.run)
    except Exception as error:  # noqa: BLE001  (any error is the finding)
        return f"refused: {error}"
    if complaint := scenario.check()(end, True):
        return f"even without a crash: {complaint}"
    stop_at = None if FULL else 1
    found = explore(root, disk.crashes(), scenario.recover, scenario.check(), stop_at=stop_at)
    return f"{len(found.bad)} bad of {found.states} states" if found.bad else ""


# The tools themselves.


def test_both_tracers_record_the_same_calls(root: str, tmp_path: Path) -> None:
    """strace on another process and the recorder in this one lead to the same disks."""
    if reason := why_not_strace():
        pytest.skip(reason)
    scenario = _scenario(root, "many components")
    here, _ = trace_here(root, scenario.before, scenario.run)
    write_state(root, scenario.before)
    code = "import sys; from crash import projects; projects.many_components(sys.argv[1])"
    calls, ran = trace_command(
        [sys.executable, "-B", "-c", code, root],
        cwd=root,
        log=str(tmp_path / "strace"),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode == 0, ran.stderr.decode()
    there = type(here)(root, scenario.before).replay(calls)
    assert [type(event) for event in there.events] == [type(event) for event in here.events]
    assert len(list(there.crashes())) == len(list(here.crashes()))


def test_the_model_loses_what_is_not_synced(root: str) -> None:
    def write(root: str) -> None:
        _write(os.path.join(root, "a"), b"four")

    disk, _ = trace_here(root, {}, write)
    states = [crash.state for crash in disk.crashes()]
    assert {tuple(state.items()) for state in states} == {
        (),
        (("a", b""),),
        (("a", b"fo"),),
        (("a", b"four"),),
        (("a", b"\0\0\0\0"),),
    }


def test_the_model_keeps_what_is_synced(root: str) -> None:
    def write(root: str) -> None:
        handle = os.open(os.path.join(root, "a"), os.O_WRONLY | os.O_CREAT, 0o666)
        os.write(handle, b"four")
        os.fsync(handle)
        os.close(handle)
        directory = os.open(root, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    disk, _ = trace_here(root, {}, write)
    assert [crash.state for crash in disk.crashes() if crash.done] == [{"a": b"four"}]


def test_a_rename_may_precede_the_bytes_and_is_atomic(root: str) -> None:
    def write(root: str) -> None:
        _write(os.path.join(root, "t"), b"new")
        os.rename(os.path.join(root, "t"), os.path.join(root, "a"))

    disk, _ = trace_here(root, {"a": b"old"}, write)
    found = {state["a"] for state in (crash.state for crash in disk.crashes())}
    assert found == {b"old", b"", b"n", b"\0\0\0", b"new"}
