"""Refusals of real systems: none leaves an entry without its component, or no way to go on."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import commits
from commits import just_before
from crash import deed
from crash.conftest import Record
from crash.disk_model import State, read_state, write_state
from crash.projects import MANY, MANY_NEW, MOVED_STATE, SIMPLE, SIMPLE_NEW, many_components, visible
from crash.system_refusals import (
    ext4,
    fill,
    flagged,
    make_read_only,
    mount_again,
    mounted,
    why_not_seccomp,
)
from jit_guard.commit import place_components, recovery
from jit_guard.commit.errors import TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.transaction import commit, interrupted
from jit_guard.registry.edit import Edit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts and flags of Linux")
Patch = pytest.MonkeyPatch
_CODES = ("EACCES", "EPERM", "EXDEV", "EINVAL", "EROFS", "EOPNOTSUPP", "EMLINK", "ENOSYS")
_NO_SECCOMP = why_not_seccomp() if sys.platform == "linux" else "seccomp of Linux"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    write_state(str(root), SIMPLE)
    return root


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _state(root: Path) -> State:
    return visible(read_state(str(root)))


def _decided(patch: Patch, happens: Callable[[], object]) -> None:
    """Let something happen between the decision and the first rename."""
    just_before(patch, recovery, "replay", happens)


def _undone(root: Path, message: str) -> None:
    with pytest.raises(TransactionError, match=f"{message}.*nothing was changed") as raised:
        deed.commit(str(root))
    assert not isinstance(raised.value, UnfinishedCommitError)
    assert ".jit-guard-" not in str(raised.value)
    assert interrupted(str(root)) is None


def _unfinished(root: Path, message: str) -> None:
    both = r".*`jit-guard recover`.*`jit-guard recover --abandon`"
    with pytest.raises(UnfinishedCommitError, match=message + both) as raised:
        deed.commit(str(root))
    assert ".jit-guard-" not in str(raised.value)


@pytest.mark.skipif(_NO_SECCOMP is not None, reason=str(_NO_SECCOMP))
@pytest.mark.parametrize("when", ["always", "after the decision"])
def test_whatever_the_kernel_answers_to_a_hard_link(
    when: str, tmp_path: Path, record: Record
) -> None:
    roots = {}
    for name in _CODES:
        root = tmp_path / name
        root.mkdir()
        write_state(str(root), SIMPLE)
        roots[str(root)] = getattr(errno, name)
    subprocess.run(
        [sys.executable, "-c", _COMMITS, when, repr(roots)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        timeout=60,
    )
    for path in roots:
        assert _state(Path(path)) == SIMPLE_NEW, path
    record(f"linkat refused by the kernel, {when}: {', '.join(_CODES)}: all done")


# A filter of the kernel cannot be removed, so that each commit is made by a process of its own.
_COMMITS = """
import ast, os, sys
import pytest
from commits import just_before
from crash import deed
from crash.system_refusals import refuse_hard_links
from jit_guard.commit import recovery

for root, code in ast.literal_eval(sys.argv[2]).items():
    child = os.fork()
    if child == 0:
        if sys.argv[1] == "always":
            refuse_hard_links(code)
        else:
            refuse = lambda: refuse_hard_links(code)
            just_before(pytest.MonkeyPatch(), recovery, "replay", refuse)
        deed.commit(root)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{root} failed")
"""


def test_a_map_that_is_mounted_after_the_decision(
    root: Path, monkeypatch: Patch, stack: ExitStack
) -> None:
    path = root / "goal_map.json"
    _decided(monkeypatch, lambda: stack.enter_context(mounted(path, "--bind", path)))
    _undone(root, "^goal_map.json: device or resource busy")
    assert _state(root) == SIMPLE


@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_a_mounted_component_directory_is_no_obstacle(
    kind: str, root: Path, tmp_path: Path, stack: ExitStack
) -> None:
    path = root / "components"
    if kind == "bind":
        stack.enter_context(mounted(path, "--bind", path))
    else:
        stack.enter_context(mounted(path, "-t", "tmpfs", "none"))
        write_state(str(root / "components"), {"personas": None})
    deed.commit(str(root))
    assert (root / "components/protocols" / deed.NEW).read_bytes() == deed.TEXT


def test_a_map_that_becomes_immutable_after_the_decision(
    root: Path, monkeypatch: Patch, stack: ExitStack
) -> None:
    _decided(monkeypatch, lambda: stack.enter_context(flagged("i", root / "goal_map.json")))
    _undone(root, "^goal_map.json: operation not permitted")
    assert _state(root) == SIMPLE


@pytest.mark.parametrize("flag", ["i", "a"])
def test_a_component_directory_in_which_nothing_can_be_removed_any_more(
    flag: str, root: Path, monkeypatch: Patch
) -> None:
    """Neither forward nor back, until its flag is gone; the map is the old one meanwhile."""
    path = root / "components/protocols"
    with ExitStack() as stack:
        _decided(monkeypatch, lambda: stack.enter_context(flagged(flag, path)))
        _unfinished(root, f"^components/protocols/{deed.NEW}: operation not permitted")
        assert (root / "goal_map.json").read_bytes() == SIMPLE["goal_map.json"]
        assert interrupted(str(root))
    commits.recover(str(root))
    assert _state(root) == SIMPLE_NEW


@pytest.mark.parametrize("abandon", [False, True])
def test_a_disk_that_becomes_read_only_after_the_decision(
    abandon: bool, tmp_path: Path, monkeypatch: Patch
) -> None:
    with ext4(tmp_path.resolve()) as disk:
        root = disk / "project"
        root.mkdir()
        write_state(str(root), SIMPLE)
        os.sync()  # what is not on disk is lost with the error
        _decided(monkeypatch, lambda: make_read_only(disk))
        _unfinished(root, "^goal_map.json: read-only file system")
        mount_again(disk)
        commits.recover(str(root), abandon=abandon)
        assert _state(root) == (SIMPLE if abandon else SIMPLE_NEW)


@pytest.mark.parametrize("other_disk", [False, True])
def test_an_overlay_whose_files_are_all_in_the_lower_layer(
    other_disk: bool, tmp_path: Path, stack: ExitStack
) -> None:
    """As in a container. On another disk, such a file has another device than its directory."""
    base = tmp_path.resolve()
    for name in ("lower", "upper", "merged"):
        (base / name).mkdir()
    if other_disk:
        stack.enter_context(mounted(base / "lower", "-t", "tmpfs", "none"))
    stack.enter_context(mounted(base / "upper", "-t", "tmpfs", "none"))
    for name in ("lower/project", "lower/other", "upper/data", "upper/work"):
        (base / name).mkdir()
    write_state(str(base / "lower/project"), MANY)
    write_state(str(base / "lower/other"), SIMPLE)
    layers = f"lowerdir={base}/lower,upperdir={base}/upper/data,workdir={base}/upper/work"
    stack.enter_context(mounted(base / "merged", "-t", "overlay", "-o", layers, "overlay"))
    root = base / "merged/project"
    many_components(str(root))
    assert _state(root) == visible(MANY_NEW)
    assert read_state(str(base / "lower/project")) == MANY
    root = base / "merged/other"
    deed.move(str(root))
    assert _state(root) == MOVED_STATE


# A full disk after the decision.

_MANY = [
    Placement(f"components/protocols/{'x' * 200}-{number}.txt", b"text\n") for number in range(9)
]


def _commit_many(root: Path) -> None:
    """The names need a second block of their directory, and then a third one."""
    commit(str(root), [MapChange("goal_map.json", (Edit(*deed.EDIT),))], _MANY)


def test_a_disk_that_is_full_after_the_decision(tmp_path: Path, monkeypatch: Patch) -> None:
    with ext4(tmp_path.resolve()) as disk:
        root = disk / "project"
        root.mkdir()
        write_state(str(root), SIMPLE)
        just_before(
            monkeypatch, place_components, "_place", lambda: fill(root / "components/personas")
        )
        with pytest.raises(
            TransactionError,
            match=r"^components/protocols/x+-\d.txt: no space left on device.*nothing was changed",
        ) as raised:
            _commit_many(root)
        assert not isinstance(raised.value, UnfinishedCommitError)
        (root / "components/personas/filler").unlink()
        assert _state(root) == SIMPLE
