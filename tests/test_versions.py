"""`.ci/pythons` finds the versions of Python that `.ci/run` runs, beside its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runner import ROOT

BASH = shutil.which("bash")
SUPPORTED = ["3.10", "3.11", "3.12", "3.13", "3.14"]
OWN = "{}.{}".format(*sys.version_info[:2])
OTHERS = [version for version in SUPPORTED if version != OWN]
FIRST, SECOND, *REST = OTHERS

needs_bash = pytest.mark.skipif(
    BASH is None or sys.platform == "win32", reason="bash is not on the PATH"
)


def _program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def _find(home: Path, *directories: Path) -> tuple[list[str], list[str]]:
    """Return the interpreters that are found, and the messages."""
    _program(home / "own/python3", f'exec "{sys.executable}" "$@"')
    done = subprocess.run(
        [str(BASH), str(ROOT / ".ci/pythons")],
        env={"PATH": ":".join(map(str, (home / "own", *directories))), "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines(), done.stderr.splitlines()


@needs_bash
def test_a_version_is_found_on_the_path_or_in_pyenv_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    on_path = _program(tmp_path / f"a b/python{FIRST}", f"echo {FIRST}")
    in_pyenv = _program(tmp_path / f".pyenv/versions/{SECOND}.9/bin/python3", f"echo {SECOND}")
    _program(tmp_path / f"a b/python{OWN}", f"echo {OWN}")
    found, messages = _find(tmp_path, tmp_path / "a b")
    assert found == [on_path, in_pyenv]
    assert messages == [f"no Python {version} that starts" for version in REST]


@needs_bash
def test_what_does_not_start_or_is_another_version_hides_no_interpreter(tmp_path: Path) -> None:
    _program(tmp_path / f"shims/python{FIRST}", "exit 127")
    _program(tmp_path / f"wrong/python{FIRST}", "echo 3.9")
    _program(tmp_path / f"shims/python{SECOND}", "exit 127")
    real = _program(tmp_path / f"real/python{FIRST}", f"echo {FIRST}")
    found, messages = _find(tmp_path, *(tmp_path / name for name in ("shims", "wrong", "real")))
    assert found == [real]
    assert messages == [f"no Python {version} that starts" for version in OTHERS[1:]]


def test_workflow_and_classifiers_name_the_versions_that_are_run() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    (own,) = (
        step["with"]["python-version"]
        for step in jobs["all"]["steps"]
        if "python-version" in step.get("with", {})
    )
    assert sorted([own, *jobs["tests"]["strategy"]["matrix"]["python"]]) == SUPPORTED
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert named == SUPPORTED[:-1], "3.14 was never run"
    assert f'requires-python = ">={SUPPORTED[0]}"' in project
