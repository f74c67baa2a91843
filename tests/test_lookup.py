"""Lookup of a component: fast, correct right after a change, and never outside the project."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jit_guard import Guard, MissingComponent
from jit_guard.errors import UnreadableError
from jit_guard.sources.worktree import Worktree
from projects import SOUND, TEXT, lay_out

HOST = "components/personas/host.txt"
MAP = '{"GREET": {"persona": "%s"}}\n'


def project(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "p", {**SOUND, "goal_map.json": MAP % "host.txt", HOST: TEXT})


def test_a_map_written_twice_within_a_clock_tick_is_read_again(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / HOST).with_name("tsoh.txt").write_text("x")
    guard, path = Guard(str(root)), root / "goal_map.json"
    path.write_text(MAP % "host.txt")
    before = os.stat(path)
    assert guard.component("GREET", "persona").name == "host.txt"
    path.write_text(MAP % "tsoh.txt")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert guard.component("GREET", "persona").name == "tsoh.txt"


def test_an_unchanged_map_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path)
    os.utime(root / "goal_map.json", (1, 1))
    reads: list[str] = []

    read = Worktree.read

    def counted(self: Worktree, path: str) -> bytes | None:
        reads.append(path)
        return read(self, path)

    guard = Guard(str(root))
    guard.configuration()
    monkeypatch.setattr(Worktree, "read", counted)
    for _ in range(3):
        guard.component("GREET", "persona")
    assert reads.count("goal_map.json") == 1
    monkeypatch.setattr("jit_guard.registry.goal_map.parse", None)
    os.utime(
        root / "goal_map.json", (2, 2)
    )  # it is read again, but not parsed, since the text is the same
    guard.component("GREET", "persona")
    assert reads.count("goal_map.json") == 2


def test_an_empty_file_is_not_a_map_without_entries(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "goal_map.json").write_text("")
    with pytest.raises(UnreadableError, match="empty"):
        Guard(str(root)).component("GREET", "persona")


def test_a_directory_that_becomes_a_link_out_of_the_project_is_noticed(tmp_path: Path) -> None:
    root = project(tmp_path)
    guard = Guard(str(root))
    assert guard.component("GREET", "persona") == root / HOST
    shutil.copytree((root / HOST).parent, tmp_path / "elsewhere")
    shutil.rmtree((root / HOST).parent)
    (root / HOST).parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MissingComponent):
        guard.component("GREET", "persona")


def test_a_file_that_becomes_a_link_is_followed_only_inside_the_project(tmp_path: Path) -> None:
    root = project(tmp_path)
    guard = Guard(str(root))
    guard.component("GREET", "persona")
    (root / HOST).rename(root / "real.txt")
    (root / HOST).symlink_to(root / "real.txt")
    assert guard.component("GREET", "persona") == root / HOST
    (root / "real.txt").rename(tmp_path / "outside.txt")
    (root / HOST).unlink()
    (root / HOST).symlink_to(tmp_path / "outside.txt")
    with pytest.raises(MissingComponent):
        guard.component("GREET", "persona")


def test_a_removed_file_is_missing_immediately(tmp_path: Path) -> None:
    root = project(tmp_path)
    guard = Guard(str(root))
    guard.component("GREET", "persona")
    (root / HOST).unlink()
    with pytest.raises(MissingComponent):
        guard.component("GREET", "persona")
    (root / HOST).mkdir()
    with pytest.raises(MissingComponent):
        guard.component("GREET", "persona")


def test_a_component_that_is_placed_between_two_looks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that has renamed the map ends just before the look for its intent."""
    root = project(tmp_path)
    guard = Guard(str(root))
    guard.configuration()
    (root / HOST).rename(root / "temporary.txt")
    real = os.path.lexists

    def lexists(path: str) -> bool:
        if path.endswith("pending.json"):
            (root / "temporary.txt").rename(root / HOST)
        return real(path)

    monkeypatch.setattr(os.path, "lexists", lexists)
    assert guard.component("GREET", "persona") == root / HOST


def test_a_map_that_changes_between_two_looks_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    guard = Guard(str(root))
    guard.configuration()
    (root / HOST).rename((root / HOST).with_name("new.txt"))
    real = os.path.lexists

    def lexists(path: str) -> bool:
        if path.endswith("pending.json"):
            (root / "goal_map.json").write_text(MAP % "new.txt")
        return real(path)

    monkeypatch.setattr(os.path, "lexists", lexists)
    assert guard.component("GREET", "persona").name == "new.txt"


def test_a_commit_that_is_in_progress_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    guard = Guard(str(root))
    (root / HOST).rename(root / "temporary.txt")
    waited: list[str] = []

    def wait(root_: str) -> None:
        waited.append(root_)
        (root / "temporary.txt").rename(root / HOST)
        (root / ".jit-guard/pending.json").unlink()

    monkeypatch.setattr("jit_guard.commit.transaction.wait", wait)
    lay_out(root, {".jit-guard/pending.json": "{}"})
    assert guard.component("GREET", "persona") == root / HOST
    (root / HOST).unlink()
    with pytest.raises(MissingComponent, match="does not exist"):
        guard.component("GREET", "persona")
    assert waited == [str(root)]


def test_an_entry_that_is_not_a_safe_path_is_missing(tmp_path: Path) -> None:
    root = project(tmp_path)
    lay_out(tmp_path, {"p/components/host.txt": TEXT, "p/components/a/bs/host.txt": TEXT})
    text = '{"GREET": {"persona": "../host.txt", "a/b": "host.txt", "tone": "/host.txt"}}'
    (root / "goal_map.json").write_text(text)
    for component_type in ("persona", "a/b", "tone"):
        with pytest.raises(MissingComponent, match="is not a safe path"):
            Guard(str(root)).component("GREET", component_type)


def test_a_map_that_does_not_exist_has_no_entries(tmp_path: Path) -> None:
    root = project(tmp_path)
    lay_out(tmp_path, {"p/jit-guard.toml": 'maps = ["gone.json", "goal_map.json"]'})
    guard = Guard(str(root))
    assert guard.component("GREET", "persona") == root / HOST
    with pytest.raises(MissingComponent, match="no map has an entry for GREET/tone") as caught:
        guard.component("GREET", "tone")
    assert caught.value.path is None


def test_a_link_back_into_the_project_does_not_make_its_directory_a_part_of_it(
    tmp_path: Path,
) -> None:
    root = project(tmp_path)
    lay_out(tmp_path, {"outside/plain.txt": TEXT, "p/inside.txt": TEXT})
    (tmp_path / "outside/back.txt").symlink_to(root / "inside.txt")
    (root / "components/tones").symlink_to(tmp_path / "outside")
    (root / "goal_map.json").write_text('{"A": {"tone": "back.txt"}, "B": {"tone": "plain.txt"}}')
    guard = Guard(str(root))
    assert guard.component("A", "tone") == root / "components/tones/back.txt"
    with pytest.raises(MissingComponent):
        guard.component("B", "tone")
