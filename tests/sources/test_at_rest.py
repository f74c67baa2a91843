"""A report describes a state in which no commit was in progress; a clean check pays nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import commits
from jit_guard import Guard
from jit_guard.check import check
from jit_guard.commit import kernel_lock, pending, preparation, transaction
from jit_guard.commit.commit_lock import CommitLock
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.intent import Intent, MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.transaction import commit
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.registry.edit import Edit
from jit_guard.report import Report
from jit_guard.sources.worktree import Worktree, look_at_rest
from jit_guard.text.names import COMMIT_LOCK
from projects import SOUND, lay_out

CHANGE = MapChange("goal_map.json", (Edit(("GREET", "persona"), "gone.txt", "new.txt"),))
PLACEMENT = Placement("components/personas/new.txt", b"You welcome people.\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return lay_out(tmp_path, {**SOUND, "goal_map.json": '{"GREET": {"persona": "gone.txt"}}'})


def _commit(root: Path) -> None:
    commit(str(root), [CHANGE], [PLACEMENT])


def _looks(root: Path, during: Callable[[], object]) -> int:
    """Return how often a report is looked at, with something done during the first look."""
    seen = []

    def look(source: Worktree) -> Worktree:
        seen.append(source)
        if len(seen) == 1:
            during()
        return source

    assert look_at_rest(Worktree(str(root)), look, lambda _: True) is seen[-1]
    return len(seen)


def test_without_a_commit_one_look_is_enough(root: Path) -> None:
    assert _looks(root, lambda: None) == 1
    _commit(root)
    assert _looks(root, lambda: None) == 1


def test_a_commit_during_the_look_leads_to_another(root: Path) -> None:
    assert _looks(root, lambda: _commit(root)) == 2
    assert _looks(root, lambda: commit(str(root), [], [PLACEMENT._replace(path="x.txt")])) == 2


def test_a_commit_is_noticed_that_had_no_intent_yet_when_the_look_began(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the lock already; and the time is another one before anything is changed."""
    worktree = Worktree(str(root))
    moments: list[tuple[int, int] | None] = []
    times: list[int] = []
    write, make = pending.write, preparation.make

    def written(directories: Directories, intent: Intent) -> bytes:
        moments.append(worktree.moment())
        return write(directories, intent)

    def made(directories: Directories, new: preparation.New) -> None:
        times.append((root / COMMIT_LOCK).stat().st_mtime_ns)
        make(directories, new)

    monkeypatch.setattr(pending, "write", written)
    monkeypatch.setattr(preparation, "make", made)
    _commit(root)
    after = worktree.moment()
    assert None not in (moments[0], after)
    assert moments[0] != after
    assert after is not None
    assert times == [after[1]]


def test_an_intent_that_cannot_be_looked_at_may_be_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows, another process may just replace it."""
    real, refused = os.lstat, ["pending.json"]

    def look(path: str, **more: Any) -> os.stat_result:
        if os.fspath(path).endswith(refused[0]):
            raise PermissionError(13, "Permission denied", path)
        return real(path, **more)

    monkeypatch.setattr(os, "lstat", look)
    assert Worktree(str(root)).moment() is None
    refused[0] = "commit.lock"
    assert Worktree(str(root)).moment() is None
    monkeypatch.undo()


def test_a_clean_look_is_never_repeated(root: Path) -> None:
    seen = []

    def look(_: Worktree) -> None:
        seen.append(1)
        _commit(root)

    look_at_rest(Worktree(str(root)), look, lambda _: False)
    assert seen == [1]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_intent_leads_to_another_look(when: str, root: Path) -> None:
    def interrupt() -> None:
        commits.interrupt(str(root), [CHANGE], [PLACEMENT], 1)

    if when == "before":
        interrupt()
    assert _looks(root, interrupt if when == "after" else lambda: None) == 2


def test_a_removed_state_directory_leads_to_another_look(root: Path) -> None:
    _commit(root)
    lock = root / COMMIT_LOCK

    def clean() -> None:
        before = lock.stat()
        lock.rename(root / "kept")  # so that its inode is not used again
        _commit_again(root)
        os.utime(lock, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert _looks(root, clean) == 2


def _commit_again(root: Path) -> None:
    commit(str(root), [], [PLACEMENT._replace(path="components/personas/again.txt")])


@pytest.mark.parametrize("grain", [1, 100, 1_000_000, 2_000_000_000])
def test_the_time_of_the_lock_advances_on_every_file_system(
    grain: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However coarse its times are, and whatever the clock says."""
    real = os.utime

    def coarse(path: Any, *, ns: tuple[int, int]) -> None:
        real(path, ns=(ns[0] // grain * grain, ns[1] // grain * grain))

    monkeypatch.setattr(os, "utime", coarse)
    monkeypatch.setattr(os, "supports_fd", {*os.supports_fd, coarse})
    seen = []
    for _ in range(5):
        with CommitLock(str(root)) as lock:
            lock.advance()
            seen.append((root / COMMIT_LOCK).stat().st_mtime_ns)
    assert seen == sorted(set(seen))
    with CommitLock(str(root), shared=True):
        assert (root / COMMIT_LOCK).stat().st_mtime_ns == seen[-1]


def test_where_handles_have_no_times_the_path_is_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.setattr(os, "supports_fd", set())
    assert _looks(root, lambda: _commit(root)) == 2


def test_a_commit_that_could_not_be_noticed_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_lock, "_STEPS", (0,))
    with pytest.raises(TransactionError, match=r"commit.lock: its time.*nothing was changed"):
        _commit(root)


def test_where_the_lock_cannot_be_opened_the_first_report_counts(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's project, for example."""
    _commit(root)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kernel_lock, "open_file", refuse)
    monkeypatch.setattr(Worktree, "moment", lambda _: None)
    assert _looks(root, lambda: None) == 1


def test_the_check_that_ends_a_fix_looks_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although its own commit has just ended, and there is a draft to report."""
    again: list[object] = []
    monkeypatch.setattr(transaction, "at_rest", lambda *_: again.append(1))
    report = Guard(root=root).fix(FixOptions(generator="scaffold"), Silent(yes=True))
    assert [one.action for one in report.fixed] == ["generated"]
    assert "JG501" in {one.code for one in report.findings}
    assert again == []


def test_a_dry_run_beside_a_commit_plans_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit has renamed the map, and places the component during the first plan."""
    commits.interrupt(str(root), [CHANGE], [PLACEMENT], 1)
    from jit_guard.fixing import forecast, worktree_plan

    real = worktree_plan.plan_worktree

    def plan(*args: Any, **keywords: Any) -> Any:
        found = real(*args, **keywords)
        commits.recover(str(root))
        return found

    monkeypatch.setattr(forecast, "plan_worktree", plan)
    assert Guard(root=root).preview(FixOptions(generator="scaffold"), Silent(yes=True)) == []


@pytest.mark.parametrize("takes", [False, True], ids=["a report", "an inventory"])
def test_a_check_beside_a_commit_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    """The commit ends during the first look; a report of nothing else would be of no interest."""
    root = lay_out(tmp_path, {**SOUND, "goal_map.json": '{"GREET": {"persona": "host.txt"}}'})
    if not takes:
        (root / "components/personas/host.txt").unlink()
    change = MapChange("goal_map.json", (Edit(("GREET", "persona"), "host.txt", "new.txt"),))
    looks: list[Report] = []

    def look(*words: Any, **more: Any) -> Report:
        report = check(*words, **more)
        if not looks:
            commit(str(root), [change], [PLACEMENT])
        looks.append(report)
        return report

    monkeypatch.setattr("jit_guard.guard.check", look)
    guard = Guard(root)
    report = (guard.with_inventory() if takes else guard).check()
    assert len(looks) == 2
    if takes:
        assert report.inventory is not None
        assert PLACEMENT.path in report.inventory.components
    else:
        assert report.ok
