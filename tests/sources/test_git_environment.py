"""Where git runs, with which variables, and what it never opens."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep

import pytest

from jit_guard.errors import GitError
from jit_guard.sources.git import call, lfs, objects
from jit_guard.sources.git.commands import command
from jit_guard.sources.git.environment import (
    Standpoint,
    clean_environment,
    commit_standpoint,
    common_directory,
    refuse_odd_files,
)
from jit_guard.sources.git.watchdog import Watchdog
from jit_guard.text.stored_form import LfsPointer
from projects import git, lay_out
from repositories import NEEDS_GIT

pytestmark = NEEDS_GIT


@pytest.fixture
def made(tmp_path: Path) -> Path:
    root = lay_out(tmp_path / "made", {"a.txt": "a"})
    git(root, "init", "-q")
    return root


def test_worktrees_share_a_directory(tmp_path: Path) -> None:
    lay_out(tmp_path, {"own/commondir": "../shared/.\r\n", "odd/commondir/": "", "plain/": ""})
    assert common_directory(str(tmp_path / "own")) == str(tmp_path / "shared")
    for name in ("odd", "plain"):
        assert common_directory(str(tmp_path / name)) == str(tmp_path / name)


@pytest.mark.parametrize("name", ["HEAD", "index", "shallow", "info/exclude"])
@pytest.mark.parametrize("linked", [False, True], ids=["main", "linked"])
def test_what_git_would_wait_for_is_refused(
    made: Path, tmp_path: Path, name: str, linked: bool
) -> None:
    at = Standpoint(str(made), "", clean_environment())
    refuse_odd_files(at)
    if linked:
        lay_out(tmp_path, {"own/commondir": "../made/.git\n"})
        at = at._replace(environment={**at.environment, "GIT_DIR": str(tmp_path / "own")})
        refuse_odd_files(at)
    path = made / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(GitError, match=f"{name} is a FIFO, not a file"):
        refuse_odd_files(at)


def test_variables_of_a_hook_count_for_its_own_repository_alone(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_PROBE", "kept")
    for given, kept in ((str(made / ".git"), True), (".git", True), (str(tmp_path), False)):
        monkeypatch.chdir(made)
        monkeypatch.setenv("GIT_DIR", given)
        monkeypatch.setenv("GIT_INDEX_FILE", "other")
        found = commit_standpoint(str(made))
        assert (found.directory, found.prefix) == (os.path.realpath(made), "")
        assert ("GIT_INDEX_FILE" in found.environment) is kept
        assert "GIT_DIR" not in found.environment
        for environment in (found.environment, clean_environment()):
            assert environment["JIT_GUARD_PROBE"] == "kept"
        assert "GIT_INDEX_FILE" not in clean_environment()


def test_a_project_outside_the_work_tree_of_a_hook_is_in_no_repository(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"other/a": "", "tree/in/a": ""})
    (made / ".git").rename(tmp_path / "repository.git")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "repository.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "tree"))
    found = commit_standpoint(str(tmp_path / "tree/in"))
    assert (found.directory, found.prefix) == (os.path.realpath(tmp_path / "tree"), "in")
    for outside in (tmp_path / "other", tmp_path):
        with pytest.raises(GitError, match="is not in a git repository; use --source worktree"):
            commit_standpoint(str(outside))
    monkeypatch.delenv("GIT_DIR")
    with pytest.raises(GitError, match="is not in a git repository"):
        commit_standpoint(str(tmp_path / "tree/in"))


def test_what_git_prints_is_one_line_without_hints(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = b"hint: a\n\nwarning: b\nfatal: c\n  d\n"
    assert call.words(printed) == "fatal: c d"
    assert call.words(b"hint: a\n \n") == "failed without a message"
    for error, words in (
        (OSError(13, "Permission denied"), "permission denied"),
        (OSError("Odd"), "odd"),
    ):
        assert str(call.not_started(error)) == f"git cannot be started: {words}"
    monkeypatch.setattr(call, "PATIENCE", 0.0)
    with pytest.raises(GitError, match=r"^git ls-files: no answer within 0\.0 s$"):
        call.ask(str(made), ["ls-files", "-z"])


def test_a_command_is_shown_for_a_directory_on_another_drive(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_drive(*_: object) -> str:
        raise ValueError

    monkeypatch.setattr(os.path, "relpath", other_drive)
    root = str(made)
    assert command(root, root, ["add"], ["a.txt"]).startswith("git ")


def test_a_process_is_ended_only_if_it_was_asked_and_says_nothing() -> None:
    before = set(threading.enumerate())
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.PIPE
    ) as process:
        watchdog = Watchdog(process, 0.4)
        (thread,) = set(threading.enumerate()) - before
        assert thread.daemon
        assert (watchdog.asked, watchdog.expired) == (0.0, False)
        sleep(0.1)
        assert process.poll() is None
        watchdog.asked = monotonic()
        sleep(0.1)
        alive = process.poll() is None
        assert alive or monotonic() - watchdog.asked > 0.4
        assert process.wait(60) in (-9, 1)  # 1: on Windows
        assert watchdog.expired
        watchdog.close()
        thread.join(5)
        assert not thread.is_alive()


def test_objects_that_a_partial_clone_does_not_have_are_skipped(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[str]] = []

    def batch(names: Sequence[str], _: int) -> Iterator[object]:
        batches.append(list(names))
        for name in names:
            if name == "lost":
                raise objects._NotFetchedError("a partial clone")
            yield name

    reader = objects.Objects(Standpoint(str(made), "", clean_environment()))
    monkeypatch.setattr(reader, "_batch", batch)
    names = ["a", "b", "lost", "c", "lost", "d"]
    found: list[object] = list(reader.each(names))
    assert found == ["a", "b", None, "c", None, "d"]
    assert batches == [names, ["c", "lost", "d"], ["d"]]
    monkeypatch.setattr(objects, "_MOST_UNFETCHED", 3)
    assert list(reader.each(["lost"])) == [None]
    with pytest.raises(GitError, match="a partial clone"):
        list(reader.each(["lost"]))
    reader.close()


def test_large_contents_that_cannot_be_read_are_not_there(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(os, "read", fail)
    found = lfs.contents(LfsPointer("0" * 64, 1, plain=True), str(made), str(made), "a.txt")
    monkeypatch.undo()
    assert found is None
