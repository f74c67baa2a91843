"""The snippets in docs/ci.md and docs/json.md are valid for their services, and they run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import runner
from documents import Block, blocks
from projects import HOST, MAP, call, git, lay_out
from runner import ACTION, ROOT
from services import complaints

SOUND = {"goal_map.json": MAP, "components/personas/host.txt": HOST}
BROKEN = {"goal_map.json": MAP}


CI = blocks("ci.md")
SCHEMAS = {
    ".github/workflows/jit-guard.yml": "github-workflows",
    ".gitlab-ci.yml": "gitlab-ci",
    "azure-pipelines.yml": "azure-pipelines",
}
WORKFLOWS = [snippet for snippet in CI if snippet.file.startswith(".github/")]
SHELLS = [snippet for snippet in CI if snippet.language == "bash"]


def _only(file: str) -> Any:
    (snippet,) = (snippet for snippet in CI if snippet.file == file)
    return yaml.safe_load(snippet.text)


def _run(script: str, root: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script where jit-guard is already installed, and installing does nothing."""
    programs = runner.scripts(tmp_path / "programs", "jit-guard", "python", "python3")
    (programs / "python3").write_text(  # it creates an environment with our programs
        f'#!/bin/sh\nfor where do :; done\nmkdir -p "$where"\nln -sfn "{programs}" "$where/bin"\n'
    )
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=root,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_there_is_a_snippet_for_every_service() -> None:
    assert {snippet.file for snippet in CI if snippet.language == "yaml"} == {
        *SCHEMAS,
        ".pre-commit-config.yaml",
    }
    assert len(WORKFLOWS) == 2
    assert len(SHELLS) == 4


@pytest.mark.parametrize(
    "snippet", [snippet for snippet in CI if snippet.file in SCHEMAS], ids=lambda one: one.file
)
def test_a_snippet_satisfies_the_schema_of_its_service(snippet: Block, tmp_path: Path) -> None:
    file = tmp_path / "snippet.yml"
    file.write_text(snippet.text)
    assert not complaints(SCHEMAS[snippet.file], file)


@pytest.mark.parametrize("snippet", WORKFLOWS)
def test_a_workflow_uses_only_inputs_and_outputs_of_the_action(snippet: Block) -> None:
    workflow = yaml.safe_load(snippet.text)
    assert workflow["permissions"] == {"contents": "read"}
    checkout, action, *more = workflow["jobs"]["jit-guard"]["steps"]
    ours = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    assert checkout["uses"] in ours, "docs and workflow pin the same checkout"
    assert action["uses"] == "OWNER/jit-guard@COMMIT"
    assert set(action.get("with", {})) <= set(ACTION["inputs"])
    for step in more:
        for value in step["env"].values():
            output = re.fullmatch(r"\$\{\{ steps\.guard\.outputs\.([\w-]+) \}\}", value)
            assert output
            assert output[1] in ACTION["outputs"]


@pytest.mark.parametrize("snippet", WORKFLOWS)
def test_the_inputs_of_a_workflow_work(snippet: Block, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", BROKEN)
    action = yaml.safe_load(snippet.text)["jobs"]["jit-guard"]["steps"][1]
    given = {name.replace("-", "_"): value for name, value in action.get("with", {}).items()}
    (tmp_path / "temp").mkdir()
    job = runner.run(root, tmp_path / "temp", **given)
    assert job.code == 1
    assert "::error file=goal_map.json," in job.log
    assert (job.uploaded is not None) == ("upload-sarif" in action.get("with", {}))


def test_the_gitlab_template_and_the_snippet_run(tmp_path: Path) -> None:
    template = yaml.safe_load((ROOT / "templates/jit-guard.gitlab-ci.yml").read_text("utf-8"))
    for number, document in enumerate((template, _only(".gitlab-ci.yml"))):
        job = document["jit-guard"]
        variables = "".join(
            f"export {name}={value!r}\n" for name, value in job.get("variables", {}).items()
        )
        for files, code in ((SOUND, 0), (BROKEN, 1)):
            root = lay_out(tmp_path / f"{number}{code}", files)
            done = _run(variables + "\n".join(job["script"]), root, tmp_path)
            assert done.returncode == code, done.stderr
            issues = json.loads((root / job["artifacts"]["reports"]["codequality"]).read_text())
            assert len(issues) == code


def test_the_gitlab_template_accepts_a_directory_and_arguments(tmp_path: Path) -> None:
    template = yaml.safe_load((ROOT / "templates/jit-guard.gitlab-ci.yml").read_text("utf-8"))
    root = tmp_path / "checkout"
    lay_out(root / "bot", BROKEN)
    variables = (
        "JIT_GUARD_DIRECTORY=bot JIT_GUARD_ARGUMENTS='--ignore JG201' JIT_GUARD_REQUIREMENT=x\n"
    )
    done = _run(variables + "\n".join(template["jit-guard"]["script"]), root, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((root / "gl-code-quality-report.json").read_text()) == []


def test_the_pre_commit_snippet_names_an_existing_hook() -> None:
    (repo,) = _only(".pre-commit-config.yaml")["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    ours = {hook["id"]: hook for hook in hooks}
    for hook in repo["hooks"]:
        assert "manual" not in ours[hook["id"]]["stages"] or len(ours[hook["id"]]["stages"]) > 1
    assert ours["jit-guard-fix"]["stages"] == ["manual"], "it never runs on pre-commit.ci"


def test_the_pre_commit_snippet_is_valid(tmp_path: Path) -> None:
    from pre_commit.clientlib import load_config  # type: ignore[import-untyped]

    (snippet,) = (one for one in CI if one.file == ".pre-commit-config.yaml")
    file = tmp_path / ".pre-commit-config.yaml"
    file.write_text(snippet.text)
    assert load_config(str(file))["repos"][0]["hooks"][0]["id"] == "jit-guard"


def test_the_hook_uses_no_network(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    git(root, "init", "-q")
    git(root, "add", ".")
    offline = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('the network was asked')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from jit_guard.cli import main\n"
        "sys.exit(main(['--source', 'commit']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", offline], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_azure_snippet_runs_and_keeps_the_exit_code(tmp_path: Path) -> None:
    pipeline = _only("azure-pipelines.yml")
    for files, code in ((SOUND, 0), (BROKEN, 1)):
        root = lay_out(tmp_path / f"p{code}", files)
        temporary = tmp_path / f"agent {code}"
        temporary.mkdir()
        out = ""
        for step in pipeline["steps"]:
            if "script" in step:
                script = step["script"].replace("$(Agent.TempDirectory)", str(temporary))
                done = _run(script, root, tmp_path)
                out += done.stdout
        assert done.returncode == code, done.stderr
        (uploaded,) = re.findall(r"(?m)^##vso\[task\.uploadsummary\](.*)$", out)
        assert Path(uploaded).read_text("utf-8").startswith("## ")
        assert json.loads((temporary / "jit-guard.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("snippet", SHELLS, ids=range(len(SHELLS)))
def test_a_shell_snippet_runs(snippet: Block, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "p", SOUND)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "all")
    done = _run(snippet.text, root, tmp_path)
    assert done.returncode == 0, done.stderr
    (root / "components/personas/host.txt").unlink()
    git(root, "commit", "-q", "-a", "-m", "gone")
    again = _run(snippet.text, root, tmp_path)
    accepts = "--update-baseline" in snippet.text
    assert again.returncode == (0 if accepts else 1), again.stderr


def _example() -> tuple[str, str, str, list[dict[str, Any]], str, str]:
    """The example in docs/json.md: map, path, text, findings, script, and its output."""
    goals, tree, findings, script, said = (
        snippet.text for snippet in blocks("json.md") if snippet.language != "bash"
    )
    path, _, text = tree.rstrip("\n").partition(": ")
    return goals, path, text, json.loads(findings), script, said


def test_the_example_of_the_json_page_is_what_the_command_prints(tmp_path: Path) -> None:
    goals, path, text, findings, _, _ = _example()
    root = lay_out(tmp_path, {"goal_map.json": goals, path: text})
    result = call("--format", "json", cwd=root).report["findings"]
    assert [
        {key: one[key] for key in shown} for one, shown in zip(result, findings, strict=True)
    ] == (findings)


def test_the_repair_loop_of_the_json_page_repairs(tmp_path: Path) -> None:
    goals, path, text, _, script, said = _example()
    root = lay_out(tmp_path / "p", {"goal_map.json": goals, path: text})
    (tmp_path / "loop.py").write_text(script)
    programs = runner.scripts(tmp_path / "programs", "jit-guard")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "loop.py")],
        cwd=root,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == said, done.stderr
    assert json.loads((root / "goal_map.json").read_text())["GREET"]["persona"] == "hosts.txt"


def test_every_command_in_a_hint_can_be_run_as_printed(tmp_path: Path) -> None:
    goals, path, text, _, _, _ = _example()
    root = lay_out(tmp_path / "p", {"goal_map.json": goals, path: text})
    hint = call("--format", "json", cwd=root).report["findings"][0]["hint"]
    (command,) = re.findall(r"`(.*)`", hint)
    done = _run(command, root, tmp_path)
    assert done.returncode == 0, done.stderr
    assert call("--format", "json", cwd=root).codes == ["JG201"]


def test_every_key_of_a_finding_is_explained_on_the_json_page() -> None:
    page = (ROOT / "docs/json.md").read_text("utf-8")
    schema = json.loads((ROOT / "src/jit_guard/formats/report.schema.json").read_text("utf-8"))
    for key in schema["$defs"]["finding"]["properties"]:
        assert re.search(rf"(?m)^\|.*`{key}`.* \|", page), key
