"""What the system refuses for good: before the decision, and what it refuses only afterwards."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import commits
from commits import recover
from jit_guard.commit import durable
from jit_guard.commit.directories import Location
from jit_guard.commit.errors import TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.transaction import commit, interrupted
from jit_guard.registry.edit import Edit

MAP = b'{"A": {"p": "old.txt"}}'
EDIT = Edit(("A", "p"), "old.txt", "new.txt")
CHANGES = [MapChange("goal_map.json", (EDIT,)), MapChange("other.json", (EDIT,))]
PLACEMENT = Placement("components/ps/new.txt", b"text\n")
OLD = {"goal_map.json": MAP, "other.json": MAP}
BOTH_WAYS = r"`jit-guard recover`.*`jit-guard recover --abandon`"
linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts and file flags of Linux")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, data in OLD.items():
        (tmp_path / path).write_bytes(data)
    return tmp_path


def files(project: Path) -> dict[str, bytes]:
    """Return every file but the permanent ones of jit-guard, and empty directories."""
    found: dict[str, bytes] = {}
    for path in project.rglob("*"):
        name = path.relative_to(project).as_posix()
        if path.is_file() and name not in (".jit-guard/commit.lock", ".jit-guard/.gitignore"):
            found[name] = path.read_bytes()
        elif path.is_dir() and name != ".jit-guard" and not list(path.iterdir()):
            found[name] = b""
    return found


@pytest.fixture
def run() -> Iterator[Callable[[str, str], None]]:
    """Run a command or skip; the second one undoes it at the end."""
    undo: list[str] = []

    def make(do: str, at_the_end: str) -> None:
        ran = subprocess.run(do, shell=True, capture_output=True, check=False)
        if ran.returncode:
            pytest.skip(ran.stderr.decode().strip())
        undo.append(at_the_end)

    yield make
    for command in undo:
        subprocess.run(command, shell=True, check=True)


def _refused(project: Path, name: str, cause: str) -> None:
    with pytest.raises(TransactionError, match=f"^{name}.*{cause}.*nothing was changed") as raised:
        commit(str(project), CHANGES, [PLACEMENT])
    assert not isinstance(raised.value, UnfinishedCommitError)
    assert ".jit-guard-" not in str(raised.value)


@linux
@pytest.mark.parametrize("name", ["goal_map.json", "other.json"])
def test_a_mounted_map_is_refused_before_the_decision(
    name: str, project: Path, run: Callable[[str, str], None]
) -> None:
    path = project / name
    run(f"mount --bind {path} {path}", f"umount {path}")
    _refused(project, name, "mount point")
    assert files(project) == OLD


@linux
def test_an_immutable_map_is_refused_before_the_decision(
    project: Path, run: Callable[[str, str], None]
) -> None:
    path = project / "other.json"
    run(f"chattr +i {path}", f"chattr -i {path}")
    _refused(project, "other.json", "immutable")
    assert files(project) == OLD


@linux
def test_an_append_only_directory_is_refused_before_anything_is_written(
    project: Path, run: Callable[[str, str], None]
) -> None:
    path = project / "components/ps"
    path.mkdir(parents=True)
    run(f"chattr +a {path}", f"chattr -a {path}")
    _refused(project, "components/ps", "append-only")
    assert files(project) == {**OLD, "components/ps": b""}


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_a_map_of_another_user_in_a_sticky_directory_is_refused(project: Path) -> None:
    maps = project / "maps"
    maps.mkdir()
    (maps / "real.json").write_bytes(MAP)
    maps.chmod(0o1777)
    os.chown(maps / "real.json", 1234, 1234)
    os.chown(maps, 1234, 1234)
    for one in project.parents:  # the temporary directory of the tests is private
        if not one.stat().st_mode & 0o001:
            one.chmod(one.stat().st_mode | 0o011)
    project.chmod(0o777)
    code = (
        "import os, sys; from jit_guard.commit import trial, preparation, intent;"
        "from jit_guard.commit.directories import Directories;"
        "from jit_guard.registry.edit import Edit; os.setuid(4321);"
        "change = intent.MapChange('maps/real.json', (Edit(('A', 'p'), 'old.txt', 'n'),));"
        "trial.try_places(preparation.prepare(Directories(sys.argv[1]), [change], []))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(project)], capture_output=True, check=False
    )
    last = ran.stderr.decode().splitlines()[-1]
    assert "maps/real.json cannot be replaced: operation not permitted" in last
    assert "sticky directory" in last


def _refuse(
    patch: pytest.MonkeyPatch, function: str, name: str, code: int, *, more: int = 10**9
) -> None:
    """Refuse a call on files of this name, `more` times."""
    real = getattr(durable, function)
    left = [more]

    def refusing(temporary: Location, final: Location) -> None:
        if final.name == name and left[0]:
            left[0] -= 1
            raise OSError(code, os.strerror(code), final.path)
        real(temporary, final)

    patch.setattr(durable, function, refusing)


# What repeating a call may cure; what more space cures; and a sample of everything else.
PASSING = ("EIO", "EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETIMEDOUT")
FULL = ("ENOSPC", "EDQUOT")
FINAL = (
    *("EPERM", "ENOENT", "EACCES", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR"),
    *("EINVAL", "EFBIG", "EROFS", "EMLINK", "ENAMETOOLONG", "ENOTEMPTY", "ELOOP", "ESTALE"),
)


def _each(directory: Path, names: tuple[str, ...]) -> Iterator[tuple[Path, int]]:
    """Yield a new project for each error that this system has."""
    for name in names:
        if hasattr(errno, name):
            root = directory / name
            root.mkdir()
            for path, data in OLD.items():
                (root / path).write_bytes(data)
            yield root, getattr(errno, name)


@pytest.mark.parametrize(("path", "ending"), [(PLACEMENT.path, "-0"), ("other.json", "-map-1")])
def test_any_error_before_the_decision_undoes_everything(
    path: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each one comes while the temporary files are written."""
    real = durable.write_file
    for root, code in _each(tmp_path, PASSING + FULL + FINAL):

        def write_file(location: Location, *args: Any, code: int = code, **more: Any) -> None:
            if re.fullmatch(rf"\.jit-guard-[0-9a-f]+{ending}", location.name):
                raise OSError(code, os.strerror(code), location.path)
            real(location, *args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(durable, "write_file", write_file)
            _refused(root, path, os.strerror(code)[1:])
        assert files(root) == OLD
        assert interrupted(str(root)) is None


def test_an_error_after_the_decision_that_may_pass_leaves_the_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here, the first map is set already; a recovery that fails in this way stays as it is, too."""
    for root, code in _each(tmp_path, PASSING):
        with monkeypatch.context() as patch:
            _refuse(patch, "replace", "other.json", code)
            with pytest.raises(UnfinishedCommitError, match=f"^other.json: .*{BOTH_WAYS}"):
                commit(str(root), CHANGES, [PLACEMENT])
            with pytest.raises(UnfinishedCommitError, match=f"^other.json: .*{BOTH_WAYS}"):
                recover(str(root))
        assert (root / "goal_map.json").read_bytes() != MAP
        assert (root / "other.json").read_bytes() == MAP
        assert interrupted(str(root))
        assert recover(str(root)).placed == (PLACEMENT.path,)


def test_a_full_disk_after_the_decision_is_undone_by_the_commit_and_waited_for_by_a_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root, code in _each(tmp_path, FULL):
        with monkeypatch.context() as patch:  # a sync that is repeated might succeed for nothing
            _refuse(patch, "replace", "other.json", code, more=1)
            _refused(root, "other.json", os.strerror(code)[1:])
            assert files(root) == OLD
        with monkeypatch.context() as patch:
            _refuse(patch, "replace", "other.json", code)
            _refused(root, "other.json", os.strerror(code)[1:])
            assert files(root) == OLD
            commits.interrupt(str(root), CHANGES, [PLACEMENT], 0)
            with pytest.raises(UnfinishedCommitError, match=f"^other.json: .*{BOTH_WAYS}"):
                recover(str(root))
        assert recover(str(root)).outcome == "forward"


@pytest.mark.parametrize("enough", [True, False])
def test_undoing_on_a_full_disk_first_removes_the_texts_that_it_does_not_need(
    enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To go back takes the space for the old maps."""
    real = durable.write_file
    for root, code in _each(tmp_path, FULL):
        full = [False]

        def write_file(location: Location, *args: Any, **more: Any) -> None:
            texts = list((root / "components/ps").glob(".jit-guard-*"))  # noqa: B023
            if full[0] and (texts or not enough):  # noqa: B023
                raise OSError(code, os.strerror(code), location.path)  # noqa: B023
            real(location, *args, **more)

        def place(_: Location, final: Location) -> None:
            full[0] = True  # noqa: B023
            raise PermissionError(errno.EACCES, "Permission denied", final.path)

        with monkeypatch.context() as patch:
            patch.setattr(durable, "write_file", write_file)
            patch.setattr(durable, "place", place)
            patch.setattr(durable, "place_without_link", place)
            if enough:
                _refused(root, PLACEMENT.path, "permission denied")
                assert files(root) == OLD
            else:
                with pytest.raises(
                    UnfinishedCommitError,
                    match=rf"^{PLACEMENT.path}: .*undoing it failed, too: goal_map.*{BOTH_WAYS}",
                ):
                    commit(str(root), CHANGES, [PLACEMENT])
        if not enough:
            assert recover(str(root)).placed == (PLACEMENT.path,)


def test_any_other_error_after_the_decision_takes_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit says so; a recovery returns the text, and says why."""
    for root, code in _each(tmp_path, FINAL):
        with monkeypatch.context() as patch:
            _refuse(patch, "replace", "other.json", code)
            _refused(root, "other.json", os.strerror(code)[1:])
            assert files(root) == OLD
            assert interrupted(str(root)) is None
            commits.interrupt(str(root), CHANGES, [PLACEMENT], 0)
            done = recover(str(root))
        assert done.outcome == "back"
        assert done.notes[0].startswith("other.json: ")
        assert done.notes[0].endswith("; so the commit was undone")
        assert [one.data for one in done.kept] == [PLACEMENT.data]
        assert files(root) == OLD
        commit(str(root), CHANGES, [PLACEMENT])


def test_a_step_that_is_refused_once_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root, code in _each(tmp_path, FINAL):
        with monkeypatch.context() as patch:
            _refuse(patch, "replace", "other.json", code, more=1)
            assert commit(str(root), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)
        assert interrupted(str(root)) is None


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG])
def test_a_component_that_is_refused_after_the_decision_takes_everything_back(
    code: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(monkeypatch, "place", "new.txt", code)
    _refuse(monkeypatch, "place_without_link", "new.txt", code)
    first = Placement("components/ps/first.txt", b"first")
    texts: dict[str, bytes] = {}
    with pytest.raises(TransactionError, match=r"components/ps/new.txt.*nothing was changed"):
        commit(str(project), CHANGES, [first, PLACEMENT], keep=texts.__setitem__)
    assert files(project) == OLD
    assert texts == {first.path: first.data, PLACEMENT.path: PLACEMENT.data}


def test_a_commit_that_can_go_neither_way_says_how_to_continue(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(monkeypatch, "place", "new.txt", errno.EACCES)
    _refuse(monkeypatch, "place_without_link", "new.txt", errno.EACCES)
    real, seen = durable.replace, []

    def replace(temporary: Location, final: Location) -> None:
        seen.append(final.name)
        if seen.count("goal_map.json") > 1:
            raise OSError(errno.EROFS, "Read-only file system", final.path)
        real(temporary, final)

    monkeypatch.setattr(durable, "replace", replace)
    with pytest.raises(
        UnfinishedCommitError,
        match=r"new.txt: permission denied; .*goal_map.json: read-only.*"
        r"`jit-guard recover`.*`jit-guard recover --abandon`",
    ):
        commit(str(project), CHANGES, [PLACEMENT])
    assert interrupted(str(project))
    monkeypatch.undo()
    assert recover(str(project)).placed == (PLACEMENT.path,)


@pytest.mark.parametrize("steps", [0, 1])
def test_a_recovery_that_cannot_go_forward_goes_back(
    steps: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits.interrupt(str(project), CHANGES, [PLACEMENT], steps)
    _refuse(monkeypatch, "place", "new.txt", errno.EACCES)
    _refuse(monkeypatch, "place_without_link", "new.txt", errno.EACCES)
    done = recover(str(project))
    assert done.outcome == "back"
    assert "components/ps/new.txt: permission denied" in done.notes[0]
    assert [one.data for one in done.kept] == [b"text\n"]
    assert files(project) == OLD
    assert interrupted(str(project)) is None


def test_a_directory_that_is_removed_after_the_decision_is_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = durable.place

    def place(temporary: Location, final: Location) -> None:
        monkeypatch.setattr(durable, "place", real)
        temporary.call(os.unlink)
        (project / "components/ps").rmdir()
        real(temporary, final)

    monkeypatch.setattr(durable, "place", place)
    assert commit(str(project), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)
    assert (project / PLACEMENT.path).read_bytes() == b"text\n"
    assert interrupted(str(project)) is None
