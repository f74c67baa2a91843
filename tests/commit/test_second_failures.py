"""What goes wrong while a commit, its undoing or its recovery deals with something else."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import commits
from commits import just_before, recover
from jit_guard.commit import durable, pending, preparation
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.errors import TransactionError, UnfinishedCommitError, UnsafePathError
from jit_guard.commit.intent import Intent, MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.commit.reasons import reason
from jit_guard.commit.replay import TRIES
from jit_guard.commit.transaction import at_rest, commit, interrupted, wait
from jit_guard.errors import UnreadableError
from jit_guard.registry.edit import Edit
from jit_guard.text.names import COMMIT_LOCK, OURS, PENDING

MAP = b'{"A": {"p": "old.txt"}}'
OLD, NEW = "components/ps/old.txt", "components/ps/new.txt"
CHANGE = MapChange("goal_map.json", (Edit(("A", "p"), "old.txt", "new.txt"),))
PLACEMENT = Placement(NEW, b"text\n")
BOTH_WAYS = r"`jit-guard recover`.*`jit-guard recover --abandon`"
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
Patch = pytest.MonkeyPatch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "components/ps").mkdir(parents=True)
    (tmp_path / "goal_map.json").write_bytes(MAP)
    (tmp_path / OLD).write_bytes(b"old\n")
    return tmp_path


def files(project: Path) -> dict[str, bytes]:
    """Return every file outside of `.jit-guard`."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and ".jit-guard" not in path.relative_to(project).parts
    }


BEFORE = {"goal_map.json": MAP, OLD: b"old\n"}


def refuse(code: int) -> Callable[..., None]:
    def call(*locations: Location, **_: object) -> None:
        raise OSError(code, os.strerror(code), locations[-1].path)

    return call


# An intent is written, but not synced.


@pytest.mark.parametrize(
    ("phase", "code", "undone"),
    [
        ("plan", errno.EIO, True),
        ("commit", errno.EACCES, True),
        ("commit", errno.ENOSPC, True),  # it would rather be undone than wait for space
        ("commit", errno.EIO, False),
    ],
)
def test_what_a_failed_sync_leaves_is_undone_or_can_be_finished(
    phase: str, code: int, undone: bool, project: Path, monkeypatch: Patch
) -> None:
    real = pending.write

    def write(directories: Directories, intent: Intent) -> bytes:
        head = real(directories, intent)
        if intent.phase == phase:
            raise OSError(code, os.strerror(code))
        return head

    with monkeypatch.context() as patch:
        patch.setattr(pending, "write", write)
        with pytest.raises(TransactionError) as raised:
            commit(str(project), [CHANGE], [PLACEMENT])
    assert isinstance(raised.value, UnfinishedCommitError) is not undone
    if not undone:
        recover(str(project))
        assert files(project) == {
            **BEFORE,
            "goal_map.json": MAP.replace(b"old", b"new"),
            NEW: b"text\n",
        }
        return
    assert str(raised.value).endswith("; nothing was changed")
    assert files(project) == BEFORE
    assert {one.name for one in (project / ".jit-guard").iterdir()} == {".gitignore", "commit.lock"}


def test_an_error_before_the_intent_is_known_names_the_file_as_it_is(project: Path) -> None:
    path = project / f"components/{OURS}x.tmp"
    error = PermissionError(errno.EACCES, "Permission denied", str(path))
    assert reason(str(project), error) == f"components/{OURS}x.tmp: permission denied"


# The caller cannot keep a text.


@pytest.mark.parametrize("saved", [MAP, b"{}"], ids=["undone", "in the second attempt"])
def test_a_text_that_cannot_be_kept_stays_in_the_intent(
    saved: bytes, project: Path, monkeypatch: Patch
) -> None:
    """The place is refused; then it is undone, or another process has taken the entry away."""

    def place(_: Location, final: Location) -> None:
        (project / "goal_map.json").write_bytes(saved)
        raise PermissionError(errno.EACCES, "Permission denied", final.path)

    def keep(path: str, data: bytes) -> None:
        raise LookupError("no room for it")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "place", place)
        patch.setattr(durable, "place_without_link", place)
        with pytest.raises(
            UnfinishedCommitError, match=rf"^the text of {NEW} could not be kept: no room.*"
        ) as raised:
            commit(str(project), [CHANGE], [PLACEMENT], keep=keep)
    assert "jit-guard recover --abandon" in str(raised.value)
    assert interrupted(str(project))
    assert [one.data for one in recover(str(project), abandon=True).kept] == [PLACEMENT.data]
    assert files(project) == {**BEFORE, "goal_map.json": saved}


# Undoing what was not decided.


def test_temporary_files_that_cannot_be_removed_are_for_recover(
    project: Path, monkeypatch: Patch
) -> None:
    real = durable.remove

    def remove(location: Location) -> bool:
        if location.name.startswith(".jit-guard-"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), location.path)
        return real(location)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "can_link", refuse(errno.EROFS))
        patch.setattr(durable, "remove", remove)
        with pytest.raises(UnfinishedCommitError) as raised:
            commit(str(project), [CHANGE], [PLACEMENT])
    assert str(raised.value).lower() == (
        f"{NEW}: input/output error; no map or component was changed, but temporary files "
        "remain; run `jit-guard recover` to remove them"
    )
    assert interrupted(str(project))
    assert recover(str(project)).outcome == "back"
    assert files(project) == BEFORE


@pytest.mark.parametrize("what", ["garbage", "a directory"])
def test_an_intent_of_somebody_else_stays_when_ours_is_undone(
    what: str, project: Path, monkeypatch: Patch
) -> None:
    real = preparation.make

    def make(directories: Directories, new: preparation.New) -> None:
        real(directories, new)
        (project / PENDING).unlink()
        if what == "garbage":
            (project / PENDING).write_bytes(b"{}")
        else:
            (project / PENDING).mkdir()
        raise OSError(errno.EIO, "Input/output error", str(project / "goal_map.json"))

    monkeypatch.setattr(preparation, "make", make)
    with pytest.raises(TransactionError) as raised:
        commit(str(project), [CHANGE], [PLACEMENT])
    assert files(project) == BEFORE
    if what == "garbage":
        assert str(raised.value).startswith("goal_map.json: input/output error; nothing was")
        assert (project / PENDING).read_bytes() == b"{}"
    else:
        assert str(raised.value).startswith(f"{PENDING}: is a directory; no map or component was")
        assert (project / PENDING).is_dir()


# Readers.


@posix
def test_state_that_cannot_be_read_is_an_error_for_every_reader(
    project: Path, monkeypatch: Patch
) -> None:
    commits.interrupt(str(project), [CHANGE], [PLACEMENT], 0)
    real = os.open

    def fail(path: str, *args: Any, **more: Any) -> int:
        if os.path.basename(path) == os.path.basename(COMMIT_LOCK):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *args, **more)

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(TransactionError, match=r"^.jit-guard/commit.lock: permission denied$"):
        wait(str(project))
    with pytest.raises(UnreadableError, match="permission denied"):
        interrupted(str(project))
    assert at_rest(str(project), lambda: 1) is None


@posix
def test_a_linked_state_directory_is_an_error_for_every_reader(project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / ".jit-guard").symlink_to("elsewhere")
    with pytest.raises(UnreadableError, match=r"\.jit-guard is a link or a file; remove it"):
        interrupted(str(project))
    with pytest.raises(TransactionError, match=r"\.jit-guard is a link or a file; remove it"):
        wait(str(project))


def test_a_look_is_given_up_if_the_lock_is_removed_every_time(project: Path) -> None:
    looks: list[int] = []
    lock = project / COMMIT_LOCK
    lock.parent.mkdir()

    def look() -> int:
        looks.append(1)
        lock.unlink() if lock.exists() else lock.touch()
        return 1

    assert at_rest(str(project), look) is None
    assert len(looks) == TRIES


# Directories that cannot be opened, and loops of links.


@posix
def test_a_directory_that_cannot_be_opened_is_named(project: Path, monkeypatch: Patch) -> None:
    real = os.open

    def fail(path: str, *args: Any, **more: Any) -> int:
        if path == "ps":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *args, **more)

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(TransactionError) as raised:
        commit(str(project), [CHANGE], [PLACEMENT])
    assert str(raised.value) == "components/ps: permission denied; nothing was changed"
    monkeypatch.undo()
    assert files(project) == BEFORE


@posix
def test_a_path_that_cannot_be_resolved_is_refused(project: Path, monkeypatch: Patch) -> None:
    (project / "loop").symlink_to("loop")
    for path, why in (("loop/x", "loop of links"), (f"{OLD}/x/y", "is below a file")):
        with pytest.raises(UnsafePathError, match=why):
            commit(str(project), [CHANGE], [PLACEMENT._replace(path=path)])

    def realpath(path: str, *, strict: bool = False) -> str:
        if strict:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return path

    monkeypatch.setattr(os.path, "realpath", realpath)
    with pytest.raises(TransactionError, match="permission denied; nothing was changed"):
        commit(str(project), [CHANGE], [PLACEMENT])


# Renames.


def test_a_file_that_appears_just_before_the_link_is_kept(
    project: Path, monkeypatch: Patch
) -> None:
    real, tried = durable.place, [0]

    def place(source: Location, final: Location) -> None:
        tried[0] += final.name == "new.txt"
        if tried == [1] and final.name == "new.txt":
            (project / NEW).write_bytes(b"theirs\n")
        real(source, final)

    monkeypatch.setattr(durable, "place", place)
    with pytest.raises(TransactionError, match=r"was not moved: a different file exists there"):
        commit(str(project), [CHANGE], [], moves=[Move(OLD, NEW)])
    assert files(project) == {**BEFORE, NEW: b"theirs\n"}


@posix
@pytest.mark.parametrize("abandon", [False, True])
def test_the_empty_file_of_a_killed_rename_is_finished_or_removed(
    abandon: bool, project: Path, monkeypatch: Patch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse_plainly)
        just_before(patch, durable, "place_without_link", lambda: patch.setattr(os, "replace", die))
        with pytest.raises(Killed):
            commit(str(project), [CHANGE], [], moves=[Move(OLD, NEW)])
        assert (project / NEW).read_bytes() == b""
        patch.undo()
        patch.setattr(os, "link", refuse_plainly)
        recover(str(project), abandon=abandon)
    new = {"goal_map.json": MAP.replace(b"old", b"new"), NEW: b"old\n"}
    assert files(project) == (BEFORE if abandon else new)
    assert interrupted(str(project)) is None


@posix
def test_an_empty_file_that_another_process_reserves_first_is_kept(
    project: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(os, "link", refuse_plainly)
    just_before(monkeypatch, durable, "place_without_link", (project / NEW).touch)
    with pytest.raises(TransactionError, match=r"was not moved: a different file exists there"):
        commit(str(project), [CHANGE], [], moves=[Move(OLD, NEW)])
    assert files(project) == {**BEFORE, NEW: b""}


def refuse_plainly(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@posix
@pytest.mark.parametrize("abandon", [False, True])
def test_what_is_no_file_under_the_new_name_stays(abandon: bool, project: Path) -> None:
    commits.interrupt(str(project), [CHANGE], [], 1, moves=[Move(OLD, NEW)])
    (project / NEW).mkdir()
    done = recover(str(project), abandon=abandon)
    assert (project / OLD).read_bytes() == b"old\n"
    assert (project / NEW).is_dir()
    assert [one.path for one in done.left] == [OLD if abandon else NEW]
    shutil.rmtree(project / NEW)


def test_an_intent_that_vanishes_before_it_is_read_is_no_intent(
    project: Path, monkeypatch: Patch
) -> None:
    commits.interrupt(str(project), [CHANGE], [PLACEMENT], 0)
    just_before(monkeypatch, pending, "read", (project / PENDING).unlink)
    assert recover(str(project)).outcome == "nothing"
