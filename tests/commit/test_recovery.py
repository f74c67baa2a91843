"""The recovery table of the design, row by row."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import commits
from commits import recover
from jit_guard.commit import intent, intent_json, pending, transaction
from jit_guard.commit.commit_lock import CommitLock
from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import LockedError, TransactionError, UnfinishedCommitError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Move, Placement
from jit_guard.commit.replay import Kept, Left, Recovery, sha256_of
from jit_guard.commit.transaction import commit, interrupted, wait
from jit_guard.registry.edit import Edit
from jit_guard.text.names import PENDING

MAP = '{\n  "A": {"p": "old.txt", "q": "old.txt"},\n  "B": {"p": "b.txt"}\n}\n'
CHANGES = [
    MapChange(
        "goal_map.json",
        (Edit(("A", "p"), "old.txt", "new-p.txt"), Edit(("A", "q"), "old.txt", "new-q.txt")),
    )
]
P, Q = "components/ps/new-p.txt", "components/qs/new-q.txt"
PLACEMENTS = [Placement(P, b"the p\n"), Placement(Q, b"the q\n")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "goal_map.json").write_text(MAP)
    (tmp_path / "components/ps").mkdir(parents=True)
    return tmp_path


def interrupt(
    project: Path,
    steps: int | None = 0,
    placements: list[Placement] | None = None,
    changes: list[MapChange] | None = None,
) -> None:
    """Leave a commit as a kill would: planned (None), decided (0), maps set (1) or placed (2)."""
    commits.interrupt(str(project), changes or CHANGES, placements or PLACEMENTS, steps)


def values(project: Path) -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = json.loads((project / "goal_map.json").read_bytes())
    return read


def files(project: Path) -> set[str]:
    return {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file() and ".jit-guard" not in path.relative_to(project).parts
    }


def save(project: Path, change: Callable[[dict[str, dict[str, str]]], object]) -> None:
    goals = values(project)
    change(goals)
    (project / "goal_map.json").write_text(json.dumps(goals))


def test_without_an_interrupted_commit_nothing_is_changed(project: Path) -> None:
    assert recover(str(project)) == Recovery("nothing")
    assert not (project / ".jit-guard").exists()


def test_undoing_a_plan_removes_its_directories_and_returns_its_texts(project: Path) -> None:
    interrupt(project, None)
    result = recover(str(project))
    assert result.outcome == "back"
    assert [re.sub("-[0-9a-f]{12}", "", path) for path in result.removed] == [
        "components/ps/.jit-guard-0",
        "components/qs/.jit-guard-1",
        ".jit-guard-map-0",
        "components/qs",
    ]
    assert (result.changes, result.placed, result.left) == ((), (), ())
    assert [(kept.path, kept.data) for kept in result.kept] == [(P, b"the p\n"), (Q, b"the q\n")]
    assert files(project) == {"goal_map.json"}
    assert not (project / "components/qs").exists()
    assert (project / "components/ps").exists()
    assert (project / "goal_map.json").read_text() == MAP


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_an_intent_is_finished_from_any_step(project: Path, steps: int) -> None:
    interrupt(project, steps)
    result = recover(str(project))
    assert result.outcome == "forward"
    assert result.changes == tuple(CHANGES)
    assert result.placed == (P, Q)
    assert (result.removed, result.left, result.kept, result.moved) == ((), (), (), ())
    assert result.messages == ()
    assert (project / "goal_map.json").read_text() == (
        MAP.replace('"p": "old', '"p": "new-p').replace('"q": "old', '"q": "new-q')
    )
    assert files(project) == {"goal_map.json", P, Q}
    assert recover(str(project)).outcome == "nothing"


def test_a_value_changed_by_another_process_stays_and_its_component_is_not_placed(
    project: Path,
) -> None:
    interrupt(project)
    save(project, lambda goals: goals["A"].update(p="theirs.txt"))
    result = recover(str(project))
    assert values(project)["A"] == {"p": "theirs.txt", "q": "new-q.txt"}
    assert files(project) == {"goal_map.json", Q}
    assert result.changes == (MapChange("goal_map.json", CHANGES[0].edits[1:]),)
    assert [(kept.path, kept.data) for kept in result.kept] == [(P, b"the p\n")]
    assert "another process set it to" in result.messages[0]


def test_an_entry_removed_by_another_process_stays_removed(project: Path) -> None:
    interrupt(project)
    save(project, lambda goals: goals["A"].pop("p"))
    assert recover(str(project)).left[0].reason.endswith("removed it")
    assert values(project)["A"] == {"q": "new-q.txt"}
    assert files(project) == {"goal_map.json", Q}


def test_other_keys_saved_by_another_process_are_kept(project: Path) -> None:
    interrupt(project)
    save(project, lambda goals: goals.update(C={"p": "c.txt"}))
    assert recover(str(project)).changes == tuple(CHANGES)
    assert values(project)["C"] == {"p": "c.txt"}
    assert values(project)["A"] == {"p": "new-p.txt", "q": "new-q.txt"}


def test_a_placed_component_that_no_entry_names_is_removed_and_its_text_kept(project: Path) -> None:
    interrupt(project, 2)
    save(project, lambda goals: goals["A"].update(p="theirs.txt"))
    result = recover(str(project))
    assert files(project) == {"goal_map.json", Q}
    assert result.kept == (Kept(P, b"the p\n", "no entry names it any longer"),)
    component, temporary = result.removed
    assert component == P
    assert temporary.startswith("components/ps/.jit-guard-")
    assert result.placed == (Q,)


def test_a_placed_component_that_another_entry_names_stays(project: Path) -> None:
    interrupt(project, 2)
    save(project, lambda goals: goals.update(A={"p": "x", "q": "new-q.txt"}, B={"p": "new-p.txt"}))
    result = recover(str(project))
    assert files(project) == {"goal_map.json", P, Q}
    assert P not in result.removed
    assert Left(P, (), "left in place, because a map names it") in result.left


def test_a_placed_component_changed_by_another_process_stays(project: Path) -> None:
    interrupt(project, 2)
    (project / P).write_text("better\n")
    save(project, lambda goals: goals["A"].update(p="theirs.txt"))
    recover(str(project))
    assert (project / P).read_text() == "better\n"


def test_another_component_at_the_path_stays_and_is_reported(project: Path) -> None:
    interrupt(project, 1)
    (project / P).write_text("theirs\n")
    result = recover(str(project))
    assert (project / P).read_text() == "theirs\n"
    assert result.placed == (Q,)
    reason = "a different file exists there and is never overwritten"
    assert result.left == (Left(P, (), reason),)
    assert result.kept == (Kept(P, b"the p\n", reason),)


@pytest.mark.parametrize("what", ["directory", "link", "broken link"])
def test_anything_at_the_path_stays(project: Path, what: str) -> None:
    interrupt(project, 1)
    if what == "directory":
        (project / P).mkdir()
    else:
        (project / P).symlink_to("../../goal_map.json" if what == "link" else "nowhere")
    assert recover(str(project)).placed == (Q,)
    assert (project / P).is_symlink() or (project / P).is_dir()


def test_a_component_with_the_same_bytes_is_accepted(project: Path) -> None:
    interrupt(project, 1)
    (project / P).write_bytes(b"the p\n")
    assert recover(str(project)).placed == (P, Q)


def test_a_draft_edited_meanwhile_stays(project: Path) -> None:
    (project / P).write_text("draft\n")
    placements = [Placement(P, b"the p\n", sha256_of(b"draft\n")), PLACEMENTS[1]]
    interrupt(project, 1, placements)
    (project / P).write_text("written by hand\n")
    assert recover(str(project)).placed == (Q,)
    assert (project / P).read_text() == "written by hand\n"


def test_an_untouched_draft_is_replaced(project: Path) -> None:
    (project / P).write_text("draft\n")
    placements = [Placement(P, b"the p\n", sha256_of(b"draft\n")), PLACEMENTS[1]]
    interrupt(project, 1, placements)
    assert recover(str(project)).placed == (P, Q)
    assert (project / P).read_text() == "the p\n"


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_texts_survive_the_loss_of_every_temporary_file(project: Path, steps: int) -> None:
    """`git clean -fd` removes them, together with their directories."""
    interrupt(project, steps)
    for path in project.rglob(".jit-guard-*"):
        path.unlink()
    if steps < 2:
        shutil.rmtree(project / "components")
    assert recover(str(project)).placed == (P, Q)
    assert (project / P).read_bytes() == b"the p\n"


def test_a_map_that_does_not_parse_stops_recovery_and_the_intent_stays(project: Path) -> None:
    interrupt(project)
    (project / "goal_map.json").write_text("<<<<<<< ours\n")
    for _ in range(2):
        with pytest.raises(TransactionError, match=r"goal_map.json.*recover --abandon"):
            recover(str(project))
    assert interrupted(str(project))
    (project / "goal_map.json").write_text(MAP)
    assert recover(str(project)).placed == (P, Q)


def test_if_one_of_two_maps_cannot_be_read_the_other_is_not_touched(project: Path) -> None:
    (project / "b.json").write_text('{"A": {"p": "x"}}')
    changes = [*CHANGES, MapChange("b.json", (Edit(("A", "p"), "x", "y"),))]
    interrupt(project, 0, changes=changes)
    (project / "b.json").write_text("")
    before = (project / "goal_map.json").stat().st_ino
    with pytest.raises(TransactionError, match=r"b\.json"):
        recover(str(project))
    assert (project / "goal_map.json").read_text() == MAP
    assert (project / "goal_map.json").stat().st_ino == before, "it was not even replaced"


def test_a_missing_map_was_removed_by_another_process(project: Path) -> None:
    interrupt(project)
    (project / "goal_map.json").unlink()
    result = recover(str(project))
    assert files(project) == set()
    assert [kept.data for kept in result.kept] == [b"the p\n", b"the q\n"]


def test_the_directory_of_a_map_may_be_gone_as_well(project: Path) -> None:
    path = "maps/a/goal_map.json"
    (project / path).parent.mkdir(parents=True)
    (project / path).write_text(MAP)
    interrupt(project, changes=[CHANGES[0]._replace(path=path)])
    shutil.rmtree(project / "maps")
    allowed = commits.ALLOWED._replace(maps=(path,))
    result = transaction.recover(str(project), lambda: allowed)
    assert {(one.path, one.reason) for one in result.left} == {(path, "the map no longer exists")}
    assert interrupted(str(project)) is None


def test_every_text_is_passed_on_while_the_intent_still_has_it(project: Path) -> None:
    interrupt(project)
    (project / "goal_map.json").unlink()
    kept: list[tuple[str, bytes]] = []

    def keep(path: str, data: bytes) -> None:
        assert (project / PENDING).exists()
        kept.append((path, data))

    recover(str(project), keep=keep)
    assert kept == [(P, b"the p\n"), (Q, b"the q\n")]


# Abandoning.


@pytest.mark.parametrize("steps", [None, 0, 1, 2, 3])
def test_abandoning_restores_the_old_state_and_keeps_the_texts(
    project: Path, steps: int | None
) -> None:
    interrupt(project, steps)
    result = recover(str(project), abandon=True)
    assert result.outcome == "back"
    assert (project / "goal_map.json").read_text() == MAP
    assert files(project) == {"goal_map.json"}
    assert not (project / "components/qs").exists()
    assert [kept.data for kept in result.kept] == [b"the p\n", b"the q\n"]
    assert interrupted(str(project)) is None


def test_abandoning_leaves_an_unreadable_map_unchanged(project: Path) -> None:
    interrupt(project, 2)
    (project / "goal_map.json").write_text("{")
    result = recover(str(project), abandon=True)
    assert [(one.path, one.keys) for one in result.left[:2]] == [
        ("goal_map.json", ("A", "p")),
        ("goal_map.json", ("A", "q")),
    ]
    assert result.messages[0].startswith(
        "goal_map.json/A/p: left unchanged, because the map cannot be read: invalid JSON"
    )
    assert (project / "goal_map.json").read_text() == "{"
    assert files(project) == {"goal_map.json", P, Q}  # it may name them
    assert [kept.data for kept in result.kept] == [b"the p\n", b"the q\n"]
    assert interrupted(str(project)) is None


def test_abandoning_leaves_the_changes_of_another_process(project: Path) -> None:
    interrupt(project, 2)
    save(project, lambda goals: goals["A"].update(p="theirs.txt"))
    recover(str(project), abandon=True)
    assert values(project)["A"] == {"p": "theirs.txt", "q": "old.txt"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"the p", b"the x"),
        lambda data: b"[]",
        lambda data: b"\0" * len(data),
    ],
)
def test_a_corrupted_intent_is_refused_and_moved_aside_when_abandoned(
    project: Path, damage: Callable[[bytes], bytes]
) -> None:
    interrupt(project)
    pending = project / PENDING
    corrupted = damage(pending.read_bytes())
    pending.write_bytes(corrupted)
    with pytest.raises(TransactionError, match="corrupted"):
        recover(str(project))
    assert recover(str(project), abandon=True).outcome == "set aside"
    assert (project / intent.BROKEN).read_bytes() == corrupted
    assert interrupted(str(project)) is None


def test_every_intent_that_is_set_aside_has_a_name_of_its_own(project: Path) -> None:
    for name in ("unreadable-pending", "unreadable-pending-2", "unreadable-pending-3"):
        interrupt(project)
        (project / PENDING).write_text(name)
        recover(str(project), abandon=True)
        assert (project / f".jit-guard/{name}.json").read_text() == name
    assert len(list((project / ".jit-guard").glob("unreadable*"))) == 3


def test_a_newer_intent_is_refused(project: Path) -> None:
    interrupt(project)
    pending = project / PENDING
    newer = b'"version": %d' % (intent_json.VERSION + 1)
    pending.write_bytes(pending.read_bytes().replace(b'"version": 1', newer))
    with pytest.raises(TransactionError, match="newer jit-guard"):
        recover(str(project))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (P, "../outside.txt"),
        (P, "/etc/outside.txt"),
        (P, ".git/hooks/post-commit"),
        ("goal_map.json", "../goal_map.json"),
        (".jit-guard-", "../.jit-guard-"),
        (".jit-guard-", "goal_map.json"),
    ],
)
def test_an_intent_from_a_repository_cannot_reach_outside_it(
    project: Path, one: str, other: str
) -> None:
    interrupt(project)
    pending = project / PENDING
    body = json.loads(pending.read_text().replace(one, other))
    del body["sha256"]
    body = {"sha256": intent_json._checksum(body), **body}
    pending.write_text(json.dumps(body))
    before = files(project.parent)
    with pytest.raises(TransactionError):
        recover(str(project))
    assert files(project.parent) == before


def test_a_component_beside_the_directory_of_components_is_refused(project: Path) -> None:
    """Unless an entry may name any file of the project, and names this one."""
    beside = "docs/draft.txt"
    commits.interrupt(str(project), [], [Placement(beside, b"text")], 0)
    with pytest.raises(TransactionError, match=f"{beside} is not below components"):
        recover(str(project))
    allowed = commits.ALLOWED._replace(anywhere=lambda path: path == beside)
    assert transaction.recover(str(project), lambda: allowed).placed == (beside,)


def test_texts_that_are_not_utf_8_survive(project: Path) -> None:
    data = bytes(range(256))
    interrupt(project, 1, [Placement(P, data), PLACEMENTS[1]])
    for path in project.rglob(".jit-guard-*"):
        path.unlink()
    recover(str(project))
    assert (project / P).read_bytes() == data


def test_the_project_may_have_been_moved(project: Path, tmp_path: Path) -> None:
    interrupt(project, 1)
    moved = tmp_path.parent / (tmp_path.name + " moved")
    project.rename(moved)
    assert recover(str(moved)).placed == (P, Q)


# Reporting an interrupted commit.


@pytest.mark.parametrize("steps", [None, 0, 1, 2, 3])
def test_an_interrupted_commit_is_reported_and_blocks_the_next(
    project: Path, steps: int | None
) -> None:
    interrupt(project, steps)
    assert "pending.json" in str(interrupted(str(project)))
    with pytest.raises(UnfinishedCommitError, match="jit-guard recover"):
        commit(str(project), [], [Placement("components/x.txt", b"")])
    with pytest.raises(UnfinishedCommitError):
        wait(str(project))


def test_a_commit_in_progress_is_not_reported_as_interrupted(project: Path) -> None:
    interrupt(project)
    with CommitLock(str(project)):
        started = time.monotonic()
        assert interrupted(str(project)) is None
        assert time.monotonic() - started < 5, "it does not wait"
        with pytest.raises(LockedError, match=r"commit.lock"):
            wait(str(project), timeout=0.01)
        with pytest.raises(LockedError):
            recover(str(project), timeout=0.01)
    assert interrupted(str(project))


def test_asking_for_an_interrupted_commit_creates_nothing(project: Path) -> None:
    assert interrupted(str(project)) is None
    wait(str(project))
    assert not (project / ".jit-guard").exists()


def test_the_draft_of_a_killed_writer_is_removed(project: Path) -> None:
    (project / ".jit-guard").mkdir()
    (project / pending.DRAFT).write_text("{")
    assert interrupted(str(project)) is None
    assert recover(str(project)).outcome == "nothing"
    assert not (project / pending.DRAFT).exists()
    (project / pending.DRAFT).write_text("{")
    commit(str(project), CHANGES, PLACEMENTS)
    assert files(project) == {"goal_map.json", P, Q}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_an_executable_component_is_executable_after_a_recovery(project: Path, steps: int) -> None:
    interrupt(project, steps, [Placement(P, b"the p\n", executable=True), PLACEMENTS[1]])
    for temporary in project.glob("components/*/.jit-guard-*"):
        temporary.unlink()  # so that it is written again from the intent
    recover(str(project))
    assert os.access(project / P, os.X_OK)
    assert not (project / Q).stat().st_mode & 0o111


# Entries that are added


ADDED = MapChange("goal_map.json", (Edit(("NEW", "protocol"), None, "hello.txt"),))


def added(project: Path, steps: int) -> bytes:
    before = (project / "goal_map.json").read_bytes()
    commits.interrupt(str(project), [ADDED], (), steps)
    return before


def test_an_added_entry_is_finished_or_undone(project: Path) -> None:
    before = added(project, 1)
    assert b"NEW" in (project / "goal_map.json").read_bytes()
    done = recover(str(project), abandon=True)
    assert done.actions[0] == "removed goal_map.json/NEW/protocol"
    assert (project / "goal_map.json").read_bytes() == before
    added(project, 0)
    recover(str(project))
    assert b"NEW" in (project / "goal_map.json").read_bytes()


def test_an_entry_that_no_longer_fits_the_map_is_left(project: Path) -> None:
    added(project, 0)
    (project / "goal_map.json").write_text('{"NEW": {}}')
    done = recover(str(project))
    assert "has no goal 'NEW' with entries" in done.left[0].reason
    assert (project / "goal_map.json").read_text() == '{"NEW": {}}'
    assert interrupted(str(project)) is None


def test_an_entry_that_another_process_added_is_left(project: Path) -> None:
    added(project, 0)
    theirs = '{"NEW": {"protocol": "theirs.txt"}}'
    (project / "goal_map.json").write_text(theirs)
    done = recover(str(project))
    assert done.left[0].reason == "another process set it to 'theirs.txt'"
    assert (project / "goal_map.json").read_text() == theirs


def test_only_what_an_older_reader_does_not_know_has_a_newer_version(project: Path) -> None:
    def version() -> int:
        found: int = json.loads((project / PENDING).read_bytes())["version"]
        assert recover(str(project)).outcome == "forward", "every version is read"
        return found

    listed = intent.MapIntent("a.yaml", ".jit-guard-0123456789ab-map-0", "", "", (), "yaml")
    newest = intent_json.encode(intent.Intent("commit", (listed,), (), ()))
    assert json.loads(newest)["version"] == intent_json.VERSION
    interrupt(project)
    assert version() == 1
    added(project, 0)
    assert version() == 2
    (project / "components/ps/b.txt").write_bytes(b"b")
    move = Move("components/ps/b.txt", "components/ps/c.txt")
    change = MapChange("goal_map.json", (Edit(("B", "p"), "b.txt", "c.txt"),))
    commits.interrupt(str(project), [change], (), 0, moves=[move])
    assert version() == 2
    assert (project / "components/ps/c.txt").read_bytes() == b"b"


def test_what_a_killed_process_tried_hard_links_with_is_removed(project: Path) -> None:
    old, new = "components/ps/b.txt", "components/ps/c.txt"
    (project / old).write_bytes(b"Mine.\n")
    edits = (*CHANGES[0].edits, Edit(("B", "p"), "b.txt", "c.txt"))
    change = MapChange("goal_map.json", edits)
    commits.interrupt(str(project), [change], PLACEMENTS, 0, [Move(old, new)])
    with Directories(str(project)) as directories:
        left = pending.read(directories)
    assert left is not None
    probes = [
        *((project / one.path).with_name(intent.probe(one.temporary)) for one in left.components),
        *((project / one.new).with_name(intent.probe(one.temporary)) for one in left.moves),
    ]
    assert len(probes) == 3
    for one in probes:
        one.write_bytes(b"")
    recover(str(project))
    assert not any(one.exists() for one in probes)


def test_readers_do_not_exclude_each_other(project: Path) -> None:
    interrupt(project)
    with CommitLock(str(project), timeout=0, shared=True):
        assert "did not finish" in str(interrupted(str(project)))
        with pytest.raises(UnfinishedCommitError):
            wait(str(project), timeout=0)
        assert transaction.at_rest(str(project), lambda: "seen", timeout=0) == "seen"
