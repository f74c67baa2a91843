"""`init --hook`: a configuration of pre-commit that works however jit-guard was installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from jit_guard.commands import hook
from projects import SOUND, TEXT, call, git, lay_out

FILE = ".pre-commit-config.yaml"


def configured(text: str) -> Any:
    """The hook in a configuration."""
    return yaml.safe_load(text)["repos"][0]["hooks"][0]


def printed(out: str) -> Any:
    """The hook in a configuration that is printed, indented."""
    return configured("".join(f"{line[4:]}\n" for line in out.splitlines() if line[:4] == "    "))


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "jit-guard"),
        ({"url": "file:///home/me/jit-guard", "dir_info": {"editable": True}}, None),
        ({"url": "file:///tmp/jit_guard-0.1.0.tar.gz", "archive_info": {}}, None),
        (
            {"url": "https://host/jit-guard.tar.gz", "archive_info": {}},
            "jit-guard @ https://host/jit-guard.tar.gz",
        ),
        (
            {"url": "https://host/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "jit-guard @ git+https://host/x@abc",
        ),
    ],
)
def test_the_hook_needs_what_was_installed(
    origin: dict[str, object] | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = None if origin is None else json.dumps(origin)

    class Distribution:
        def read_text(self, name: str) -> str | None:
            return text if name == "direct_url.json" else None

    monkeypatch.setattr(metadata, "distribution", lambda _: Distribution())
    assert hook.requirement() == expected
    one = configured("\n".join(hook.lines(hook.requirement(), "yaml")))
    if expected is None:
        assert one["language"] == "system"
    else:
        assert one["additional_dependencies"] == [expected.replace("guard", "guard[yaml]", 1)]


def test_a_project_in_three_commands(tmp_path: Path) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("pre-commit", path=programs) is None:
        pytest.skip("pre-commit is not installed")
    git(tmp_path, "init", "-q")
    done = call("init", "--hook", cwd=tmp_path)
    assert f"wrote  {FILE}; to install the hook, run: pre-commit install" in done.out
    assert "nothing wrong in 2 entries, 2 components" in done.out
    assert "JG203" not in done.out
    environment = {**os.environ, "PATH": programs, "PRE_COMMIT_HOME": str(tmp_path / ".git/home")}

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    for kind in ("pre-commit", "pre-merge-commit", "pre-push"):
        assert f".git/hooks/{kind}" in shell("pre-commit install").stdout
    staged = done.err.partition("to stage these files, run: ")[2]
    assert shell(staged).returncode == 0
    assert git(tmp_path, "status", "--porcelain").count("A ") == 5
    who = "git -c user.name=A -c user.email=a@example.org"
    committed = shell(f"{who} commit -q -m All")
    assert committed.returncode == 0, committed.stderr
    assert "Passed" in committed.stderr
    refused = shell(f"git rm -q components/personas/helpful_expert.txt && {who} commit -q -m Gone")
    assert refused.returncode == 1
    assert "JG201 missing-component" in refused.stderr + refused.stdout


def test_an_existing_configuration_is_kept_and_the_lines_are_printed(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {FILE: "repos: []\n", "components/personas/a.txt": TEXT})
    out = call("init", "--hook", cwd=root).out
    assert (root / FILE).read_text() == "repos: []\n"
    assert printed(out)["id"] == "jit-guard"
    (root / FILE).write_text("- id: jit-guard\n")
    out = call("init", "--hook", cwd=root).out
    assert f"kept   {FILE}" in out
    assert "repos:" not in out


def test_a_project_that_exists_gets_only_the_hook(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    out = call("init", "--hook", cwd=root).out
    assert "kept   goal_map.json" in out
    assert f"wrote  {FILE}; to install the hook, run: git init && pre-commit install" in out


def test_nothing_is_written_above_the_root(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = lay_out(tmp_path / "a: 'b", SOUND)
    out = call("init", "--hook", cwd=root).out
    assert "at the top of the repository" in out
    assert printed(out)["args"] == ["--root", "a: 'b"]
    assert not list(tmp_path.rglob(FILE))


def test_a_hook_for_a_yaml_registry_installs_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "requirement", lambda: "jit-guard")
    table = '[[registry]]\nfile = "a.yaml"\nentries = "$.*"\ntarget = "p/{value}"\n'
    root = lay_out(tmp_path, {"jit-guard.toml": table, "a.yaml": "- x\n", "p/x": TEXT})
    call("init", "--hook", cwd=root)
    assert configured((root / FILE).read_text())["additional_dependencies"] == ["jit-guard[yaml]"]


def test_what_git_ignores_is_still_reported(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, ".gitignore": "host.txt\n"})
    git(root, "init", "-q")
    done = call("init", cwd=root)
    assert "JG203 untracked-component" in done.out
    assert "git add -f -- components/personas/host.txt" in done.out


def test_where_jit_guard_is_not_installed_the_hook_uses_the_command_on_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert hook.requirement() is None


def test_a_configuration_that_appears_meanwhile_is_not_replaced(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.lexists

    def lexists(path: str) -> bool:
        found = real(path)
        if path.endswith(FILE) and not found:
            (project / FILE).write_text("repos: []\n")
        return found

    monkeypatch.setattr("os.path.lexists", lexists)
    done = call("init", "--hook", cwd=project)
    assert done.code == 2
    assert FILE in done.err
    assert (project / FILE).read_text() == "repos: []\n"
