"""`jit-guard recover` beside other programs: whose text counts, and where ours is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import commits
from jit_guard.commit import commit_lock
from jit_guard.commit.commit_lock import CommitLock
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.guard import Guard
from jit_guard.ledger.history import history
from jit_guard.registry.edit import Edit
from jit_guard.text.names import PENDING
from projects import Outcome, call, lay_out

GOAL = "GREET \x1b[31m"  # printed as it is, it would colour the line
MAP = json.dumps({GOAL: {"persona": "old.txt"}, "B": {"persona": "host.txt"}}) + "\n"
OLD, NEW = "components/personas/old.txt", "components/personas/new.txt"
CHANGE = MapChange("goal_map.json", (Edit((GOAL, "persona"), "old.txt", "new.txt"),))
PLACEMENT = Placement(NEW, b"You greet.\n")
SET = r"  set goal_map.json/GREET \x1b[31m/persona to 'new.txt'"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"goal_map.json": MAP, "components/personas/host.txt": "You host.\n", OLD: "Old.\n"}
    return lay_out(tmp_path / "project", files)


def interrupt(root: Path, steps: int | None, change: MapChange = CHANGE) -> None:
    """Leave a commit as a kill would: planned (None), decided (0), half done, done (3)."""
    commits.interrupt(str(root), [change], [PLACEMENT], steps)


def recover(root: Path, *more: str, code: int = 0) -> Outcome:
    done = call("recover", *more, cwd=root)
    assert done.code == code, done
    return done


def texts(root: Path) -> list[str]:
    """The texts in the ledger."""
    return [one.content for one in history(str(root))]


def interrupted(root: Path) -> bool:
    """Ask as a user does: by the finding of a check, which names both ways on."""
    done = call("--format", "json", "--select", "JG401", cwd=root)
    assert done.code == (1 if done.codes else 0)
    for one in done.report["findings"]:
        assert "jit-guard recover" in one["hint"]
        assert "jit-guard recover --abandon" in one["hint"]
    return done.codes == ["JG401"]


@pytest.mark.parametrize("steps", [None, 0, 1, 3])
def test_abandon_returns_to_the_old_state_and_keeps_the_text_once(
    root: Path, steps: int | None
) -> None:
    for _ in range(2):
        interrupt(root, steps)
        assert interrupted(root)
        lines = recover(root, "--abandon").out.splitlines()
        assert lines[0] == "undid the interrupted commit"
        reason = "interrupted before it was decided" if steps is None else "abandoned"
        assert lines[-1] == f"  {NEW}: text kept, because the commit was {reason}"
        assert (root / "goal_map.json").read_text() == MAP
        assert not (root / NEW).exists()
        assert not interrupted(root)
        assert texts(root) == ["You greet.\n"]
    log = call("log", "-v", cwd=root).out
    assert NEW in log
    assert "You greet." in log


def test_what_another_program_changed_stays_and_is_named(root: Path) -> None:
    interrupt(root, 1)
    (root / NEW).write_text("Mine.\n")
    out = recover(root).out
    assert f"  {NEW}: a different file exists there and is never overwritten\n" in out
    assert (root / NEW).read_text() == "Mine.\n"
    assert texts(root) == ["You greet.\n"]


@pytest.mark.parametrize("steps", [0, 2])
def test_a_map_that_does_not_parse_is_named_with_both_ways_on(root: Path, steps: int) -> None:
    interrupt(root, steps)
    (root / "goal_map.json").write_text(torn := "<<<<<<< ours\n")
    err = recover(root, code=2).err
    assert err.startswith("jit-guard: error: goal_map.json: ")
    assert "`jit-guard recover`" in err
    assert "`jit-guard recover --abandon`" in err
    assert (root / PENDING).exists()
    recover(root, "--abandon")
    assert (root / "goal_map.json").read_text() == torn
    assert texts(root) == ["You greet.\n"]


def test_a_rename_is_finished_and_listed(root: Path) -> None:
    commits.interrupt(str(root), [CHANGE], [], 0, moves=[Move(OLD, NEW)])
    assert recover(root).out.splitlines() == [
        "finished the interrupted commit", SET, f"  moved {OLD} to {NEW}",
    ]  # fmt: skip
    assert (root / NEW).read_text() == "Old.\n"
    assert not (root / OLD).exists()


def test_a_commit_in_progress_is_waited_for_and_never_touched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(root, 0)
    before = (root / PENDING).read_bytes()
    enter = CommitLock.__enter__

    def impatiently(lock: CommitLock) -> CommitLock:
        assert lock._timeout == commit_lock.TIMEOUT  # a minute
        lock._timeout = 0
        return enter(lock)

    with CommitLock(str(root)):
        monkeypatch.setattr(CommitLock, "__enter__", impatiently)
        for more in ((), ("--abandon",)):
            err = recover(root, *more, code=2).err
            assert "another jit-guard process has held .jit-guard/commit.lock" in err
        monkeypatch.undo()
    assert (root / PENDING).read_bytes() == before
    assert (root / "goal_map.json").read_text() == MAP


def test_a_program_gets_the_same_as_a_value(root: Path) -> None:
    interrupt(root, 0)
    done = Guard(root).recover(abandon=True)
    assert done.outcome == "back"
    assert [(one.path, one.data) for one in done.kept] == [(NEW, PLACEMENT.data)]
    assert Guard(root).recover().outcome == "nothing"
