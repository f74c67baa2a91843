"""`jit-guard recover` as a user sees it: what it says, what it leaves, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import commits
from jit_guard.commit import commit_lock, intent
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
LINES = {
    None: ["undid the interrupted commit"],
    0: ["finished the interrupted commit", SET, f"  placed {NEW}"],
    1: ["finished the interrupted commit", SET, f"  placed {NEW}"],
    3: ["finished the interrupted commit", SET, f"  placed {NEW}"],
}


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


def test_without_an_interrupted_commit_it_says_so_and_creates_nothing(root: Path) -> None:
    for more in ((), ("--abandon",)):
        assert recover(root, *more) == Outcome(0, "no commit was interrupted\n", "")
    assert not (root / ".jit-guard").exists()


@pytest.mark.parametrize("steps", LINES)
def test_it_finishes_a_decided_commit_and_undoes_a_plan(root: Path, steps: int | None) -> None:
    interrupt(root, steps)
    assert interrupted(root)
    lines = recover(root).out.splitlines()
    assert lines[: len(LINES[steps])] == LINES[steps]
    if steps is None:
        reason = "the commit was interrupted before it was decided"
        assert lines[-1] == f"  {NEW}: text kept, because {reason}"
        assert (root / "goal_map.json").read_text() == MAP
        assert texts(root) == ["You greet.\n"]
    else:
        assert (root / NEW).read_bytes() == b"You greet.\n"
        assert json.loads((root / "goal_map.json").read_bytes())[GOAL] == {"persona": "new.txt"}
    assert not interrupted(root)
    assert recover(root).out == "no commit was interrupted\n"


@pytest.mark.parametrize("steps", LINES)
def test_abandon_returns_to_the_old_state_and_keeps_the_text_once(
    root: Path, steps: int | None
) -> None:
    for _ in range(2):
        interrupt(root, steps)
        lines = recover(root, "--abandon").out.splitlines()
        assert lines[0] == "undid the interrupted commit"
        assert lines[-1].startswith(f"  {NEW}: text kept, because the commit was ")
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


def test_a_refused_intent_is_set_aside_by_abandon_only(root: Path) -> None:
    interrupt(root, 0)
    (root / PENDING).write_bytes(broken := (root / PENDING).read_bytes().replace(b"greet", b"hurt"))
    assert "run `jit-guard recover --abandon`" in recover(root, code=2).err
    assert (root / PENDING).read_bytes() == broken
    lines = recover(root, "--abandon").out.splitlines()
    assert lines[0] == "moved the refused intent aside"
    assert lines[1].startswith(f"  {PENDING} was moved to {intent.BROKEN}: it is corrupted")
    assert (root / intent.BROKEN).read_bytes() == broken
    assert not interrupted(root)


def test_a_map_that_only_a_flag_named_must_be_named_again(root: Path) -> None:
    (root / "more.json").write_text(MAP)
    interrupt(root, 0, CHANGE._replace(path="more.json"))
    assert "more.json, which is not a configured map, nor named by --map" in (
        recover(root, code=2).err
    )
    assert recover(root, "--map", "more.json").out.splitlines()[0] == LINES[0][0]
    assert "new.txt" in (root / "more.json").read_text()


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


def test_every_fix_recovers_first(root: Path) -> None:
    interrupt(root, 0)
    done = call("--fix", "--no-input", cwd=root)
    assert done.code == 1, done  # the old file is an orphan now
    assert f"placed {NEW}" in done.err
    assert (root / NEW).read_bytes() == b"You greet.\n"
    assert not interrupted(root)


def test_a_program_gets_the_same_as_a_value(root: Path) -> None:
    interrupt(root, 0)
    done = Guard(root).recover(abandon=True)
    assert done.outcome == "back"
    assert [(one.path, one.data) for one in done.kept] == [(NEW, PLACEMENT.data)]
    assert Guard(root).recover().outcome == "nothing"
