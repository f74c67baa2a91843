"""If a directory is replaced with a link during a run, nothing is changed behind the link.

Another process that may write to the project replaces a directory with a link right before one of
our system calls, for each call in turn. Whatever the run reports then, nothing outside the project
and nothing in `.git` is created, changed or removed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import commits
from crash.disk_model import read_state
from jit_guard.commit import directories, durable
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import UnsafePathError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit
from jit_guard.sources import disk
from projects import call
from sampling import sample

CALLS = (
    *("open", "mkdir", "rmdir", "unlink", "rename", "replace", "link", "stat", "lstat"),
    *("listdir", "scandir", "readlink", "fsync"),
)
FIX = ("--fix", "--no-input", "--yes", "--generator", "scaffold")

pytestmark = pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="no dir_fd here")


@contextmanager
def just_before(number: int, deed: Callable[[], None]) -> Iterator[list[int]]:
    """Call `deed` right before our n-th system call."""
    real = {name: getattr(os, name) for name in CALLS}
    seen = [0]

    def counted(name: str) -> Callable[..., Any]:
        def called(*args: Any, **keywords: Any) -> Any:
            seen[0] += 1
            if seen[0] == number:
                for one in CALLS:
                    setattr(os, one, real[one])
                deed()
            return real[name](*args, **keywords)

        return called

    for name in CALLS:
        setattr(os, name, counted(name))
    try:
        yield seen
    finally:
        for name in CALLS:
            setattr(os, name, real[name])


def lay_out(world: Path) -> Path:
    """A project with two missing files and two orphans; the same names outside and in .git."""
    for path in (world / "project", world / "home", world / "away"):
        shutil.rmtree(path, ignore_errors=True)
    root = world / "project"
    outside = (world / "home", root / ".git/hooks", root / "components/protocols/lib/.git")
    for directory in (root / "components", *outside):
        (directory / "protocols/old").mkdir(parents=True)
        for name in ("there.txt", "orphan.txt", "old/orphan.txt"):
            (directory / "protocols" / name).write_text(f"{directory.name}\n")
    for name in ("objects", "refs"):
        (root / ".git" / name).mkdir()
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    goals = {"A": {"protocol": "there.txt"}, "B": {"protocol": "gone.txt", "persona": "gone.txt"}}
    (root / "goal_map.json").write_text(json.dumps(goals))
    return root


def interrupted(root: Path) -> None:
    change = MapChange("goal_map.json", (Edit(("B", "protocol"), "gone.txt", "new.txt"),))
    commits.interrupt(
        str(root), [change], [Placement("components/protocols/new.txt", b"New.\n")], 0
    )
    shutil.rmtree(root / "components/protocols/lib")


def without_files(root: Path) -> None:
    """Nothing is left but directories, so that `init` writes its starter components."""
    (root / "goal_map.json").unlink()
    shutil.rmtree(root / "components/protocols/lib")
    for path in (root / "components").rglob("*.txt"):
        path.unlink()


Laid = tuple[tuple[str, ...], Callable[[Path], object]]
COMMANDS: dict[str, Laid] = {
    "fix": (FIX, lambda root: shutil.rmtree(root / "components/protocols/lib")),
    "recover": (("recover",), interrupted),
    "abandon": (("recover", "--abandon"), interrupted),
    "prune": (("prune", "--force"), lambda root: None),
    "init": (("init",), without_files),
}


SWAPPED = (
    ("components/protocols", "home/protocols"),
    ("components/protocols", "project/.git/hooks/protocols"),
    ("components", "home"),
    ("components/protocols/old", "home/protocols/old"),
)
MOST = 5  # system calls of one run that are tested


@pytest.mark.parametrize(("directory", "target"), SWAPPED)
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_changed_behind_a_link(
    tmp_path: Path, name: str, directory: str, target: str
) -> None:
    argv, prepare = COMMANDS[name]
    assert disk.HAS_DIR_FD  # decided on import, so before `os.open` is replaced
    root = lay_out(tmp_path)
    prepare(root)
    with just_before(-1, lambda: None) as steps:
        assert call(*argv, cwd=root).code in (0, 1)
    assert steps[0] > 10

    def swap() -> None:
        if (root / directory).exists():  # it may have been pruned
            (root / directory).rename(tmp_path / "away")
            (root / directory).symlink_to(tmp_path / target)
            assert (root / directory).exists()

    for number in sample(range(1, steps[0] + 1), MOST):
        prepare(lay_out(tmp_path))
        before = guarded(tmp_path)
        with just_before(number, swap):
            done = call(*argv, cwd=root)
        assert guarded(tmp_path) == before, (number, done)
        assert done.code in (0, 1, 2), (number, done)


def guarded(world: Path) -> list[object]:
    """Return everything that must not change."""
    return [read_state(str(world / path)) for path in ("home", "project/.git")]


def test_replacing_a_directory_before_the_decision_undoes_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path)
    (tmp_path / "empty").mkdir()
    real = durable.write_file
    done: list[Any] = []

    def write_file(location: Any, *args: Any, **keywords: Any) -> None:
        real(location, *args, **keywords)
        if not done and "protocols" in location.path:
            done.append(location)
            (root / "components/protocols").rename(tmp_path / "away")
            (root / "components/protocols").symlink_to("../../empty")

    monkeypatch.setattr(durable, "write_file", write_file)
    outcome = call(*FIX, cwd=root)
    assert outcome.code == 2
    assert "components/protocols: was moved, or replaced with a link" in outcome.err
    assert "nothing was changed" in outcome.err
    assert json.loads((root / "goal_map.json").read_bytes())["B"]["protocol"] == "gone.txt"
    assert not list((tmp_path / "away").glob(".jit-guard-*"))
    assert not (root / ".jit-guard/pending.json").exists()
    assert list((tmp_path / "empty").iterdir()) == []


# The directory handles.


def test_links_are_not_opened(tmp_path: Path) -> None:
    root = lay_out(tmp_path)
    (root / "link").symlink_to("components")
    with Directories(str(root)) as opened:
        assert opened.at("components").handle is not None
        for path in ("link", "link/protocols"):
            with pytest.raises(OSError, match="replaced with a link"):
                _ = opened.at(path).handle


@pytest.mark.parametrize(
    "name", [".git", ".Git", "git~1", ".git ", ".git.", ".g\u200cit", "a/b", "..", ""]
)
def test_no_name_leads_out_or_into_git(tmp_path: Path, name: str) -> None:
    with Directories(str(lay_out(tmp_path))) as opened:
        with pytest.raises(UnsafePathError):
            opened.top.location(name)
        with pytest.raises(UnsafePathError):
            _ = opened.at(f"{name.replace('/', '/../') or '..'}/x").handle


def test_the_number_of_open_handles_is_limited(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}").mkdir()
    before = len(os.listdir("/dev/fd"))
    with Directories(str(tmp_path)) as opened:
        for _ in range(2):
            for number in range(200):
                opened.at(f"{number}").location("x").call(os.mkdir, 0o777)
                opened.at(f"{number}").location("x").call(os.rmdir)
        assert len(os.listdir("/dev/fd")) < before + 80
    assert len(os.listdir("/dev/fd")) == before


def test_platforms_without_directory_handles_follow_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows: paths are used, and compared with their real paths just before."""
    monkeypatch.setattr(directories, "_HAVE_HANDLES", False)
    root = lay_out(tmp_path)
    interrupted(root)
    assert call("recover", cwd=root).code == 0
    assert call("prune", "--force", cwd=root).code == 0
    assert call(*FIX, cwd=root).code == 1  # drafts
    assert (root / "components/protocols/new.txt").exists()
    (root / "link").symlink_to(tmp_path / "home")
    with Directories(str(root)) as opened:
        with pytest.raises(OSError, match="replaced with a link"):
            opened.at("link").location("x").call(os.mkdir)
        with pytest.raises(UnsafePathError):
            opened.at(".git/hooks").location("x").call(os.mkdir)


def test_prune_keeps_files_in_a_git_directory(tmp_path: Path) -> None:
    root = lay_out(tmp_path)
    (root / "components/protocols/.Git").mkdir()
    (root / "components/protocols/.Git/config").write_text("theirs")
    call("prune", "--force", cwd=root)
    assert (root / "components/protocols/.Git/config").exists()
    assert not (root / "components/protocols/orphan.txt").exists()
