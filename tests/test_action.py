"""The GitHub action: its steps run in a shell like in the runner, and it is safe to use."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import runner
from projects import HOST, MAP, git, lay_out
from runner import ROOT

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
BROKEN = {"goal_map.json": MAP, "components/personas/left.txt": "text\n"}


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The runner's temporary directory; its name has a space, which is possible on Windows."""
    made = tmp_path / "runner temp"
    made.mkdir()
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is a git repository."""
    made = tmp_path / "checkout"
    made.mkdir()
    git(made, "init", "-q")
    return made


def test_a_valid_project_passes(checkout: Path, temporary: Path) -> None:
    lay_out(checkout, {"goal_map.json": MAP, "components/personas/host.txt": HOST})
    git(checkout, "add", ".")
    job = runner.run(checkout, temporary)
    assert job.code == 0, job.log
    assert (job.outputs["findings"], job.outputs["errors"]) == ("0", "0")
    assert job.outputs["exit-code"] == "0"
    assert "nothing wrong" in job.summary
    assert "nothing wrong" in job.log
    assert "::" not in job.log
    assert job.uploaded is None


def test_findings_fail_the_job_after_everything_is_reported(
    checkout: Path, temporary: Path
) -> None:
    lay_out(checkout / "bot", BROKEN)
    job = runner.run(checkout, temporary, working_directory="bot", upload_sarif="true")
    assert job.code == 1
    assert job.outputs["findings"] == job.outputs["errors"] == "2"
    assert job.outputs["exit-code"] == "1"
    assert "JG201" in job.summary
    assert "::error file=bot/goal_map.json," in job.log
    assert "goal_map.json:1:23: JG201 missing-component" in job.log
    assert job.uploaded is not None
    assert job.uploaded["category"] == "jit-guard"
    sarif = json.loads(Path(job.uploaded["sarif_file"]).read_text())
    assert len(sarif["runs"][0]["results"]) == 2


def test_disabled_outputs_are_omitted(checkout: Path, temporary: Path) -> None:
    lay_out(checkout, BROKEN)
    job = runner.run(checkout, temporary, annotations="false", summary="false")
    assert job.code == 1
    assert "::" not in job.log
    assert job.summary == ""
    assert job.uploaded is None


def test_arguments_reach_the_command_one_a_line(checkout: Path, temporary: Path) -> None:
    lay_out(checkout, BROKEN)
    job = runner.run(checkout, temporary, arguments="--ignore=JG201\n\n--ignore\nJG301\n")
    assert job.code == 1
    assert job.outputs["findings"] == "1", "the last --ignore counts"


def test_a_usage_error_fails_with_its_code_and_says_so(checkout: Path, temporary: Path) -> None:
    lay_out(checkout, BROKEN)
    job = runner.run(checkout, temporary, arguments="--nonsense", upload_sarif="true")
    assert job.code == 2
    assert job.outputs["exit-code"] == "2"
    assert job.outputs["findings"] == ""
    assert "could not check (exit code 2)" in job.summary
    assert "--nonsense" in job.log
    assert job.uploaded is None


@pytest.mark.parametrize(
    "hostile", ["$(touch owned)", "`touch owned`", "; touch owned", '"; touch owned; "', "-rf"]
)
def test_no_input_is_run_as_code(checkout: Path, temporary: Path, hostile: str) -> None:
    lay_out(checkout, BROKEN)
    for name in ("working_directory", "arguments", "annotations", "summary", "category"):
        runner.run(checkout, temporary, False, **{name: hostile})
    assert not list(checkout.rglob("owned"))
    assert not list(temporary.rglob("owned"))


def test_no_module_of_the_checkout_is_run(checkout: Path, temporary: Path) -> None:
    trap = "open('owned', 'w')\n"
    lay_out(checkout, {**BROKEN, "json.py": trap, "jit_guard.py": trap, "sitecustomize.py": trap})
    job = runner.run(checkout, temporary)
    assert not list(checkout.rglob("owned"))
    assert job.outputs["findings"] == "2"


def test_the_action_installs_itself(checkout: Path, temporary: Path) -> None:
    lay_out(checkout, BROKEN)
    job = runner.run(checkout, temporary, install=True, python=sys.executable)
    if "No matching distribution" in job.log or "Temporary failure" in job.log:
        pytest.skip("the build requirements of the package are not available")
    assert job.outputs["findings"] == "2", job.log
    assert job.code == 1


def _texts(value: Any) -> list[str]:
    """Every script in a document."""
    if isinstance(value, dict):
        own = [value["run"]] if isinstance(value.get("run"), str) else []
        return own + [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return []


def _uses(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["uses"]] if isinstance(value.get("uses"), str) else []
        return own + [use for item in value.values() for use in _uses(item)]
    if isinstance(value, list):
        return [use for item in value for use in _uses(item)]
    return []


DOCUMENTS = [ROOT / "action.yml", *(ROOT / ".github/workflows").glob("*.yml")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_script_contains_a_template(document: Path) -> None:
    found = _texts(yaml.safe_load(document.read_text("utf-8")))
    assert found
    assert not [script for script in found if "${{" in script]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_hash_with_its_version_beside(document: Path) -> None:
    text = document.read_text("utf-8")
    for use in _uses(yaml.safe_load(text)):
        if use != "./":
            assert PINNED.fullmatch(use), use
            assert re.search(rf"{re.escape(use)} # v\d+\.\d+\.\d+\n", text), use


def test_the_workflow_has_only_read_permission() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    checkouts = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ("github-actions", "action.yml"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("gitlab-ci", "templates/jit-guard.gitlab-ci.yml"),
    ],
)
def test_documents_satisfy_the_schemas_of_their_services(schema: str, document: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}",
         str(ROOT / document)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
