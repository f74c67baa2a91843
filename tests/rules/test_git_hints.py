"""What hints say where git, the disk or a file with the same text explains what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.check import check
from jit_guard.project import load
from jit_guard.sources.answers import Blob, GitState, Origin
from jit_guard.sources.memory import Link, Memory
from projects import Files, lay_out
from registry_shapes import table
from repositories import SNAPSHOTS, Kind

if TYPE_CHECKING:
    import pytest

PERSONAS = "components/personas"
HOST, HOSTS = f"{PERSONAS}/host.txt", f"{PERSONAS}/hosts.txt"
ONE = '{"A":{"persona":"host.txt"}}'
TWO = '{"A":{"persona":"host.txt"},"B":{"persona":"b.txt"}}'
RESTORE = GitState(HOST, "deleted", "was deleted", "git restore host.txt", held=True)
GONE = RESTORE._replace(kind="gone", why="is gone", blob=Blob("1", False, staged=False))
LISTED = {"jit-guard.toml": table("$[*]", "{value}")}


class Situation(NamedTuple):
    """A project, and what is known beyond it.

    Args:
        files: the project.
        traces: what git has of missing files.
        committed: the last committed texts of missing files.
        tracked: the files that git has.
        born: whether there is a commit.
        on_disk: the map on disk, if it differs.
    """

    files: Files
    traces: tuple[GitState, ...] = ()
    committed: Mapping[str, bytes] = {}
    tracked: tuple[str, ...] | None = None
    born: bool = True
    on_disk: Mapping[str, str] = {}


SITUATIONS = {
    "deleted": Situation({"goal_map.json": ONE}, (RESTORE,)),
    "deleted, with a similar name": Situation({"goal_map.json": ONE, HOSTS: "x"}, (RESTORE,)),
    "removed, with a similar name": Situation({"goal_map.json": ONE, HOSTS: "x"}, (GONE,)),
    "removed without a way back, with a similar name": Situation(
        {"goal_map.json": ONE, HOSTS: "x"}, (GONE._replace(command=None),)
    ),
    "renamed": Situation({"goal_map.json": ONE, HOSTS: "x"}, (), {HOST: b"x"}),
    "removed and renamed": Situation({"goal_map.json": ONE, HOSTS: "x"}, (GONE,), {HOST: b"x"}),
    "staged": Situation({"goal_map.json": ONE}, (RESTORE._replace(kind="staged"),)),
    "untracked": Situation({"goal_map.json": ONE}, (RESTORE._replace(kind="untracked"),)),
    "another plural, deleted": Situation(
        {
            "goal_map.json": '{"A":{"strategy":"a.txt"},"B":{"strategy":"b.txt"}}',
            "components/strategies/a.txt": "x",
            "components/strategies/b.txt": "x",
        },
        (RESTORE._replace(path="components/strategys/a.txt"),),
    ),
    "a used file of another type": Situation(
        {"goal_map.json": '{"A":{"rule":"host.txt"},"B":{"persona":"host.txt"}}', HOST: "x"}
    ),
    "a rename to the directory of another type": Situation(
        {
            "goal_map.json": '{"A":{"persona":"host.txt","rule":"b.txt"}}',
            "components/rules/b.txt": "x",
            "components/rules/host.txt": "x",
        }
    ),
    "a rename in a registry": Situation(
        {**LISTED, "r.json": '["p/host.md", "p/b/"]', "p/hosts.md": "x"},
        committed={"p/host.md": b"x"},
    ),
    "a rename in a large registry, which no fix edits for a hint": Situation(
        {**LISTED, "r.json": f'[{" " * 100_000}"p/host.md"]', "p/hosts.md": "x"},
        committed={"p/host.md": b"x"},
    ),
    "a rename that no value of a registry can express": Situation(
        {
            "jit-guard.toml": table("$[*]", "p/{value}.md"),
            "r.json": '["host"]',
            "p/host.txt": "x",
        },
        committed={"p/host.md": b"x"},
    ),
    "a missing file and a missing directory in a registry": Situation(
        {**LISTED, "r.json": '["p/host.md", "p/b/"]'}
    ),
    "orphans that git has, or not": Situation(
        {"goal_map.json": ONE, HOST: "x", f"{PERSONAS}/a": "x", f"{PERSONAS}/b": "x"},
        tracked=("goal_map.json", HOST, f"{PERSONAS}/a"),
    ),
    "an orphan of two maps": Situation(
        {
            "jit-guard.toml": 'maps = ["goal_map.json", "other.json"]',
            "goal_map.json": ONE,
            "other.json": ONE,
            HOST: "x",
            HOSTS: "x",
        },
        on_disk={"other.json": ONE},
    ),
    "orphans before the first commit": Situation(
        {"goal_map.json": ONE, HOST: "x", f"{PERSONAS}/a": "x"}, tracked=(HOST,), born=False
    ),
    "an orphan that the map on disk names": Situation(
        {"goal_map.json": ONE, HOST: "x", f"{PERSONAS}/b.txt": "x"},
        tracked=("goal_map.json", HOST),
        on_disk={"goal_map.json": TWO},
    ),
    "an orphan behind a link that the map on disk names": Situation(
        {
            "goal_map.json": ONE,
            "components": Link("lib"),
            "lib/personas/host.txt": "x",
            "lib/personas/b.txt": "x",
        },
        on_disk={"goal_map.json": TWO},
    ),
    "an orphan directory that git has": Situation(
        {
            "jit-guard.toml": table("$[*]", "{value}/", more="tree = ['p/*/']"),
            "r.json": '["p/a"]',
            "p/a/x": "x",
            "p/b/x": "x",
        },
        tracked=("p/a/x", "p/b/x", "p/b/"),
    ),
    "orphans of a goal map and of a registry": Situation(
        {
            "jit-guard.toml": f'{LISTED["jit-guard.toml"]}\n[[registry]]\npreset = "goal-map"\n',
            "goal_map.json": ONE,
            "r.json": "[]",
            "p/a.md": "x",
            HOST: "x",
            HOSTS: "x",
            f"{PERSONAS}/deep/er/c.txt": "x",
            "components/d.txt": "x",
        }
    ),
    "a rename below a new directory": Situation(
        {
            "goal_map.json": '{"A":{"persona":"new/host.txt"}}',
            f"{PERSONAS}/host.txt": "x",
        },
        tracked=("goal_map.json", HOST),
    ),
    "a rename below a file": Situation(
        {
            "goal_map.json": '{"A":{"persona":"b.txt/host.txt"},"B":{"persona":"b.txt"}}',
            f"{PERSONAS}/b.txt": "x",
            f"{PERSONAS}/old/host.txt": "x",
        }
    ),
    "directories in another case": Situation(
        {"goal_map.json": '{"A":{"persona":"Sub/X/a.txt"}}', "components/personas/sub/x/a.txt": "x"}
    ),
    "a directory of the type in another case": Situation(
        {"goal_map.json": '{"A":{"persona":"a.txt"}}', "components/Personas/a.txt": "x"},
        tracked=("components/Personas/a.txt",),
    ),
    "an untracked directory in another case": Situation(
        {"goal_map.json": '{"A":{"persona":"a.txt"}}', "components/Personas/a.txt": "x"}
    ),
    "two other cases": Situation(
        {"goal_map.json": ONE, f"{PERSONAS}/Host.txt": "x", f"{PERSONAS}/HOST.txt": "x"}
    ),
    "two other cases in a registry": Situation(
        {**LISTED, "r.json": '["p/a.md"]', "p/A.md": "x", "p/a.MD": "x"}
    ),
    "no map, and git has it": Situation(
        {}, (RESTORE._replace(path="goal_map.json", command="git restore goal_map.json"),)
    ),
    "an unsafe link": Situation({"goal_map.json": ONE, HOST: Link("/etc/passwd")}),
    "a broken link": Situation({"goal_map.json": ONE, HOST: Link("nowhere")}),
}


class Snapshot(Memory):
    """A situation as a state of git, or as the worktree."""

    def __init__(self, one: Situation, kind: Kind) -> None:
        super().__init__(one.files, committed=one.committed, tracked=one.tracked)
        self.situation, self.kind = one, kind

    def origin(self) -> Origin:
        return Origin(self.kind, SNAPSHOTS[self.kind], born=self.situation.born)

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        return {one.path: one for one in self.situation.traces if one.path in missing}


def block(name: str, one: Situation) -> Iterator[str]:
    """Yield what the file has of a situation: a line for each finding in each kind of snapshot."""
    yield name
    for kind in SNAPSHOTS:
        source = Snapshot(one, kind)
        for found in check(source, load(source.read).settings).findings:
            fixable = " fixable" if found.fixable else ""
            related = f" ({', '.join(found.related)})" if found.related else ""
            yield f"{kind} {found.code}{fixable} {found.path}{related} -> {found.hint}"


def test_hints_follow_what_git_and_the_disk_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = (Path(__file__).parent.parent / "data/git_hints.txt").read_text("utf-8")
    made = []
    for number, (name, one) in enumerate(SITUATIONS.items()):
        maps = {path: one.files[path] for path in ("goal_map.json", "r.json") if path in one.files}
        monkeypatch.chdir(lay_out(tmp_path / str(number), {"x": "", **maps, **one.on_disk}))
        made.append("\n".join(block(name, one)))
    for here, wanted in zip(made, expected.strip().split("\n\n"), strict=True):
        assert here == wanted
