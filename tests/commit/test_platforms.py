"""What other systems than Linux offer a commit, and what a system may refuse in a new file."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commits import interrupt
from jit_guard.commit import durable, preparation, trial
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.transaction import commit, interrupted
from jit_guard.registry.edit import Edit
from projects import IS_ROOT, call, lay_out

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts and file flags of Linux")
MAP = b'{"A": {"p": "old.txt"}}'
NEW = b'{"A": {"p": "new.txt"}}'
CHANGE = MapChange("goal_map.json", (Edit(("A", "p"), "old.txt", "new.txt"),))
PLACEMENT = Placement("components/ps/new.txt", b"text\n")
Patch = pytest.MonkeyPatch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "goal_map.json").write_bytes(MAP)
    return tmp_path


@pytest.fixture
def darwin(monkeypatch: Patch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")


class Status:
    """The status of a file on another system."""

    def __init__(self, real: os.stat_result, fields: dict[str, int]) -> None:
        names = (name for name in dir(real) if name.startswith("st_"))
        self.__dict__.update({name: getattr(real, name) for name in names}, **fields)


def give(patch: Patch, **fields: int) -> None:
    """Let `lstat` return other fields for the map."""
    real = os.lstat

    def lstat(path: str, *args: Any, **more: Any) -> Any:
        found = real(path, *args, **more)
        return Status(found, fields) if path == "goal_map.json" else found

    patch.setattr(os, "lstat", lstat)


def try_places(project: Path) -> None:
    """Try everything that is tried before the decision."""
    with Directories(str(project)) as directories:
        trial.try_places(preparation.prepare(directories, [CHANGE], [PLACEMENT]))


# macOS: a plain fsync stops at the cache of the drive.


def full_sync(patch: Patch, refused: int | None = None) -> tuple[list[int], list[int]]:
    """Record the handles of full and of plain syncs; a full one may be refused."""
    full: list[int] = []
    plain: list[int] = []

    def fcntl(handle: int, command: int) -> None:
        assert command == 51
        full.append(handle)
        if refused is not None:
            raise OSError(refused, os.strerror(refused))

    import fcntl as posix  # not on Windows

    patch.setattr(posix, "F_FULLFSYNC", 51, raising=False)
    patch.setattr(posix, "fcntl", fcntl)
    patch.setattr(os, "fsync", plain.append)
    return full, plain


@pytest.mark.usefixtures("darwin")
def test_every_sync_reaches_the_drive(project: Path, monkeypatch: Patch) -> None:
    full, plain = full_sync(monkeypatch)
    done = commit(str(project), [CHANGE], [PLACEMENT])
    assert (done.placed, done.notes) == ((PLACEMENT.path,), ())
    assert len(full) > 10
    assert plain == []


@pytest.mark.usefixtures("darwin")
def test_a_drive_without_a_full_sync_gets_a_plain_one(project: Path, monkeypatch: Patch) -> None:
    """A network drive, for example. A note says so, once in each run."""
    full, plain = full_sync(monkeypatch, errno.ENOTSUP)
    done = commit(str(project), [CHANGE], [PLACEMENT])
    assert done.placed == (PLACEMENT.path,)
    assert plain == full != []
    note = (
        f"the volume of {os.path.realpath(project)} cannot flush its drive (it has no F_FULLFSYNC);"
        " a power loss may damage what was just written"
    )
    assert done.notes == (note,)


def test_a_volume_without_a_full_sync_is_named_once_in_a_run(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(durable, "sync", lambda *_, **__: True)
    entries = '{"A": {"persona": "a.txt"}, "B": {"persona": "HOST.txt"}}'
    root = lay_out(tmp_path, {"goal_map.json": entries, "components/personas/host.txt": "x\n"})
    words = "cannot flush its drive"
    change = MapChange("goal_map.json", (Edit(("B", "persona"), "HOST.txt", "host.txt"),))
    interrupt(str(root), [change], [], 0)
    done = call("--fix", "--yes", "--generator", "scaffold", cwd=root)  # recovers and commits
    assert done.err.count(words) == 1, done.err
    assert "autogen_persona_for_a.txt" in (root / "goal_map.json").read_text()
    new = "components/personas/new.txt"
    assert call("mv", "components/personas/host.txt", new, cwd=root).err.count(words) == 1
    change = MapChange("goal_map.json", (Edit(("B", "persona"), "new.txt", "other.txt"),))
    interrupt(str(root), [change], [Placement("components/personas/other.txt", b"x\n")], 0)
    assert call("recover", cwd=root).out.count(words) == 1
    assert words not in call("recover", cwd=root).out


@pytest.mark.usefixtures("darwin")
def test_a_full_sync_that_fails_is_an_error(project: Path, monkeypatch: Patch) -> None:
    _, plain = full_sync(monkeypatch, errno.EIO)
    with pytest.raises(TransactionError, match="input/output error"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert plain == []
    assert (project / "goal_map.json").read_bytes() == MAP


# What is tried where a file cannot be asked for by `rmdir`.


@pytest.mark.usefixtures("darwin")
def test_an_immutable_or_append_only_map_is_refused(project: Path, monkeypatch: Patch) -> None:
    for flag in (stat.UF_IMMUTABLE, stat.UF_APPEND, stat.SF_IMMUTABLE, stat.SF_APPEND):
        with monkeypatch.context() as patch:
            give(patch, st_flags=flag | stat.UF_HIDDEN)
            with pytest.raises(TransactionError, match=r"^goal_map.json is immutable .*nothing"):
                try_places(project)
    give(monkeypatch, st_flags=stat.UF_HIDDEN)
    try_places(project)


@pytest.mark.usefixtures("darwin")
def test_a_mounted_map_is_refused(project: Path, monkeypatch: Patch) -> None:
    try_places(project)
    give(monkeypatch, st_dev=-1)
    with pytest.raises(TransactionError, match=r"^goal_map.json is a mount point .*nothing was"):
        try_places(project)


@pytest.mark.usefixtures("darwin")
def test_only_the_owner_of_a_sticky_directory_or_of_the_map_may_replace_it(
    project: Path, monkeypatch: Patch
) -> None:
    if IS_ROOT:  # who may anyway
        os.chown(project, 1, -1)
    mine = project.stat().st_uid
    for mode, user, owner, refused in (
        (0o1777, mine + 1, mine + 2, True),
        (0o0777, mine + 1, mine + 2, False),
        (0o1777, 0, mine + 2, False),
        (0o1777, mine, mine + 2, False),
        (0o1777, mine + 2, mine + 2, False),
    ):
        project.chmod(mode)
        with monkeypatch.context() as patch:
            give(patch, st_uid=owner)
            patch.setattr(os, "geteuid", lambda user=user: user)
            if refused:
                with pytest.raises(TransactionError, match=r"belongs to another user, in a sticky"):
                    try_places(project)
            else:
                try_places(project)


@linux
def test_linux_is_asked_by_a_removal_that_it_must_refuse(project: Path, monkeypatch: Patch) -> None:
    """`rmdir` of a file fails with ENOTDIR only if its name could be removed."""
    real = os.rmdir
    hint = " (is it immutable, or in a sticky directory?)"
    for code, more in ((errno.EPERM, hint), (errno.EROFS, ""), (errno.EACCES, "")):

        def rmdir(path: str, code: int = code, **where: Any) -> None:
            if path == "goal_map.json":
                raise OSError(code, os.strerror(code))
            real(path, **where)

        with monkeypatch.context() as patch:
            patch.setattr(os, "rmdir", rmdir)
            with pytest.raises(TransactionError) as raised:
                commit(str(project), [CHANGE], [PLACEMENT])
        words = os.strerror(code).lower() + more
        assert str(raised.value) == (
            f"goal_map.json cannot be replaced: {words}; nothing was changed"
        )
        assert (project / "goal_map.json").read_bytes() == MAP


@linux
def test_a_mount_is_known_by_its_number(project: Path, monkeypatch: Patch) -> None:
    handles = [os.open(path, os.O_RDONLY) for path in (project, project, "/proc")]
    try:
        first, same, other = (trial._mount(handle) for handle in handles)
    finally:
        for handle in handles:
            os.close(handle)
    assert first == same != other
    assert first is not None
    assert first.startswith(b"mnt_id:")
    assert trial._mount(10**6) is None
    numbers = iter([b"mnt_id:\t1", b"mnt_id:\t2"])
    monkeypatch.setattr(trial, "_mount", lambda _: next(numbers))
    with pytest.raises(TransactionError, match=r"^goal_map.json is a mount point .*nothing was"):
        commit(str(project), [CHANGE], [PLACEMENT])


@linux
def test_an_append_only_directory_is_known_by_its_flag(project: Path, monkeypatch: Patch) -> None:
    import fcntl

    flags = [0x11]  # immutable, which the kernel refuses itself, and secure deletion

    def ioctl(_: int, request: int, answer: bytearray) -> None:
        assert request == 0x80086601
        if not flags:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        answer[:4] = flags[0].to_bytes(4, sys.byteorder)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    (project / "components").mkdir()
    try_places(project)
    flags[0] = 0x30
    with pytest.raises(
        TransactionError, match=r"^the project's directory is append-only, .*nothing was changed$"
    ):
        try_places(project)
    flags.clear()
    try_places(project)


def test_only_windows_is_asked_again(project: Path, monkeypatch: Patch) -> None:
    """There, a file may be open in another program; elsewhere, a refusal is final."""
    asked: list[str] = []

    def refuse(name: str, **_: object) -> None:
        asked.append(name)
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "unlink", refuse)
    with Directories(str(project)) as directories, pytest.raises(PermissionError):
        durable.remove(directories.top.location("goal_map.json"))
    assert asked == ["goal_map.json"]


# Mode, owner and attributes of the new file.


def write_like(project: Path, **fields: int) -> None:
    """Write a file that is to replace one with this owner."""
    status = list((project / "goal_map.json").stat())
    for name, value in fields.items():
        status[("st_uid", "st_gid").index(name) + 4] = value
    with Directories(str(project)) as directories:
        location = directories.top.location("new.json")
        map_location = directories.top.location("goal_map.json")
        like = os.stat_result(status)
        durable.write_file(
            location, NEW, "nothing", like=like, attributes_of=map_location, again=True
        )


def test_the_owner_is_kept_if_possible_and_the_group_always(
    project: Path, monkeypatch: Patch
) -> None:
    status = (project / "goal_map.json").stat()
    (project / "goal_map.json").chmod(0o640)
    user, group = status.st_uid + 1, status.st_gid + 1
    calls: list[tuple[int, int]] = []
    allowed: set[tuple[int, int]] = set()

    def fchown(handle: int, *ids: int) -> None:
        assert stat.S_IMODE(os.fstat(handle).st_mode) != 0o640, "the mode is set afterwards"
        calls.append((ids[0], ids[1]))
        if (ids[0], ids[1]) not in allowed:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", fchown)
    write_like(project)
    assert calls == [], "it is ours already"
    write_like(project, st_uid=user)
    assert calls == [(user, status.st_gid)], "another user's, but our group"
    allowed.add((-1, group))
    write_like(project, st_uid=user, st_gid=group)
    assert calls[1:] == [(user, group), (-1, group)]
    assert stat.S_IMODE((project / "new.json").stat().st_mode) == 0o640
    allowed.clear()
    with pytest.raises(OSError, match="Its group could not be kept") as raised:
        write_like(project, st_gid=group)
    assert raised.value.filename == str(project / "new.json")
    allowed.add((user, group))
    calls.clear()
    write_like(project, st_uid=user, st_gid=group)
    assert calls == [(user, group)]


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
@pytest.mark.parametrize("call", ["listxattr", "setxattr"])
def test_attributes_that_cannot_be_kept_are_no_obstacle_and_an_error_is(
    call: str, project: Path, monkeypatch: Patch
) -> None:
    def refuse(code: int) -> Callable[..., None]:
        def call(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        return call

    monkeypatch.setattr(os, "listxattr", lambda _: ["security.x"])
    monkeypatch.setattr(os, "getxattr", lambda *_: b"x")
    for code in (errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.EINVAL):
        monkeypatch.setattr(os, call, refuse(code))
        write_like(project)
    monkeypatch.setattr(os, call, refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        write_like(project)
    with pytest.raises(TransactionError, match=r"^goal_map.json: input/output.*nothing was") as why:
        commit(str(project), [CHANGE], [PLACEMENT])
    assert not isinstance(why.value, UnfinishedCommitError)
    assert interrupted(str(project)) is None


def test_the_state_directory_of_another_user_keeps_its_mode(
    project: Path, monkeypatch: Patch
) -> None:
    """Only its owner may change it, and a group may work in a project together."""
    state = project / ".jit-guard"
    state.mkdir()
    for user, mode in ((state.stat().st_uid + 1, 0o755), (state.stat().st_uid, 0o700)):
        state.chmod(0o755)
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        commit(str(project), [], [Placement(f"components/{user}.txt", b"text\n")])
        assert stat.S_IMODE(state.stat().st_mode) == mode
