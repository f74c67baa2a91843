"""The commit on Windows: files that are open elsewhere, locks, and paths instead of handles."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from pathlib import Path
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
from jit_guard.registry.edit import Edit
from projects import lay_out

MAP = b'{"A": {"persona": "old.txt"}}\r\n'
NEW = b'{"A": {"persona": "new.txt"}}\r\n'
CHANGE = MapChange("goal_map.json", (Edit(("A", "persona"), "old.txt", "new.txt"),))
PLACEMENT = Placement("components/personas/new.txt", b"text\n")
PAUSE = 0.05

real_replace, real_unlink = os.replace, os.unlink


class Windows:
    """A system that refuses what concerns files that are open in another program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: dict[str, int] = {}  # name -> how many more calls are refused
        self.slept = 0.0
        monkeypatch.setattr(directories, "_HAVE_HANDLES", False)
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(time, "sleep", self._sleep)
        monkeypatch.setattr(os, "replace", self._replace)
        monkeypatch.setattr(os, "unlink", self._unlink)

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
        real_unlink(path, **keywords)


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


@pytest.mark.skipif(sys.platform != "win32", reason="the attribute of Windows")
def test_a_map_that_is_read_only_is_refused_at_once(project: Path) -> None:
    os.chmod(project / "goal_map.json", stat.S_IREAD)
    began = time.monotonic()
    with pytest.raises(TransactionError, match=r"goal_map.json is read-only.*nothing was changed"):
        commit(str(project), [CHANGE], [PLACEMENT])
    assert time.monotonic() - began < 1.5
    os.chmod(project / "goal_map.json", stat.S_IWRITE)
    assert state(project) == {"goal_map.json": MAP}
