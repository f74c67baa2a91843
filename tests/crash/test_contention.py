"""Many processes at once: no edit is lost, and the map is never torn, thanks to the lock."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from crash.conftest import Record
from crash.contexts import CONTEXT
from crash.disk_model import read_state
from jit_guard.commit import kernel_lock, transaction
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit, EditError
from sampling import FULL

WORKERS, EDITS = 8, 40 if FULL else 12 if os.name == "posix" else 5
_MAP = "goal_map.json"
_T = TypeVar("_T")


def _begin(root: str) -> None:
    goals = {f"W{n}": {"p": "0.txt", "q": "stays.txt"} for n in range(WORKERS)}
    with open(os.path.join(root, _MAP), "w") as file:
        json.dump({**goals, "OTHER": {"p": "0"}}, file, indent=2)


def _no_lock(handle: int, *, shared: bool) -> bool:
    return True


def _work(root: str, worker: int, edits: int, unlocked: bool, ready: Any, results: Any) -> None:
    """Change an entry of its own repeatedly, each time with a new component."""
    if unlocked:
        kernel_lock.lock = _no_lock
    goal, conflicts = f"W{worker}", 0
    ready.wait()  # all at once
    for number in range(1, edits + 1):
        edit = Edit((goal, "p"), f"{number - 1}.txt", f"{number}.txt")
        path = f"components/{goal}/{number}.txt"
        while True:
            try:
                done = transaction.commit(
                    root, [MapChange(_MAP, (edit,))], [Placement(path, b"text\n")]
                )
            except EditError:  # another process saved an older version of the map
                conflicts += 1
                now = json.loads(_patiently(Path(root, _MAP).read_bytes))[goal]["p"]
                edit = edit._replace(old=now)
                if now == edit.new:
                    break
                continue
            except Exception as error:  # noqa: BLE001  (reported to the test)
                results.put((worker, f"{type(error).__name__}: {error}"))
                return
            if done.changes:
                break
    results.put((worker, conflicts))


def _patiently(call: Callable[[], _T]) -> _T:
    """Windows refuses to open, and to replace, what another process is replacing or reads."""
    for _ in range(1000 if os.name == "nt" else 0):
        try:
            return call()
        except PermissionError:
            time.sleep(0.005)
    return call()


def _watch(root: str, stop: Any, results: Any) -> None:
    """Parse the map continuously; every component that it names must exist for a reader."""
    seen, torn = 0, 0
    while not stop.is_set():
        data = _patiently(Path(root, _MAP).read_bytes)
        try:
            json.loads(data)
        except ValueError:
            torn += 1
        seen += 1
        time.sleep(0.0005)  # the others have to get on, too
    results.put(("watcher", (seen, torn)))


def _save(root: str, stop: Any, results: Any) -> None:
    """Act as an editor: read the map, change a key of its own, rename over it."""
    saves, lost, path = 0, 0, os.path.join(root, _MAP)
    while not stop.is_set():
        goals = json.loads(_patiently(Path(path).read_bytes))
        if goals["OTHER"]["p"] != str(saves):
            lost += 1
        saves += 1
        goals["OTHER"]["p"] = str(saves)
        with open(path + "~", "w") as file:
            json.dump(goals, file, indent=2)
        _patiently(lambda: os.replace(path + "~", path))
        time.sleep(0.02)
    results.put(("other", (saves, lost)))


@contextmanager
def _beside(target: Callable[..., None], root: str, results: Any) -> Iterator[None]:
    stop = CONTEXT.Event()
    process = CONTEXT.Process(target=target, args=(root, stop, results))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join()


def _run(root: str, results: Any, edits: int = EDITS, *, unlocked: bool = False) -> float:
    ready = CONTEXT.Barrier(WORKERS + 1)
    workers = [
        CONTEXT.Process(target=_work, args=(root, number, edits, unlocked, ready, results))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    ready.wait(60)
    start = time.monotonic()
    for worker in workers:
        worker.join()
    return time.monotonic() - start


def _collect(results: Any, count: int) -> dict[Any, Any]:
    return dict(results.get(timeout=30) for _ in range(count))


def _leftovers(root: str) -> list[str]:
    return [path for path in read_state(root) if ".jit-guard-" in path or "pending" in path]


def test_no_edit_is_lost_and_the_map_is_never_torn(fast_directory: str, record: Record) -> None:
    _begin(fast_directory)
    results = CONTEXT.Queue()
    with _beside(_watch, fast_directory, results):
        took = _run(fast_directory, results)
    collected = _collect(results, WORKERS + 1)
    seen, torn = collected.pop("watcher")
    assert collected == dict.fromkeys(range(WORKERS), 0)
    with open(os.path.join(fast_directory, _MAP), "rb") as file:
        goals = json.load(file)
    assert {goals[f"W{n}"]["p"] for n in range(WORKERS)} == {f"{EDITS}.txt"}
    assert torn == 0
    assert _leftovers(fast_directory) == []
    record(
        f"contention: {WORKERS} processes, {WORKERS * EDITS} commits in {took:.1f} s, none lost; "
        f"{seen} reads of the map, {torn} torn"
    )


def test_saves_of_another_process_are_kept(fast_directory: str, record: Record) -> None:
    _begin(fast_directory)
    results = CONTEXT.Queue()
    with _beside(_watch, fast_directory, results), _beside(_save, fast_directory, results):
        _run(fast_directory, results)
    collected = _collect(results, WORKERS + 2)
    (seen, torn), (saves, lost) = collected.pop("watcher"), collected.pop("other")
    conflicts = sum(collected.values())  # an error's text would not add up
    assert torn == 0
    assert saves > 0
    # There are two system calls between the last check and the rename; only there a save can be
    # lost, if the process is suspended (on a machine with fewer cores than processes).
    assert lost <= max(2, saves // 5)
    assert _leftovers(fast_directory) == []
    record(
        f"contention, with saves of another process: {saves} saves, {lost} lost in our window; "
        f"{conflicts} of ours were saved over and noticed; {seen} reads, {torn} torn"
    )


def test_the_test_notices_a_missing_lock(fast_directory: str, record: Record) -> None:
    """The control: the same run with a lock that does nothing."""
    _begin(fast_directory)
    results = CONTEXT.Queue()
    _run(fast_directory, results, edits=12, unlocked=True)
    collected = _collect(results, WORKERS)
    faults = [worker for worker, result in collected.items() if result != 0]
    record(f"contention, control, without the lock: {len(faults)} of {WORKERS} processes at fault")
    assert faults or _leftovers(fast_directory)
