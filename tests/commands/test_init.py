"""`init`: a project that passes its own check, without overwriting files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jit_guard.sources.memory import Link
from projects import SOUND, TEXT, call, lay_out


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")}


def test_a_starter_project_passes_its_own_check(tmp_path: Path) -> None:
    result = call("init", cwd=tmp_path)
    assert result.code == 0
    check = call("--strict", cwd=tmp_path)
    assert (check.code, check.err) == (0, "")
    assert check.out.startswith("nothing wrong in 2 entries, 2 components")


def test_the_map_names_the_schema_beside_it(tmp_path: Path) -> None:
    call("init", cwd=tmp_path)
    from jit_guard.registry.schema import Schema

    schema = Schema.load("x", (tmp_path / "goal_map.schema.json").read_bytes())
    assert schema.document == Schema.built_in().document
    assert '"$schema": "goal_map.schema.json"' in (tmp_path / "goal_map.json").read_text()


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    call("init", cwd=tmp_path)
    before = contents(tmp_path)
    result = call("init", cwd=tmp_path)
    assert result.code == 0
    assert "wrote" not in result.out
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "path", ["goal_map.json", "jit-guard.toml", "goal_map.schema.json", "components/x"]
)
def test_existing_files_are_kept(tmp_path: Path, path: str) -> None:
    lay_out(tmp_path, {path: "" if path == "jit-guard.toml" else "mine"})
    before = (tmp_path / path).read_bytes()
    assert call("init", cwd=tmp_path).code == 0
    assert (tmp_path / path).read_bytes() == before


def test_an_existing_tree_gets_a_map_that_names_every_file_and_passes(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "components/protocols/triage.txt": TEXT,
            "components/protocols/deep/er/triage.md": TEXT,
            "components/strategies/bisect.txt": TEXT,
            "components/my notes/日本.txt": TEXT,
            "components/🎉s/x.txt": TEXT,
            "components/personas/triage.txt": TEXT,
            "components/personas/README.md": TEXT,
        },
    )
    assert call("init", cwd=root).code == 0
    check = call("--strict", cwd=root)
    assert (check.code, check.err) == (0, ""), check
    assert "6 entries" in check.out


def test_a_configured_project_gets_its_map_where_it_is_configured(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"jit-guard.toml": 'maps = ["m/g.json"]\ncomponents = "lib"\n'})
    assert call("init", cwd=root).code == 0
    assert call(cwd=root).code == 0
    assert (root / "m" / "g.json").exists()
    assert (root / "lib").is_dir()


def test_an_empty_components_directory_gets_a_starter_project_too(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"components/personas/.gitkeep": ""})
    assert call("init", cwd=root).code == 0
    assert call(cwd=root).code == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS refuses names that are not UTF-8")
@pytest.mark.parametrize(
    "name", ["components/ts/\udcff.txt", "components/\udcffs/x.txt", "components/ts/a\\b.txt"]
)
def test_a_name_that_no_map_can_contain_is_omitted(tmp_path: Path, name: str) -> None:
    root = lay_out(tmp_path, {"components/ts/x.txt": TEXT, name: TEXT})
    result = call("init", cwd=root)
    assert (result.code, result.err) == (0, ""), result
    check = call("--format", "json", cwd=root)
    assert check.code in (0, 1)
    assert set(check.codes) <= {"JG208", "JG301"}


@pytest.mark.parametrize("target", ["../outside", "lib"])
def test_nothing_is_written_through_a_components_link_that_leaves_the_project(
    tmp_path: Path, target: str
) -> None:
    (tmp_path / "outside").mkdir()
    root = lay_out(tmp_path / "p", {"lib/": "", "components": Link(target)})
    call("init", cwd=root)
    assert os.listdir(tmp_path / "outside") == []


def test_a_root_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    assert call("init", "--root", "p", cwd=tmp_path).code == 0
    assert (tmp_path / "p" / "goal_map.json").exists()
    assert call("init", "--root", "nowhere", cwd=tmp_path).code == 2


def test_a_valid_project_keeps_its_map_and_still_passes(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    assert call("init", cwd=root).code == 0
    assert call(cwd=root).code == 0
    assert (root / "goal_map.json").read_text() == SOUND["goal_map.json"]


def test_a_components_path_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    result = call("init", cwd=lay_out(tmp_path, {"components": "x"}))
    assert result.code == 2
    assert "components" in result.err
