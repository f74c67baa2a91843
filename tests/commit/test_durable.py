"""The file operations of a commit: what they open, follow, accept and refuse."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from jit_guard.commit import durable, kernel_lock, pending
from jit_guard.commit.directories import Directories, Location, flags
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.intent import ComponentIntent, RefusedIntentError
from jit_guard.commit.intent_json import MOST_BYTES
from jit_guard.commit.move_components import is_same_entry
from jit_guard.commit.reasons import reason

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
MAP = b'{"A": {"p": "old.txt"}}'
NEW = b'{"A": {"p": "new.txt"}}'
Patch = pytest.MonkeyPatch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "goal_map.json").write_bytes(MAP)
    return tmp_path


def test_a_flag_of_another_system_is_none() -> None:
    assert flags("O_NOFOLLOW", "O_OF_ANOTHER_SYSTEM", "O_CREAT") == os.O_NOFOLLOW | os.O_CREAT


def test_no_file_is_inherited_by_programs_that_are_started(project: Path) -> None:
    with Directories(str(project)) as directories:
        location = directories.top.location("goal_map.json")
        opened = [directories.top.handle, durable.open_to_read(location)]
        opened.append(kernel_lock.open_file(directories.top.location("lock")))
        assert [os.get_inheritable(one) for one in opened if one is not None] == [False] * 3
        for handle in opened[1:]:
            os.close(handle or 0)


def test_a_lock_file_that_cannot_be_used_does_not_stay_open(
    project: Path, monkeypatch: Patch
) -> None:
    """Windows would not remove it as long as this process runs."""
    closed: list[int] = []
    real = os.close

    def close(handle: int) -> None:
        closed.append(handle)
        real(handle)

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with Directories(str(project)) as directories:
        location = directories.top.location("lock")
        number = kernel_lock.open_file(location)
        os.close(number)
        with monkeypatch.context() as patch:
            patch.setattr(os, "close", close)
            patch.setattr(os, "fstat", lambda handle: os.lstat(project))  # a directory
            with pytest.raises(OSError, match="Not a regular file"):
                kernel_lock.open_file(location)
            patch.setattr(os, "fstat", fail)
            with pytest.raises(OSError, match="Input/output error"):
                kernel_lock.open_file(location)
    assert closed == [number] * 2


def test_a_file_is_opened_to_be_synced_as_the_system_demands(
    project: Path, monkeypatch: Patch
) -> None:
    """Windows flushes what is open for writing; elsewhere, the file may be read-only."""
    ways: list[int] = []
    real = os.open

    def opened(path: str, way: int, *args: Any, **more: Any) -> int:
        ways.append(way)
        return real(path, way, *args, **more)

    with Directories(str(project)) as directories:
        location = directories.top.location("goal_map.json")
        assert directories.top.handle
        monkeypatch.setattr(os, "open", opened)
        durable.sync_file(location, "nothing")
        monkeypatch.setattr(sys, "platform", "win32")
        durable.sync_file(location, "nothing")
    assert [way & os.O_ACCMODE for way in ways] == [os.O_RDONLY, os.O_RDWR]
    assert all(way & os.O_NOFOLLOW for way in ways)


def test_a_file_is_read_up_to_its_last_byte_and_no_further(project: Path) -> None:
    with Directories(str(project)) as directories:
        location = directories.top.location("goal_map.json")
        (project / "goal_map.json").write_bytes(b"x" * (1 << 20))
        found = durable.read_file(location, 1 << 20)
        assert found is not None
        assert len(found[0]) == 1 << 20
        (project / "goal_map.json").write_bytes(b"x" * ((1 << 20) + 1))
        with pytest.raises(OSError, match="Larger than 1 MB") as raised:
            durable.read_file(location, 1 << 20)
        assert raised.value.filename == str(project / "goal_map.json")


def test_a_lock_that_was_taken_has_the_next_time_that_the_system_keeps(project: Path) -> None:
    path = project / "lock"
    path.touch()
    os.utime(path, ns=(5, 5))
    coarse = path.stat().st_mtime_ns != 5  # as on macOS of old, and FAT
    with path.open("r+") as lock:
        kernel_lock.advance(lock.fileno(), str(path))
    assert coarse or path.stat().st_mtime_ns == 6


def test_a_lock_is_at_its_path_unless_another_file_or_a_link_is(project: Path) -> None:
    path = project / "lock"
    with path.open("w") as lock:
        assert kernel_lock.is_at(lock.fileno(), str(path))
        path.rename(project / "moved")
        assert not kernel_lock.is_at(lock.fileno(), str(path))
        path.symlink_to("moved")
        assert not kernel_lock.is_at(lock.fileno(), str(path))


def test_a_lock_that_cannot_be_taken_is_closed(project: Path, monkeypatch: Patch) -> None:
    handles: list[int] = []

    def lock(handle: int, *, shared: bool) -> bool:
        handles.append(handle)
        if shared:
            return False
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(kernel_lock, "lock", lock)
    with Directories(str(project)) as directories:
        location = directories.top.location("lock")
        assert kernel_lock.take(location, shared=True) is None
        with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)):
            kernel_lock.take(location)
        for handle in handles:
            with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
                os.fstat(handle)


@pytest.mark.parametrize("below", ["", "/claims"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_in_place_of_a_directory_of_ours_is_to_be_removed(
    below: str, linked: bool, project: Path
) -> None:
    path = project / f".jit-guard{below}"
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(project) if linked else path.touch()
    with Directories(str(project)) as directories, pytest.raises(TransactionError) as raised:
        _ = directories.at(f".jit-guard{below}").handle
    assert str(raised.value).startswith(f".jit-guard{below} is a link or a file; remove it")


def test_a_directory_that_cannot_be_closed_is_no_error(project: Path, monkeypatch: Patch) -> None:
    """Nothing was written to it."""
    real = os.close

    def close(handle: int) -> None:
        real(handle)
        raise OSError(errno.EIO, "Input/output error")

    with Directories(str(project)) as directories:
        assert directories.top.handle
        monkeypatch.setattr(os, "close", close)
    assert directories.top.handle
    monkeypatch.undo()
    directories.close()


def test_a_file_of_somebody_else_is_not_replaced_unless_it_is_of_an_earlier_attempt(
    project: Path,
) -> None:
    with Directories(str(project)) as directories:
        location = directories.top.location("goal_map.json")
        with pytest.raises(FileExistsError) as raised:
            durable.write_file(location, NEW, "nothing")
        assert raised.value.filename == str(project / "goal_map.json")
        assert (project / "goal_map.json").read_bytes() == MAP
        durable.write_file(location, NEW, "nothing", again=True)
    assert (project / "goal_map.json").read_bytes() == NEW


def refusing(code: int) -> Any:
    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def test_only_an_empty_directory_is_removed(project: Path, monkeypatch: Patch) -> None:
    for name in ("empty", "full/x"):
        (project / name).mkdir(parents=True)
    with Directories(str(project)) as directories:
        assert durable.remove_directory(directories.at("empty"))
        assert not (project / "empty").exists()
        for left in ("empty", "full", "goal_map.json"):
            assert not durable.remove_directory(directories.at(left))
        for code in (errno.EACCES, errno.EIO):
            monkeypatch.setattr(os, "rmdir", refusing(code))
            with pytest.raises(OSError, match=os.strerror(code)):
                durable.remove_directory(directories.at("full"))
        monkeypatch.setattr(sys, "platform", "win32")  # a process works in it
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            durable.remove_directory(directories.at("full"))
        monkeypatch.setattr(os, "rmdir", refusing(errno.EACCES))
        assert not durable.remove_directory(directories.at("full"))


def test_a_directory_may_exist_and_a_file_in_its_place_may_not(project: Path) -> None:
    (project / "there").mkdir()
    with Directories(str(project)) as directories:
        made = [directories.at(name) for name in ("there", "there/new")]
        durable.make_directories(made, [directories.top])
        assert (project / "there/new").is_dir()
        with pytest.raises(FileExistsError):
            durable.make_directories([directories.at("goal_map.json")], [])


def test_a_link_in_place_of_a_text_gets_the_name_itself(project: Path) -> None:
    """So that the text of another file is never published under it."""
    for source, target in (("link", "goal_map.json"), ("broken", "nowhere")):
        (project / source).symlink_to(target)
    with Directories(str(project)) as directories:
        link, broken, final = map(directories.top.location, ("link", "broken", "final"))
        durable.place(link, final)
        assert (project / "final").is_symlink()
        assert durable.can_link(broken, directories.top.location("probe"))
        assert not (project / "probe").is_symlink()


def test_the_empty_file_that_reserves_a_name_is_private(project: Path, monkeypatch: Patch) -> None:
    def die(*_: Location) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(durable, "replace", die)
    with Directories(str(project)) as directories, pytest.raises(KeyboardInterrupt):
        durable.place_without_link(*map(directories.top.location, ("goal_map.json", "final")))
    assert stat.S_IMODE((project / "final").stat().st_mode) == 0o600


def test_only_an_executable_component_is_one() -> None:
    plain = ComponentIntent("a", "b", "c", b"", None, adopted=False)
    assert (plain.mode, plain._replace(executable=True).mode) == (0o666, 0o777)


def test_hard_links_in_two_directories_are_two_entries(project: Path) -> None:
    for name in ("a", "b"):
        (project / name).mkdir()
    (project / "a/x.txt").write_bytes(b"x")
    os.link(project / "a/x.txt", project / "b/X.txt")
    with Directories(str(project)) as directories:
        one, other = directories.at("a").location("x.txt"), directories.at("b").location("X.txt")
        assert not is_same_entry(one, other)


def test_an_intent_that_is_too_large_is_not_read(project: Path) -> None:
    (project / ".jit-guard").mkdir()
    with (project / ".jit-guard/pending.json").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with (
        Directories(str(project)) as directories,
        pytest.raises(RefusedIntentError, match="it is larger than 64 MB"),
    ):
        pending.read(directories)


def test_an_error_names_its_file_as_the_project_does(tmp_path: Path) -> None:
    directory = tmp_path / "components"
    for name in (".jit-guard-1-0", "host.txt"):  # whose temporary file it is, is not known
        error = OSError(errno.ENOSPC, "No space left on device", str(directory / name))
        assert reason(str(tmp_path), error) == f"components/{name}: no space left on device"
