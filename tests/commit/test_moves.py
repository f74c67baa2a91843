"""A commit that renames components: the file keeps everything but its name, or nothing changes."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commits import recover
from jit_guard.commit import durable, move_components, recovery, set_maps, transaction
from jit_guard.commit.directories import Location
from jit_guard.commit.errors import TransactionError, UnsafePathError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.commit.replay import Kept
from jit_guard.commit.transaction import Commit, commit, interrupted
from jit_guard.registry.edit import Edit
from jit_guard.text.names import fold

MAP = b'{"A": {"persona": "old.txt"}}'
TEXT = b"Theirs.\n"
OLD, NEW = "components/personas/old.txt", "components/personas/deep/new.txt"
CHANGE = MapChange("goal_map.json", (Edit(("A", "persona"), "old.txt", "deep/new.txt"),))
MOVE = Move(OLD, NEW)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One entry, and its component."""
    root = tmp_path / "project"
    (root / "components/personas").mkdir(parents=True)
    (root / "goal_map.json").write_bytes(MAP)
    (root / OLD).write_bytes(TEXT)
    return root


def move(project: Path, change: MapChange = CHANGE, *moves: Move) -> Commit:
    return commit(str(project), [change], (), moves=moves or [MOVE])


def components(project: Path) -> dict[str, bytes]:
    found = (path for path in (project / "components").rglob("*") if not path.is_dir())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in found}


def unchanged(project: Path) -> bool:
    return components(project) == {OLD: TEXT} and (project / "goal_map.json").read_bytes() == MAP


def test_the_file_and_its_entry_change_together(project: Path) -> None:
    assert move(project) == Commit((CHANGE,), moved=((OLD, NEW),))
    assert components(project) == {NEW: TEXT}
    assert b"deep/new.txt" in (project / "goal_map.json").read_bytes()


@posix
def test_the_file_itself_is_moved(project: Path) -> None:
    (project / OLD).chmod(0o751)
    os.utime(project / OLD, (1, 2))
    before = (project / OLD).stat()
    move(project)
    after = (project / NEW).stat()
    assert (after.st_ino, after.st_mode, after.st_mtime) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime,
    )


def test_a_text_of_any_size_and_kind_is_moved(project: Path) -> None:
    (project / OLD).write_bytes(b"\0\xff" * 1000)
    with open(project / OLD, "r+b") as file:
        file.truncate(100 << 20)  # more than an intent may hold
    move(project)
    assert (project / NEW).stat().st_size == 100 << 20


def test_two_names_can_be_exchanged_in_two_commits_only(project: Path) -> None:
    (project / "components/personas/b.txt").write_bytes(b"B\n")
    there = Move(OLD, "components/personas/b.txt"), Move("components/personas/b.txt", OLD)
    with pytest.raises(TransactionError, match="already exists"):
        move(project, CHANGE, *there)


# Refused before anything is changed


def vanished(project: Path) -> None:
    (project / OLD).unlink()


def a_link(project: Path) -> None:
    (project / OLD).rename(project / "text")
    (project / OLD).symlink_to("../../text")


def a_directory(project: Path) -> None:
    (project / OLD).unlink()
    (project / OLD).mkdir()


def taken(project: Path) -> None:
    (project / NEW).parent.mkdir()
    (project / NEW).write_bytes(b"Another.\n")


def taken_by_the_same_text(project: Path) -> None:
    (project / NEW).parent.mkdir()
    (project / NEW).write_bytes(TEXT)


def taken_by_a_broken_link(project: Path) -> None:
    (project / NEW).parent.mkdir()
    (project / NEW).symlink_to("nowhere")


def below_a_file(project: Path) -> None:
    (project / NEW).parent.write_bytes(b"")


def led_out(project: Path) -> None:
    (project.parent / "out").mkdir()
    (project / NEW).parent.symlink_to(project.parent / "out")


@posix
@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (vanished, f"{OLD} does not exist"),
        (a_link, f"{OLD} is not a regular file"),
        (a_directory, f"{OLD} is not a regular file"),
        (taken, f"{NEW} already exists and is never overwritten"),
        (taken_by_the_same_text, f"{NEW} already exists"),
        (taken_by_a_broken_link, f"{NEW} already exists"),
        (below_a_file, "deep: not a directory; nothing was changed"),
        (led_out, "outside the project"),
    ],
)
def test_what_cannot_be_moved(project: Path, prepare: Callable[[Path], None], why: str) -> None:
    prepare(project)
    before = sorted(map(str, project.rglob("*")))
    with pytest.raises(TransactionError, match=why):
        move(project)
    assert (project / "goal_map.json").read_bytes() == MAP
    assert sorted(str(one) for one in project.rglob("*") if ".jit-guard" not in str(one)) == before


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", ".git/x", "a/.jit-guard/x", "a\\b", "x" * 300]
)
def test_no_move_leads_out_of_the_project(project: Path, path: str) -> None:
    for one in (Move(OLD, path), Move(path, NEW)):
        with pytest.raises(UnsafePathError):
            move(project, CHANGE, one)
    assert unchanged(project)


def test_one_file_is_moved_once(project: Path) -> None:
    for twice in ((MOVE, MOVE), (MOVE, Move(OLD, "components/x")), (Move(OLD, OLD),)):
        with pytest.raises(TransactionError, match=r"twice|already exists"):
            move(project, CHANGE, *twice)
    placement = Placement(NEW, b"x")
    with pytest.raises(TransactionError, match="the same file twice"):
        commit(str(project), [CHANGE], [placement], moves=[MOVE])
    assert unchanged(project)


@posix
def test_another_file_system_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, errno.EXDEV)
    with pytest.raises(TransactionError, match="on different file systems; nothing was changed"):
        move(project)
    assert unchanged(project)
    assert not (project / NEW).parent.exists()


def refuse_links(patch: pytest.MonkeyPatch, code: int) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    patch.setattr(os, "link", link)


@posix
@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EMLINK])
def test_without_hard_links_the_file_is_renamed(
    project: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch, code)
    number = (project / OLD).stat().st_ino
    move(project)
    assert components(project) == {NEW: TEXT}
    assert (project / NEW).stat().st_ino == number


@posix
def test_without_hard_links_a_file_that_is_saved_anew_meanwhile_is_moved(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor removes the file, and creates it again, when its new name is reserved already."""
    refuse_links(monkeypatch, errno.EPERM)
    real, saves = durable.place_without_link, [b"Saved.\n"]

    def place(source: Location, target: Location) -> None:
        while saves:
            (project / NEW).touch()
            (project / OLD).write_bytes(saves.pop())
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        real(source, target)

    monkeypatch.setattr(durable, "place_without_link", place)
    assert move(project).moved == (tuple(MOVE),)
    assert components(project) == {NEW: b"Saved.\n"}


# Another process between the decision and the move


def just_before_the_move(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    real = move_components.move_components

    def first(work: Any) -> None:
        patch.undo()
        act()
        real(work)

    from jit_guard.commit import place_components

    patch.setattr(place_components, "move_components", first)


def test_a_file_that_appears_under_the_new_name_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_the_move(monkeypatch, lambda: (project / NEW).write_bytes(b"Mine.\n"))
    with pytest.raises(TransactionError, match=f"{NEW} was not moved: a different file exists"):
        move(project)
    assert components(project) == {OLD: TEXT, NEW: b"Mine.\n"}
    assert (project / "goal_map.json").read_bytes() == MAP


def test_a_recovery_keeps_a_file_that_appears_under_the_new_name(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(project, monkeypatch)
    (project / NEW).write_bytes(b"Mine.\n")
    done = recover(str(project))
    assert components(project) == {OLD: TEXT, NEW: b"Mine.\n"}
    assert done.moved == ()
    assert done.left[0].reason == "a different file exists there"


def test_an_empty_file_that_appears_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    just_before_the_move(monkeypatch, lambda: (project / NEW).write_bytes(b""))
    with pytest.raises(TransactionError, match="a different file exists"):
        move(project)
    assert components(project) == {OLD: TEXT, NEW: b""}


def test_a_file_that_is_removed_is_reported(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    just_before_the_move(monkeypatch, (project / OLD).unlink)
    with pytest.raises(TransactionError, match=f"{OLD} no longer exists; the commit was undone"):
        move(project)
    assert interrupted(str(project)) is None
    assert (project / "goal_map.json").read_bytes() == MAP


def test_an_edit_just_before_the_move_is_moved(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_the_move(monkeypatch, lambda: (project / OLD).write_bytes(b"Saved.\n"))
    move(project)
    assert components(project) == {NEW: b"Saved.\n"}


def test_a_new_directory_that_is_removed_is_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_the_move(monkeypatch, (project / NEW).parent.rmdir)
    move(project)
    assert components(project) == {NEW: TEXT}


def decided(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int = 0,
    what: tuple[MapChange, Move] = (CHANGE, MOVE),
) -> None:
    """Stop a commit like a kill: decided (0), after the map was set (1), after the move (2)."""

    class Killed(BaseException):
        pass

    def die(_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(recovery, "STEPS", (*recovery.STEPS[:step], die))
        with pytest.raises(Killed):
            move(project, *what)
    assert interrupted(str(project)) is not None


def test_an_entry_that_another_process_changed_keeps_its_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(project, monkeypatch)
    (project / "goal_map.json").write_bytes(MAP.replace(b"old.txt", b"third.txt"))
    done = recover(str(project))
    assert components(project) == {OLD: TEXT}
    assert "another process set it to 'third.txt'" in done.left[0].reason


def test_an_entry_that_changes_during_the_commit_keeps_no_other_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "components/personas/other.txt"
    (project / other).write_bytes(b"Another.\n")
    two = b'{"A": {"persona": "old.txt"}, "B": {"persona": "other.txt"}}'
    (project / "goal_map.json").write_bytes(two)

    def change(_: object) -> None:
        (project / "goal_map.json").write_bytes(two.replace(b"old.txt", b"third.txt"))

    monkeypatch.setattr(recovery, "STEPS", (change, *recovery.STEPS))
    edits = (*CHANGE.edits, Edit(("B", "persona"), "other.txt", "deep/other.txt"))
    moves = (MOVE, Move(other, "components/personas/deep/other.txt"))
    done = move(project, MapChange("goal_map.json", edits), *moves)
    assert components(project) == {OLD: TEXT, moves[1].new: b"Another.\n"}
    assert [one.path for one in done.left] == ["goal_map.json"]


def test_a_file_is_given_back_if_another_process_changed_its_entry(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(project, monkeypatch, 1)
    (project / OLD).rename(project / NEW)
    (project / "goal_map.json").write_bytes(MAP.replace(b"old.txt", b"third.txt"))
    recover(str(project))
    assert components(project) == {OLD: TEXT}


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("abandon", [False, True])
def test_a_copied_project_is_recovered(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: int, abandon: bool
) -> None:
    """The copy has two files in place of one with two names."""
    decided(project, monkeypatch, step)
    shutil.copyfile(project / OLD, project / NEW)
    done = recover(str(project), abandon=abandon)
    assert components(project) == {OLD if abandon else NEW: TEXT}
    assert interrupted(str(project)) is None
    assert (f"moved {OLD} to {NEW}" in done.actions) is not abandon


def test_a_large_file_with_both_names_is_recovered(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(project / OLD, "r+b") as file:
        file.truncate(100 << 20)  # too large to be compared
    decided(project, monkeypatch, 1)
    os.link(project / OLD, project / NEW)
    recover(str(project))
    assert not (project / OLD).exists()
    assert (project / NEW).stat().st_size == 100 << 20


def test_undoing_moves_no_file_of_another_process(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = set_maps.set_maps, [2]

    def fail(work: Any) -> None:
        if left[0] == 0:
            real(work)
            return
        left[0] -= 1
        (project / OLD).unlink(missing_ok=True)
        (project / NEW).write_bytes(b"Mine.\n")
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(project / "goal_map.json"))

    monkeypatch.setattr(recovery, "STEPS", (fail, *recovery.STEPS[1:]))
    with pytest.raises(TransactionError, match="the commit was undone"):
        move(project)
    assert components(project) == {NEW: b"Mine.\n"}


def test_abandoning_after_the_old_directory_was_removed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "components/personas/of").mkdir()
    (project / OLD).rename(project / "components/personas/of/old.txt")
    change = MapChange("goal_map.json", (Edit(("A", "persona"), "of/old.txt", "new.txt"),))
    (project / "goal_map.json").write_bytes(MAP.replace(b"old.txt", b"of/old.txt"))
    there = Move("components/personas/of/old.txt", "components/personas/new.txt")
    decided(project, monkeypatch, 2, (change, there))
    (project / "components/personas/of").rmdir()
    recover(str(project), abandon=True)
    assert components(project) == {"components/personas/of/old.txt": TEXT}


def test_a_step_that_is_refused_for_good_is_undone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = durable.remove

    def remove(location: Location) -> bool:
        if location.name == "old.txt":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), location.path)
        return real(location)

    monkeypatch.setattr(durable, "remove", remove)
    with pytest.raises(TransactionError, match="the commit was undone, and nothing was changed"):
        move(project)
    assert unchanged(project)


def test_a_recovery_reports_the_move(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(project, monkeypatch)
    kept: list[Kept] = []
    done = recover(str(project), keep=lambda path, data: kept.append(Kept(path, data, "")))
    assert f"moved {OLD} to {NEW}" in done.actions
    assert not kept, "its text is never held by the intent"
    assert transaction.interrupted(str(project)) is None


# A system that ignores case


@pytest.fixture
def insensitive(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project on such a system; renaming an entry to its other case does nothing there."""
    names = ("open", "lstat", "stat", "unlink", "rmdir", "mkdir")

    def meant(name: Any, where: Any) -> Any:
        if not isinstance(name, str) or os.sep in name or where is None:
            return name
        there = _listdir(where)
        return name if name in there else next((o for o in there if fold(o) == fold(name)), name)

    _listdir = os.listdir

    def one(real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda name, *args, dir_fd=None, **more: real(
            meant(name, dir_fd), *args, dir_fd=dir_fd, **more
        )

    def two(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int, **more: Any) -> Any:
            old, new = meant(old, src_dir_fd), meant(new, dst_dir_fd)
            return real(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, **more)

        return call

    for name in names:
        monkeypatch.setattr(os, name, one(getattr(os, name)))
    for name in ("link", "rename", "replace"):
        monkeypatch.setattr(os, name, two(getattr(os, name)))
    return project


UPPER = Move(OLD, "components/personas/OLD.txt")
TO_UPPER = MapChange("goal_map.json", (Edit(("A", "persona"), "old.txt", "OLD.txt"),))


@posix
@pytest.mark.parametrize("links", [True, False])
def test_a_name_changes_its_case_only(
    insensitive: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        refuse_links(monkeypatch, errno.EPERM)
    assert move(insensitive, TO_UPPER, UPPER).moved == (tuple(UPPER),)
    assert components(insensitive) == {UPPER.new: TEXT}


@posix
@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_name_that_cannot_change_its_case_keeps_it(
    insensitive: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """It has a temporary name when the new one is refused."""

    def refuse(_: object, target: Location) -> None:
        if target.name == "OLD.txt":
            raise OSError(code, os.strerror(code), target.path)

    with monkeypatch.context() as patch:
        for name in ("place", "place_without_link"):
            patch.setattr(durable, name, _unless(refuse, getattr(durable, name)))
        with pytest.raises(TransactionError, match=r"OLD.txt: (permission denied|input/output)"):
            move(insensitive, TO_UPPER, UPPER)
    if code == errno.EIO:  # that may pass
        assert recover(str(insensitive)).moved == (tuple(UPPER),)
        assert components(insensitive) == {UPPER.new: TEXT}
    else:
        assert unchanged(insensitive)
        assert interrupted(str(insensitive)) is None


@posix
def test_a_recovery_reports_a_name_that_has_its_new_case_already(
    insensitive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(insensitive, monkeypatch, 2, (TO_UPPER, UPPER))
    assert components(insensitive) == {UPPER.new: TEXT}
    assert recover(str(insensitive)).moved == (tuple(UPPER),)
    assert components(insensitive) == {UPPER.new: TEXT}


def _unless(refuse: Callable[..., None], real: Callable[..., None]) -> Callable[..., None]:
    def call(source: Location, target: Location) -> None:
        refuse(source, target)
        real(source, target)

    return call


@posix
@pytest.mark.parametrize("abandon", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_a_crash_while_a_name_changes_its_case(
    insensitive: Path, monkeypatch: pytest.MonkeyPatch, number: int, abandon: bool
) -> None:
    class Killed(BaseException):
        pass

    left = [number]
    with monkeypatch.context() as patch:
        for name in ("link", "replace", "unlink"):
            patch.setattr(os, name, _dies(getattr(os, name), left, Killed))
        patch.setattr(transaction, "_undo", lambda *_: None)
        actions = None
        try:
            move(insensitive, TO_UPPER, UPPER)
        except Killed:
            actions = recover(str(insensitive), abandon=abandon).actions
    found = components(insensitive)
    assert found in ({OLD: TEXT}, {UPPER.new: TEXT})
    named = b"OLD.txt" in (insensitive / "goal_map.json").read_bytes()
    assert (UPPER.new in found) is named
    assert actions is None or (f"moved {OLD} to {UPPER.new}" in actions) is named


def _dies(real: Callable[..., Any], left: list[int], error: type[BaseException]) -> Any:
    """Let a call on a component pass, until none is left; then the process is killed once."""

    def call(name: str, *args: Any, **more: Any) -> Any:
        if "old" in fold(name) or "old" in fold(str(args[:1])):
            left[0] -= 1
            if left[0] == -1:
                raise error
        return real(name, *args, **more)

    return call


@posix
def test_another_file_in_another_case_is_never_overwritten(insensitive: Path) -> None:
    (insensitive / "components/personas/New.txt").write_bytes(b"Another.\n")
    with pytest.raises(TransactionError, match="already exists"):
        move(insensitive, CHANGE, Move(OLD, "components/personas/new.txt"))


@posix
def test_a_system_that_has_both_cases_gets_the_other_name(project: Path) -> None:
    move(project, TO_UPPER, UPPER)
    assert components(project) == {UPPER.new: TEXT}


@posix
def test_modes_of_new_directories_are_ordinary(project: Path) -> None:
    move(project)
    mode = stat.S_IMODE((project / NEW).parent.stat().st_mode)
    assert mode == stat.S_IMODE((project / OLD).parent.stat().st_mode)
