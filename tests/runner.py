"""A CI runner for tests: it runs the steps of an action like GitHub's runner."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


class Job(NamedTuple):
    """The result of a run of the action."""

    code: int  # of the step that failed, or 0
    log: str
    summary: str
    outputs: dict[str, str]
    uploaded: dict[str, str] | None  # what the upload step was given, if it ran


def scripts(directory: Path, *names: str) -> Path:
    """A directory of programs: the real `jit-guard` and `python`; all others do nothing."""
    if os.name == "nt":
        pytest.skip("no shell of POSIX")
    directory.mkdir(parents=True, exist_ok=True)
    python = shlex.quote(sys.executable)
    bodies = {
        "jit-guard": f'exec {python} -I -m jit_guard "$@"',
        "python": f'[ "$2 $3" = "-m pip" ] || [ "$1 $2" = "-m pip" ] || exec {python} "$@"',
    }
    for name in names:
        (directory / name).write_text(f"#!/bin/sh\n{bodies.get(name, ':')}\n")
        (directory / name).chmod(0o755)
    return directory


def run(workspace: Path, temporary: Path, install: bool = False, **given: str) -> Job:
    """Run the action in a checkout. Unless `install`, jit-guard is already available."""
    inputs = {name: str(spec["default"]) for name, spec in ACTION["inputs"].items()}
    inputs.update({name.replace("_", "-"): value for name, value in given.items()})
    files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    if not install:
        scripts(temporary / "jit-guard/bin", "jit-guard", "python")
    environment = {
        **os.environ,
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTION_PATH": str(ROOT),
        **{name: str(file) for name, file in files.items()},
    }
    values = {f"inputs.{name}": value for name, value in inputs.items()}
    log = ""
    code = 0
    uploaded = None
    for step in ACTION["runs"]["steps"]:
        if code or not _wanted(step.get("if"), values):
            continue
        if "uses" in step:
            uploaded = {key: _filled(value, values) for key, value in step["with"].items()}
            continue
        if step["name"].startswith("Install") and not install:
            continue
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env={**environment, **_environment(step, values)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        log += done.stdout.decode()
        code = done.returncode
        if "id" in step:
            for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                name, _, value = line.partition("=")
                values[f"steps.{step['id']}.outputs.{name}"] = value
    outputs = {name: _filled(output["value"], values) for name, output in ACTION["outputs"].items()}
    return Job(code, log, files["GITHUB_STEP_SUMMARY"].read_text("utf-8"), outputs, uploaded)


def _environment(step: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    return {key: _filled(value, values) for key, value in step.get("env", {}).items()}


def _filled(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: values.get(found[1], ""), template)


def _wanted(condition: str | None, values: Mapping[str, str]) -> bool:
    """Evaluate a condition in the one form that the action uses: `a == 'x' && b != ''`."""
    if condition is None:
        return True
    inner = condition.removeprefix("${{ ").removesuffix(" }}")
    for part in inner.split(" && "):
        name, operator, literal = part.split(" ")
        if (values.get(name, "") == literal.strip("'")) != (operator == "=="):
            return False
    return True
