"""`python -m jit_guard`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_nothing_is_imported_from_the_repository_that_is_checked(tmp_path: Path) -> None:
    for module in ("json", "re", "argparse", "jsonschema", "referencing"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('taken over')\n")
    (tmp_path / "goal_map.json").write_text('{"GREET": {"persona": 5}}')
    done = subprocess.run(
        [sys.executable, "-m", "jit_guard", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "taken over" not in done.stdout + done.stderr
    assert "JG101" in done.stdout


def _run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (project / "goal_map.json").write_text('{"GREET": {"persona": "gone.txt"}}')
    return subprocess.run(
        [sys.executable, "-m", "jit_guard", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_flag_selects_what_the_file_ignores(tmp_path: Path) -> None:
    (tmp_path / "jit-guard.toml").write_text('ignore = ["JG201"]\n')
    assert _run(tmp_path).returncode == 0
    assert "JG201" in _run(tmp_path, "--select", "JG201").stdout


def test_an_empty_selection_is_an_error_and_never_a_silent_pass(tmp_path: Path) -> None:
    (tmp_path / "jit-guard.toml").write_text("select = []\n")
    done = _run(tmp_path)
    assert done.returncode == 2
    assert "select" in done.stderr
