"""`python -m benchmarks.pytest_cost`: the cost of the pytest plugin, enabled and not enabled.

Not enabled: a session of one trivial test with the plugin, and one in which it is blocked
(`-p no:jit-guard`), best in an environment without other plugins, which take longer and vary more;
and the import of the plugin's module alone. Enabled: 5,000 goals against 5,000 trivial tests in
pytest's cheapest form, one parametrized function.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measure import Sample, in_turn, ratio, seconds
from benchmarks.trees import build

GOALS = 5_000
TRIVIAL = """import pytest

@pytest.mark.parametrize("number", range({}))
def test_trivial(number):
    pass
"""
IMPORT = """import time, pytest
started = time.perf_counter()
import jit_guard.pytest_plugin
print(time.perf_counter() - started)
"""


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    session = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        build(directory, GOALS)
        (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (directory / "one.py").write_text(TRIVIAL.format(1), encoding="utf-8")
        (directory / "many.py").write_text(TRIVIAL.format(GOALS), encoding="utf-8")
        one = in_turn(
            {"with": [*session, "one.py"], "without": [*session, "-p", "no:jit-guard", "one.py"]},
            directory,
            runs,
        )
        many = in_turn(
            {
                "goals": [*session, "--jit-guard", "goal_map.json"],
                "trivial": [*session, "-p", "no:jit-guard", "many.py"],
            },
            directory,
            max(3, runs // 8),
        )
    imported = [float(subprocess.check_output([sys.executable, "-c", IMPORT])) for _ in range(runs)]
    print("| what | median |")
    print("| --- | --- |")
    print(f"| importing the plugin's module | {median(imported) * 1000:.1f} ms |")
    print(f"| a session of one test, plugin installed | {seconds(one['with']) * 1000:.0f} ms |")
    print(f"| the same, plugin blocked | {seconds(one['without']) * 1000:.0f} ms |")
    print(f"| the difference, run by run | {_more(one['with'], one['without']) * 1000:.1f} ms |")
    print(f"| {GOALS:,} goals | {seconds(many['goals']):.2f} s |")
    print(f"| {GOALS:,} trivial tests | {seconds(many['trivial']):.2f} s |")
    print(f"| the difference, run by run | {_more(many['goals'], many['trivial']):.2f} s |")
    print(f"| the ratio, run by run | {ratio(many['goals'], many['trivial']):.2f} |")


def _more(ours: list[Sample], theirs: list[Sample]) -> float:
    pairs = zip(ours, theirs, strict=True)
    return median(one.seconds - other.seconds for one, other in pairs)


if __name__ == "__main__":
    main()
