"""How `init` ends: what is kept, what is left to do, and nothing by halves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from jit_guard.errors import UnreadableError
from jit_guard.sources.memory import Link
from jit_guard.sources.worktree import Worktree
from projects import HOST, MAP, SOUND, TEXT, Content, call, lay_out
from repositories import NEEDS_GIT, repository
from typed import type_in

MISSING = {"goal_map.json": '{"GREET": {"persona": "gone.txt"}}', "components/personas/a.txt": TEXT}


def test_findings_are_what_is_left_to_do_and_do_not_fail(tmp_path: Path) -> None:
    done = call("init", cwd=lay_out(tmp_path, MISSING))
    assert (done.code, done.err) == (0, "")
    assert "JG201" in done.out
    assert "2 errors in 1 entry" in done.out


def test_what_could_not_be_checked_fails(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Worktree.directory

    def directory(self: Worktree, path: str, **options: Any) -> Any:
        if path == "components/personas":
            raise UnreadableError(path, "permission denied")
        return real(self, path, **options)

    monkeypatch.setattr(Worktree, "directory", directory)
    done = call("init", cwd=project)
    assert done.code == 2
    assert "jit-guard: error: components/personas cannot be read: permission denied" in done.err


@NEEDS_GIT
def test_only_what_git_does_not_have_is_named_for_staging(tmp_path: Path) -> None:
    root = repository(tmp_path, MISSING)
    assert "to stage" not in call("init", cwd=root).err
    lay_out(root, {"goal_map.json": MAP, "components/personas/host.txt": HOST})
    assert call("init", cwd=root).err == (
        "jit-guard: to stage these files, run: git add -- components\n"
    )


def test_of_several_maps_the_first_has_the_schema(tmp_path: Path) -> None:
    first = {"$schema": "goal_map.schema.json", **json.loads(MAP)}
    files: dict[str, Content] = {
        "a/one.json": json.dumps(first),
        "b/two.json": MAP,
        "pyproject.toml": '[tool.jit-guard]\nmaps = ["a/one.json", "b/two.json"]\n',
        "components/personas/host.txt": HOST,
    }
    root = lay_out(tmp_path, files)
    lines = call("init", cwd=root).out.splitlines()
    assert "wrote  a/goal_map.schema.json" in lines
    assert not (root / "b/goal_map.schema.json").exists()
    assert {"kept   a/one.json", "kept   b/two.json", "kept   pyproject.toml"} <= set(lines)
    assert "kept   a/goal_map.schema.json" in call("init", cwd=root).out.splitlines()
    more = {"components/personas/usher.txt": HOST, "b/two.json": '{"B": {"persona": "usher.txt"}}'}
    out = call("init", "--contract", cwd=lay_out(root, more)).out
    assert "Add to pyproject.toml what you want to keep:" in out


@pytest.mark.parametrize("number", [19, 20, 21, 22])
def test_twenty_files_that_are_left_out_are_named(tmp_path: Path, number: int) -> None:
    hidden = {f"components/personas/.h{at:02}.txt": TEXT for at in range(number - 1)}
    files: dict[str, Content] = {"components/personas/a.txt": TEXT, **hidden}
    root = lay_out(tmp_path, {**files, "components/personas/README.md": TEXT})
    lines = [line for line in call("init", cwd=root).out.splitlines() if line.startswith("left ")]
    shown = [line for line in lines if " more files" not in line]
    assert len(shown) == min(number, 20)
    assert lines[20:] == ([f"left   {number - 20} more files"] if number > 20 else [])
    assert lines[0] == "left   components/personas/.h00.txt: it is hidden (now in orphan-ignore)"
    if number < 21:
        assert shown[-1] == (
            "left   components/personas/README.md: a file of this name is not a component"
        )


def test_nothing_is_written_if_one_file_cannot_be(tmp_path: Path) -> None:
    lay_out(tmp_path, {"outside/": ""})
    for name in ("data", "personas", "protocols"):
        link = {f"components/{name}": Link("../../outside")}
        root = lay_out(tmp_path / name, link)
        done = call("init", cwd=root)
        assert done.code == 2
        assert [one.relative_to(root).as_posix() for one in root.rglob("*")] == [
            "components",
            *link,
        ]
    assert list((tmp_path / "outside").iterdir()) == []


def test_every_path_is_checked_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Worktree.target

    def target(self: Worktree, path: str) -> Any:
        if "protocols" in path:  # after the map and another component
            raise UnreadableError(path, "it leads outside")
        return real(self, path)

    monkeypatch.setattr(Worktree, "target", target)
    assert call("init", cwd=tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []


def test_of_several_usual_directories_the_first_is_suggested(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"prompts/a.md": TEXT, "skills/b.md": TEXT})
    done = call("init", "--no-input", cwd=root)
    assert done.code == 2
    assert (
        "prompts has files; to bring them in, run: jit-guard init --components prompts" in done.err
    )
    assert "Which directory has the components? [prompts]" in type_in([], "init", cwd=root).err


def test_the_given_directory_is_looked_up_here_and_then_below_the_root(tmp_path: Path) -> None:
    lay_out(tmp_path, {"p/lib/roles/a.md": TEXT, "p/in/lib/roles/c.md": TEXT})
    for here, root, goal in ((".", "p", "A"), ("p/in", "..", "C")):
        done = call("init", "--components", "lib", "--root", root, cwd=tmp_path / here)
        assert done.code == 0, done.err
        assert goal in json.loads((tmp_path / "p/goal_map.json").read_text())
        for made in (tmp_path / "p").glob("*g*"):
            made.unlink()


def test_the_configuration_that_is_kept_is_a_file(tmp_path: Path) -> None:
    table = '[[tool.jit-guard.registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}"\n'
    root = lay_out(tmp_path, {"pyproject.toml": table, "r.json": '["a.md"]', "a.md": TEXT})
    assert "kept   pyproject.toml\n" in call("init", cwd=root).out


def test_of_several_maps_the_first_is_written(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path, {"jit-guard.toml": 'maps = ["a.json", "b.json"]\n', "components/roles/x.md": TEXT}
    )
    assert call("init", cwd=root).code in (0, 2)
    assert (root / "a.json").exists()
    assert not (root / "b.json").exists()


def test_a_configured_project_is_not_given_another_registry(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        ".claude-plugin/marketplace.json": '{"plugins": [{"source": "./plugins/a"}]}',
        "plugins/a/x.md": TEXT,
        "jit-guard.toml": "jobs = 2\n",
    }
    done = call("init", cwd=lay_out(tmp_path, files))
    assert "claude-marketplace" not in done.out
    assert (tmp_path / "jit-guard.toml").read_text() == "jobs = 2\n"
    assert (tmp_path / "goal_map.json").exists()


def test_where_registries_cannot_be_read_an_example_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads other registries is compiled, and has no wheel for every platform."""
    monkeypatch.setitem(sys.modules, "jit_guard.commands.proposal", None)
    assert call("init", cwd=tmp_path).code == 0
    assert (tmp_path / "goal_map.json").exists()


def test_a_sound_project_is_kept_as_it_is(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    assert call("init", cwd=root).out.splitlines()[:2] == [
        "kept   goal_map.json",
        "kept   components/",
    ]
