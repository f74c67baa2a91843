"""Small projects, and the actions during which the power fails."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from unittest.mock import patch

import commits
from crash.deed import (
    ADDED,
    EDIT,
    MOVED,
    NEW,
    TEXT,
    add,
    commit,
    commit_undone,
    move,
    recover_undone,
    refuse_links,
    refuse_places,
)
from crash.disk_model import State, read_state, write_state
from crash.power_loss import StateCheck, full_disk
from jit_guard.commit import durable, pending, transaction
from jit_guard.commit.directories import Directories, Location
from jit_guard.commit.errors import TransactionError
from jit_guard.commit.intent import Intent, MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.commit.replay import sha256_of
from jit_guard.registry.edit import Edit

MAP: bytes = b'{\n  "GREET": {\n    "persona": "host.txt",\n    "protocol": "hello.txt"\n  }\n}\n'
DRAFT = b"jit-guard:draft\n"


class Scenario(NamedTuple):
    """An action on a project, and its possible end states after a crash and a recovery."""

    name: str
    before: State
    run: Callable[[str], object]
    recover: Callable[[str], object]
    old: State
    new: State
    done: State | None = None  # the state after the run has returned; None: `new`
    # Before that, unsynced changes of another process may be lost.
    excused: Callable[[State], bool] = lambda _: False

    def check(self) -> StateCheck:
        """Return a check that a state is old or new, and that what was reported as done stays."""
        old, new = visible(self.old), visible(self.new)
        done = new if self.done is None else visible(self.done)

        def check_state(state: State, returned: bool) -> str | None:
            if not returned and self.excused(state):
                return None
            left = sorted(set(state) - OURS_FOR_GOOD - set(old) - set(new))
            if left:
                return f"left behind: {', '.join(left)}"
            if visible(state) not in ([done] if returned else [old, new]):
                return f"neither old nor new: {describe(state, old, new)}"
            if returned and state.get(".jit-guard/.gitignore", b"*\n") != b"*\n":
                return "git would list .jit-guard as untracked"
            return None

        return check_state


OURS_FOR_GOOD = {".jit-guard", ".jit-guard/commit.lock", ".jit-guard/.gitignore"}


def visible(state: State) -> State:
    """Return a state without the permanent files of jit-guard."""
    return {path: content for path, content in state.items() if path not in OURS_FOR_GOOD}


def describe(state: State, old: State, new: State) -> str:
    """Describe which paths are old, new or something else."""
    parts = []
    for path in sorted({*old, *new}):
        if old.get(path, 0) != new.get(path, 0):
            now = state.get(path, 0)
            how = "old" if now == old.get(path, 0) else "new" if now == new.get(path, 0) else "else"
            parts.append(f"{path} is {how}")
    return ", ".join(parts) or "other paths differ"


def recover(root: str) -> None:
    """Recover on a full disk: once a commit is decided, recovery must need no space."""
    with full_disk():
        commits.recover(root)


def recover_with_space(root: str) -> None:
    """Recover where temporary files were removed, which needs space."""
    commits.recover(root)


class Killed(BaseException):
    """The process is gone: nothing of it runs on, not even an undo."""


@contextmanager
def _killed_before(label: str) -> Iterator[None]:
    """Kill this process, as it were, before the first sync with this label."""
    real = durable.sync
    waiting = [label]

    def sync(handle: int, without: str) -> None:
        if waiting and label in without:
            waiting.clear()
            raise Killed
        real(handle, without)

    with patch.object(durable, "sync", sync):
        yield
    assert not waiting, label


def killed_then_recovered(label: str) -> Callable[[str], None]:
    """Return a run: a commit that is killed before the sync of this label, and a recovery.

    The recovery sees what the killed process did, on disk or not, and must not build on what a
    power loss would take back.
    """

    def run(root: str) -> None:
        never = patch.object(transaction, "_undo", lambda *_: None)
        with suppress(Killed), _killed_before(label), never:
            commit(root)
        commits.recover(root)

    return run


def one_component(root: str) -> None:
    """Commit one entry and one component in a new directory, as in a usual fix."""
    commit(root)


NEW_MAP = MAP.replace(b"hello.txt", NEW.encode())
SIMPLE: State = {
    "goal_map.json": MAP,
    "components": None,
    "components/personas": None,
    "components/personas/host.txt": b"You welcome people.\n",
}
SIMPLE_NEW: State = {
    **SIMPLE,
    "goal_map.json": NEW_MAP,
    "components/protocols": None,
    f"components/protocols/{NEW}": TEXT,
}

MANY: State = {
    **SIMPLE,
    ".jit-guard": None,
    ".jit-guard/.gitignore": b"*\n",
    ".jit-guard/commit.lock": b"",
    "maps": None,
    "maps/real.json": b'{"A": {"persona": "gone.txt", "protocol": "gone.txt"}}',
    "other.json": "maps/real.json",
    "components/personas/there.txt": b"There already.\n",
    "components/personas/draft.txt": DRAFT,
}
MANY_NEW: State = {
    **MANY,
    "goal_map.json": SIMPLE_NEW["goal_map.json"],
    "maps/real.json": b'{"A": {"persona": "there.txt", "protocol": "sub/new.txt"}}',
    "components/protocols": None,
    f"components/protocols/{NEW}": TEXT,
    "components/protocols/sub": None,
    "components/protocols/sub/new.txt": b"New.\n",
    "components/personas/draft.txt": b"Written by a model.\n",
}


def many_components(root: str) -> None:
    """Commit two maps, one of them a link, with new, adopted and replaced components."""
    transaction.commit(
        root,
        [
            MapChange("goal_map.json", (EDIT,)),
            MapChange(
                "other.json",
                (
                    Edit(("A", "persona"), "gone.txt", "there.txt"),
                    Edit(("A", "protocol"), "gone.txt", "sub/new.txt"),
                ),
            ),
        ],
        [
            Placement(f"components/protocols/{NEW}", TEXT),
            Placement("components/protocols/sub/new.txt", b"New.\n"),
            Placement("components/personas/there.txt", b"There already.\n"),
            Placement("components/personas/draft.txt", b"Written by a model.\n", sha256_of(DRAFT)),
        ],
    )


def in_new_directories(root: str) -> None:
    """Commit with new, unsynced directories, and a new, unsynced component to adopt."""
    os.mkdir(os.path.join(root, ".jit-guard"))
    os.mkdir(os.path.join(root, "components/protocols"))
    _save(os.path.join(root, f"components/protocols/{NEW}"), TEXT)
    one_component(root)


HOST = b"You welcome people.\n"
MOVED_MAP = MAP.replace(b"host.txt", b"of/guest.txt")
MOVED_STATE: State = {
    "goal_map.json": MOVED_MAP,
    "components": None,
    "components/personas": None,
    "components/personas/of": None,
    f"components/personas/{MOVED.new}": HOST,
}


ADDED_STATE: State = {
    **SIMPLE,
    "goal_map.json": MAP.replace(
        b'"hello.txt"\n  }\n',
        b'"hello.txt",\n    "template": "note.md"\n  },\n'
        b'  "LEAVE": {\n    "persona": "host.txt"\n  }\n',
    ),
}


def edited_then_moved(root: str) -> None:
    """Move a component that was just saved, without a sync."""
    _save(os.path.join(root, "components/personas/host.txt"), TEXT)
    move(root)


def _without_links(run: Callable[[str], None]) -> Callable[[str], None]:
    def without_links(root: str) -> None:
        real = os.link
        refuse_links()
        try:
            run(root)
        finally:
            os.link = real

    return without_links


def _undone(run: Callable[[str], None]) -> Callable[[str], None]:
    """Refuse every component its name after the decision."""

    def undone(root: str) -> None:
        real = durable.place, durable.place_without_link
        refuse_places()
        try:
            run(root)
        finally:
            durable.place, durable.place_without_link = real

    return undone


def many_components_undone(root: str) -> None:
    """Undo the commit of many components, because the last new one is refused."""
    real = durable.place

    def place(temporary: Location, final: Location) -> None:
        if final.name == "new.txt":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), final.path)
        real(temporary, final)

    with patch.multiple(durable, place=place, place_without_link=place):
        try:
            many_components(root)
        except TransactionError:
            return
    raise AssertionError("it was not refused")


def refused(root: str) -> None:
    """Fail just before the commit is decided, so that everything is undone."""
    real = pending.write

    def write(directories: Directories, intent: Intent) -> bytes:
        if intent.phase == "commit":
            raise OSError(errno.ENOSPC, "No space left on device", root)
        return real(directories, intent)

    pending.write = write
    try:
        one_component(root)
    except TransactionError:
        return
    finally:
        pending.write = real
    raise AssertionError("it was not refused")


def abandoned(root: str) -> None:
    """Abandon a decided commit."""
    commits.recover(root, abandon=True)


def killed_over_its_own(root: str) -> None:
    """Recover after `git clean -fd` and after a first recovery was killed while writing."""
    with suppress(Killed), _killed_before("written again"):
        commits.recover(root)
    commits.recover(root)


def saved_over_then_recovered(root: str) -> None:
    """Save the new map again, as another process, with another key and without a sync."""
    path = os.path.join(root, "goal_map.json")
    _save(path + "~", SAVED_OVER)
    os.replace(path + "~", path)
    commits.recover(root)


def written_then_recovered(root: str) -> None:
    """Write the component with the same bytes, as another process, without a sync."""
    _save(os.path.join(root, f"components/protocols/{NEW}"), TEXT)
    commits.recover(root)


SAVED_OVER = json.dumps({"MINE": {}, "GREET": {"persona": "host.txt", "protocol": NEW}}).encode()


def set_aside(root: str) -> None:
    """Move an unreadable intent aside."""
    commits.recover(root, abandon=True)


def _save(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(handle, data)
    os.close(handle)


def decided(directory: str, before: State, *, moved: bool = False) -> State:
    """Return the state just after the commit of `one_component`, or of `move`, was decided.

    A move has also set the map and given the new name.
    """
    write_state(directory, before)
    root = os.path.realpath(directory)
    changes = [MapChange("goal_map.json", (EDIT,))]
    placements = [Placement(f"components/protocols/{NEW}", TEXT)]
    if moved:
        with suppress(Killed), _killed_before("its old name is removed next"):
            move(root)
    else:
        commits.interrupt(root, changes, placements, 0)
    return read_state(directory)


def scenarios(directory: str) -> list[Scenario]:
    """Return all scenarios. `directory` is an empty directory in which to prepare states."""
    pending = decided(directory, SIMPLE)
    moving = decided(directory, SIMPLE, moved=True)
    write_state(directory, SIMPLE)
    commits.interrupt(os.path.realpath(directory), [MapChange("goal_map.json", ADDED)], (), 1)
    adding = read_state(directory)
    prepared: State = {path: pending[path] for path in pending if path in OURS_FOR_GOOD}
    cleaned = {path: data for path, data in pending.items() if "/.jit-guard-" not in f"/{path}"}
    half_done = {**pending, "goal_map.json": SIMPLE_NEW["goal_map.json"]}
    broken: State = {**SIMPLE, **prepared, ".jit-guard/pending.json": b"\0" * 100}
    aside: State = {**SIMPLE, ".jit-guard/unreadable-pending.json": b"\0" * 100}
    theirs: State = {**SIMPLE_NEW, "goal_map.json": SAVED_OVER}
    adopted: State = {**SIMPLE, "components/protocols": None}
    return [
        Scenario("one component", SIMPLE, one_component, recover, SIMPLE, SIMPLE_NEW),
        Scenario(
            "killed before its decision is durable, recovered", SIMPLE,
            killed_then_recovered("the commit is lost"), recover_with_space, SIMPLE, SIMPLE_NEW,
        ),
        Scenario(
            "killed before its end is durable, recovered", SIMPLE,
            killed_then_recovered("the intent comes back"), recover_with_space, SIMPLE, SIMPLE_NEW,
        ),
        Scenario("many components", MANY, many_components, recover, MANY, MANY_NEW),
        Scenario(
            "without hard links", SIMPLE, _without_links(one_component), _without_links(recover),
            SIMPLE, SIMPLE_NEW,
        ),
        Scenario("refused", SIMPLE, refused, recover, SIMPLE, SIMPLE_NEW, done=SIMPLE),
        Scenario(
            "undone", SIMPLE, _undone(commit_undone), recover_with_space, SIMPLE, SIMPLE_NEW,
            SIMPLE,
        ),
        Scenario(
            "many components, undone", MANY, many_components_undone, recover_with_space, MANY,
            MANY_NEW, MANY,
        ),
        Scenario(
            "undone by a recovery", half_done, _undone(recover_undone), recover_with_space,
            SIMPLE, SIMPLE_NEW, SIMPLE,
        ),
        Scenario("abandoned", pending, abandoned, recover_with_space, SIMPLE, SIMPLE_NEW, SIMPLE),
        Scenario(
            "abandoned half done", half_done, abandoned, recover_with_space, SIMPLE, SIMPLE_NEW,
            SIMPLE,
        ),
        Scenario(
            "cleaned", cleaned, recover_with_space, recover_with_space, SIMPLE, SIMPLE_NEW
        ),
        Scenario(
            "killed over its own", cleaned, killed_over_its_own, recover_with_space, SIMPLE,
            SIMPLE_NEW,
        ),
        Scenario(
            "saved over", half_done, saved_over_then_recovered, recover_with_space, SIMPLE_NEW,
            theirs, excused=lambda _: True,
        ),
        Scenario(
            "written by hand", half_done, written_then_recovered, recover, SIMPLE_NEW, SIMPLE_NEW,
            excused=lambda _: True,
        ),
        Scenario("set aside", broken, set_aside, abandoned, SIMPLE, aside),
        Scenario("moved", SIMPLE, move, recover, SIMPLE, MOVED_STATE),
        Scenario(
            "moved without hard links", SIMPLE, _without_links(move), _without_links(recover),
            SIMPLE, MOVED_STATE,
        ),
        Scenario(
            "edited, then moved", SIMPLE, edited_then_moved, recover, SIMPLE,
            {**MOVED_STATE, f"components/personas/{MOVED.new}": TEXT},
            excused=lambda state: state.get("goal_map.json") == MAP,
        ),
        Scenario(
            "move abandoned", moving, abandoned, recover_with_space, SIMPLE, MOVED_STATE, SIMPLE
        ),
        Scenario("entries added", SIMPLE, add, recover, SIMPLE, ADDED_STATE),
        Scenario(
            "entries added, abandoned", adding, abandoned, recover_with_space, SIMPLE, ADDED_STATE,
            SIMPLE,
        ),
        Scenario(
            "new directories", SIMPLE, in_new_directories, recover, adopted, SIMPLE_NEW,
            excused=lambda state: state.get("goal_map.json") == MAP,
        ),
    ]  # fmt: skip
