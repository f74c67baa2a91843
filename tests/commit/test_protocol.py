"""The protocol in docs/atomic-commit.md, call by call: what is synced, before what comes next.

`tests/crash` proves that this order survives every crash. This is the order itself, so that a
change of it is seen at once, and in a diff.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import commits
from commits import recover
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.commit.transaction import commit
from jit_guard.registry.edit import Edit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of open files in /proc")
OLD, NEW = "components/ps/old.txt", "components/ps/deep/new.txt"
CHANGE = MapChange("goal_map.json", (Edit(("A", "p"), "old.txt", "deep/new.txt"),))
PLACEMENT = Placement(NEW, b"text\n")

WRITE = ["sync pending.json.tmp", "replace pending.json.tmp pending.json", "sync .jit-guard"]
DIRECTORIES = ["mkdir deep", "sync root", "sync deep", "sync ps", "sync components"]
TEMPORARY = ["sync TMP-0", "sync TMP-map-0", "sync root", "sync deep"]
PROBE = ["link TMP-0 TMP-0f", "unlink TMP-0f"]
MAPS = ["replace TMP-map-0 goal_map.json", "sync root"]
COMPONENTS = ["link TMP-0 new.txt", "sync deep", "unlink TMP-0", "sync deep"]
REMOVE = ["unlink pending.json", "sync .jit-guard"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project after its first commit, so that `.jit-guard` exists."""
    root = tmp_path / "root"
    (root / "components/ps").mkdir(parents=True)
    (root / "goal_map.json").write_bytes(b'{"A": {"p": "old.txt"}}')
    (root / OLD).write_bytes(b"old\n")
    commit(str(root), [], [Placement("components/first.txt", b"first\n")])
    return root


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What changes a name, and what is synced; temporary names are shortened."""
    made: list[str] = []

    def short(path: str) -> str:
        return re.sub(r"\.jit-guard-[0-9a-f]{12}", "TMP", os.path.basename(path))

    def note(name: str) -> Callable[..., None]:
        real = getattr(os, name)

        def call(*args: Any, **more: Any) -> None:
            real(*args, **more)
            if not {"dir_fd", "src_dir_fd"} & set(more):
                return  # not of the commit: Python writes what it has compiled
            made.append(" ".join((name, *(short(one) for one in args if isinstance(one, str)))))

        return call

    for name in ("link", "replace", "unlink", "mkdir", "rmdir"):
        monkeypatch.setattr(os, name, note(name))
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        made.append(f"sync {short(os.readlink(f'/proc/self/fd/{handle}'))}")

    monkeypatch.setattr(os, "fsync", fsync)
    return made


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_commit(root: Path, calls: list[str]) -> None:
    commit(str(root), [CHANGE], [PLACEMENT])
    assert calls == [
        *("sync root", *WRITE, *DIRECTORIES, *TEMPORARY, *PROBE, *WRITE),
        *(*MAPS, *COMPONENTS, *REMOVE),
    ]


def test_the_first_commit_of_a_project_makes_its_directory_durable(
    tmp_path: Path, calls: list[str]
) -> None:
    (tmp_path / "goal_map.json").write_bytes(b'{"A": {"p": "old.txt"}}')
    commit(str(tmp_path), [CHANGE], [])
    top = tmp_path.name
    assert calls[:3] == ["mkdir .jit-guard", "sync .gitignore", f"sync {top}"]


def test_a_commit_without_hard_links(
    root: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    monkeypatch.setattr(os, "link", refuse)
    commit(str(root), [CHANGE], [PLACEMENT])
    assert calls == [
        *("sync root", *WRITE, *DIRECTORIES, *TEMPORARY, *WRITE),
        *(*MAPS, "replace TMP-0 new.txt", "sync deep", "sync deep", *REMOVE),
    ]


def test_a_move(root: Path, calls: list[str]) -> None:
    """Its text is synced before the decision, and its old name removed after the new one."""
    commit(str(root), [CHANGE], [], moves=[Move(OLD, NEW)])
    assert calls == [
        "sync root", *WRITE, "mkdir deep", "sync root", "sync ps", "sync components", "sync deep",
        "sync TMP-map-0", "sync root", "sync ps", "sync deep", "sync old.txt",
        "link old.txt TMP-0f", "unlink TMP-0f", *WRITE,
        *MAPS, "link old.txt new.txt", "sync deep", "unlink old.txt", "sync ps", *REMOVE,
    ]  # fmt: skip


def test_a_move_without_hard_links(
    root: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    """The intent says so before the decision, so that it is not written again after it."""
    monkeypatch.setattr(os, "link", refuse)
    commit(str(root), [CHANGE], [], moves=[Move(OLD, NEW)])
    decision = len(calls) - 1 - calls[::-1].index(WRITE[-2])
    assert calls[decision:] == [
        *(*WRITE[1:], *MAPS, "replace old.txt new.txt", "sync deep", "sync ps", *REMOVE),
    ]


def test_what_exists_already_is_synced_before_it_is_named(root: Path, calls: list[str]) -> None:
    """Another program may have written it and not synced it."""
    (root / "components/ps/there.txt").write_bytes(b"there\n")
    change = MapChange("goal_map.json", (Edit(("A", "p"), "old.txt", "there.txt"),))
    commit(str(root), [change], [Placement("components/ps/there.txt", b"there\n")])
    assert "sync there.txt" in calls[: calls.index(MAPS[0])]


def interrupt(root: Path, steps: int | None, calls: list[str]) -> None:
    commits.interrupt(str(root), [CHANGE], [PLACEMENT], steps)
    calls.clear()


def test_a_recovery_finishes_in_the_same_order(root: Path, calls: list[str]) -> None:
    """It syncs what its predecessor may not have synced, before it goes on from there."""
    interrupt(root, 0, calls)
    recover(str(root))
    rest = ["sync TMP-0", *COMPONENTS[:3], "sync deep", "sync root", "sync ps"]
    assert calls == ["sync .jit-guard", "sync TMP-map-0", *MAPS, *rest, *REMOVE]
    recover(str(root))
    assert calls[-1] == "sync .jit-guard", "the removal may not be durable yet"


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_recovery_syncs_what_is_done(steps: int, root: Path, calls: list[str]) -> None:
    interrupt(root, steps, calls)
    recover(str(root))
    assert calls[:3] == ["sync .jit-guard", "sync goal_map.json", "sync root"]
    assert "link TMP-0 new.txt" in calls if steps == 1 else "sync new.txt" in calls
    assert calls.index("sync deep") < calls.index("unlink pending.json")
    assert calls[-2:] == REMOVE


def test_undoing_a_plan(root: Path, calls: list[str]) -> None:
    interrupt(root, None, calls)
    recover(str(root))
    assert calls == [
        *("sync .jit-guard", "unlink TMP-0", "unlink TMP-map-0", "rmdir deep"),
        *("sync root", "sync ps", *REMOVE),
    ]


def test_abandoning_sets_the_maps_back_before_a_component_is_removed(
    root: Path, calls: list[str]
) -> None:
    interrupt(root, 2, calls)
    recover(str(root), abandon=True)
    assert calls == [
        *("sync .jit-guard", "sync TMP-map-0", *MAPS, "unlink new.txt", "sync deep"),
        *("unlink TMP-0", "rmdir deep", "sync root", "sync ps", *REMOVE),
    ]
