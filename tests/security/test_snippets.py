"""What users copy and include runs in a checkout: no Python in it takes modules from there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runner import ROOT

# A program called python, whatever its directory and quotes, its options, and what it is to run.
PYTHON = re.compile(r"""\bpython[\d.]*(?:\.exe)?["']?((?: +-[A-Za-z]+)*) +-[mc]\b""", re.IGNORECASE)
# Words that make an environment or install one, and where.
ENVIRONMENT = re.compile(r"-m +venv +(\S+)")


def code(path: Path) -> list[str]:
    """The lines of a file that are run: all of it, or the blocks of a page."""
    text = path.read_text("utf-8")
    if path.suffix != ".md":
        return text.splitlines()
    blocks = re.findall(r"(?ms)^ *```\w*\n(.*?)^ *```$", text)
    return [line for block in blocks for line in block.splitlines()]


FILES = [
    ROOT / "action.yml",
    ROOT / ".pre-commit-hooks.yaml",
    *sorted((ROOT / "templates").iterdir()),
    *sorted((ROOT / "docs").glob("**/*.md")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_python_is_isolated(path: Path) -> None:
    for line in code(path):
        for found in PYTHON.finditer(line):
            assert re.search(r"-\w*I", found[1]), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_environment_is_made_in_the_checkout(path: Path) -> None:
    for line in code(path):
        for found in ENVIRONMENT.finditer(line):
            assert found[1].startswith(('"$', "$")), line


def test_what_is_looked_for_is_there() -> None:
    lines = [line for path in FILES for line in code(path)]
    assert sum(bool(PYTHON.search(line)) for line in lines) >= 8
    assert sum(bool(ENVIRONMENT.search(line)) for line in lines) >= 3
    for line in ("python -m pip", "C:/x/Python3.12.exe -m venv x", '"$bin/python" -q -c "x"'):
        found = PYTHON.search(line)
        assert found
        assert not re.search(r"-\w*I", found[1])


@pytest.mark.parametrize("module", ["pip", "venv"])
def test_what_isolation_is_for(tmp_path: Path, module: str) -> None:
    (tmp_path / module).mkdir()
    (tmp_path / module / "__init__.py").touch()
    (tmp_path / module / "__main__.py").write_text("print('of the checkout')")
    for options, ours in (([], True), (["-I"], False)):
        words = [sys.executable, *options, "-m", module, "--help"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ("of the checkout" in done.stdout) is ours
