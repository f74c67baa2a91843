"""Snippets and templates for users: their Python never imports modules from the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runner import ROOT

# A call of Python, in any directory and quotes, with its options and -m or -c.
PYTHON = re.compile(r"""\bpython[\d.]*(?:\.exe)?["']?((?: +-[A-Za-z]+)*) +-[mc]\b""", re.IGNORECASE)
# Words that create or install a virtual environment, and where.
ENVIRONMENT = re.compile(r"-m +venv +(\S+)")


def code(path: Path) -> list[str]:
    """Return the lines of a file that are run: all, or the code blocks of a page."""
    text = path.read_text("utf-8")
    if path.suffix != ".md":
        return text.splitlines()
    blocks = re.findall(r"(?ms)^ *```\w*\n(.*?)^ *```$", text)
    return [line for block in blocks for line in block.splitlines()]


FILES = [
    ROOT / "action.yml",
    ROOT / ".pre-commit-hooks.yaml",
    *sorted((ROOT / "templates").iterdir()),
    # These pages are for those who work in a clone of this repository, whose modules they run.
    *(
        page
        for page in sorted((ROOT / "docs").glob("**/*.md"))
        if page.name not in {"platforms.md", "testing.md"}
    ),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_python_runs_in_isolated_mode(path: Path) -> None:
    for line in code(path):
        for found in PYTHON.finditer(line):
            assert re.search(r"-\w*I", found[1]), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_virtual_environment_is_created_in_the_checkout(path: Path) -> None:
    for line in code(path):
        for found in ENVIRONMENT.finditer(line):
            assert found[1].startswith(('"$', "$")), line


def test_the_patterns_find_the_snippets() -> None:
    lines = [line for path in FILES for line in code(path)]
    assert sum(bool(PYTHON.search(line)) for line in lines) >= 8
    assert sum(bool(ENVIRONMENT.search(line)) for line in lines) >= 3
    for line in ("python -m pip", "C:/x/Python3.12.exe -m venv x", '"$bin/python" -q -c "x"'):
        found = PYTHON.search(line)
        assert found
        assert not re.search(r"-\w*I", found[1])


@pytest.mark.parametrize("module", ["pip", "venv"])
def test_without_isolation_python_runs_modules_of_the_checkout(tmp_path: Path, module: str) -> None:
    (tmp_path / module).mkdir()
    (tmp_path / module / "__init__.py").touch()
    (tmp_path / module / "__main__.py").write_text("print('of the checkout')")
    for options, ours in (([], True), (["-I"], False)):
        words = [sys.executable, *options, "-m", module, "--help"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ("of the checkout" in done.stdout) is ours
