"""The formats of the presets, with examples of each kind of entry that they have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.project import detected, load
from jit_guard.report import Report
from jit_guard.sources.memory import Memory
from projects import Content, call, lay_out

MARKETPLACE = ".claude-plugin/marketplace.json"
CODEX = ".agents/plugins/marketplace.json"


def reported(file: str, value: Any, *paths: str) -> Report:
    """Check a project without configuration that has this file, and files at these paths."""
    source = Memory({file: json.dumps(value), **dict.fromkeys(paths, "x")})
    configuration = detected(load(source.read), lambda path: source.read(path) is not None)
    return check(source, configuration.settings)


def found(report: Report) -> list[tuple[str, str | None, str | None]]:
    """Return code, entry and path of every finding."""
    return [(one.code, one.entry, one.path) for one in report.findings]


def test_the_sources_of_a_claude_marketplace() -> None:
    plugins = [
        {"name": "own", "source": "./plugins/own"},
        {"name": "all", "source": "./", "skills": ["./skills/one", "./skills/gone"]},
        {"name": "gone", "source": "./plugins/gone/"},
        {"name": "far", "source": {"source": "github", "repo": "a/b"}, "skills": ["./x"]},
        {"name": "npm", "source": {"source": "npm", "package": "x"}},
        {"name": "bare", "source": "bare"},  # without a pluginRoot, it has no meaning
    ]
    report = reported(MARKETPLACE, {"plugins": plugins}, "plugins/own/a.md", "skills/one/SKILL.md")
    assert found(report) == [
        ("JG201", "plugins[1].skills[1]", "skills/gone/"),
        ("JG201", "plugins[2].source", "plugins/gone/"),
    ]
    assert report.entries == 5


@pytest.mark.parametrize("root", ["./plugins", "./plugins/"])
def test_bare_names_of_a_claude_marketplace_are_below_its_plugin_root(root: str) -> None:
    plugins = [{"source": "one"}, {"source": "gone"}, {"source": "./plugins/two"}]
    value = {"metadata": {"pluginRoot": root}, "plugins": plugins}
    report = reported(MARKETPLACE, value, "plugins/one/x", "plugins/two/x", "plugins/left/x")
    assert found(report) == [
        ("JG201", "plugins[1].source", "plugins/gone/"),
        ("JG301", None, "plugins/left/"),
    ]
    assert report.components == 3  # directories that are, or must be, named


def test_commands_and_agents_of_a_claude_plugin_are_files_or_directories() -> None:
    plugin = {
        "source": "./p",
        "commands": ["./commands/", "./more/run.md", "./more/gone.md"],
        "agents": ["./agents/judge.md", "./gone"],
    }
    paths = ("p/commands/a.md", "p/more/run.md", "p/agents/judge.md")
    assert found(reported(MARKETPLACE, {"plugins": [plugin]}, *paths)) == [
        ("JG201", "plugins[0].commands[2]", "p/more/gone.md"),
        ("JG201", "plugins[0].agents[1]", "p/gone/"),
    ]


def test_the_local_plugins_of_a_codex_marketplace_have_a_manifest() -> None:
    plugins = [
        {"name": "one", "source": {"source": "local", "path": "./plugins/one"}},
        {"name": "bare", "source": {"source": "local", "path": "./plugins/bare"}},
        {"name": "far", "source": {"source": "git-subdir", "url": "u", "path": "./plugins/far"}},
    ]
    manifest = ".codex-plugin/plugin.json"
    paths = (f"plugins/one/{manifest}", "plugins/bare/x", f"plugins/left/{manifest}")
    report = reported(CODEX, {"plugins": plugins}, *paths)
    assert found(report) == [
        ("JG201", "plugins[1].source.path", f"plugins/bare/{manifest}"),
        ("JG301", None, f"plugins/left/{manifest}"),
    ]


def test_a_codex_marketplace_is_checked_without_any_configuration(tmp_path: Path) -> None:
    local = {"source": "local", "path": "./plugins/one"}
    files: dict[str, Content] = {
        CODEX: json.dumps({"plugins": [{"name": "one", "source": local}]}),
        "plugins/one/.codex-plugin/plugin.json": "{}",
    }
    outcome = call(cwd=lay_out(tmp_path, files))
    assert outcome.code == 0, outcome
    assert "(preset codex-marketplace, no configuration found)" in outcome.out
