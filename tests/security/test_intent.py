"""An intent that came with a clone can do no more than the pull request that contains it.

Each hostile intent is refused as a whole (exit code 2, nothing is changed) by every command that
would carry it out, and set aside by `recover --abandon`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crash.disk_model import State, read_state
from jit_guard.commit import intent, intent_json, pending, transaction
from jit_guard.commit.allowed import refusal
from jit_guard.commit.directories import Directories
from jit_guard.commit.intent import ComponentIntent, Intent, MapIntent
from jit_guard.commit.replay import Replay
from jit_guard.fixing import recovery
from jit_guard.registry.edit import Edit
from jit_guard.text.generated import mark
from jit_guard.text.names import PENDING
from projects import Outcome, call, git, run
from repositories import NEEDS_GIT, repository, save

TEXT = b"# Greet\n\nSay hello.\n"
TOKEN = ".jit-guard-0123456789ab"
OLD, NEW = "gone.txt", "fresh.txt"
PLACED = f"components/protocols/{NEW}"
COMMANDS = (("recover",), ("--fix", "--no-input", "--yes", "--generator", "scaffold"))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A home directory with a file, and a project with one component missing."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/secret.json").write_text('{"A": {"protocol": "gone.txt"}}\n')
    root = tmp_path / "project"
    (root / "components/protocols").mkdir(parents=True)
    (root / "components/protocols/there.txt").write_text("Theirs.\n")
    (root / "package.json").write_text('{"scripts": {"protocol": "gone.txt"}}\n')
    goals = {"A": {"protocol": OLD}, "B": {"protocol": "there.txt"}}
    (root / "goal_map.json").write_text(json.dumps(goals))
    return tmp_path


def edit(old: str = OLD, new: str = NEW, *keys: str) -> Edit:
    return Edit(keys or ("A", "protocol"), old, new)


def of_map(*edits: Edit, path: str = "goal_map.json") -> MapIntent:
    return MapIntent(path, f"{TOKEN}-map-0", "0" * 64, "0" * 64, edits or (edit(),))


def component(path: str = PLACED, data: bytes | None = TEXT, **fields: Any) -> ComponentIntent:
    sha256 = hashlib.sha256(data or b"").hexdigest()
    return ComponentIntent(path, f"{TOKEN}-0", sha256, data, None, False)._replace(**fields)


def sound() -> Intent:
    """Return the intent of a valid commit."""
    return Intent("commit", (of_map(),), (component(),), ())


def plant(root: Path, found: Intent | bytes) -> None:
    (root / ".jit-guard").mkdir(exist_ok=True)
    data = found if isinstance(found, bytes) else intent_json.encode(found)
    (root / PENDING).write_bytes(data)


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return a valid intent with its JSON changed, and a matching checksum."""
    body = json.loads(intent_json.encode(sound()))
    del body["sha256"]
    change(body)
    return json.dumps({"sha256": intent_json._checksum(body), **body}).encode()


def ours(state: State) -> State:
    """Return the state without jit-guard's own files."""
    return {path: data for path, data in state.items() if "/.jit-guard" not in f"/{path}"}


def refuse(world: Path, root: Path, why: str = "") -> list[Outcome]:
    """Check that both commands refuse the intent, and that `--abandon` sets it aside."""
    before = read_state(str(world))
    done = [call(*argv, cwd=root) for argv in COMMANDS]
    for one in done:
        assert one.code == 2, one
        assert PENDING in one.err
        assert why in one.err
        assert "recover --abandon" in one.err
    pending = f"project/{PENDING}"
    now = read_state(str(world))
    assert ours(now) == ours(before)
    assert now.get(pending) == before.get(pending)
    assert call("recover", "--abandon", cwd=root).code == 0
    now = read_state(str(world))
    assert pending not in now
    assert ours(now) == ours(before)
    return done


def test_a_valid_intent_is_carried_out_and_every_action_is_listed(world: Path) -> None:
    root = world / "project"
    plant(root, sound())
    done = call("recover", cwd=root)
    assert done.code == 0
    assert json.loads((root / "goal_map.json").read_bytes())["A"]["protocol"] == NEW
    assert (root / PLACED).read_bytes() == TEXT
    assert f"set goal_map.json/A/protocol to {NEW!r}" in done.out
    assert f"placed {PLACED}" in done.out


def test_fix_lists_the_actions_of_an_intent(world: Path) -> None:
    root = world / "project"
    plant(root, sound())
    done = call("--fix", "--no-input", cwd=root)
    assert f"set goal_map.json/A/protocol to {NEW!r}" in done.err
    assert f"placed {PLACED}" in done.err


def test_removed_files_and_directories_are_listed(world: Path) -> None:
    root = world / "project"
    made = "components/protocols/deep"
    plan = Intent("plan", (), (component(f"{made}/x.txt", None),), (made,))
    (root / made).mkdir()
    (root / made / f"{TOKEN}-0").write_text("half a te")
    plant(root, plan)
    done = call("recover", cwd=root)
    assert f"removed {made}/{TOKEN}-0" in done.out
    assert f"removed {made}\n" in done.out
    assert not (root / made).exists()


HOSTILE: dict[str, Intent] = {
    **{
        f"writes {path}": Intent("commit", (), (component(path),), ())
        for path in (
            ".git/config",
            "components/protocols/.git/config",
            "components/protocols/.GIT/hooks/post-checkout",
            "components/protocols/.git/modules/a/config",
            "components/protocols/git~1/config",
            "components/protocols/.g\u200cit/config",
            "components/protocols/.git",
            "components/.jit-guard/pending.json",
            ".github/workflows/ci.yml",
            "conftest.py",
            "components/conftest.py",
            "components/personas/fresh.txt",
            "components/protocols/deep/fresh.txt",
            "docs/protocols/fresh.txt",
            "../outside.txt",
            "/tmp/outside.txt",
            "components/protocols/../../x.txt",
            "components/protocols/\ud800.txt",
            "components/protocols/a\0b.txt",
            "components/protocols/there.txt/x.txt",
            f"components/protocols/{'x' * 300}.txt",
            "/".join(["components/protocols", *["x" * 200] * 30]),
        )
    },
    "writes a second file beside a valid one": Intent(
        "commit", (of_map(),), (component(), component("setup.py")), ()
    ),
    "edits another file": Intent(
        "commit", (of_map(edit(OLD, NEW, "scripts", "protocol"), path="package.json"),), (), ()
    ),
    **{
        f"sets a value to {value!r}": Intent("commit", (of_map(edit(new=value)),), (), ())
        for value in (
            *("../x.txt", "/etc/passwd", "a\\b.txt", "./x.txt", "a//b.txt", "x/", ""),
            *("x\0.txt", "C:/x.txt", "a/../../b.txt", "\udcff.txt", "\ud800.txt"),
        )
    },
    "would set an unsafe value when abandoned": Intent(
        "commit", (of_map(edit(old="../../x.txt", new="there.txt")),), (), ()
    ),
    "edits no entry": Intent("commit", (of_map(edit(OLD, NEW, "A")),), (), ()),
    "edits below an entry": Intent("commit", (of_map(edit(OLD, NEW, "A", "b", "c")),), (), ()),
    "edits a type that cannot be a directory": Intent(
        "commit", (of_map(edit(OLD, NEW, "A", "../protocol")),), (), ()
    ),
    "edits an entry twice": Intent("commit", (of_map(edit(), edit(new="b.txt")),), (), ()),
    "edits a map twice": Intent("commit", (of_map(), of_map(edit(new="b.txt"))), (), ()),
    "removes a directory": Intent("commit", (of_map(),), (component(),), ("docs",)),
    "removes a directory below its own": Intent(
        "commit", (of_map(),), (component(),), ("components/protocols/empty",)
    ),
    "removes the directory above": Intent("commit", (of_map(),), (component(),), ("..",)),
    "removes files in another directory": Intent(
        "plan", (), (component("docs/x.txt", None),), ("docs",)
    ),
    "replaces a file that is not a draft": Intent(
        "commit",
        (),
        (
            component(
                "components/protocols/there.txt",
                replaces=hashlib.sha256(b"Theirs.\n").hexdigest(),
            ),
        ),
        (),
    ),
    **{
        f"calls a temporary file {name}": Intent(
            "commit", (of_map(),), (component(temporary=name),), ()
        )
        for name in (
            "there.txt",
            ".jit-guard-",
            f"../{TOKEN}-0",
            f"{TOKEN}-0/x",
            f"{TOKEN}-0\n",
            ".jit-guard-x",
        )
    },
    "has a text with another hash": Intent(
        "commit", (of_map(),), (component(sha256="0" * 64),), ()
    ),
    "has no text": Intent("commit", (of_map(),), (component(data=None),), ()),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_intent_is_refused_as_a_whole(world: Path, name: str) -> None:
    root = world / "project"
    (root / "docs").mkdir()
    (root / "components/protocols/empty").mkdir()
    plant(root, HOSTILE[name])
    refuse(world, root)


LINKS = {
    "into .git": ("components/protocols", "../.git/refs/heads"),
    "into the .git of a repository below": ("components/protocols", "../lib/.git/hooks"),
    "out of the project": ("components/protocols", "../../home"),
    "out, by two links": ("components/protocols", "hop"),
    "into our own state": ("components/protocols", "../.jit-guard"),
    "nowhere": ("components/protocols", "nowhere"),
    "in a circle": ("components/protocols", "protocols"),
    "by the component itself, out of the project": (PLACED, "../../../home"),
    "by the component itself, into .git": (PLACED, "../../.git/map.json"),
    "by the component itself, to what is not there": (
        PLACED,
        "../../../home/none",
    ),
    "by its map, out of the project": ("goal_map.json", "../home/secret.json"),
    "by its map, into .git": ("goal_map.json", ".git/map.json"),
}


@pytest.mark.parametrize("name", LINKS)
def test_an_intent_that_a_link_redirects_is_refused(world: Path, name: str) -> None:
    root = world / "project"
    for directory in (".git/objects", ".git/refs/heads", "lib/.git/hooks", ".jit-guard"):
        (root / directory).mkdir(parents=True)
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (root / ".git/map.json").write_bytes((root / "goal_map.json").read_bytes())
    (root / "components/hop").symlink_to("../../home")
    path, target = LINKS[name]
    if path == "goal_map.json":
        (root / path).unlink()
    elif path == "components/protocols":
        shutil.rmtree(root / path)
    (root / path).symlink_to(target)
    plant(root, sound())
    refuse(world, root)


ODD: dict[str, Callable[[dict[str, Any]], object]] = {
    "a path that is a number": lambda body: body["components"][0].update(path=1),
    "a path that is a list": lambda body: body["maps"][0].update(path=["goal_map.json"]),
    "a flag that is a word": lambda body: body["components"][0].update(adopted="yes"),
    "a hash that is an object": lambda body: body["components"][0].update(replaces={}),
    "a text that is a list": lambda body: body["components"][0].update(text=["a"]),
    "a text that is not base64": lambda body: body["components"][0].update(text=None, base64="%"),
    "an edit that is a word": lambda body: body["maps"][0].update(edits=["a"]),
    "a value that is a number": lambda body: body["maps"][0]["edits"][0].update(new=1),
    "directories that are a word": lambda body: body.update(folders="components"),
    "a directory that is null": lambda body: body.update(folders=[None]),
    "maps that are an object": lambda body: body.update(maps={"a": 1}),
    "an unknown phase": lambda body: body.update(phase="done"),
    "a phase that is a list": lambda body: body.update(phase=["commit"]),
    "a version that is a word": lambda body: body.update(version="1"),
    "a version that is true": lambda body: body.update(version=True),
    "a future version": lambda body: body.update(version=99),
    "no components": lambda body: body.pop("components"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_malformed_intent_is_refused(world: Path, name: str) -> None:
    root = world / "project"
    plant(root, altered(ODD[name]))
    refuse(world, root)


RAW: dict[str, bytes] = {
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "nested objects": b'{"sha256":' * 100_000 + b"1" + b"}" * 100_000,
    "of brackets": b"[" + b"[]," * 3_000_000 + b"[]]",
    "in UTF-16": '{"a": 1}'.encode("utf-16"),
    "an endless number": b'{"version": ' + b"9" * 5_000_000 + b"}",
    "infinite": b'{"sha256": "", "version": Infinity}',
    "not an object": b"null",
    "endless escapes": b'{"a": "' + b'\\"' * 1_000_000,
}


@pytest.mark.parametrize("name", RAW)
def test_an_intent_that_takes_time_or_memory_is_refused(world: Path, name: str) -> None:
    root = world / "project"
    plant(root, RAW[name])
    refuse(world, root, "more than any commit" if name == "of brackets" else "")


def test_a_large_intent_is_not_read(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = world / "project"
    plant(root, b"{")
    os.truncate(root / PENDING, intent_json.MOST_BYTES + 1)
    real, read = os.read, [0]

    def counted(handle: int, size: int) -> bytes:
        data = real(handle, size)
        read[0] += len(data)
        return data

    monkeypatch.setattr(os, "read", counted)
    done = call("recover", cwd=root)
    assert done.code == 2
    assert "64 MB" in done.err
    assert read[0] < 1 << 20
    assert call("recover", "--abandon", cwd=root).code == 0


@pytest.mark.parametrize("what", ["a link", "a link to nothing", "a directory", "a FIFO"])
def test_an_intent_that_is_not_a_regular_file_is_refused(world: Path, what: str) -> None:
    root = world / "project"
    (root / ".jit-guard").mkdir()
    if what == "a directory":
        (root / PENDING).mkdir()
    elif what == "a FIFO":
        os.mkfifo(root / PENDING)
    else:
        (world / "home/intent.json").write_bytes(intent_json.encode(sound()))
        target = "intent.json" if what == "a link" else "nothing"
        (root / PENDING).symlink_to(f"../../home/{target}")
    for argv in COMMANDS:
        done = call(*argv, cwd=root)
        assert done.code == 2, done
        assert f"{PENDING} is refused" in done.err
    assert json.loads((root / "goal_map.json").read_bytes())["A"]["protocol"] == OLD
    assert call("recover", "--abandon", cwd=root).code == 0
    assert not os.path.lexists(root / PENDING)


def test_intents_that_were_set_aside_earlier_are_kept(world: Path) -> None:
    root = world / "project"
    for number in range(3):
        plant(root, f"broken {number}".encode())
        assert call("recover", "--abandon", cwd=root).code == 0
    found = sorted((root / ".jit-guard").glob("unreadable-pending*.json"))
    assert [path.read_text() for path in found] == ["broken 1", "broken 2", "broken 0"]


def test_a_planted_map_is_not_used_as_the_result_of_the_edits(world: Path) -> None:
    """The clone contains it, and the intent its hash, but only the edits count."""
    root = world / "project"
    planted = b'{"A": {"protocol": "fresh.txt"}, "EVIL": {"protocol": "there.txt"}}'
    before = (root / "goal_map.json").read_bytes()
    hashes = [hashlib.sha256(data).hexdigest() for data in (before, planted)]
    changed = of_map()._replace(old_sha256=hashes[0], new_sha256=hashes[1])
    (root / changed.temporary).write_bytes(planted)
    plant(root, sound()._replace(maps=(changed,)))
    assert call("recover", cwd=root).code == 0
    assert (root / "goal_map.json").read_bytes() == before.replace(OLD.encode(), NEW.encode())


def test_the_old_hash_of_a_map_does_not_prove_its_old_values(world: Path) -> None:
    root = world / "project"
    before = (root / "goal_map.json").read_bytes()
    changed = of_map(edit(old="other.txt"))._replace(old_sha256=hashlib.sha256(before).hexdigest())
    plant(root, sound()._replace(maps=(changed,)))
    done = call("recover", cwd=root)
    assert done.code == 0
    assert "another process set it" in done.out
    assert (root / "goal_map.json").read_bytes() == before


def test_an_unedited_draft_may_be_replaced(world: Path) -> None:
    root = world / "project"
    draft = mark("A draft.\n", ".txt").encode()
    there = root / "components/protocols/there.txt"
    there.write_bytes(draft)
    replaced = component("components/protocols/there.txt")
    replaced = replaced._replace(replaces=hashlib.sha256(draft).hexdigest())
    plant(root, Intent("commit", (), (replaced,), ()))
    assert call("recover", cwd=root).code == 0
    assert there.read_bytes() == TEXT


def test_a_file_saved_after_the_check_is_replaced_only_if_it_is_a_draft(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process saves the exact text that the intent is to replace."""
    root = world / "project"
    there = root / "components/protocols/there.txt"
    replaced = hashlib.sha256(there.read_bytes()).hexdigest()
    plant(root, Intent("commit", (), (component(PLACED, replaces=replaced),), ()))
    (root / "goal_map.json").write_text(json.dumps({"A": {"protocol": NEW}}))
    real = Replay.existing

    def existing(work: Replay) -> dict[str, bytes]:
        found = real(work)
        shutil.copy(there, root / PLACED)
        return found

    monkeypatch.setattr(Replay, "existing", existing)
    assert call("recover", cwd=root).code == 0
    assert (root / PLACED).read_bytes() == there.read_bytes()


def test_a_component_that_another_map_names_is_not_removed(world: Path) -> None:
    """The intent edits one map, and another map names the component."""
    root = world / "project"
    (root / "jit-guard.toml").write_text('maps = ["goal_map.json", "more.json"]\n')
    (root / "more.json").write_text('{"C": {"protocol": "fresh.txt"}}')
    (root / PLACED).write_bytes(TEXT)
    plant(root, sound()._replace(maps=(of_map(edit(old="other.txt")),)))
    assert call("recover", cwd=root).code == 0
    assert (root / PLACED).read_bytes() == TEXT


def test_an_unreadable_map_does_not_justify_a_component(world: Path) -> None:
    root = world / "project"
    (root / "jit-guard.toml").write_text('maps = ["goal_map.json", "more.json"]\n')
    (root / "more.json").write_text("<<<<<<<")
    plant(root, Intent("commit", (), (component(),), ()))
    refuse(world, root, "cannot be read")


# State that git tracks.


@NEEDS_GIT
@pytest.mark.parametrize("path", [PENDING, ".jit-guard/ledger.db", ".JIT-GUARD/x"])
@pytest.mark.parametrize("below", ["", "team/a"])
def test_an_intent_in_a_tracked_state_directory_is_refused(
    tmp_path: Path, path: str, below: str
) -> None:
    top = tmp_path / "repository"
    root = top / below
    root.mkdir(parents=True)
    (root / "components/protocols").mkdir(parents=True)
    (root / "goal_map.json").write_text(json.dumps({"A": {"protocol": OLD}}))
    (root / path).parent.mkdir()
    (root / path).write_text("x")
    repository(top, {})
    git(top, "add", "-f", ".")
    save(top)
    plant(root, sound())
    for argv in COMMANDS:
        done = call(*argv, cwd=root)
        assert done.code == 2, done
        assert "git tracks .jit-guard" in done.err
    before = (root / "goal_map.json").read_bytes()
    assert call("recover", "--abandon", cwd=root).code == 0
    assert (root / "goal_map.json").read_bytes() == before
    assert not (root / PLACED).exists()


@NEEDS_GIT
@pytest.mark.parametrize("tracked", [True, False])
def test_without_git_the_index_is_searched(world: Path, tracked: bool, tmp_path: Path) -> None:
    root = repository(world / "project", {})
    plant(root, sound())
    if tracked:
        git(root, "add", "-f", PENDING)
    (tmp_path / "no programs").mkdir()
    done = run("recover", cwd=root, PATH=str(tmp_path / "no programs"))
    assert done.code == (2 if tracked else 0), done
    assert (root / PLACED).exists() is not tracked


@NEEDS_GIT
def test_an_ignored_intent_is_carried_out(world: Path) -> None:
    root = repository(world / "project", {".gitignore": ".jit-guard/\n"})
    plant(root, sound())
    assert call("recover", cwd=root).code == 0
    assert (root / PLACED).read_bytes() == TEXT


# Intents of real commits.


@pytest.fixture
def intents(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Collect why each intent that a commit writes would be refused; None is expected."""
    reasons: list[str | None] = []
    real = pending.write

    def write(directories: Directories, found: Intent) -> None:
        real(directories, found)
        from jit_guard.guard import Guard

        root = directories.top.path
        settings = Guard(root=root).configuration().settings
        allowed = recovery._allowed(root, settings, ())
        again = pending.read(directories)
        assert again == found
        work = Replay(directories, found, allowed=allowed)
        reasons.append(refusal(found, allowed, work.parents(), work.existing()))

    monkeypatch.setattr(pending, "write", write)
    return reasons


@pytest.mark.parametrize("linked", [False, True])
def test_every_intent_that_a_fix_writes_could_be_recovered(
    tmp_path: Path, intents: list[str | None], linked: bool
) -> None:
    root = tmp_path / "project"
    library = root / ("library" if linked else "components")
    (library / "personas").mkdir(parents=True)
    (root / "maps").mkdir()
    if linked:
        (root / "components").symlink_to("library")
        (root / "texts").mkdir()
        (library / "tones").symlink_to("../texts")
    (root / "b.json").symlink_to("maps/b.json")
    (root / "jit-guard.toml").write_text(
        'maps = ["goal_map.json", "b.json"]\n'
        '[types.strategy]\ndirectory = "strategies/deep"\n'
        '[types.plan]\ndirectory = "strategies"\n'
    )
    (library / "personas/Host.txt").write_text("You welcome.\n")
    goals = {
        "Begrüßung / 挨拶": {"protocol": "a.txt", "persona": "host.txt", "tone": "warm.txt"},
        "B": {"strategy": "x/y.txt", "plan": "deep/x/y.txt", "protocol": "sub/b.md"},
        "C": {"protocol": "autogen_protocol_for_c.txt"},
    }
    (root / "goal_map.json").write_text(json.dumps(goals, ensure_ascii=False))
    (root / "maps/b.json").write_text(json.dumps({"B": {"protocol": "sub/b.md", "tone": "t.txt"}}))
    fix = ("--fix", "--no-input", "--yes", "--generator")
    assert call(*fix, "scaffold", cwd=root).code in (0, 1)
    writer = tmp_path / "writer"
    writer.write_text("#!/bin/sh\necho Better.\n")
    writer.chmod(0o755)
    done = call(*fix, "command", "--command", str(writer), cwd=root)
    assert linked or done.code == 0, done  # the drafts are replaced
    assert len(intents) >= 4
    assert intents == [None] * len(intents)


@pytest.mark.parametrize("command", [("--fix", "--no-input"), ("recover",)], ids=" ".join)
def test_an_intent_for_a_map_from_a_flag_needs_that_flag(
    command: tuple[str, ...], world: Path
) -> None:
    """The user named the map, so only the user can finish the commit."""
    root = world / "project"
    (root / "more.json").write_text(json.dumps({"A": {"protocol": OLD}}))
    plant(root, sound()._replace(maps=(of_map(path="more.json"),)))
    done = call("recover", cwd=root)
    assert done.code == 2
    assert "more.json, which is not a configured map" in done.err
    assert "named by --map" in done.err
    assert call(*command, "--map", str(root / "more.json"), cwd=root).code in (0, 1)
    assert (root / PLACED).read_bytes() == TEXT
    assert transaction.interrupted(str(root)) is None


# Moves: a file may be renamed only together with an entry that names it.

MOVED_TO = "components/protocols/renamed.txt"
THERE = "components/protocols/there.txt"
RENAMED = edit("there.txt", "renamed.txt", "B", "protocol")


def moving(old: str = THERE, new: str = MOVED_TO, *edits: Edit, **fields: Any) -> Intent:
    moves = (intent.MoveIntent(old, new, f"{TOKEN}-0"),)
    return Intent("commit", (of_map(*(edits or (RENAMED,))),), (), (), moves=moves, **fields)


def test_a_move_with_its_entry_is_carried_out_and_listed(world: Path) -> None:
    root = world / "project"
    plant(root, moving())
    done = call("recover", cwd=root)
    assert done.code == 0
    assert f"moved {THERE} to {MOVED_TO}" in done.out
    assert (root / MOVED_TO).read_text() == "Theirs.\n"
    assert not (root / THERE).exists()


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("package.json", MOVED_TO, ()),
        (THERE, "package.json", ()),
        (THERE, "lib/renamed.txt", ()),
        ("goal_map.json", MOVED_TO, ()),
        (THERE, "components/protocols/other.txt", ()),
        ("components/protocols/private.txt", MOVED_TO, ()),
        (THERE, MOVED_TO, (edit(),)),
        (THERE, MOVED_TO, (edit("there.txt", "fresh.txt", "B", "protocol"),)),
        (THERE, MOVED_TO, (edit("gone.txt", "renamed.txt"),)),
        (THERE, "components/personas/renamed.txt", ()),
        ("../home/secret.json", MOVED_TO, ()),
        (THERE, "../home/x", ()),
        (THERE, "components/.git/hooks/post-checkout", ()),
        (THERE, ".jit-guard/ledger.db", ()),
    ],
)
def test_a_move_without_its_entry_is_refused(
    world: Path, old: str, new: str, edits: tuple[Edit, ...]
) -> None:
    root = world / "project"
    (root / "components/protocols/private.txt").write_text("Private.\n")
    plant(root, moving(old, new, *edits))
    refuse(world, root)


def test_a_move_never_overwrites_a_file(world: Path) -> None:
    root = world / "project"
    (root / MOVED_TO).write_text("Private.\n")
    plant(root, moving())
    call("recover", cwd=root)
    assert (root / MOVED_TO).read_text() == "Private.\n"
    assert (root / THERE).read_text() == "Theirs.\n"


def test_no_move_goes_through_a_link_out_of_the_project(world: Path) -> None:
    root = world / "project"
    (root / "components/protocols/out").symlink_to("../../../home")
    plant(
        root,
        moving(THERE, "components/protocols/out/x", edit("there.txt", "out/x", "B", "protocol")),
    )
    refuse(world, root)
    plant(
        root,
        moving(
            "components/protocols/out/secret.json",
            MOVED_TO,
            edit("out/secret.json", "renamed.txt", "B", "protocol"),
        ),
    )
    refuse(world, root)


def test_a_move_of_a_link_is_not_carried_out(world: Path) -> None:
    root = world / "project"
    (root / "components/protocols/secret").symlink_to("../../../home/secret.json")
    plant(
        root,
        moving(
            "components/protocols/secret",
            MOVED_TO,
            edit("there.txt", "renamed.txt", "B", "protocol"),
            edit("secret", "renamed.txt", "C", "protocol"),
        ),
    )
    call("recover", cwd=root)
    assert (root / "components/protocols/secret").is_symlink()
    assert not (root / MOVED_TO).exists()


def test_a_plan_moves_nothing(world: Path) -> None:
    root = world / "project"
    plant(root, moving()._replace(phase="plan"))
    before = ours(read_state(str(root)))
    assert call("recover", cwd=root).code == 0
    assert ours(read_state(str(root))) == before


def test_a_plan_of_a_move_elsewhere_is_refused(world: Path) -> None:
    plant(world / "project", moving(new="lib/x.txt")._replace(phase="plan"))
    refuse(world, world / "project", "lib/x.txt is not below components")


def test_a_file_is_moved_or_placed_once(world: Path) -> None:
    root, other = world / "project", intent.MoveIntent(THERE, PLACED, f"{TOKEN}-1")
    found = moving()
    plant(root, found._replace(moves=(*found.moves, other)))
    refuse(world, root, "it changes a file twice")
    plant(root, found._replace(components=(component(MOVED_TO),)))
    refuse(world, root, "it changes a file twice")


def test_no_entry_is_set_to_a_link_that_leads_away(world: Path) -> None:
    root = world / "project"
    (root / MOVED_TO).symlink_to("../../../home/secret.json")
    plant(root, moving())
    refuse(world, root, "outside the project")


def test_a_move_in_a_program_of_the_library_is_refused(world: Path) -> None:
    from jit_guard.commit import RefusedIntentError
    from jit_guard.commit import recover as recover_files

    root = world / "project"
    plant(root, moving(THERE, MOVED_TO, edit(THERE, MOVED_TO, "B", "protocol")))
    with pytest.raises(RefusedIntentError, match="moves"):
        recover_files(str(root), maps=["goal_map.json"], directories=["components"])


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(temporary="x"),
        lambda one: one.update(temporary=None),
        lambda one: one.update(new=7),
        lambda one: one.pop("old"),
    ],
)
def test_a_move_of_another_form_is_refused(
    world: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    body = json.loads(intent_json.encode(moving()))
    del body["sha256"]
    change(body["moves"][0])
    plant(world / "project", json.dumps({"sha256": intent_json._checksum(body), **body}).encode())
    refuse(world, world / "project", "corrupted")


# Added entries


def adding(*keys: str, new: str = "there.txt", old: str | None = None) -> Intent:
    edits = (Edit(keys or ("B", "persona"), old, new),)
    return Intent("commit", (of_map(*edits),), (), ())


def test_an_added_entry_is_carried_out_and_listed(world: Path) -> None:
    root = world / "project"
    plant(root, adding("NEW", "protocol"))
    done = call("recover", cwd=root)
    assert "set goal_map.json/NEW/protocol to 'there.txt'" in done.out
    assert json.loads((root / "goal_map.json").read_text())["NEW"] == {"protocol": "there.txt"}


@pytest.mark.parametrize("new", ["../x", "/etc/passwd", "a\\b", ".git/x", ""])
def test_an_added_entry_that_is_not_a_safe_path_is_refused(world: Path, new: str) -> None:
    plant(world / "project", adding(new=new))
    refuse(world, world / "project", "which is not a safe component path")


@pytest.mark.parametrize("keys", [("$schema",), ("A",), ("A", "b", "c"), ("A", "..")])
def test_an_added_value_that_is_no_entry_is_refused(world: Path, keys: tuple[str, ...]) -> None:
    plant(world / "project", adding(*keys))
    refuse(world, world / "project")


@pytest.mark.parametrize("old", ["there.txt", None])
def test_no_intent_removes_an_entry(world: Path, old: str | None) -> None:
    body = json.loads(intent_json.encode(adding("B", "protocol", old=old)))
    del body["sha256"]
    body["maps"][0]["edits"][0]["new"] = None
    plant(world / "project", json.dumps({"sha256": intent_json._checksum(body), **body}).encode())
    refuse(world, world / "project", "corrupted")
