"""The commit: what it does, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import commits
from commits import just_before, recover
from jit_guard.commit import (
    durable,
    intent_json,
    kernel_lock,
    pending,
    preparation,
    recovery,
    set_maps,
    transaction,
)
from jit_guard.commit.commit_lock import CommitLock
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.errors import (
    LockedError,
    OccupiedError,
    TransactionError,
    UnfinishedCommitError,
    UnsafePathError,
)
from jit_guard.commit.file_status import is_unchanged
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.replay import Replay, sha256_of
from jit_guard.commit.transaction import Commit, commit, interrupted
from jit_guard.errors import UnreadableError
from jit_guard.registry.edit import Edit, EditError
from jit_guard.text.names import PENDING

MAP = b'{"A": {"p": "old.txt"}}'
NEW = b'{"A": {"p": "new.txt"}}'
CHANGE = MapChange("goal_map.json", (Edit(("A", "p"), "old.txt", "new.txt"),))
PLACEMENT = Placement("components/ps/new.txt", b"text\n")
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "goal_map.json").write_bytes(MAP)
    return root


def everything(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in project.rglob("*")}


QUIET = {".jit-guard", ".jit-guard/.gitignore", ".jit-guard/commit.lock"}
OLD = {"goal_map.json"}


def test_map_and_component_change_together(project: Path) -> None:
    assert commit(str(project), [CHANGE], [PLACEMENT]) == Commit((CHANGE,), (PLACEMENT.path,))
    assert (project / "goal_map.json").read_bytes() == NEW
    assert (project / PLACEMENT.path).read_bytes() == b"text\n"
    assert everything(project) == {
        *QUIET, *OLD, "components", "components/ps", PLACEMENT.path,
    }  # fmt: skip
    ignored = project / ".jit-guard/.gitignore"
    assert ignored.read_text() == "*\n"
    ignored.write_text("")  # by a process that was killed
    commit(str(project), [], [PLACEMENT._replace(path="components/ps/second.txt")])
    assert ignored.read_text() == "*\n"


def test_an_empty_commit_changes_nothing(project: Path) -> None:
    assert commit(str(project), [], []) == Commit()
    assert everything(project) == OLD


def test_the_map_is_renamed_once_for_many_components(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = {f"G{n}": {"p": "old.txt"} for n in range(100)}
    (project / "goal_map.json").write_text(json.dumps(goals))
    renamed: list[str] = []
    real = durable.replace

    def replace(temporary: Location, final: Location) -> None:
        renamed.append(final.name)
        real(temporary, final)

    monkeypatch.setattr(durable, "replace", replace)
    edits = tuple(Edit((f"G{n}", "p"), "old.txt", f"{n}.txt") for n in range(100))
    placements = [Placement(f"components/ps/{n}.txt", b"x") for n in range(100)]
    commit(str(project), [MapChange("goal_map.json", edits)], placements)
    assert renamed.count("goal_map.json") == 1
    assert len(list((project / "components/ps").iterdir())) == 100


@pytest.mark.parametrize(
    ("changes", "placements", "error"),
    [
        ([CHANGE._replace(path="nowhere.json")], [], TransactionError),
        ([MapChange("goal_map.json", (Edit(("A", "p"), "x", "y"),))], [PLACEMENT], EditError),
        ([CHANGE, CHANGE], [], TransactionError),
        ([CHANGE], [PLACEMENT, PLACEMENT], TransactionError),
        ([CHANGE], [Placement("goal_map.json", b"x")], TransactionError),
        ([CHANGE], [Placement("there/x.txt", b"x")], OccupiedError),
        ([CHANGE], [Placement("there", b"x")], OccupiedError),
        ([CHANGE], [Placement("there/x.txt/y", b"x")], TransactionError),
        ([CHANGE], [Placement("there/x.txt", b"x", sha256_of(b"other"))], OccupiedError),
        ([CHANGE], [Placement("c/" + "x" * 300, b"x")], TransactionError),
        *(
            ([CHANGE], [Placement(path, b"x")], UnsafePathError)
            for path in (
                "",
                "../x",
                "/x",
                "a/../x",
                "./x",
                "a//x",
                "a/",
                "a\\x",
                "a\0x",
                "C:/x",
                ".git/hooks/pre-commit",
                ".jit-guard/x",
                ".GIT/x",
            )
        ),
        ([CHANGE._replace(path="../project/goal_map.json")], [], UnsafePathError),
    ],
)
def test_a_refusal_leaves_nothing_behind(
    project: Path,
    changes: list[MapChange],
    placements: list[Placement],
    error: type[Exception],
) -> None:
    (project / "there").mkdir()
    (project / "there/x.txt").write_text("there")
    before = everything(project)
    with pytest.raises(error) as raised:
        commit(str(project), changes, placements)
    assert everything(project) - QUIET == before
    assert (project / "goal_map.json").read_bytes() == MAP
    assert "nothing" in str(raised.value) or isinstance(raised.value, UnsafePathError)


@posix
@pytest.mark.parametrize("target", ["/tmp", "../..", "../outside"])
def test_a_directory_outside_the_project_is_refused(project: Path, target: str) -> None:
    (project.parent / "outside").mkdir()
    (project / "components").symlink_to(target)
    with pytest.raises(UnsafePathError, match="outside the project"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert list((project.parent / "outside").iterdir()) == []


@posix
def test_a_directory_link_inside_the_project_is_followed(project: Path) -> None:
    (project / "real").mkdir()
    (project / "components").symlink_to("real")
    commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / "real/ps/new.txt").read_bytes() == b"text\n"
    assert (project / "components").is_symlink()


@posix
def test_a_map_that_is_a_link_stays_one(project: Path) -> None:
    (project / "maps").mkdir()
    (project / "goal_map.json").rename(project / "maps/real.json")
    (project / "goal_map.json").symlink_to("maps/real.json")
    commit(str(project), [CHANGE], [PLACEMENT])
    assert os.readlink(project / "goal_map.json") == "maps/real.json"
    assert (project / "maps/real.json").read_bytes() == NEW
    assert {path.name for path in (project / "maps").iterdir()} == {"real.json"}


@posix
def test_two_names_of_one_map_are_refused(project: Path) -> None:
    (project / "other.json").symlink_to("goal_map.json")
    with pytest.raises(TransactionError, match="changes the same file twice"):
        commit(str(project), [CHANGE, CHANGE._replace(path="other.json")], [])


def test_a_hard_linked_map_is_refused_with_the_reason(project: Path) -> None:
    os.link(project / "goal_map.json", project / "other.json")
    with pytest.raises(TransactionError, match="hard links"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert everything(project) - QUIET == {*OLD, "other.json"}


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o444])
def test_the_mode_of_a_map_is_kept(project: Path, mode: int) -> None:
    (project / "goal_map.json").chmod(mode)
    commit(str(project), [CHANGE], [PLACEMENT])
    assert stat.S_IMODE((project / "goal_map.json").stat().st_mode) == mode


@posix
def test_the_owner_of_a_map_is_kept(project: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(project / "goal_map.json", 12345, 23456)
    commit(str(project), [CHANGE], [PLACEMENT])
    now = (project / "goal_map.json").stat()
    assert (now.st_uid, now.st_gid) == (12345, 23456)


@posix
def test_extended_attributes_of_a_map_are_kept(project: Path) -> None:
    path = project / "goal_map.json"
    try:
        os.setxattr(path, "user.jit-guard", b"kept")
    except (OSError, AttributeError) as error:
        pytest.skip(f"no extended attributes here: {error}")
    commit(str(project), [CHANGE], [PLACEMENT])
    assert os.getxattr(path, "user.jit-guard") == b"kept"


@posix
def test_components_get_the_usual_mode(project: Path) -> None:
    before = os.umask(0o027)
    try:
        commit(str(project), [CHANGE], [PLACEMENT])
    finally:
        os.umask(before)
    assert stat.S_IMODE((project / PLACEMENT.path).stat().st_mode) == 0o640


def test_an_existing_component_with_the_same_bytes_is_adopted(project: Path) -> None:
    (project / "components/ps").mkdir(parents=True)
    (project / PLACEMENT.path).write_bytes(b"text\n")
    before = (project / PLACEMENT.path).stat()
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / PLACEMENT.path).stat().st_ino == before.st_ino


def test_an_untouched_draft_is_replaced_and_keeps_its_mode(project: Path) -> None:
    (project / "components/ps").mkdir(parents=True)
    (project / PLACEMENT.path).write_bytes(b"draft")
    (project / PLACEMENT.path).chmod(0o604)
    commit(str(project), [], [PLACEMENT._replace(replaces=sha256_of(b"draft"))])
    assert (project / PLACEMENT.path).read_bytes() == b"text\n"
    if sys.platform != "win32":
        assert stat.S_IMODE((project / PLACEMENT.path).stat().st_mode) == 0o604


@pytest.mark.parametrize("torn", [False, True])
def test_a_temporary_file_is_written_again_with_the_mode_of_the_draft(
    project: Path, monkeypatch: pytest.MonkeyPatch, torn: bool
) -> None:
    path = project / PLACEMENT.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"draft")
    path.chmod(0o604)

    def harm(_: object) -> None:
        (temporary,) = path.parent.glob(".jit-guard-*")
        if torn:
            temporary.write_bytes(b"t")
        else:
            temporary.unlink()

    monkeypatch.setattr(recovery, "STEPS", (harm, *recovery.STEPS))
    commit(str(project), [], [PLACEMENT._replace(replaces=sha256_of(b"draft"))])
    assert path.read_bytes() == b"text\n"
    assert [*path.parent.iterdir()] == [path]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_other_hard_links_of_a_draft_keep_the_draft(project: Path) -> None:
    path = project / PLACEMENT.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"draft")
    os.link(path, project / "second.txt")
    commit(str(project), [CHANGE], [PLACEMENT._replace(replaces=sha256_of(b"draft"))])
    assert path.read_bytes() == b"text\n"
    assert (project / "second.txt").read_bytes() == b"draft"


@pytest.mark.parametrize(("limit", "bytes_"), [("MOST_BYTES", 2000), ("_MOST_STRUCTURE", 100)])
def test_a_commit_that_no_recovery_would_read_is_refused(
    limit: str, bytes_: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (intent_json.MOST_BYTES, intent_json._MOST_STRUCTURE) == (64 << 20, 8 << 20)
    with monkeypatch.context() as patch:
        patch.setattr(intent_json, limit, bytes_)
        with pytest.raises(TransactionError, match=r"^the commit is too large; nothing was"):
            commit(str(project), [CHANGE], [PLACEMENT._replace(data=b"x" * 2000)])
    assert everything(project) - QUIET == OLD
    monkeypatch.setattr(intent_json, "_MOST_STRUCTURE", 2000)
    text = PLACEMENT._replace(data=b'"\\' * 2000)  # only what is outside of strings counts
    assert commit(str(project), [CHANGE], [text]).placed == (PLACEMENT.path,)


# Another process during the commit.


def test_a_file_created_in_between_is_never_overwritten(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before(
        monkeypatch, durable, "place", lambda: (project / PLACEMENT.path).write_text("theirs")
    )
    kept: list[bytes] = []
    with pytest.raises(OccupiedError, match=r"new.txt already exists.*undone, and nothing was"):
        commit(str(project), [CHANGE], [PLACEMENT], keep=lambda _, data: kept.append(data))
    assert (project / PLACEMENT.path).read_text() == "theirs"
    assert kept == [b"text\n"]
    assert everything(project) - QUIET == {*OLD, "components", "components/ps", PLACEMENT.path}
    assert interrupted(str(project)) is None


def test_placing_by_rename_would_be_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control for the test above: with a plain rename the other file is lost."""
    monkeypatch.setattr(durable, "place", durable.replace)
    just_before(
        monkeypatch, durable, "place", lambda: (project / PLACEMENT.path).write_text("theirs")
    )
    commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / PLACEMENT.path).read_text() != "theirs"


@pytest.mark.parametrize(
    ("code", "theirs"),
    [
        *((code, "theirs") for code in ("EACCES", "EINVAL", "EMLINK", "ENOSYS", "EPERM", "EXDEV")),
        ("EPERM", ""),  # only a recovery takes an empty file for ours
    ],
)
def test_without_hard_links_files_are_still_placed(
    code: str, theirs: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _refusing(code))
    just_before(
        monkeypatch,
        durable,
        "place_without_link",
        lambda: (project / PLACEMENT.path).write_text(theirs),
    )
    with pytest.raises(OccupiedError):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / PLACEMENT.path).read_text() == theirs
    other = Placement("components/ps/other.txt", b"other")
    assert commit(str(project), [CHANGE], [other]).placed == (other.path,)
    assert (project / other.path).read_bytes() == b"other"


def _refusing(code: str) -> Callable[..., None]:
    def link(*_: object, **__: object) -> None:
        number = getattr(errno, code)
        raise OSError(number, os.strerror(number))

    return link


def test_links_that_are_refused_only_after_the_decision_are_no_obstacle(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before(
        monkeypatch, durable, "place", lambda: monkeypatch.setattr(os, "link", _refusing("EXDEV"))
    )
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / PLACEMENT.path).read_bytes() == b"text\n"


@pytest.mark.parametrize("theirs", [b"", b"te", b"theirs"])
def test_where_links_work_even_an_empty_file_of_another_process_stays(
    theirs: bytes, project: Path
) -> None:
    commits.interrupt(str(project), [CHANGE], [PLACEMENT], 1)
    (project / PLACEMENT.path).write_bytes(theirs)
    assert [one.data for one in recover(str(project)).kept] == [b"text\n"]
    assert (project / PLACEMENT.path).read_bytes() == theirs


@pytest.mark.parametrize("late", [False, True], ids=["at once", "after the decision"])
@pytest.mark.parametrize("abandon", [False, True])
def test_the_empty_file_of_a_killed_process_is_finished_or_removed(
    abandon: bool, late: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent says that links are refused, also if that was not known when it was written."""

    def refuse() -> None:
        monkeypatch.setattr(os, "link", _refusing("EACCES"))

    if late:
        just_before(monkeypatch, durable, "place", refuse)
    else:
        refuse()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    just_before(
        monkeypatch, durable, "place_without_link", lambda: monkeypatch.setattr(os, "replace", die)
    )
    with pytest.raises(KeyboardInterrupt):
        commit(str(project), [CHANGE], [PLACEMENT])
    monkeypatch.undo()
    assert (project / PLACEMENT.path).read_bytes() == b""
    recover(str(project), abandon=abandon)
    if abandon:
        assert everything(project) - QUIET == OLD
    else:
        assert (project / PLACEMENT.path).read_bytes() == b"text\n"


def test_a_save_after_the_map_was_read_is_kept_key_by_key(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = b'{"B": {"p": "b.txt"}, "A": {"p": "old.txt"}}'
    just_before(
        monkeypatch, preparation, "make", lambda: (project / "goal_map.json").write_bytes(theirs)
    )
    commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / "goal_map.json").read_bytes() == theirs.replace(b"old", b"new")


def test_a_save_at_the_last_moment_is_noticed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save between reading the map in step 5 and the check just before the rename."""
    theirs = b'{"B": {"p": "b.txt"}, "A": {"p": "old.txt"}}'
    just_before(
        monkeypatch,
        set_maps,
        "_prepare_map",
        lambda: (project / "goal_map.json").write_bytes(theirs),
    )
    commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / "goal_map.json").read_bytes() == theirs.replace(b"old", b"new")


@posix
@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_the_time_of_a_change_counts_except_on_windows(
    platform: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, st_ctime_ns means something else for a path than for an open file."""
    path = project / "goal_map.json"
    before = path.stat()
    path.chmod(0o600)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.chmod(0o600)
    monkeypatch.setattr(sys, "platform", platform)
    assert is_unchanged(before, path.stat()) == (platform == "win32")


@posix
def test_a_creation_time_in_place_of_a_change_time_is_no_obstacle(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows with Python 3.12 and later, that is what `lstat` returns and `fstat` does not."""
    real = os.lstat

    def lstat(*args: Any, **keywords: Any) -> os.stat_result:
        found = real(*args, **keywords)
        return os.stat_result(tuple(found), {"st_ctime_ns": 1, **_times(found)})

    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(sys, "platform", "win32")
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / "goal_map.json").read_bytes() == NEW


def _times(found: os.stat_result) -> dict[str, int]:
    return {"st_atime_ns": found.st_atime_ns, "st_mtime_ns": found.st_mtime_ns}


def test_temporary_files_that_are_removed_after_the_decision_are_written_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `git clean -fd`, for example."""

    def clean() -> None:
        for path in project.rglob(".jit-guard-*"):
            path.unlink()

    just_before(monkeypatch, set_maps, "_prepare_map", clean)
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / "goal_map.json").read_bytes() == NEW
    assert (project / PLACEMENT.path).read_bytes() == PLACEMENT.data


def test_a_save_of_the_same_entry_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = b'{"A": {"p": "theirs.txt"}}'
    just_before(
        monkeypatch, preparation, "make", lambda: (project / "goal_map.json").write_bytes(theirs)
    )
    done = commit(str(project), [CHANGE], [PLACEMENT])
    assert (project / "goal_map.json").read_bytes() == theirs
    assert done.changes == ()
    assert [kept.data for kept in done.kept] == [b"text\n"]
    assert everything(project) - QUIET == OLD


@pytest.mark.parametrize("what", [".jit-guard", ".jit-guard/commit.lock"])
def test_a_lock_that_is_removed_is_noticed_before_the_commit_is_decided(
    what: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = preparation.make

    def make(directories: Directories, new: preparation.New) -> None:
        real(directories, new)
        if what == ".jit-guard":
            shutil.rmtree(project / what)  # git clean -fdx
        else:
            (project / what).unlink()

    monkeypatch.setattr(preparation, "make", make)
    with pytest.raises(TransactionError):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert everything(project) - QUIET == OLD


def test_only_its_own_intent_is_removed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After git clean -xfd, the next commit has a lock and an intent of its own."""
    real = recovery.STEPS[2]

    def clear(work: Replay) -> None:
        real(work)
        shutil.rmtree(project / ".jit-guard")
        (project / ".jit-guard").mkdir()
        (project / PENDING).write_text("the next one")

    monkeypatch.setattr(recovery, "STEPS", (*recovery.STEPS[:2], clear, recovery.STEPS[3]))
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / PENDING).read_text() == "the next one"


def test_a_state_directory_that_is_removed_after_the_decision_is_no_obstacle(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before(monkeypatch, durable, "place", lambda: shutil.rmtree(project / ".jit-guard"))
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert everything(project) == {*OLD, "components", "components/ps", PLACEMENT.path}


def test_a_second_commit_in_progress_is_not_taken_for_an_interrupted_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one ends, and the next one begins, between the looks at intent and lock."""
    commits.interrupt(str(project), [CHANGE], [PLACEMENT], 0)
    real = kernel_lock.lock

    def lock(handle: int, *, shared: bool) -> bool:
        got = real(handle, shared=shared)
        assert pending.exists(Directories(str(project)))
        (project / PENDING).unlink()  # the commit ends just before the lock is free
        return got

    monkeypatch.setattr(kernel_lock, "lock", lock)
    assert interrupted(str(project)) is None


def test_a_check_does_not_wait_for_a_commit_in_progress(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits.interrupt(str(project), [CHANGE], [PLACEMENT], 0)

    def sleep(_: float) -> None:
        raise AssertionError("it waits")

    with CommitLock(str(project)):
        monkeypatch.setattr(time, "sleep", sleep)
        assert interrupted(str(project)) is None
    assert interrupted(str(project)) is not None


def test_a_state_directory_that_is_a_link_is_refused(project: Path) -> None:
    (project.parent / "outside").mkdir()
    (project / ".jit-guard").symlink_to("../outside")
    with pytest.raises(TransactionError, match="link"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert list((project.parent / "outside").iterdir()) == []


# The lock.


def test_the_lock_file_is_never_unlinked(project: Path) -> None:
    commit(str(project), [CHANGE], [PLACEMENT])
    before = (project / ".jit-guard/commit.lock").stat().st_ino
    commit(str(project), [], [Placement("components/x.txt", b"x")])
    assert (project / ".jit-guard/commit.lock").stat().st_ino == before


def test_threads_exclude_each_other(project: Path) -> None:
    inside: list[int] = []

    def work() -> None:
        with CommitLock(str(project)):
            inside.append(1)
            assert len(inside) == 1
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == []


def test_the_wait_for_the_lock_is_bounded_and_its_error_names_the_lock(project: Path) -> None:
    with CommitLock(str(project)), pytest.raises(LockedError, match=r"\.jit-guard/commit\.lock"):
        commit(str(project), [CHANGE], [PLACEMENT], timeout=0.05)
    commit(str(project), [CHANGE], [PLACEMENT])


def test_a_waiting_process_asks_again_soon(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit takes milliseconds; the next one starts at most 20 ms after it."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with CommitLock(str(project)), pytest.raises(LockedError):
        CommitLock(str(project), timeout=0.1).__enter__()
    assert 0 < waits[0] < 0.001
    assert waits == sorted(waits)
    assert waits[-1] == 0.02

    holder = CommitLock(str(project))
    holder.__enter__()
    monkeypatch.setattr(time, "sleep", lambda _: holder.__exit__(None, None, None))
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)


def _hold(root: str, held: object, die: object) -> None:
    lock = CommitLock(root)
    lock.__enter__()
    held.set()  # type: ignore[attr-defined]
    die.wait()  # type: ignore[attr-defined]
    os._exit(9)


def test_the_lock_ends_with_its_holder(project: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, die = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(str(project), held, die))
    holder.start()
    assert held.wait(30)
    with pytest.raises(LockedError), CommitLock(str(project), timeout=0):
        pass
    die.set()
    holder.join()
    with CommitLock(str(project), timeout=0):
        pass


def test_a_new_lock_file_is_not_mistaken_for_the_old_one(project: Path) -> None:
    """Removing the directory does not let two processes hold the lock."""
    with CommitLock(str(project)) as lock:
        assert lock.holds()
        (project / ".jit-guard/commit.lock").unlink()
        assert not lock.holds()


def test_a_lock_that_is_removed_while_it_is_taken_is_taken_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git clean -x` between opening and locking: nobody else would ever meet the old file."""
    real, odd = kernel_lock.lock, [True]

    def lock(handle: int, *, shared: bool) -> bool:
        if odd and odd.pop():
            shutil.rmtree(project / ".jit-guard")
        return real(handle, shared=shared)

    monkeypatch.setattr(kernel_lock, "lock", lock)
    before = len(os.listdir("/dev/fd"))
    with CommitLock(str(project), timeout=5) as mine:
        assert mine.holds()
        with pytest.raises(LockedError), CommitLock(str(project), timeout=0):
            pass
    assert len(os.listdir("/dev/fd")) == before, "the old one is closed"


def test_a_commit_that_is_done_is_not_an_error_if_its_lock_cannot_be_released(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(kernel_lock, "_unlock", refuse)
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    with CommitLock(str(project), timeout=0):
        pass  # it was closed all the same


def test_readers_share_and_wait_for_a_writer(project: Path) -> None:
    with CommitLock(str(project)), pytest.raises(LockedError):
        CommitLock(str(project), shared=True, timeout=0).__enter__()
    with CommitLock(str(project), shared=True), CommitLock(str(project), shared=True, timeout=0):
        pass


def test_a_lock_that_cannot_be_read_is_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".jit-guard").mkdir()
    (project / PENDING).write_text("{}")

    def refuse(path: str, *args: int, **keywords: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnreadableError, match="permission denied"):
        interrupted(str(project))


# After the decision.


def test_an_error_after_the_decision_says_how_to_continue(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> None:
        raise OSError(5, "Input/output error", str(project / PLACEMENT.path))

    monkeypatch.setattr(durable, "place", refuse)
    monkeypatch.setattr(durable, "place_without_link", refuse)
    with pytest.raises(
        UnfinishedCommitError, match=r"components/ps/new.txt: input/output.*recover"
    ):
        commit(str(project), [CHANGE], [PLACEMENT])
    monkeypatch.undo()
    assert interrupted(str(project))
    assert recover(str(project)).placed == (PLACEMENT.path,)


def test_importing_it_stays_light() -> None:
    heavy = ("dataclasses", "pathlib", "subprocess", "argparse", "inspect", "tempfile", "shutil")
    code = (
        f"import sys, jit_guard.commit.transaction; print(sorted(set({heavy}) & set(sys.modules)))"
    )
    source = str(Path(transaction.__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode().strip() == "[]"
