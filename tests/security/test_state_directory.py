"""`.jit-guard` is private to its owner, and neither it nor its files may be links."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crash.disk_model import read_state
from projects import call

FIX = ("--fix", "--no-input", "--yes", "--generator", "scaffold")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/file").write_text("theirs")
    root = tmp_path / "project"
    (root / "components").mkdir(parents=True)
    (root / "goal_map.json").write_text(json.dumps({"A": {"protocol": "gone.txt"}}))
    return root


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_state_directory_is_private_to_its_owner(root: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert call(*FIX, cwd=root).code == 1  # a draft
    finally:
        os.umask(before)
    state = root / ".jit-guard"
    assert mode(state) == 0o700
    assert mode(state / "claims") == 0o700
    for name in (".gitignore", "commit.lock", "claims/0.lock"):
        assert mode(state / name) == 0o600, name


def test_an_intent_is_private_to_its_owner(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: set[int] = set()
    real = os.replace

    def replace(*args: Any, **keywords: Any) -> None:
        real(*args, **keywords)
        if (root / ".jit-guard/pending.json").exists():
            modes.add(mode(root / ".jit-guard/pending.json"))

    monkeypatch.setattr(os, "replace", replace)
    before = os.umask(0)
    try:
        call(*FIX, cwd=root)
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_state_directory_that_others_can_read_is_made_private(root: Path) -> None:
    for name, open_mode in ((".jit-guard", 0o701), (".jit-guard/claims", 0o755)):
        (root / name).mkdir()
        (root / name).chmod(open_mode)
    call(*FIX, cwd=root)
    assert mode(root / ".jit-guard") == 0o700
    assert mode(root / ".jit-guard/claims") == 0o700


KINDS: dict[str, Callable[[Path], object]] = {
    "a link to a directory": lambda path: path.symlink_to(outside(path)),
    "a link to a file": lambda path: path.symlink_to(outside(path) / "file"),
    "a link to nothing": lambda path: path.symlink_to(outside(path) / "nothing"),
    "a FIFO": os.mkfifo,
    "a directory": lambda path: path.mkdir(),
    "a file": lambda path: path.write_text(""),
}


def outside(path: Path) -> Path:
    return next(above for above in path.parents if above.name == "project").parent / "home"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a directory"])
@pytest.mark.parametrize("name", [".jit-guard", ".jit-guard/claims"])
def test_anything_but_a_directory_is_refused(root: Path, name: str, kind: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    KINDS[kind](root / name)
    before = read_state(str(outside(root / name)))
    done = call(*FIX, cwd=root)
    assert done.code == 2, done
    assert f"{name} is a link or a file" in done.err
    assert read_state(str(outside(root / name))) == before
    assert json.loads((root / "goal_map.json").read_bytes())["A"]["protocol"] == "gone.txt"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a file"])
@pytest.mark.parametrize("name", ["commit.lock", "claims/0.lock", ".gitignore", "pending.json.tmp"])
def test_anything_but_a_file_is_refused_or_replaced(root: Path, name: str, kind: str) -> None:
    path = root / ".jit-guard" / name
    path.parent.mkdir(parents=True)
    KINDS[kind](path)
    before = read_state(str(outside(path)))
    done = call(*FIX, cwd=root)
    # Only the draft of an intent is replaced, whatever it is: its name is ours.
    replaced = name == "pending.json.tmp" and kind != "a directory"
    assert done.code == (1 if replaced else 2), done
    assert read_state(str(outside(path))) == before
    assert (root / "components/protocols").exists() is replaced


@pytest.mark.parametrize("kind", ["a link to a file", "a FIFO", "a directory"])
def test_a_check_does_not_hang_on_an_odd_lock_file(root: Path, kind: str) -> None:
    (root / ".jit-guard").mkdir()
    (root / ".jit-guard/pending.json").write_text("{}")
    KINDS[kind](root / ".jit-guard/commit.lock")
    assert call(cwd=root).code == 2
