"""The architecture: imports point down, no package has a cycle, few modules are at the top."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import jit_guard

ROOT = Path(__file__).parent.parent
PACKAGE = Path(jit_guard.__file__).parent
RUN = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CONTRACTS = ("Imports point down", "No package has an import cycle", "Only the command prints")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The output of import-linter for the contracts in pyproject.toml."""
    pytest.importorskip("importlinter")
    return subprocess.run(
        [sys.executable, "-c", RUN, "--cache-dir", str(tmp_path_factory.mktemp("cache"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_exists_and_is_kept(
    result: subprocess.CompletedProcess[str], contract: str
) -> None:
    assert f"{contract} KEPT" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 0


def test_the_top_of_the_package_fits_on_a_screen() -> None:
    top = [one for one in PACKAGE.iterdir() if one.name != "__pycache__"]
    assert len([one for one in top if one.suffix == ".py"]) <= 18
    assert len([one for one in top if one.is_dir()]) == 14
