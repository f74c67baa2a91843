"""Discovery of the project's root and configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jit_guard.errors import ConfigError, UnreadableError
from jit_guard.project import Configuration, below, find_root, load, load_file
from jit_guard.sources.memory import Memory
from jit_guard.sources.worktree import Worktree
from projects import Content, at, lay_out


def root_of(start: Path) -> str:
    return find_root(str(start), lambda directory: Worktree(directory).read)


@pytest.mark.parametrize(
    "mark",
    [
        {"goal_map.json": ""},
        {"jit-guard.toml": ""},
        {"pyproject.toml": "[tool.jit-guard]\n"},
        {"pyproject.toml": '[tool."jit-guard"]\n'},
        {"pyproject.toml": '[tool]\n"jit\\u002dguard" = {}\n'},
    ],
)
def test_the_nearest_project_directory_is_the_root(tmp_path: Path, mark: dict[str, str]) -> None:
    lay_out(tmp_path / "p", {**mark, "a/b/x": ""})
    assert root_of(tmp_path / "p" / "a" / "b") == str(tmp_path / "p")
    assert root_of(tmp_path / "p") == str(tmp_path / "p")


def test_the_nearer_of_two_projects_is_the_root(tmp_path: Path) -> None:
    lay_out(tmp_path, {"goal_map.json": "", "inner/jit-guard.toml": "", "inner/deep/x": ""})
    assert root_of(tmp_path / "inner" / "deep") == str(tmp_path / "inner")


@pytest.mark.parametrize("text", ["", "[tool.other]\n", "# jit-guard\n", '[project]\nname="x"\n'])
def test_a_pyproject_without_our_table_is_not_a_root(tmp_path: Path, text: str) -> None:
    lay_out(tmp_path, {"goal_map.json": "", "inner/pyproject.toml": text})
    assert root_of(tmp_path / "inner") == str(tmp_path)


@pytest.mark.parametrize("git", ["repo/.git/HEAD", "repo/.git"])
def test_nothing_above_the_git_top_is_the_root(tmp_path: Path, git: str) -> None:
    lay_out(tmp_path, {"goal_map.json": "", git: "", "repo/a/x": ""})
    assert root_of(tmp_path / "repo" / "a") == str(tmp_path / "repo" / "a")


def test_the_git_top_itself_may_be_the_root(tmp_path: Path) -> None:
    lay_out(tmp_path, {"repo/.git": "", "repo/goal_map.json": "", "repo/a/x": ""})
    assert root_of(tmp_path / "repo" / "a") == str(tmp_path / "repo")


def test_without_a_project_the_start_is_the_root(tmp_path: Path) -> None:
    lay_out(tmp_path, {".git": "", "a/x": ""})
    assert root_of(tmp_path / "a") == str(tmp_path / "a")


def test_a_broken_link_marks_a_root_so_that_it_is_reported(tmp_path: Path) -> None:
    (tmp_path / "goal_map.json").symlink_to("gone")
    (tmp_path / "a").mkdir()
    assert root_of(tmp_path / "a") == str(tmp_path)


def test_an_unreadable_pyproject_is_reported(tmp_path: Path) -> None:
    lay_out(tmp_path, {"pyproject.toml/": ""})
    with pytest.raises(UnreadableError):
        root_of(tmp_path)


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"jit-guard.toml": 'components = "x"'}, "jit-guard.toml"),
        (
            {"pyproject.toml": '[tool.jit-guard]\ncomponents = "x"'},
            "pyproject.toml [tool.jit-guard]",
        ),
        (
            {"jit-guard.toml": 'components = "x"', "pyproject.toml": "# jit-guard"},
            "jit-guard.toml",
        ),
    ],
)
def test_a_configuration_is_read_with_its_origin(files: dict[str, Content], where: str) -> None:
    found = load(Memory(files).read)
    assert found.settings.components == "x"
    assert found.origins == {"components": where}


def test_without_a_configuration_the_defaults_apply() -> None:
    found = load(Memory({"pyproject.toml": "[project]"}).read)
    assert (found.origins, found.file) == ({}, None)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"jit-guard.toml": "", "pyproject.toml": "[tool.jit-guard]"}, "both exist"),
        ({"jit-guard.toml": "= 1"}, "jit-guard.toml: invalid TOML"),
        ({"jit-guard.toml": b"\xff"}, "not UTF-8"),
        ({"pyproject.toml": '[tool.jit-guard]\nmaps = ["m"]'.encode("utf-16")}, "not UTF-8"),
        ({"pyproject.toml": "[tool.jit-guard]".encode("utf-16-le")}, "invalid TOML"),
        ({"jit-guard.toml": b"\xef\xbb\xbfcomponents = 'x'"}, "invalid TOML"),
        ({"jit-guard.toml": "a = " + "[" * 5_000}, "invalid TOML"),
        ({"jit-guard.toml": "jobs = " + "9" * 5_000}, "jit-guard.toml"),
        ({"pyproject.toml": "[tool]\njit-guard = 1"}, "must be a table"),
        ({"pyproject.toml": "[tool.jit-guard"}, "pyproject.toml: invalid TOML"),
        ({"pyproject.toml": "[tool.jit-guard]\nnope = 1"}, "pyproject.toml [tool.jit-guard]: unkn"),
    ],
)
def test_an_invalid_configuration_is_reported(files: dict[str, Content], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Memory(files).read)
    assert words in str(caught.value)


def test_a_named_pyproject_uses_its_table_and_any_other_file_its_top_level() -> None:
    pyproject = b'[tool.jit-guard]\ncomponents = "x"'
    assert load_file(pyproject, f"a{os.sep}pyproject.toml").settings.components == "x"
    assert load_file(b'components = "x"', "other.toml").settings.components == "x"
    assert load_file(b"[project]", "pyproject.toml").origins == {}


@pytest.mark.parametrize("parts", [("HEAD", "objects/", "refs/"), ("HEAD", "objects/")])
def test_a_bare_repository_ends_the_search(tmp_path: Path, parts: tuple[str, ...]) -> None:
    bare = tmp_path / "bare"
    lay_out(tmp_path, {"goal_map.json": "", **{f"bare/{part}": "" for part in parts}})
    assert root_of(bare) == str(bare if "refs/" in parts else tmp_path)


def test_the_search_ends_at_the_top_of_the_file_system() -> None:
    assert find_root(os.sep, lambda _: lambda _: None) == os.sep


def test_a_pyproject_that_leads_out_of_the_project_marks_no_root(tmp_path: Path) -> None:
    lay_out(tmp_path, {"out.toml": "[tool.jit-guard]", "p/goal_map.json": "", "p/a/x": ""})
    (tmp_path / "p/a/pyproject.toml").symlink_to("../../out.toml")
    assert root_of(tmp_path / "p/a") == str(tmp_path / "p")


def test_a_path_is_inside_the_root_or_not(tmp_path: Path) -> None:
    root = str(lay_out(tmp_path, {"p/..x/file": ""}) / "p")
    with at(root):
        assert [below(root, path) for path in (".", "x/../y", "..x", "..x/file")] == [
            "",
            "y",
            "..x",
            "..x/file",
        ]
        assert [below(root, path) for path in ("..", "../p2", os.sep)] == [None] * 3
    (tmp_path / "link").symlink_to("p")
    assert below(str(tmp_path / "link"), os.path.join(root, "x")) == "x"


def test_a_line_of_many_dots_is_refused_before_it_takes_minutes() -> None:
    def read(dots: int) -> Configuration:
        text = f"jobs = 2\n# not plain: \n[types]\na = {{}}\n# {'.' * dots}\n"
        return load(Memory({"jit-guard.toml": text}).read)

    assert read(2000).settings.jobs == 2
    with pytest.raises(ConfigError, match=r"jit-guard.toml: a line has more than 2,000 dots"):
        read(2001)


def test_registries_replace_the_goal_map_unless_they_name_it() -> None:
    def maps(text: str) -> tuple[str, ...]:
        return load(Memory({"jit-guard.toml": text}).read).settings.maps

    skills = '[[registry]]\npreset = "agent-skills"\n'
    assert maps(skills) == ()
    assert maps(f'{skills}[[registry]]\npreset = "goal-map"\n') == ("goal_map.json",)
    assert maps(f'maps = ["m.json"]\n{skills}') == ("m.json",)


def test_all_faults_of_registries_and_of_contracts_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def faults(text: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load(Memory({"jit-guard.toml": text}).read)
        return caught.value.problems

    found = faults('[[registry]]\npreset = "nope"\n[[registry]]\nfile = 1\n')
    assert len(found) > 1
    assert all(fault.startswith("jit-guard.toml: registry[") for fault in found)

    table = 'file = "r.json"\nentries = "$[*]"\ntarget = "{value}"\ncontract = {hadings = []}\n'
    text = f"types.a.contract = {{hadings = [], ront = 1}}\n[[registry]]\n{table}"
    found = faults(text)
    assert [fault.split(": ")[1] for fault in found] == [
        "types.a.contract",
        "types.a.contract",
        "registry[1].contract",
    ]

    def absent(_: object) -> None:
        raise ModuleNotFoundError("No module named 'regex'", name="regex")

    monkeypatch.setattr("jit_guard.registry.table.tables", absent)
    (fault,) = faults(f"[[registry]]\n{table}")
    assert fault.startswith("jit-guard.toml: registry: regex is not installed")
