"""The fixtures: the project's `Guard`, and a temporary copy to break and fix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jit_guard.errors import ConfigError
from jit_guard.generators.generator import GenerationError, Options, Request
from jit_guard.guard import Guard
from jit_guard.pytest_plugin.fixtures import Script, copy
from jit_guard.sources.memory import Link, Other
from projects import SOUND, Files, codes, git, lay_out
from sessions import TWO, plant

REQUEST = Request("GREET", "persona", "gone.txt", "components/personas/gone.txt", "Welcomes.")


def copied(tmp_path: Path, files: Files) -> Path:
    """The root of a copy of a project, outside of that project."""
    return copy(Guard(root=lay_out(tmp_path / "real", files)), tmp_path / "copy").root


@pytest.mark.usefixtures("all_plugins")
def test_both_fixtures_are_available_without_configuration(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, {"tests/pytest.ini": "[pytest]\n"})
    pytester.makepyfile(
        **{
            "tests/test_orchestrator": """
            from jit_guard import Guard

            def test_guard(jit_guard, pytestconfig):
                assert isinstance(jit_guard, Guard)
                assert jit_guard.root == str(pytestconfig.rootpath.parent)
                assert jit_guard.check().ok

            def test_copy(jit_guard, jit_guard_project, tmp_path):
                root = jit_guard_project.root
                assert tmp_path in root.parents
                (root / "components/personas/host.txt").unlink()
                report = jit_guard_project.guard.check()
                assert [one.code for one in report.findings] == ["JG201", "JG201"]
                assert jit_guard.check().ok

            def test_copies_are_fresh(jit_guard_project):
                assert jit_guard_project.guard.check().ok
            """
        }
    )
    result = pytester.runpytest_inprocess(
        "-c", "tests/pytest.ini", "-W", "error", "--strict-markers"
    )
    result.assert_outcomes(passed=3)


def test_a_copy_is_made_at_any_depth_and_of_components_at_any_depth(tmp_path: Path) -> None:
    files = {
        "jit-guard.toml": 'components = "lib/prompts"\n',
        "goal_map.json": '{"A": {"persona": "a.txt"}}',
        "lib/prompts/personas/a.txt": "You greet.\n",
    }
    made = copy(Guard(root=lay_out(tmp_path / "real", files)), tmp_path / "new/copy")
    assert made.guard.check().ok
    assert (tmp_path / "new/copy/lib/prompts/personas/a.txt").read_text() == "You greet.\n"


def test_a_copy_gets_the_same_report_as_the_project(tmp_path: Path) -> None:
    lay_out(
        tmp_path / "real",
        {
            **TWO,
            "jit-guard.toml": 'maps = ["goal_map.json", "maps/second.json"]\n'
            'schema = "own.json"\nbaseline = "accepted.jsonl"\n',
            "maps/second.json": '{"BYE": {"persona": "gone.txt", "tool": "sub/x.txt"}}',
            "own.json": "{}",
            "accepted.jsonl": "",
            "components/tools/sub/x.txt": "X.\n",
            "components/tools/left.txt": "An orphan.\n",
            "elsewhere.txt": "No part of it.\n",
        },
    )
    real = Guard(root=tmp_path / "real")
    made = copy(real, tmp_path / "copy")
    assert codes(real.check().findings) == ["JG201", "JG301"]
    # A hint has the command for its own root.
    assert [one._replace(hint=None) for one in made.guard.check().findings] == [
        one._replace(hint=None) for one in real.check().findings
    ]
    assert not (made.root / "elsewhere.txt").exists()
    with pytest.raises(AttributeError):
        made.root = tmp_path  # type: ignore[misc]


def test_a_broken_project_can_be_copied(tmp_path: Path) -> None:
    assert list(copied(tmp_path / "no map", {"x": ""}).iterdir()) == []
    root = copied(tmp_path / "no tree", {"goal_map.json": "{,}"})
    assert codes(Guard(root=root).check().findings) == ["JG001"]


def test_an_unusable_configuration_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mpas"):
        copied(tmp_path, {**SOUND, "jit-guard.toml": "mpas = []\n"})


def test_the_table_of_a_pyproject_is_copied(tmp_path: Path) -> None:
    root = copied(tmp_path, {"pyproject.toml": "[tool.jit-guard]\nallow-empty = true\n"})
    assert Guard(root=root).check().ok


def test_links_lead_to_the_copy_and_never_back(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("Outside.\n")
    files: Files = {
        "goal_map.json": '{"A": {"persona": "link.txt", "tool": "shared/x.txt"}}',
        "texts/host.txt": "You welcome people.\n",
        "shared/x.txt": "X.\n",
        "components/personas/link.txt": Link("../../texts/host.txt"),
        "components/tools/shared": Link(str(tmp_path / "real/shared")),
        "components/tools/out.txt": Link("../../../outside.txt"),
        "components/tools/broken.txt": Link("nowhere"),
        "components/tools/pipe": Other("FIFO"),
    }
    root = copied(tmp_path, files)
    inside = os.path.realpath(root) + os.sep
    for name in ("personas/link.txt", "tools/shared/x.txt"):
        assert os.path.realpath(root / "components" / name).startswith(inside)
    assert sorted(os.listdir(root / "components/tools")) == ["broken.txt", "shared"]
    (root / "components/personas/link.txt").write_text("Changed.\n")
    assert (tmp_path / "real/texts/host.txt").read_text() == "You welcome people.\n"
    found = Guard(root=root).check().findings
    assert [(one.code, one.path) for one in found] == [("JG301", "components/tools/broken.txt")]


def test_a_components_directory_that_is_a_link_is_copied(tmp_path: Path) -> None:
    root = copied(
        tmp_path,
        {
            "goal_map.json": SOUND["goal_map.json"],
            "prompts/personas/host.txt": "Hello.\n",
            "components": Link("prompts"),
        },
    )
    assert Guard(root=root).check().ok
    assert (root / "components").is_symlink()


def test_files_that_git_ignores_are_not_copied(tmp_path: Path) -> None:
    real = lay_out(tmp_path / "real", {**SOUND, "components/x.bak": "x", ".gitignore": "*.bak\n"})
    git(real, "init", "-q")
    made = copy(Guard(root=real), tmp_path / "copy")
    assert not (made.root / "components/x.bak").exists()
    assert made.guard.check().ok


def test_a_script_writes_the_given_texts_and_records_the_requests() -> None:
    script = Script()
    writer = script.record.factory(Options("."))
    assert writer.write(REQUEST).content == "persona for GREET, as scripted.\n"
    script.write("GREET", "persona", "You welcome people.\n")
    assert writer.write(REQUEST).content == "You welcome people.\n"
    assert script.requests == [REQUEST, REQUEST]


def test_a_script_fails_for_the_given_components() -> None:
    script = Script()
    writer = script.record.factory(Options("."))
    script.fail("GREET", "persona", "a refusal")
    with pytest.raises(GenerationError, match="a refusal"):
        writer.write(REQUEST)
    script.write("GREET", "persona", "Better.\n")
    assert writer.write(REQUEST).content == "Better.\n"


def test_a_scripted_generator_needs_no_network_and_costs_nothing() -> None:
    record = Script().record
    assert (record.network, record.paid) == (False, False)
