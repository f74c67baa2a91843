"""`git clean` beside a commit: what it removes is not missed, and what others made then stays.

Each of these states was found by the model in `spec/`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

from crash.deed import NEW, refuse_links
from crash.disk_model import read_state, write_state
from crash.projects import SIMPLE, SIMPLE_NEW, one_component, visible
from jit_guard.commit import durable, pending, preparation, state_directory
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.intent import Intent

_THEIRS = Intent("commit", (), (), ())


@pytest.fixture
def root(fast_directory: str) -> str:
    write_state(fast_directory, SIMPLE)
    return fast_directory


def _once_before(
    patch: pytest.MonkeyPatch, module: object, name: str, do: Callable[[], object]
) -> None:
    real, waiting = getattr(module, name), [do]

    def call(*args: object, **keywords: object) -> object:
        if waiting:
            waiting.pop()()
        return real(*args, **keywords)

    patch.setattr(module, name, call)


def _begin_the_next_commit(root: str) -> None:
    state_directory.make(root)
    with Directories(root) as directories:
        pending.write(directories, _THEIRS)


def _pending(root: str) -> Intent | None:
    with Directories(root) as directories:
        return pending.read(directories)


def test_a_temporary_file_is_removed_after_its_name_is_reserved(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", os.link)
    refuse_links()
    real = durable.replace

    def replace(temporary: Location, final: Location) -> None:
        if final.name == NEW and temporary.status() is not None and not removed:
            removed.append(temporary.path)
            os.unlink(temporary.path)
        real(temporary, final)

    removed: list[str] = []
    monkeypatch.setattr(durable, "replace", replace)
    one_component(root)
    assert removed
    assert visible(read_state(root)) == SIMPLE_NEW


@pytest.mark.parametrize("removed", ["all", "files"])
def test_a_commit_that_must_be_undone_beside_the_next_one(
    removed: str, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own temporary files are removed, and the next commit's intent stays."""

    def clean() -> None:
        if removed == "all":
            shutil.rmtree(f"{root}/.jit-guard")
        else:
            for name in os.listdir(f"{root}/.jit-guard"):
                os.unlink(f"{root}/.jit-guard/{name}")
        _begin_the_next_commit(root)

    _once_before(monkeypatch, preparation, "refuses_links", clean)
    with pytest.raises(TransactionError, match="nothing was changed"):
        one_component(root)
    assert _pending(root) == _THEIRS
    os.unlink(f"{root}/.jit-guard/pending.json")
    assert visible(read_state(root)) == SIMPLE


def test_links_are_refused_beside_the_next_commit(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent to be rewritten is gone, and the one that is there stays."""

    def clean() -> None:
        os.unlink(f"{root}/.jit-guard/pending.json")
        _begin_the_next_commit(root)
        refuse_links()

    monkeypatch.setattr(os, "link", os.link)
    _once_before(monkeypatch, durable, "place", clean)
    one_component(root)
    assert _pending(root) == _THEIRS
    os.unlink(f"{root}/.jit-guard/pending.json")
    assert visible(read_state(root)) == SIMPLE_NEW
