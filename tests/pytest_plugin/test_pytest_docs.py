"""What docs/pytest.md shows is what happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from documents import blocks
from sessions import TWO, collected, plant

if TYPE_CHECKING:
    import pytest

CODE = [one.text for one in blocks("pytest.md") if one.language == "python"]
SHOWN = [one.text for one in blocks("pytest.md") if one.language == "console"]
(SETTINGS,) = (one.text for one in blocks("pytest.md") if one.language == "toml")


def test_the_report_is_the_one_that_is_printed(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, {"tests/test_app.py": "def test_app(): pass\n"})
    text = str(TWO["goal_map.json"]).replace("host.txt", "gone.txt", 1)
    (pytester.path / "goal_map.json").write_text(text)
    output = pytester.runpytest_inprocess("--jit-guard", "--color=no").outlines
    printed = list(map(_on_every_system, output))
    for line in SHOWN[0].splitlines()[1:]:
        assert _on_every_system(line) in printed


def _on_every_system(line: str) -> str:
    """On Windows, pytest prints `tests\\test_app.py`, and lines that are one column shorter."""
    return re.sub(r"([=_ ])\1+", r"\1", line.replace("\\", "/"))


def test_every_example_in_python_passes(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO)
    pytester.makepyfile("\n\n".join(CODE))
    tests = "".join(CODE).count("def test_")
    pytester.runpytest_inprocess("-W", "error").assert_outcomes(passed=tests)


def test_every_selection_chooses_something(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, {"tests/test_app.py": "def test_app(): pass\n"})
    lines = [line.partition("#")[0].split("pytest ")[1] for line in SHOWN[1].splitlines()]
    assert len(lines) == 6
    for line in lines:
        arguments = [one.strip('"') for one in re.findall(r'"[^"]*"|\S+', line)]
        if "-n" not in arguments:
            assert collected(pytester, *arguments), line


def test_the_configuration_enables_it(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, {"pyproject.toml": SETTINGS})
    (pytester.path / "pytest.ini").unlink()
    assert collected(pytester)
