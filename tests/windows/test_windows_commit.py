"""The commit on Windows: files that are open elsewhere, locks, and paths instead of handles."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from commits import recover
from jit_guard.commit import (
    MapChange,
    Placement,
    TransactionError,
    UnfinishedCommitError,
    commit,
    directories,
    kernel_lock,
)
from jit_guard.commit.directories import Directories, move
from jit_guard.commit.errors import UnsafePathError
from jit_guard.registry.edit import Edit
from projects import lay_out
from sampling import sample

from .imitation import imitate_windows

MAP = b'{"A": {"persona": "old.txt"}}\r\n'
NEW = b'{"A": {"persona": "new.txt"}}\r\n'
CHANGE = MapChange("goal_map.json", (Edit(("A", "persona"), "old.txt", "new.txt"),))
PLACEMENT = Placement("components/personas/new.txt", b"text\n")
PAUSE = 0.05

real_replace, real_unlink = os.replace, os.unlink
real_lstat, real_open = os.lstat, os.open


class Windows:
    """A system that refuses what concerns files that are open in another program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: dict[str, int] = {}  # name -> how many more calls are refused
        self.looked_at: dict[str, int] = {}  # name -> how many more calls find a removed file
        self.replaced: dict[str, int] = {}  # name -> how many more calls cannot open it
        self._removed: set[str] = set()
        self.slept = 0.0
        monkeypatch.setattr(directories, "_HAVE_HANDLES", False)
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(time, "sleep", self._sleep)
        monkeypatch.setattr(os, "replace", self._replace)
        monkeypatch.setattr(os, "unlink", self._unlink)
        monkeypatch.setattr(os, "lstat", self._lstat)
        monkeypatch.setattr(os, "open", self._open)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def _refuse(self, path: str, *named: str) -> None:
        left = self.open.get(os.path.basename(path), 0)
        if left:
            self.open[os.path.basename(path)] = left - 1
            raise PermissionError(errno.EACCES, "Access is denied", *named)

    def _replace(self, source: str, target: str, **keywords: Any) -> None:
        self._refuse(target, source, None, target)  # type: ignore[arg-type]
        real_replace(source, target, **keywords)

    def _unlink(self, path: str, **keywords: Any) -> None:
        self._refuse(path, path)
        if self.looked_at.get(os.path.basename(path)):
            self._removed.add(path)
        else:
            real_unlink(path, **keywords)

    def _open(self, path: str, *arguments: Any, **keywords: Any) -> int:
        if self.replaced.get(os.path.basename(path)):
            self.replaced[os.path.basename(path)] -= 1
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real_open(path, *arguments, **keywords)

    def _lstat(self, path: str, **keywords: Any) -> os.stat_result:
        if path in self._removed:
            self.looked_at[os.path.basename(path)] -= 1
            if not self.looked_at[os.path.basename(path)]:
                self._removed.remove(path)
                real_unlink(path)
        return real_lstat(path, **keywords)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "project", {"goal_map.json": MAP, "components/personas/": ""})


@pytest.fixture
def windows(project: Path, monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows(monkeypatch)


def state(project: Path) -> dict[str, bytes]:
    """Everything in the project but the lock, which stays."""
    return {
        str(path.relative_to(project)).replace(os.sep, "/"): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and path.name not in ("commit.lock", ".gitignore")
    }


def test_a_map_that_a_scanner_has_open_for_a_moment_is_replaced(
    project: Path, windows: Windows
) -> None:
    windows.open["goal_map.json"] = 39
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert state(project) == {"goal_map.json": NEW, PLACEMENT.path: b"text\n"}
    assert windows.slept == pytest.approx(39 * PAUSE)  # about two seconds


def test_a_map_that_an_editor_is_replacing_is_read_when_it_is_there(
    project: Path, windows: Windows
) -> None:
    windows.replaced["goal_map.json"] = 39
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert windows.slept == pytest.approx(39 * PAUSE)


def test_a_map_that_stays_open_is_named_and_nothing_is_changed(
    project: Path, windows: Windows
) -> None:
    windows.open["goal_map.json"] = 1_000_000
    with pytest.raises(TransactionError) as raised:
        commit(str(project), [CHANGE], [PLACEMENT])
    assert str(raised.value) == (
        "goal_map.json: access is denied (is it open in another program?); "
        "the commit was undone, and nothing was changed"
    )
    assert state(project) == {"goal_map.json": MAP}
    windows.open.clear()
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)


def test_an_intent_that_another_process_looks_at_is_gone_before_the_next_commit(
    project: Path, windows: Windows
) -> None:
    """A removed file keeps its name as long as another process has it open to read its status."""
    windows.looked_at["pending.json"] = 3
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert windows.slept == pytest.approx(2 * PAUSE)
    windows.looked_at["pending.json"] = 1_000_000
    again = Placement("components/personas/again.txt", b"text\n")
    assert commit(str(project), [], [again]).placed == (again.path,)  # it is on disk anyway
    assert windows.slept == pytest.approx(42 * PAUSE)


def test_an_error_of_two_paths_is_about_the_second(project: Path, windows: Windows) -> None:
    """The first one is a temporary file, which means nothing to a user."""
    windows.open["goal_map.json"] = 1
    with Directories(str(project)) as opened:
        source, target = (opened.top.location(name) for name in ("x.tmp", "goal_map.json"))
        with pytest.raises(PermissionError) as raised:
            move(os.replace, source, target)
    assert raised.value.filename == target.path


def test_an_intent_that_stays_open_is_recovered_when_it_is_closed(
    project: Path, windows: Windows
) -> None:
    windows.open["pending.json"] = 1_000_000
    with pytest.raises((TransactionError, UnfinishedCommitError), match=r"pending\.json: "):
        commit(str(project), [CHANGE], [PLACEMENT])
    windows.open.clear()
    recover(str(project))
    assert state(project) in (
        {"goal_map.json": MAP},
        {"goal_map.json": NEW, PLACEMENT.path: b"text\n"},
    )


def test_without_hard_links_a_component_gets_its_name_by_a_rename(
    project: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT and exFAT have none. A rename there never overwrites."""

    def refused(*_paths: str, **_keywords: Any) -> None:
        raise OSError(errno.EINVAL, "Incorrect function")

    renamed: list[str] = []
    real = os.rename

    def rename(source: str, target: str, **keywords: Any) -> None:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "Cannot create a file that exists", source)
        renamed.append(os.path.basename(target))
        real(source, target, **keywords)

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "rename", rename)
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert state(project) == {"goal_map.json": NEW, PLACEMENT.path: b"text\n"}
    assert "new.txt" in renamed


def test_two_readers_hold_the_commit_lock_at_once(project: Path) -> None:
    """Also on Windows, where the module for locks of Python knows only one kind."""
    with Directories(str(project)) as opened:
        location = opened.top.location("lock")
        readers = [kernel_lock.take(location, shared=True) for _ in range(2)]
        assert None not in readers
        assert kernel_lock.take(location) is None
        for handle in readers:
            kernel_lock.release(handle or 0)
        writer = kernel_lock.take(location)
        assert writer is not None
        assert kernel_lock.take(location, shared=True) is None
        kernel_lock.release(writer)


@pytest.mark.parametrize(
    "name", ["aux.txt", "NUL", "com1.md", "host.txt:stream", "a?b", "dot.", "space ", "a<b"]
)
def test_a_name_that_means_something_else_on_windows_is_never_created(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Directories(str(project)) as opened:
        if sys.platform != "win32":
            assert opened.top.location(name).name == name
        imitate_windows(monkeypatch, "commit.directories")
        with pytest.raises(UnsafePathError, match=r"the name (is|contains|ends)"):
            opened.top.location(name)


def test_a_fix_of_a_name_that_windows_cannot_hold_changes_nothing(
    project: Path, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    imitate_windows(monkeypatch, "commit.location")
    for path in ("components/personas/nul.txt", "components/con/new.txt"):
        with pytest.raises(TransactionError, match=f"^{path}: the name is a reserved device name"):
            commit(str(project), [CHANGE], [Placement(path, b"text\n")])
    assert state(project) == {"goal_map.json": MAP}


# On Windows itself

native = pytest.mark.skipif(sys.platform != "win32", reason="files that are open on Windows")


@native
def test_a_map_that_an_editor_has_open(project: Path) -> None:
    """Without FILE_SHARE_DELETE, as Python and many editors open files."""
    with (project / "goal_map.json").open("rb"):
        with pytest.raises(TransactionError) as raised:
            commit(str(project), [CHANGE], [PLACEMENT])
        assert str(raised.value).startswith("goal_map.json: ")
        assert str(raised.value).endswith("the commit was undone, and nothing was changed")
        assert state(project) == {"goal_map.json": MAP}
    file = (project / "goal_map.json").open("rb")
    Timer(0.5, file.close).start()
    assert commit(str(project), [CHANGE], [PLACEMENT]).placed == (PLACEMENT.path,)
    assert state(project) == {"goal_map.json": NEW, PLACEMENT.path: b"text\n"}


KILLED = """
import os, signal, sys
left = int(sys.argv[2])
def counted(real):
    def call(*arguments, **keywords):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGTERM)  # TerminateProcess, at once
        return real(*arguments, **keywords)
    return call
from jit_guard.commit import MapChange, Placement, commit
from jit_guard.registry.edit import Edit
import jit_guard.commit.transaction, jit_guard.commit.commit_lock
for name in ("open", "write", "mkdir", "rmdir", "link", "unlink", "replace", "rename", "fsync"):
    setattr(os, name, counted(getattr(os, name)))
edit = Edit(("A", "persona"), "old.txt", "new.txt")
commit(sys.argv[1], [MapChange("goal_map.json", (edit,))],
       [Placement("components/personas/new.txt", b"text\\n")])
print(left)
"""


def killed(project: Path, step: int) -> str:
    """Commit in a process that is ended before its call of this number; return its output."""
    command = [sys.executable, "-c", KILLED, str(project), str(step)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    return done.stdout.decode()


@native
def test_a_commit_that_is_killed_is_recovered_to_the_old_or_the_new_state(tmp_path: Path) -> None:
    start: dict[str, str | bytes] = {"goal_map.json": MAP, "components/personas/": ""}
    steps = 1000 - int(killed(lay_out(tmp_path / "whole", start), 1000))
    ends = []
    for step in sample(range(steps), 10):
        project = lay_out(tmp_path / f"{step}", start)
        assert killed(project, step) == ""
        recover(str(project))
        ends.append(state(project) == {"goal_map.json": NEW, PLACEMENT.path: b"text\n"})
        assert ends[-1] or state(project) == {"goal_map.json": MAP}, step
    assert ends == sorted(ends)  # old before the decision, new after it
    assert len(set(ends)) == 2


@pytest.mark.skipif(sys.platform != "win32", reason="the attribute of Windows")
def test_a_map_that_is_read_only_is_refused_at_once(project: Path) -> None:
    os.chmod(project / "goal_map.json", stat.S_IREAD)
    began = time.monotonic()
    with pytest.raises(TransactionError, match=r"goal_map.json is read-only.*nothing was changed"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert time.monotonic() - began < 1.5
    os.chmod(project / "goal_map.json", stat.S_IWRITE)
    assert state(project) == {"goal_map.json": MAP}
