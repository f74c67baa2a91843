"""The GitHub action: its steps run in a shell like in the runner, and it is safe to use."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

import runner
from projects import HOST, MAP, git, lay_out
from runner import ROOT
from sampling import FULL
from services import complaints

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


INJECTED = '$(touch owned1) `touch owned2` ; touch owned3; "; touch owned4; "'


@pytest.mark.parametrize("hostile", [INJECTED, "-rf"])
def test_no_input_is_run_as_code(checkout: Path, temporary: Path, hostile: str) -> None:
    lay_out(checkout, BROKEN)
    refused = runner.run(checkout, temporary, working_directory=hostile)
    assert refused.code
    names = ("arguments", "annotations", "summary", "category")
    job = runner.run(checkout, temporary, False, **dict.fromkeys(names, hostile))
    assert job.outputs["exit-code"]
    assert not list(checkout.rglob("owned*"))
    assert not list(temporary.rglob("owned*"))


def test_no_module_of_the_checkout_is_run(checkout: Path, temporary: Path) -> None:
    trap = "open('owned', 'w')\n"
    lay_out(checkout, {**BROKEN, "json.py": trap, "jit_guard.py": trap, "sitecustomize.py": trap})
    job = runner.run(checkout, temporary)
    assert not list(checkout.rglob("owned"))
    assert job.outputs["findings"] == "2"


# Python for the action, whose environments see the packages of this one. In place of `venv`, which
# installs pip from scratch, it has virtualenv, which copies it.
QUICK = r"""#!/bin/sh
[ "$1 $2 $3 $#" = "-I -m venv 4" ] || exec {python} "$@"
{python} -m virtualenv --quiet -- "$4" || exit
for directory in "$4"/lib/python*/site-packages; do
  echo {packages} > "$directory/of-the-tests.pth"
done
"""


def test_the_action_installs_itself(
    checkout: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the packages of this environment; tests/test_hooks.py downloads all of them."""
    lay_out(checkout, BROKEN)
    python = Path(sys.executable)
    needed = ("virtualenv", "hatchling", "hatch_fancy_pypi_readme")
    if not FULL and all(map(importlib.util.find_spec, needed)):
        text = QUICK.format(
            python=shlex.quote(sys.executable), packages=shlex.quote(sysconfig.get_path("purelib"))
        )
        python = tmp_path / "python"
        python.write_text(text)
        python.chmod(0o755)
        monkeypatch.setenv("PIP_NO_COMPILE", "1")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # 0 is how pip reads "no" here
    job = runner.run(checkout, temporary, install=True, python=str(python))
    if "No matching distribution" in job.log or "Temporary failure" in job.log:
        pytest.skip("the build requirements of the package are not available")
    assert job.outputs["findings"] == "2", job.log
    assert job.code == 1
    (installed,) = temporary.glob("jit-guard/lib/python*/site-packages/jit_guard/__init__.py")
    assert installed.read_bytes() == (ROOT / "src/jit_guard/__init__.py").read_bytes()


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
    assert not complaints(schema, ROOT / document)
