"""What other programs do to a commit after its decision: it is undone, or says how to continue."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import commits
from commits import just_before, recover
from jit_guard.commit import (
    durable,
    final_name,
    pending,
    place_components,
    recovery,
    set_maps,
)
from jit_guard.commit.directories import Location
from jit_guard.commit.errors import OccupiedError, TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.replay import Replay, sha256_of
from jit_guard.commit.transaction import commit, interrupted, wait
from jit_guard.registry.edit import Edit, EditError

MAP = b'{"A": {"p": "old.txt"}}'
NEW = b'{"A": {"p": "new.txt"}}'
EDIT = Edit(("A", "p"), "old.txt", "new.txt")
CHANGES = [MapChange("goal_map.json", (EDIT,)), MapChange("other.json", (EDIT,))]
FIRST = Placement("components/ps/first.txt", b"first\n")
PLACEMENT = Placement("components/ps/new.txt", b"text\n")
BOTH_WAYS = r"`jit-guard recover`.*`jit-guard recover --abandon`"
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and renames")
Patch = pytest.MonkeyPatch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("goal_map.json", "other.json"):
        (tmp_path / name).write_bytes(MAP)
    (tmp_path / "components/ps").mkdir(parents=True)
    (tmp_path / "components/ps/old.txt").write_bytes(b"old\n")
    return tmp_path


def files(project: Path) -> dict[str, bytes]:
    """Return every file outside of `.jit-guard`."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and ".jit-guard" not in path.relative_to(project).parts
    }


OLD = {"goal_map.json": MAP, "other.json": MAP, "components/ps/old.txt": b"old\n"}


def _refused(project: Path, message: str) -> TransactionError:
    """Commit; it is undone, and its message has no temporary name."""
    with pytest.raises(TransactionError, match=message) as raised:
        commit(str(project), CHANGES, [FIRST, PLACEMENT])
    assert not isinstance(raised.value, UnfinishedCommitError)
    assert ".jit-guard-" not in str(raised.value)
    assert interrupted(str(project)) is None
    assert list((project / ".jit-guard").glob("pending*")) == []
    return raised.value


def _unfinished(project: Path, message: str) -> None:
    with pytest.raises(UnfinishedCommitError, match=f"{message}.*{BOTH_WAYS}") as raised:
        commit(str(project), CHANGES, [PLACEMENT])
    assert ".jit-guard-" not in str(raised.value)
    assert interrupted(str(project))


@pytest.mark.parametrize("name", ["goal_map.json", "other.json"])
@pytest.mark.parametrize("saved", [b"", b'{"A": {"p": "ol', b"\xff", b'{"A": 1,}'])
def test_a_map_that_no_longer_parses(
    name: str, saved: bytes, project: Path, monkeypatch: Patch
) -> None:
    path = project / name
    just_before(monkeypatch, recovery, "replay", lambda: path.write_bytes(saved))
    _refused(project, f"^{name}: .*; the commit was undone, and nothing was changed$")
    assert files(project) == {**OLD, name: saved}
    monkeypatch.undo()
    path.write_bytes(MAP)
    assert commit(str(project), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)


def test_a_map_that_no_longer_parses_after_the_first_one_was_set(
    project: Path, monkeypatch: Patch
) -> None:
    _after_the_first_map(monkeypatch, lambda: (project / "other.json").write_bytes(b"{"))
    _refused(project, r"^other.json: invalid JSON.*nothing was changed$")
    assert files(project) == {**OLD, "other.json": b"{"}


def _after_the_first_map(patch: Patch, deed: Callable[[], object]) -> None:
    real = durable.replace

    def replace(temporary: Location, final: Location) -> None:
        real(temporary, final)
        if final.name == "goal_map.json":
            patch.setattr(durable, "replace", real)
            deed()

    patch.setattr(durable, "replace", replace)


@posix
@pytest.mark.parametrize("later", [False, True], ids=["at once", "after the first map"])
def test_a_new_hard_link_on_a_map(later: bool, project: Path, monkeypatch: Patch) -> None:
    def link() -> None:
        os.link(project / "other.json", project / "second.json")

    if later:
        _after_the_first_map(monkeypatch, link)
    else:
        just_before(monkeypatch, recovery, "replay", link)
    _refused(project, r"^other.json has 2 hard links.*undone, and nothing was changed$")
    assert files(project) == {**OLD, "second.json": MAP}


def test_a_map_that_keeps_changing(project: Path, monkeypatch: Patch) -> None:
    path, number = project / "other.json", 0

    def prepare(work: Replay, one: Any, location: Any, decision: Any) -> None:
        nonlocal number
        if one.path == "other.json":
            number += 1
            path.write_bytes(MAP + b" " * number)

    real = set_maps._prepare_map

    def both(*args: Any) -> None:
        real(*args)
        prepare(*args)

    monkeypatch.setattr(set_maps, "_prepare_map", both)
    _refused(project, r"^other.json keeps being saved.*undone, and nothing was changed$")
    assert files(project) == {**OLD, "other.json": path.read_bytes()}
    assert number == 100


@posix
@pytest.mark.parametrize("what", ["text", "directory", "link", "broken link", "FIFO"])
def test_a_component_that_appears(what: str, project: Path, monkeypatch: Patch) -> None:
    path = project / PLACEMENT.path

    def appear() -> None:
        if what == "text":
            path.write_bytes(b"theirs\n")
        elif what == "directory":
            path.mkdir()
        elif what == "FIFO":
            os.mkfifo(path)
        else:
            path.symlink_to("old.txt" if what == "link" else "nowhere")

    just_before(monkeypatch, recovery, "replay", appear)
    error = _refused(project, r"^components/ps/new.txt already exists.*and nothing was changed$")
    assert isinstance(error, OccupiedError)
    assert error.path == PLACEMENT.path
    assert os.path.lexists(path)
    (shutil.rmtree if what == "directory" else os.unlink)(path)
    assert files(project) == OLD


def test_a_component_with_our_text_that_another_process_writes_stays(
    project: Path, monkeypatch: Patch
) -> None:
    """It was never ours, so undoing the commit does not remove it."""

    def appear() -> None:
        (project / FIRST.path).write_bytes(FIRST.data)
        (project / PLACEMENT.path).write_bytes(b"theirs\n")

    just_before(monkeypatch, recovery, "replay", appear)
    _refused(project, r"^components/ps/new.txt already exists")
    assert files(project) == {**OLD, FIRST.path: FIRST.data, PLACEMENT.path: b"theirs\n"}


def test_a_component_that_keeps_changing(project: Path, monkeypatch: Patch) -> None:
    real = final_name.give_name

    def give_name(work: Replay, path: str, temporary: Location, location: Location) -> None:
        if path == PLACEMENT.path:
            raise FileExistsError
        real(work, path, temporary, location)

    monkeypatch.setattr(place_components, "give_name", give_name)
    _refused(project, r"^components/ps/new.txt keeps being changed.*nothing was changed$")
    assert files(project) == OLD


def test_a_file_in_place_of_a_directory(project: Path, monkeypatch: Patch) -> None:
    def swap() -> None:
        shutil.rmtree(project / "components/ps")
        (project / "components/ps").write_bytes(b"a file")

    just_before(monkeypatch, recovery, "replay", swap)
    _refused(project, r"^components/ps: not a directory.*undone, and nothing was changed$")
    assert files(project) == {"goal_map.json": MAP, "other.json": MAP, "components/ps": b"a file"}


@posix
@pytest.mark.parametrize("inside", [True, False])
def test_a_link_in_place_of_a_directory(inside: bool, project: Path, monkeypatch: Patch) -> None:
    """The maps are set back; a recovery follows the link if it stays in the project."""
    outside = project.parent / f"{project.name} outside"
    outside.mkdir()

    def swap() -> None:
        (project / "components/ps").rename(project / "moved")
        (project / "components/ps").symlink_to("../moved" if inside else outside)

    just_before(monkeypatch, place_components, "_place", swap)
    _unfinished(project, "^components/ps: was moved, or replaced with a link")
    assert (project / "goal_map.json").read_bytes() == MAP
    assert (project / "other.json").read_bytes() == MAP
    assert list(outside.iterdir()) == []
    if inside:
        assert recover(str(project)).outcome == "forward"
        assert (project / "moved/new.txt").read_bytes() == PLACEMENT.data
        assert not list((project / "moved").glob(".jit-guard-*"))
    else:
        assert recover(str(project), abandon=True).outcome == "set aside"
    assert interrupted(str(project)) is None


def test_a_directory_in_place_of_a_map(project: Path, monkeypatch: Patch) -> None:
    def swap() -> None:
        (project / "other.json").unlink()
        (project / "other.json").mkdir()

    just_before(monkeypatch, recovery, "replay", swap)
    why = "(not a regular file|is a directory|permission denied)"
    _refused(project, rf"^other.json: {why}.*nothing was changed$")
    (project / "other.json").rmdir()
    assert files(project) == {name: data for name, data in OLD.items() if name != "other.json"}


def test_what_cannot_be_undone_either_says_both_ways_on(project: Path, monkeypatch: Patch) -> None:
    """The first map was set and then torn by another program; the component is refused."""

    def tear() -> None:
        (project / "goal_map.json").write_bytes(NEW[:-2])
        (project / PLACEMENT.path).write_bytes(b"theirs\n")

    just_before(monkeypatch, place_components, "_place", tear)
    _unfinished(
        project, "^components/ps/new.txt already exists.*undoing it failed, too: goal_map.json: "
    )
    assert (project / "other.json").read_bytes() == NEW  # all or nothing
    monkeypatch.undo()
    with pytest.raises(UnfinishedCommitError, match=f"^goal_map.json: .*{BOTH_WAYS}"):
        recover(str(project))
    (project / "goal_map.json").write_bytes(NEW)
    done = recover(str(project))
    assert (done.outcome, done.placed) == ("forward", ())
    assert [one.data for one in done.kept] == [PLACEMENT.data]


def test_a_text_that_the_caller_cannot_keep_stays_in_the_intent(
    project: Path, monkeypatch: Patch
) -> None:
    def keep(path: str, data: bytes) -> None:
        raise LookupError("no room for it")

    (project / "goal_map.json").write_bytes(MAP)
    just_before(
        monkeypatch, recovery, "replay", lambda: (project / "goal_map.json").write_bytes(b"{}")
    )
    with pytest.raises(UnfinishedCommitError, match=f"new.txt could not .*no room.*{BOTH_WAYS}"):
        commit(str(project), CHANGES[:1], [PLACEMENT], keep=keep)
    assert [one.data for one in recover(str(project)).kept] == [PLACEMENT.data]


def test_an_intent_that_cannot_be_removed_leaves_the_commit_in_effect(
    project: Path, monkeypatch: Patch
) -> None:
    """Undoing it would fail at the same step."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(project / ".jit-guard/pending.json"))

    monkeypatch.setattr(pending, "remove", refuse)
    _unfinished(project, "^.jit-guard/pending.json: permission denied")
    assert (project / "goal_map.json").read_bytes() == NEW
    assert (project / PLACEMENT.path).read_bytes() == PLACEMENT.data
    monkeypatch.undo()
    assert recover(str(project)).outcome == "forward"


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_without_its_intent_nothing_is_undone(
    code: int, repeated: bool, project: Path, monkeypatch: Patch
) -> None:
    """Every sync fails from the last one on, which follows the removal of the intent."""
    if repeated:  # another step fails once before that
        just_before(monkeypatch, place_components, "_place", _refuse_once)
    real, full = durable.sync, []

    def sync(handle: int, without: str) -> None:
        full.extend([1] * ("the intent comes back" in without))
        if full:
            raise OSError(code, os.strerror(code))
        real(handle, without)

    monkeypatch.setattr(durable, "sync", sync)
    with pytest.raises(UnfinishedCommitError, match=BOTH_WAYS):
        commit(str(project), CHANGES, [PLACEMENT])
    new = {"goal_map.json": NEW, "other.json": NEW, PLACEMENT.path: PLACEMENT.data}
    assert files(project) == {**OLD, **new}


def _refuse_once() -> None:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_replaced_draft_is_the_only_thing_that_stays(project: Path, monkeypatch: Patch) -> None:
    """It is replaced last, so that only another draft can be refused after it."""
    drafts = [Placement(f"components/ps/{n}.txt", b"new", sha256_of(b"draft")) for n in "ab"]
    for one in drafts:
        (project / one.path).write_bytes(b"draft")
    just_before(
        monkeypatch, recovery, "replay", lambda: (project / drafts[1].path).write_bytes(b"edited")
    )
    with pytest.raises(
        OccupiedError,
        match=r"^components/ps/b.txt already .*undone, except for what follows: "
        r"components/ps/a.txt: the draft was replaced already$",
    ):
        commit(str(project), CHANGES, [*drafts, PLACEMENT])
    now = {drafts[0].path: b"new", drafts[1].path: b"edited"}
    assert files(project) == {**OLD, **now}


def test_a_draft_is_not_replaced_if_another_component_is_refused(
    project: Path, monkeypatch: Patch
) -> None:
    draft = Placement("components/ps/a.txt", b"new", sha256_of(b"draft"))
    (project / draft.path).write_bytes(b"draft")
    theirs = project / PLACEMENT.path
    just_before(monkeypatch, recovery, "replay", lambda: theirs.write_bytes(b"theirs"))
    with pytest.raises(OccupiedError, match=r"nothing was changed$"):
        commit(str(project), CHANGES, [draft, PLACEMENT])
    assert files(project) == {**OLD, draft.path: b"draft", PLACEMENT.path: b"theirs"}


def test_what_is_left_is_reported_once(project: Path) -> None:
    commits.interrupt(str(project), CHANGES, [PLACEMENT], 0)
    (project / "other.json").unlink()
    done = recover(str(project))
    assert [(one.path, one.reason) for one in done.left] == [
        ("other.json", "the map no longer exists")
    ]


@pytest.mark.parametrize("steps", [0, 1])
@posix
def test_a_recovery_that_meets_a_hard_link_goes_back(steps: int, project: Path) -> None:
    """If the map is set already, its other name does not matter."""
    commits.interrupt(str(project), CHANGES, [PLACEMENT], steps)
    os.link(project / "other.json", project / "second.json")
    done = recover(str(project))
    if steps:
        assert done.outcome == "forward"
        return
    assert done.outcome == "back"
    assert "other.json has 2 hard links" in done.notes[0]
    assert files(project) == {**OLD, "second.json": MAP}


@posix
def test_abandoning_that_meets_a_hard_link_says_both_ways_on(project: Path) -> None:
    commits.interrupt(str(project), CHANGES, [PLACEMENT], 1)
    os.link(project / "other.json", project / "second.json")
    with pytest.raises(UnfinishedCommitError, match=f"^other.json has 2 hard links.*{BOTH_WAYS}"):
        recover(str(project), abandon=True)
    (project / "second.json").unlink()
    recover(str(project), abandon=True)
    assert files(project) == OLD


@pytest.mark.parametrize("abandon", [False, True])
@pytest.mark.parametrize("steps", [None, 0, 2])
def test_an_error_of_a_recovery_never_has_a_temporary_name(
    steps: int | None, abandon: bool, project: Path, monkeypatch: Patch
) -> None:
    commits.interrupt(str(project), CHANGES, [PLACEMENT], steps)

    def refuse(location: Location) -> bool:
        raise OSError(5, "Input/output error", location.path)

    monkeypatch.setattr(durable, "remove", refuse)
    with pytest.raises(
        UnfinishedCommitError,
        match=rf"^(components/ps/new.txt|(goal_map|other).json): input.*{BOTH_WAYS}",
    ) as raised:
        recover(str(project), abandon=abandon)
    assert ".jit-guard-" not in str(raised.value)


def test_every_message_about_an_interrupted_commit_has_both_ways_on(project: Path) -> None:
    commits.interrupt(str(project), CHANGES, [PLACEMENT], 0)
    for call in (lambda: commit(str(project), CHANGES, []), lambda: wait(str(project))):
        with pytest.raises(UnfinishedCommitError, match=BOTH_WAYS):
            call()


def test_an_edit_that_does_not_fit_is_an_error_only_before_the_decision(
    project: Path, monkeypatch: Patch
) -> None:
    """Its caller plans again, and must not find an intent."""

    def refuse() -> None:
        raise EditError("the edited map would be wrong")

    just_before(
        monkeypatch, recovery, "replay", lambda: (project / "other.json").write_bytes(MAP + b" ")
    )
    just_before(monkeypatch, set_maps, "splice", refuse)
    _refused(project, r"^other.json: the edited map would be wrong")
    assert files(project) == {**OLD, "other.json": MAP + b" "}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_of_any_sync_never_has_a_temporary_name(
    code: int, project: Path, monkeypatch: Patch
) -> None:
    """Also not that of the intent."""
    real, names = durable.sync, set()
    for number in range(1, 100):
        left = [number]

        def sync(handle: int, without: str, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise OSError(code, os.strerror(code))
            real(handle, without)

        monkeypatch.setattr(durable, "sync", sync)
        try:
            commit(str(project), CHANGES, [PLACEMENT])
        except TransactionError as error:
            message = str(error)
            assert ".jit-guard-" not in message
            assert ".tmp" not in message
            names.add(message.partition(":")[0])
            monkeypatch.setattr(durable, "sync", real)
            if isinstance(error, UnfinishedCommitError):
                at_its_end = recover(str(project), abandon=True).outcome == "nothing"
                if at_its_end:
                    break
            assert files(project) == OLD
        else:
            break
    assert {"goal_map.json", PLACEMENT.path, ".jit-guard/pending.json"} <= names


# A network file system that loses replies: a call fails, although it was done.


@posix
@pytest.mark.parametrize("code", [errno.EEXIST, errno.EIO, errno.EPERM, errno.ESTALE])
def test_a_link_that_was_made_although_it_failed(
    code: int, project: Path, monkeypatch: Patch
) -> None:
    real = os.link

    def link(*args: Any, **keywords: Any) -> None:
        real(*args, **keywords)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)
    assert commit(str(project), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)
    new = {"goal_map.json": NEW, "other.json": NEW, PLACEMENT.path: PLACEMENT.data}
    assert files(project) == {**OLD, **new}


@posix
@pytest.mark.parametrize("function", ["unlink", "replace"])
@pytest.mark.parametrize("code", [errno.ENOENT, errno.ESTALE])
def test_a_call_that_was_done_although_it_failed_once(
    code: int, function: str, project: Path, monkeypatch: Patch
) -> None:
    """From the decision on, each call in turn."""
    real_replay, real = recovery.replay, getattr(os, function)
    for at in range(1, 10):
        seen = 0

        def failing(*args: Any, at: int = at, **keywords: Any) -> None:
            nonlocal seen
            seen += 1
            real(*args, **keywords)
            if seen == at:
                raise OSError(code, os.strerror(code))

        def replay(work: Replay, failing: Any = failing) -> Any:
            monkeypatch.setattr(os, function, failing)
            return real_replay(work)

        monkeypatch.setattr(recovery, "replay", replay)
        assert commit(str(project), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)
        assert interrupted(str(project)) is None
        monkeypatch.setattr(os, function, real)
        for name in ("goal_map.json", "other.json"):
            assert (project / name).read_bytes() == NEW
            (project / name).write_bytes(MAP)
        (project / PLACEMENT.path).unlink()
        assert files(project) == OLD


@posix
def test_handles_that_are_stale_once_are_opened_again(project: Path, monkeypatch: Patch) -> None:
    real, stale = os.link, [True]

    def link(*args: Any, **keywords: Any) -> None:
        if stale and stale.pop():
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        real(*args, **keywords)

    just_before(monkeypatch, recovery, "replay", lambda: monkeypatch.setattr(os, "link", link))
    assert commit(str(project), CHANGES, [PLACEMENT]).placed == (PLACEMENT.path,)
