"""A repository in which git would wait forever: a FIFO where git expects a file."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.errors import GitError
from jit_guard.sources.git import call, index, objects
from jit_guard.sources.git.watchdog import Watchdog
from projects import call as command
from projects import git, sound
from repositories import NEEDS_GIT, repository

pytestmark = [NEEDS_GIT, pytest.mark.skipif(os.name != "posix", reason="there are no FIFOs")]
GOALS = {"A": {"persona": "host.txt"}, "B": {"persona": "gone.txt"}}
COMMANDS = (
    (),
    ("--source", "index"),
    ("--source", "HEAD"),
    ("--fix", "--yes", "--no-input", "--generator", "scaffold", "--dry-run"),
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    root = repository(tmp_path / "made", sound(GOALS))
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "-q", str(linked))
    for one in (root, linked):
        (one / "components/personas/gone.txt").unlink()
    return root


@pytest.fixture(autouse=True)
def _open_every_fifo(tmp_path: Path) -> Iterator[None]:
    """Release a git that waits after all, so that a defect is a failure and not a hung test."""

    def release() -> None:
        for path in tmp_path.rglob("*"):
            if path.is_fifo():
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

    waiting = threading.Timer(20, release)
    waiting.daemon = True
    waiting.start()
    yield
    waiting.cancel()


def replace(path: Path) -> None:
    """Put a FIFO in the place of a file."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["config", "HEAD", "index", "info/exclude", "packed-refs"])
@pytest.mark.parametrize("linked", [False, True], ids=["main", "linked worktree"])
def test_a_fifo_is_refused_before_git_opens_it(
    made: Path, tmp_path: Path, name: str, linked: bool
) -> None:
    root, own = made, made / ".git"
    if linked:
        root = tmp_path / "linked"
        own = own / "worktrees/linked" if name in ("HEAD", "index") else own
    replace(own / name)
    for words in COMMANDS:
        done = command(*words, cwd=root)
        assert done.code in (1, 2), done
        assert f"{name} is " in done.out + done.err, words
        assert "not a file" in done.out + done.err, words


@pytest.mark.timeout(60)
def test_an_object_that_is_a_fifo_is_not_waited_for(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "Watchdog", lambda process: Watchdog(process, 0.3))
    monkeypatch.setattr(call, "PATIENCE", 0.3)  # for the message
    for name in (f"components/personas/{GOALS['A']['persona']}", "goal_map.json", "components"):
        oid = git(made, "rev-parse", f"HEAD:{name}").strip()
        replace(made / f".git/objects/{oid[:2]}/{oid[2:]}")
        done = command("--source", "HEAD", cwd=made)
        assert (done.code, "git cat-file: no answer within 0.3 s" in done.err) == (2, True)


@pytest.mark.timeout(60)
def test_any_other_wait_has_an_end(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(made / "settings")
    git(made, "config", "include.path", "../settings")
    for module in (call, index):
        monkeypatch.setattr(module, "PATIENCE", 0.3)
    with pytest.raises(GitError, match=r"git ls-files: no answer within 0\.3 s"):
        call.ask(str(made), ["ls-files"])
    report = Guard(made).check()
    assert [one.code for one in report.skipped] == ["JG203"]
    assert "no answer within 0.3 s" in report.skipped[0].reason
