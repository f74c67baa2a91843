"""A check beside commits of another process reports only what was so while none was in progress."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from crash.conftest import Record
from crash.contexts import CONTEXT
from jit_guard import Guard
from jit_guard.commit import transaction
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit
from jit_guard.sources.worktree import Worktree
from sampling import FULL

if TYPE_CHECKING:
    import pytest

COMMITS = 150 if FULL else 80


def _lay_out(root: str) -> None:
    os.makedirs(os.path.join(root, "components/personas"))
    with open(os.path.join(root, "components/personas/0.txt"), "w") as file:
        file.write("Text.\n")
    with open(os.path.join(root, "goal_map.json"), "w") as file:
        json.dump({"A": {"persona": "0.txt"}}, file)


def _commit(root: str, count: int, done: Any) -> None:
    """Add a goal with a new component, repeatedly: every state in between is clean."""
    try:
        for number in range(1, count + 1):
            edit = Edit(("A", "persona"), f"{number - 1}.txt", f"{number}.txt")
            placements = [Placement(f"components/personas/{number}.txt", b"Text.\n")]
            transaction.commit(root, [MapChange("goal_map.json", (edit,))], placements)
    finally:
        done.set()


def _faults(root: str) -> tuple[int, list[str]]:
    """Check continuously beside commits. Only old components may be reported, as orphans."""
    _lay_out(root)
    done = CONTEXT.Event()
    process = CONTEXT.Process(target=_commit, args=(root, COMMITS, done))
    process.start()
    seen, wrong = 0, []
    project = Guard(root=root)
    while not done.is_set():
        before = _named(root)
        report = project.check()
        after = _named(root)
        seen += 1
        # At rest, there are exactly as many orphans as commits that were made.
        codes = [(one.code, one.path) for one in report.findings]
        strange = [one for one in codes if one[0] != "JG301"]
        if strange or report.unreadable or not before <= len(codes) <= after:
            wrong.append(f"{strange} {report.unreadable} {before} {len(codes)} {after}")
        elif {path for _, path in codes} != {
            f"components/personas/{number}.txt" for number in range(len(codes))
        }:
            wrong.append(str(codes))
    process.join()
    assert process.exitcode == 0
    return seen, wrong


def _named(root: str) -> int:
    with open(os.path.join(root, "goal_map.json"), "rb") as file:
        return int(json.load(file)["A"]["persona"].partition(".")[0])


def test_a_check_beside_commits_reports_only_states_at_rest(
    fast_directory: str, record: Record
) -> None:
    seen, wrong = _faults(os.path.join(fast_directory, "project"))
    record(f"readers: {seen} checks beside {COMMITS} commits, {len(wrong)} wrong")
    assert not wrong, wrong[:3]
    assert seen > 10


def test_the_test_notices_a_check_that_looks_once(
    fast_directory: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control, again where the processes have not met."""
    monkeypatch.setattr(Worktree, "moment", lambda _: (0, 0))
    seen, wrong = 0, list[str]()
    for attempt in range(10):
        more, wrong = _faults(os.path.join(fast_directory, f"project{attempt}"))
        seen += more
        if wrong:
            break
    record(
        f"readers, control, one look: {seen} checks beside {COMMITS} commits, {len(wrong)} wrong"
    )
    assert wrong
