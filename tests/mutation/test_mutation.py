"""The script that tests the tests: what it lists exists, and it finds what no test notices."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

import pytest

from mutation.findings import EQUIVALENT, entries
from mutation.packages import TESTS, files, watching

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src/jit_guard"
TOY = """
import json
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

def most(first: int, second: int | None) -> int:
    try:
        if first > second:
            return first
    except (json.JSONDecodeError, json.JSONDecodeError):
        pass
    return second

def strict() -> bool:
    return True

def both():
    yield True
    yield True

def opposite(number: int) -> int:
    return -number

OPPOSITE = opposite(True)
"""
FROZEN = """
import gc

with open("TMP/imported", "a") as file:
    file.write("once\\n")

def pytest_collection_finish():
    gc.freeze()
"""
WATCHED = """
import subprocess
import sys

from jit_guard.toy import OPPOSITE, both, most

def test_most():
    assert most(1, 2) == most(2, 1) == 2

def test_wrong():
    assert not most(1, 2)

def test_both():
    assert next(both())

def test_opposite():
    assert OPPOSITE == -1

def test_strict():
    code = "from jit_guard.toy import strict; assert strict()"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
"""


def test_every_package_has_tests_that_watch_it() -> None:
    written = {path.stem for path in SOURCES.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert written - set(TESTS) <= {"__init__", "__main__", "__pycache__", "hookspecs", "version"}
    for package in TESTS:
        assert files(SOURCES, package), f"{package} is not in src/jit_guard"
        for name in watching(package):
            assert (ROOT / name.split("::")[0]).exists(), f"{name} does not exist"
    assert watching("ledger/claims") == watching("ledger")


def test_the_page_has_a_row_for_every_package_and_the_scores_are_as_promised() -> None:
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    _, _, table = page.partition("| package | score |")
    rows = re.findall(r"^\| `(\w+)` \| (?:(\d+) %)? *\|", table, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(name for name in TESTS if "/" not in name)
    low = {name for name, score in rows if score and int(score) < 90}
    assert not low & {
        *["commands", "fixing", "commit", "ledger", "baseline", "report", "config", "rules"]
    }


def test_a_mutant_that_is_equivalent_still_exists() -> None:
    found = [(file.stem, entry) for file in EQUIVALENT.iterdir() for entry in entries(file.stem)]
    assert found
    for package, entry in found:
        assert set(entry) - {"new", "occurrence"} == {"file", "function", "old", "reason"}, entry
        assert entry["file"].split("/")[0].removesuffix(".py") == package, entry
        assert len(entry["reason"]) > 20, f"say why no test can notice it: {entry}"
        lines = (SOURCES / entry["file"]).read_text("utf-8").splitlines()
        assert entry["old"] in map(str.strip, lines), f"the line does not exist: {entry}"


def test_a_change_that_no_test_notices_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cosmic_ray", reason="install the dependency group `mutation`")
    command = importlib.import_module("mutation.__main__")
    package = tmp_path / "src/jit_guard"
    for file, text in {
        package / "__init__.py": "",
        package / "pytest_plugin.py": "",
        package / "toy.py": TOY,
        tmp_path / "test_toy.py": WATCHED,
        tmp_path / "conftest.py": FROZEN.replace("TMP", str(tmp_path)),
        tmp_path / "docs/testing.md": "| package |\n| `toy` | |\n| `toys` | |\n",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main(["toy", "--tests", "test_toy.py"]) == 1
    shown = capsys.readouterr().out
    assert "left out, as it fails without a mutant: test_toy.py::test_wrong" in shown
    assert "toy.py:9 killed by test_toy.py::test_most" in shown
    assert "toy.py:16 killed by test_toy.py::test_strict" in shown
    assert "toy.py:23 killed by test_toy.py::test_opposite" in shown
    assert shown.count("SURVIVED") == 2
    assert "src/jit_guard/toy.py:20 both (occurrence 1)\n- yield True\n+ yield False" in shown
    assert "src/jit_guard/toy.py:9 most\n- if first > second:\n+ if first >= second:" in shown
    assert shown.endswith("| `toy` | 75 % | all 8 | 0 | 2 |\n")
    imported = (tmp_path / "imported").read_text().count("once")
    assert imported < 8, "a mutant of a function is not imported"
    assert command.main(["toy", "--tests", "test_toy.py", "--resume", "--seconds", "0"]) == 1
    assert capsys.readouterr().out.count("UNDECIDED") == 2

    (tmp_path / "test_toy.py").write_text(
        WATCHED.replace("= 2\n", "= 2\n    assert isinstance(most(1, 1.0), float)\n").replace(
            "assert next(both())", "assert all(both())"
        )
    )
    assert command.main(["toy", "--tests", "test_toy.py", "--resume", "--record"]) == 0
    shown = capsys.readouterr().out
    assert "8 of 8 mutants, 2 to test" in shown
    assert shown.endswith("| `toy` | 100 % | all 8 | 0 | 0 |\n")
    page = (tmp_path / "docs/testing.md").read_text()
    assert page == "| package |\n| `toy` | 100 % | all 8 | 0 | 0 |\n| `toys` | |\n"
